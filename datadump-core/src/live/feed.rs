//! The change feed of one storage: its changes page by page, for programs that copy it.

use std::{sync::Arc, time::Duration};

use tokio::{task::coop::consume_budget, time::Instant};

use super::{
    Live,
    batch::BatchReader,
    cursor::{Cursor, Position},
    event::Event,
};
use crate::{
    error::{Error, Fault, Place, Result},
    schema::StorageName,
    store::{Commit, ReadLease, Span},
};

/// Default number of changes on a page.
const DEFAULT_CHANGES: usize = 100;

/// Maximum number of changes on a page.
pub const MAX_CHANGES: usize = 1_000;

/// Size of the rows on a page in bytes at which it ends.
const PAGE_BYTES: usize = 1 << 20;

/// Maximum number of commits that are read at a time.
const MAX_COMMITS: usize = 256;

/// The beginning of a page of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FeedStart {
    /// At the oldest change in the change log.
    #[default]
    Oldest,
    /// After everything that is committed now.
    Now,
    /// After a position.
    After(Cursor),
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
}

/// A page of changes.
#[derive(Debug)]
pub struct FeedPage {
    /// The changes in commit order, each with its row as it is now. Empty only if there are no more.
    pub changes: Vec<Arc<Event>>,
    /// The position after them, at which the next page begins.
    pub next: Cursor,
    /// Released when the page is no longer needed.
    pub(super) _memory: ReadLease,
}

impl FeedStart {
    /// Parses the position of a change, or `now`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "now" { Some(Self::Now) } else { Cursor::parse(text).map(Self::After) }
    }
}

impl Live {
    /// Returns the changes of a storage after a position.
    ///
    /// # Errors
    ///
    /// [`TooOld`](Error::TooOld) if the change log no longer has the changes after the position.
    pub async fn changes(&self, storage: &str, request: FeedRequest) -> Result<FeedPage> {
        let deadline = Instant::now() + request.wait;
        let limit = request.limit.unwrap_or(DEFAULT_CHANGES).clamp(1, MAX_CHANGES);
        let mut commits = self.context.store.commit_signal();
        let span = self.context.store.span().await?;
        let epoch: Arc<str> = span.epoch.as_str().into();
        let mut next = Cursor { epoch, position: self.start(&request.start, &span)? };
        let mut is_oldest = request.start == FeedStart::Oldest;
        loop {
            commits.mark_unchanged();
            let name = self.context.store.catalogue().find(storage)?.name.clone();
            let page = self.page_of_changes(&name, next, limit, is_oldest).await?;
            if !page.changes.is_empty() || Instant::now() >= deadline || self.waits.is_cancelled() {
                return Ok(page);
            }
            (next, is_oldest) = (page.next.clone(), false);
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
            FeedStart::After(cursor) if *cursor.epoch != *span.epoch => {
                Err(not_applicable("the position belongs to another database"))
            }
            FeedStart::After(cursor) if cursor.position > Position::after(span.last) => {
                Err(not_applicable("the position is after the end of the change log"))
            }
            FeedStart::After(cursor) => Ok(cursor.position),
        }
    }

    /// Reads the next changes, and everything in between.
    async fn page_of_changes(
        &self,
        storage: &StorageName,
        mut next: Cursor,
        limit: usize,
        is_oldest: bool,
    ) -> Result<FeedPage> {
        let store = self.context.store.as_ref();
        let memory = self.context.read_memory.reserve(PAGE_BYTES).await?;
        let (mut reader, mut commits): (_, Vec<Commit>) = (BatchReader::new(self.hub_events), Vec::new());
        let (mut changes, mut bytes) = (Vec::new(), 0);
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
            let batch = reader.next(store, &commits, &next, |name| name == storage).await?;
            next.position = batch.end;
            let events = batch.events().unwrap_or_default();
            bytes += batch.bytes;
            changes.extend(events.iter().cloned());
        }
        Ok(FeedPage { changes, next, _memory: memory })
    }
}

fn not_applicable(detail: &str) -> Error {
    Error::Query(vec![Fault::new(Place::Parameter("after".into()), "not-applicable", detail)])
}
