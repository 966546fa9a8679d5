//! The feed: what was committed, in the order in which it was. Every commit that changes rows of people's
//! storages, or devices and commands, has one entry, written in the same transaction: its number and, packed,
//! which keys it has inserted, updated and deleted. Numbers are dense and in the order of the commits, on however many nodes:
//! who has seen all up to one number misses nothing when it goes on behind it.
//!
//! ```text
//! outcomes ─► packer ─► entry, as the last statement of the rows' transaction
//! entries behind a position ─► unpacked ─► commits
//! ```
//!
//! Entries hold no rows: who wants them asks the storage. The oldest go when they are too old or all of them
//! too many; the newest stays, so that the next number is known.

mod pack;

use std::time::Duration;

pub(super) use pack::{Packer, unpack};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{StorageId, Value},
};

/// How many bytes of entries are read at a time: unpacked they take more than ten times as much, for each who
/// reads by itself.
pub(super) const FEED_BYTES: usize = 64 << 10;

/// How many of the oldest are removed at a time.
pub(super) const REMOVED: u32 = 100;

/// How much of it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long entries are kept.
    pub time: Duration,
    /// How many bytes of them are kept.
    pub bytes: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self { time: Duration::from_hours(30 * 24), bytes: 10 << 30 }
    }
}

impl Retention {
    /// How often is looked whether the oldest are too old or too many: often enough for short times.
    pub(super) fn pause(&self) -> Duration {
        (self.time / 10).clamp(Duration::from_millis(100), Duration::from_mins(1))
    }

    /// Entries from before are too old.
    pub(super) fn oldest(&self, now: Timestamp) -> i64 {
        now.micros().saturating_sub(i64::try_from(self.time.as_micros()).unwrap_or(i64::MAX))
    }

    /// The bytes that are kept, as databases count.
    pub(super) fn bytes(&self) -> i64 {
        i64::try_from(self.bytes).unwrap_or(i64::MAX)
    }
}

/// One commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Its number: one more than that of the commit before it.
    pub position: i64,
    /// When it was, by the clock of the node that made it.
    pub at: Timestamp,
    /// What it changed, in the order in which that was asked for.
    pub changes: Vec<Change>,
}

/// One row that a commit changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// The row's storage. It may have been removed since.
    pub storage: StorageId,
    /// What became of the row.
    pub what: Changed,
    /// The row's key.
    pub key: Value,
    /// The row's version: of a deleted one, the last it had.
    pub version: i32,
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is new.
    Inserted,
    /// It is another.
    Updated,
    /// It is gone.
    Deleted,
}

/// What there is of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Whose numbers these are: a database that is made anew has another epoch.
    pub epoch: String,
    /// The oldest entry that is kept.
    pub first: i64,
    /// The newest.
    pub last: i64,
    /// The bytes of all that are kept.
    pub bytes: u64,
    /// When the oldest was made.
    pub since: Timestamp,
}

impl Span {
    /// Out of what a database says, in this order.
    pub(super) fn of(read: (String, i64, i64, i64, i64)) -> Result<Self> {
        let (epoch, first, last, bytes, since) = read;
        let since = Timestamp::from_micros(since).ok_or_else(|| Error::internal("an entry out of time"))?;
        Ok(Self { epoch, first, last, bytes: u64::try_from(bytes).unwrap_or(0), since })
    }
}
