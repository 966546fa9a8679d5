//! The change feed of one storage: its changes page by page, for programs that copy it.

use std::{
    fmt::{self, Display},
    sync::Arc,
    time::Duration,
};

use tokio::{task::coop::consume_budget, time::Instant};

use super::{
    Live,
    batch::BatchReader,
    cursor::{Cursor, Position},
    event::Event,
};
use crate::{
    error::{Error, Fault, Place, Result},
    schema::{StorageId, StorageName},
    store::{Commit, ReadLease, Span, Storage},
};

/// Default number of changes on a page.
const DEFAULT_CHANGES: usize = 100;

/// Maximum number of changes on a page.
pub const MAX_CHANGES: usize = 1_000;

/// Size of the rows on a page in bytes at which it ends.
const PAGE_BYTES: usize = 1 << 20;

/// Maximum number of commits that are read at a time.
const MAX_COMMITS: usize = 256;

/// Default time limit of a page.
const PAGE_TIME: Duration = Duration::from_secs(5);

/// Separates the position in the change log from the number of the storage.
const STORAGE: char = '~';

/// The beginning of a page of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FeedStart {
    /// At the oldest change in the change log.
    #[default]
    Oldest,
    /// After everything that is committed now.
    Now,
    /// After a position.
    After(FeedPosition),
}

/// A position in the feed of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPosition {
    cursor: Cursor,
    /// The storage, if the position comes from its feed. A storage that was created under the same name later has
    /// another feed.
    storage: Option<StorageId>,
}

/// A request for a page of changes.
#[derive(Debug, Clone, Default)]
pub struct FeedRequest {
    /// The beginning.
    pub start: FeedStart,
    /// Maximum number of changes; the default is 100, and the maximum [`MAX_CHANGES`].
    pub limit: Option<usize>,
    /// Time to wait for a change if there is none.
    pub wait: Duration,
    /// Time after which a page ends, even if no change was found; the default is 5 s.
    pub time_limit: Option<Duration>,
}

/// A page of changes.
#[derive(Debug)]
pub struct FeedPage {
    /// The changes in commit order, each with its row as it is now. Empty if there are no more, or if the time limit
    /// was reached before there was one.
    pub changes: Vec<Arc<Event>>,
    /// The position after them, at which the next page begins.
    pub next: FeedPosition,
    /// True if it ended at the time limit.
    is_timed_out: bool,
    /// Released when the page is no longer needed.
    pub(super) _memory: ReadLease,
}

/// The part of a request that a page is read for.
struct FeedRead<'r> {
    storage: &'r Storage,
    limit: usize,
    is_oldest: bool,
    time_limit: Duration,
}

impl FeedStart {
    /// Parses a position, or `now`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "now" { Some(Self::Now) } else { FeedPosition::parse(text).map(Self::After) }
    }
}

impl FeedPosition {
    /// Parses the position after a page or after an event.
    pub fn parse(text: &str) -> Option<Self> {
        let Some((cursor, storage)) = text.split_once(STORAGE) else {
            return Some(Self { cursor: Cursor::parse(text)?, storage: None });
        };
        let is_number = !storage.is_empty() && storage.bytes().all(|byte| byte.is_ascii_digit());
        let storage = storage.parse().ok().filter(|_| is_number).map(StorageId)?;
        Some(Self { cursor: Cursor::parse(cursor)?, storage: Some(storage) })
    }
}

impl Display for FeedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.storage {
            Some(storage) => write!(f, "{}{STORAGE}{}", self.cursor, storage.get()),
            None => self.cursor.fmt(f),
        }
    }
}

impl Live {
    /// Returns the changes of a storage after a position.
    ///
    /// # Errors
    ///
    /// [`TooOld`](Error::TooOld) if the change log no longer has the changes after the position, or if the position is
    /// one of another storage, which had the same name before.
    pub async fn changes(&self, name: &str, request: FeedRequest) -> Result<FeedPage> {
        let deadline = Instant::now() + request.wait;
        let limit = request.limit.unwrap_or(DEFAULT_CHANGES).clamp(1, MAX_CHANGES);
        let mut commits = self.context.store.commit_signal();
        let span = self.context.store.span().await?;
        let epoch: Arc<str> = span.epoch.as_str().into();
        let cursor = Cursor { epoch, position: self.start(&request.start, &span)? };
        let mut storage = match &request.start {
            FeedStart::After(position) => position.storage,
            FeedStart::Oldest | FeedStart::Now => None,
        };
        let (mut next, mut is_oldest) = (cursor, request.start == FeedStart::Oldest);
        let time_limit = request.time_limit.unwrap_or(PAGE_TIME);
        loop {
            commits.mark_unchanged();
            let found = self.context.store.catalogue().find(name)?;
            if *storage.get_or_insert(found.id) != found.id {
                return Err(Error::TooOld(FeedPosition { cursor: next, storage }.to_string()));
            }
            let read = FeedRead { storage: &found, limit, is_oldest, time_limit };
            let page = self.page_of_changes(read, next).await?;
            if !page.changes.is_empty()
                || page.is_timed_out
                || Instant::now() >= deadline
                || self.waits.is_cancelled()
            {
                return Ok(page);
            }
            (next, is_oldest) = (page.next.cursor.clone(), false);
            // It reserves memory, which is not needed while this waits.
            drop(page);
            tokio::select! {
                // Fails if the database is closed, which reading the next page reports.
                _ = commits.changed() => {}
                () = self.waits.cancelled() => {}
                () = tokio::time::sleep_until(deadline) => {}
            }
        }
    }

    /// Ends all waits for changes; later ones return at once.
    pub fn stop_waiting(&self) {
        self.waits.cancel();
    }

    fn start(&self, start: &FeedStart, span: &Span) -> Result<Position> {
        match start {
            FeedStart::Oldest => Ok(Position::after(span.first - 1)),
            FeedStart::Now => Ok(Position::after(span.last)),
            FeedStart::After(FeedPosition { cursor, .. }) if *cursor.epoch != *span.epoch => {
                Err(not_applicable("the position belongs to another database"))
            }
            FeedStart::After(FeedPosition { cursor, .. }) if cursor.position > Position::after(span.last) => {
                Err(not_applicable("the position is after the end of the change log"))
            }
            FeedStart::After(FeedPosition { cursor, .. }) => Ok(cursor.position),
        }
    }

    /// Reads the next changes, and everything in between.
    async fn page_of_changes(&self, read: FeedRead<'_>, mut next: Cursor) -> Result<FeedPage> {
        let FeedRead { storage, limit, is_oldest, time_limit } = read;
        let store = self.context.store.as_ref();
        let memory = self.context.read_memory.reserve(PAGE_BYTES).await?;
        let (mut reader, mut commits): (_, Vec<Commit>) = (BatchReader::new(self.hub_events), Vec::new());
        let (mut changes, mut bytes) = (Vec::new(), 0);
        let (began, mut is_timed_out) = (Instant::now(), false);
        while changes.len() < limit && bytes < PAGE_BYTES {
            // Long stretches may contain nothing of this storage: let other tasks run in between.
            consume_budget().await;
            if commits.last().is_none_or(|last| Position::after(last.position) <= next.position) {
                let (after, _) = next.position.rest();
                commits = store.commits(after, MAX_COMMITS).await?;
                let Some(first) = commits.first() else { break };
                let is_missing = first.position > after + 1;
                if is_missing && !changes.is_empty() {
                    // The next page reports it.
                    break;
                }
                if is_missing && !is_oldest {
                    return Err(Error::TooOld(next.to_string()));
                }
                if is_missing {
                    // The oldest changes are those that are left now.
                    next.position = Position::after(first.position - 1);
                }
            }
            reader.size = reader.size.min(limit - changes.len());
            let batch =
                reader.next(store, &commits, &next, |name: &StorageName| *name == storage.name).await?;
            next.position = batch.end;
            let events = batch.events().unwrap_or_default();
            bytes += batch.bytes;
            changes.extend(events.iter().cloned());
            if began.elapsed() >= time_limit {
                is_timed_out = true;
                break;
            }
        }
        let next = FeedPosition { cursor: next, storage: Some(storage.id) };
        Ok(FeedPage { changes, next, is_timed_out, _memory: memory })
    }
}

fn not_applicable(detail: &str) -> Error {
    Error::Query(vec![Fault::new(Place::Parameter("after".into()), "not-applicable", detail)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dump;

    #[test]
    fn a_position_may_name_its_storage() {
        for (text, storage) in [("018f-7", None), ("018f-7.2", None), ("018f-7.2~13", Some(13))] {
            let position = FeedPosition::parse(text).unwrap();
            assert_eq!((position.to_string(), position.storage.map(StorageId::get)), (text.into(), storage));
        }
        for text in ["", "018f-7~", "018f-7~x", "018f-7~-1", "018f-7~1~2", "~1"] {
            assert_eq!(FeedPosition::parse(text), None, "{text}");
        }
    }

    /// Each page ends after a few changes of another storage, and the next one goes on from there.
    #[tokio::test]
    async fn a_page_that_takes_too_long_ends_early_and_moves_on() {
        let dump = Dump::builder().database("sqlite::memory:").open().await.unwrap();
        let throw = async |source: &str, body: String| {
            let incoming = crate::Incoming { body: body.into(), ..crate::Incoming::default() };
            dump.throw(&crate::SourceName::parse(source).unwrap(), incoming).await.unwrap();
        };
        throw("quiet", "{\"n\": 1}".into()).await;
        for number in 0..600 {
            throw("busy", format!("{{\"n\": {number}}}")).await;
        }
        throw("quiet", "{\"n\": 2}".into()).await;
        let (mut start, mut found, mut empty) = (FeedStart::Oldest, 0, 0);
        while found < 2 {
            let (wait, time_limit) = (Duration::from_mins(1), Some(Duration::ZERO));
            let request = FeedRequest { start: start.clone(), wait, time_limit, limit: None };
            let page = dump.live().changes("quiet", request).await.unwrap();
            found += page.changes.len();
            empty += usize::from(page.changes.is_empty());
            let next = FeedStart::After(page.next);
            assert_ne!(next, start);
            start = next;
        }
        assert!(empty > 0);
        dump.close().await;
    }
}
