//! The most recent throws as they were received, in a bounded in-memory ring.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use parking_lot::Mutex;
use uuid::Uuid;

use super::{
    format_choice::FormatChoice,
    lineage::Lineage,
    recent_filter::{Filter, RecentFilter},
};
use crate::{
    error::{Error, Result},
    process::{self, decompress::Encoding},
    receipt::Receipt,
    throw::Throw,
};

/// Maximum number of throws in the ring.
const MAX_THROWS: usize = 500;

/// Maximum size of the ring in bytes.
const MAX_BYTES: usize = 8 << 20;

/// Maximum number of bytes kept of a body.
const MAX_BODY: usize = 32 << 10;

/// The most recent throws at all sources, pushes to the hub included. Each process has its own list.
#[derive(Debug, Default)]
pub struct RecentThrows {
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    /// The newest come first.
    throws: VecDeque<(Uuid, Arc<RecentThrow>)>,
    bytes: usize,
}

/// Record of the processing of a throw, besides its receipt.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// Reason for its format.
    pub(crate) choice: Option<FormatChoice>,
    /// Outcomes of its first records.
    pub(crate) lineage: Lineage,
}

/// A throw and its outcome.
#[derive(Debug)]
pub struct RecentThrow {
    /// The throw, with at most 32 KiB of its body.
    pub(super) throw: Arc<Throw>,
    size: usize,
    bytes: usize,
    outcome: Result<Receipt, Refusal>,
    choice: Option<FormatChoice>,
    pub(super) lineage: Lineage,
    /// Filled when the throw is first looked at.
    other_formats: OnceLock<Vec<&'static str>>,
}

#[derive(Debug)]
struct Refusal {
    detail: String,
    /// The format, if the throw was parsed.
    format: Option<String>,
}

/// The outcome of a throw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrowOutcome {
    /// It was stored, except for what was dropped or a duplicate.
    Stored,
    /// At least a part of it is in quarantine.
    Quarantined,
    /// Nothing was stored.
    Refused,
}

/// The format of a throw, and why it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetectedFormat<'t> {
    /// The format.
    pub format: &'t str,
    /// The reason, as a sentence.
    pub because: String,
    /// Other formats that the body could be taken for.
    pub alternatives: &'t [&'static str],
}

/// A page of recent throws, newest first.
#[derive(Debug)]
pub struct RecentPage {
    /// The throws.
    pub throws: Vec<Arc<RecentThrow>>,
    /// The number of throws that match the filter, on all pages.
    pub count: usize,
    /// The id of the last throw of this page, if there are older ones.
    pub next: Option<Uuid>,
}

/// Returns a body that does not keep a larger buffer alive: a short one may be a slice of a large buffer, so
/// it is copied.
pub(super) fn owned(body: Bytes) -> Bytes {
    if body.len() < MAX_BODY { Bytes::copy_from_slice(&body) } else { body }
}

impl RecentThrows {
    /// Adds a throw; when the ring is full, the oldest ones are removed.
    pub(super) fn put(&self, mut throw: Arc<Throw>, outcome: &Result<Receipt>, trace: Trace) {
        let (id, size) = (throw.id, throw.body.len());
        if let Some(start) = throw.body.get(..MAX_BODY) {
            // Copied, because a slice would keep the whole body alive.
            let body = Bytes::copy_from_slice(start);
            throw = Arc::new(Throw { body, ..Throw::clone(&throw) });
        }
        let outcome = match outcome {
            Ok(receipt) => Ok(receipt.clone()),
            Err(error) => {
                let format =
                    if let Error::Strict(receipt) = error { Some(receipt.format.clone()) } else { None };
                Err(Refusal { detail: error.to_string(), format })
            }
        };
        let Trace { choice, lineage } = trace;
        let bytes = size_of_throw(&throw) + size_of_outcome(&outcome) + lineage.size();
        let other_formats = OnceLock::new();
        let recent = Arc::new(RecentThrow { throw, size, bytes, outcome, choice, lineage, other_formats });
        let mut ring = self.ring.lock();
        // An accepted throw is repeated with its id until it is committed. Ids of other throws are newer.
        if ring.throws.front().is_some_and(|(newest, _)| *newest >= id)
            && let Some(place) = ring.throws.iter().position(|(known, _)| *known == id)
            && let Some((_, before)) = ring.throws.remove(place)
        {
            ring.bytes -= before.bytes;
        }
        ring.bytes += bytes;
        ring.throws.push_front((id, recent));
        while ring.throws.len() > MAX_THROWS || ring.bytes > MAX_BYTES {
            match ring.throws.pop_back() {
                Some((_, gone)) => ring.bytes -= gone.bytes,
                None => break,
            }
        }
    }

    /// Returns the throws that match a filter, newest first: at most `limit`, older than the throw `before`. If that
    /// one is not in the list any more, neither are older ones.
    pub fn list(&self, filter: &RecentFilter, before: Option<Uuid>, limit: usize) -> RecentPage {
        let all: Vec<(Uuid, Arc<RecentThrow>)> = self.ring.lock().throws.iter().cloned().collect();
        let start = match before {
            Some(id) => all.iter().position(|(known, _)| *known == id).map_or(all.len(), |place| place + 1),
            None => 0,
        };
        let filter = Filter::of(filter);
        let (mut throws, mut count, mut next) = (Vec::new(), 0, None);
        for (place, (_, throw)) in all.into_iter().enumerate() {
            if !filter.matches(&throw) {
                continue;
            }
            count += 1;
            if place < start {
                continue;
            }
            if throws.len() < limit {
                throws.push(throw);
            } else if next.is_none() {
                next = throws.last().map(|last: &Arc<RecentThrow>| last.throw.id);
            }
        }
        RecentPage { throws, count, next }
    }

    /// Returns a throw.
    pub fn get(&self, id: Uuid) -> Result<Arc<RecentThrow>> {
        let ring = self.ring.lock();
        let found = ring.throws.iter().find(|(known, _)| *known == id);
        found.map(|(_, throw)| throw.clone()).ok_or_else(|| Error::UnknownThrow(id.to_string()))
    }
}

impl RecentThrow {
    /// Returns the throw, of whose body the rest may be cut off.
    pub fn throw(&self) -> &Throw {
        &self.throw
    }

    /// Returns the size of the whole body in bytes.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns whether only the beginning of the body is kept.
    pub fn is_cut(&self) -> bool {
        self.size > self.throw.body.len()
    }

    /// Returns the body, or the kept part of it, if it is text.
    pub fn text(&self) -> Option<&str> {
        let body = self.throw.body.as_ref();
        match std::str::from_utf8(body) {
            Ok(text) => Some(text),
            // A cut body may end inside a character.
            Err(error) if error.error_len().is_none() && self.is_cut() => {
                std::str::from_utf8(body.get(..error.valid_up_to())?).ok()
            }
            Err(_) => None,
        }
    }

    /// Returns the receipt, or why the throw was refused.
    pub fn receipt(&self) -> Result<&Receipt, &str> {
        self.outcome.as_ref().map_err(|refusal| refusal.detail.as_str())
    }

    /// Returns the outcome.
    pub fn outcome(&self) -> ThrowOutcome {
        match &self.outcome {
            Ok(receipt) if receipt.quarantined > 0 => ThrowOutcome::Quarantined,
            Ok(_) => ThrowOutcome::Stored,
            Err(_) => ThrowOutcome::Refused,
        }
    }

    /// Returns the format and why it was chosen; `None` if the throw was refused before it was parsed.
    pub fn detected(&self) -> Option<DetectedFormat<'_>> {
        let (format, choice) = (self.format()?, self.choice?);
        let Throw { body, content_type, arguments, .. } = self.throw.as_ref();
        let alternatives = self.other_formats.get_or_init(|| match Encoding::by_magic(body) {
            Some(_) => Vec::new(),
            None => process::other_formats(format, body, content_type.as_deref(), !arguments.is_empty()),
        });
        Some(DetectedFormat { format, because: choice.because(format, &self.throw), alternatives })
    }

    pub(super) fn format(&self) -> Option<&str> {
        match &self.outcome {
            Ok(receipt) => Some(&receipt.format),
            Err(refusal) => refusal.format.as_deref(),
        }
    }
}

/// Returns the approximate number of bytes that a throw takes in the ring.
fn size_of_throw(throw: &Throw) -> usize {
    const PAIR: usize = size_of::<(String, String)>();
    let arguments: usize = throw.arguments.iter().map(|(name, text)| PAIR + name.len() + text.len()).sum();
    let head = throw.head.as_ref().map_or(0, |head| head.size());
    let content_type = throw.content_type.as_ref().map_or(0, String::len);
    size_of::<Throw>() + size_of::<RecentThrow>() + throw.body.len() + arguments + head + content_type
}

/// Returns the approximate number of bytes that a receipt takes.
fn size_of_outcome(outcome: &Result<Receipt, Refusal>) -> usize {
    const LISTED: usize = 256;
    match outcome {
        Ok(receipt) => {
            let remarks = receipt.warnings.iter().chain(&receipt.errors);
            let remarks: usize = remarks.map(|remark| LISTED + remark.detail.len()).sum();
            remarks + LISTED * (receipt.reasons.len() + receipt.storages.len())
        }
        Err(refusal) => refusal.detail.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, throw::SourceName};

    fn throw(number: u128, body: &str) -> Arc<Throw> {
        Arc::new(Throw {
            id: Uuid::from_u128(number),
            source: SourceName::parse("porch").unwrap(),
            received_at: Timestamp::from_micros(0).unwrap(),
            body: Bytes::copy_from_slice(body.as_bytes()),
            content_type: None,
            arguments: Vec::new(),
            format: None,
            peer: None,
            head: None,
        })
    }

    fn put(recent: &RecentThrows, number: u128, body: &str) {
        let throw = throw(number, body);
        let receipt = Receipt::new(throw.id, throw.source.clone(), "text");
        recent.put(throw, &Ok(receipt), Trace::default());
    }

    fn numbers(page: &RecentPage) -> Vec<u128> {
        page.throws.iter().map(|recent| recent.throw.id.as_u128()).collect()
    }

    #[test]
    fn the_ring_is_bounded_in_count_and_bytes() {
        let recent = RecentThrows::default();
        (0..2_000).for_each(|number| put(&recent, number, "x"));
        let ring = recent.ring.lock();
        assert_eq!((ring.throws.len(), ring.throws.front().unwrap().0.as_u128()), (MAX_THROWS, 1_999));
        drop(ring);
        let large = "x".repeat(1 << 20);
        (0..2_000).for_each(|number| put(&recent, 2_000 + number, &large));
        let ring = recent.ring.lock();
        let bytes: usize = ring.throws.iter().map(|(_, throw)| throw.bytes).sum();
        assert!(ring.throws.len() > 200 && ring.bytes <= MAX_BYTES && bytes == ring.bytes, "{}", ring.bytes);
        assert!(ring.throws.iter().all(|(_, throw)| throw.throw.body.len() == MAX_BODY && throw.is_cut()));
        // Everything that a sender determines counts.
        let arguments = vec![("a".to_owned(), "x".repeat(9 << 20))];
        let wide = Arc::new(Throw { arguments, ..Throw::clone(&throw(9_000, "x")) });
        drop(ring);
        recent.put(wide, &Err(Error::Overloaded), Trace::default());
        assert!(recent.ring.lock().throws.is_empty() && recent.ring.lock().bytes == 0);
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let recent = RecentThrows::default();
        (1..=5).for_each(|number| put(&recent, number, if number % 2 == 1 { "Odd" } else { "even" }));
        let list = |text: &str, before: Option<u128>, limit| {
            let filter = RecentFilter { text: Some(text.to_owned()), ..RecentFilter::default() };
            let page = recent.list(&filter, before.map(Uuid::from_u128), limit);
            (numbers(&page), page.count, page.next.map(|id| id.as_u128()))
        };
        assert_eq!(list("", None, 2), (vec![5, 4], 5, Some(4)));
        assert_eq!(list("", Some(4), 2), (vec![3, 2], 5, Some(2)));
        assert_eq!(list("", Some(2), 2), (vec![1], 5, None));
        assert_eq!(list("odd", None, 2), (vec![5, 3], 3, Some(3)));
        assert_eq!(list("odd", Some(4), 2), (vec![3, 1], 3, None));
        // The throw of the last page has left the list, and so have all older ones.
        assert_eq!(list("", Some(99), 2), (vec![], 5, None));
        // A repeated attempt replaces the one before.
        put(&recent, 3, "again");
        assert_eq!(list("", None, 9), (vec![3, 5, 4, 2, 1], 5, None));
    }
}
