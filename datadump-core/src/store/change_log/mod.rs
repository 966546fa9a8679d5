//! The change log: which rows were changed, in commit order.
//!
//! Every commit that changes rows of users' storages, or devices and commands, appends one entry in the same
//! transaction: its position and, [packed](pack), the keys it inserted, updated and deleted. Rows that retention
//! removes have no keys there: all rows of a step are one [`Trim`]. Positions are dense and in commit order, on any
//! number of nodes, so a reader that has seen everything up to a position misses nothing when it continues after
//! it.
//!
//! ```text
//! outcomes ─► packer ─► entry: the last statement of the transaction
//! entries after a position ─► unpack ─► commits
//! ```
//!
//! Entries hold keys, not rows; readers fetch the rows from the storage. The oldest entries are pruned when
//! they exceed the [retention](ChangeLogRetention). The newest is never pruned, so that the next position is known.

mod pack;

use std::time::Duration;

pub(super) use pack::{Packer, unpack};

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{StorageId, Value},
    store::sql::Dialect,
};

/// Packed size after which one read of the log stops. Unpacked entries take more than ten times as much, for
/// each reader.
pub(super) const MAX_READ_BYTES: usize = 64 << 10;

/// Number of entries that are pruned in one statement.
pub(super) const PRUNE_BATCH_ENTRIES: u32 = 100;

/// Selects epoch, first and last position, total size, and the time of the oldest entry, on both databases.
pub(super) const SELECT_SPAN: &str = "SELECT epoch, oldest.position, newest.position, \
    newest.bytes - oldest.bytes + length(oldest.changes), oldest.at FROM datadump_change_log_info, \
    (SELECT * FROM datadump_change_log ORDER BY position LIMIT 1) AS oldest, \
    (SELECT position, bytes FROM datadump_change_log ORDER BY position DESC LIMIT 1) AS newest";

/// Returns the statements that create the tables, with a first entry without changes, so that there is always
/// a newest entry. The epoch must not come from a user.
pub(super) fn create(dialect: Dialect, epoch: &str, now: Timestamp) -> Vec<String> {
    let (integer, binary, empty, strict) = match dialect {
        Dialect::Sqlite => ("INTEGER", "BLOB", "x''", " STRICT"),
        Dialect::Postgres => ("int8", "bytea", "''", ""),
    };
    let now = now.micros();
    vec![
        format!(
            "CREATE TABLE datadump_change_log_info (id {integer} PRIMARY KEY, epoch TEXT NOT NULL){strict}"
        ),
        format!(
            "CREATE TABLE datadump_change_log (position {integer} PRIMARY KEY, at {integer} NOT NULL, \
             bytes {integer} NOT NULL, changes {binary} NOT NULL){strict}"
        ),
        format!("INSERT INTO datadump_change_log_info (id, epoch) VALUES (1, '{epoch}')"),
        format!(
            "INSERT INTO datadump_change_log (position, at, bytes, changes) VALUES (0, {now}, 0, {empty})"
        ),
    ]
}

/// How much of the change log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeLogRetention {
    /// Maximum age of entries.
    pub time: Duration,
    /// Maximum total size in bytes.
    pub bytes: usize,
}

impl Default for ChangeLogRetention {
    fn default() -> Self {
        Self { time: Duration::from_hours(30 * 24), bytes: 10 << 30 }
    }
}

impl ChangeLogRetention {
    /// Interval between two prunings, shorter for a short retention.
    pub(super) fn prune_interval(&self) -> Duration {
        (self.time / 10).clamp(Duration::from_millis(100), Duration::from_mins(1))
    }

    /// Returns the time, in microseconds, before which entries are too old.
    pub(super) fn oldest(&self, now: Timestamp) -> i64 {
        now.micros().saturating_sub(i64::try_from(self.time.as_micros()).unwrap_or(i64::MAX))
    }

    /// Returns the time, in microseconds, after which an entry's time is that of a wrong clock. Such an entry is
    /// kept only while older ones are.
    pub(super) fn latest(&self, now: Timestamp) -> i64 {
        now.micros().saturating_add(i64::try_from(self.time.as_micros()).unwrap_or(i64::MAX))
    }

    /// Returns the maximum size as the databases' integer type.
    pub(super) fn bytes(&self) -> i64 {
        i64::try_from(self.bytes).unwrap_or(i64::MAX)
    }
}

/// One commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Its position: that of the previous commit plus one.
    pub position: i64,
    /// Commit time, by the clock of the node that committed.
    pub at: Timestamp,
    /// The changed rows, in the order of the writes.
    pub changes: Vec<Change>,
}

impl Commit {
    /// Reads a commit from the columns of its entry.
    pub(super) fn from_row(position: i64, at: i64, changes: &[u8]) -> Result<Self> {
        Ok(Self { position, at: timestamp(at)?, changes: unpack(changes)? })
    }
}

/// One change of a storage.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A row was changed.
    Row(RowChange),
    /// Retention has removed rows.
    Trim(Trim),
}

/// One changed row.
#[derive(Debug, Clone, PartialEq)]
pub struct RowChange {
    /// The row's storage, which may have been removed since.
    pub storage: StorageId,
    /// How the row was changed.
    pub kind: ChangeKind,
    /// The row's key.
    pub key: Value,
    /// The row's version; for a deleted row its last one.
    pub version: i32,
}

/// Rows that retention has removed: all that were last written in a range of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trim {
    /// The rows' storage, which may have been removed since.
    pub storage: StorageId,
    /// The rows were last written after this moment.
    pub after: Timestamp,
    /// The rows were last written at or before this moment.
    pub until: Timestamp,
    /// Number of rows.
    pub rows: u64,
}

impl Change {
    /// Returns the storage that was changed.
    pub fn storage(&self) -> StorageId {
        match self {
            Self::Row(row) => row.storage,
            Self::Trim(trim) => trim.storage,
        }
    }

    /// Returns the changed row, if it is one.
    pub fn row(&self) -> Option<&RowChange> {
        match self {
            Self::Row(row) => Some(row),
            Self::Trim(_) => None,
        }
    }
}

/// How a row was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// The row is new.
    Inserted,
    /// The row was replaced.
    Updated,
    /// The row was deleted.
    Deleted,
}

/// The range of positions that the change log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Identifies the database the positions belong to; a new database has a new epoch.
    pub epoch: String,
    /// Position of the oldest entry.
    pub first: i64,
    /// Position of the newest entry.
    pub last: i64,
    /// Total size of all entries in bytes.
    pub bytes: u64,
    /// Time of the oldest entry.
    pub since: Timestamp,
}

impl Span {
    /// Reads a span from the columns of [`SELECT_SPAN`].
    pub(super) fn from_row(row: (String, i64, i64, i64, i64)) -> Result<Self> {
        let (epoch, first, last, bytes, since) = row;
        Ok(Self { epoch, first, last, bytes: u64::try_from(bytes).unwrap_or(0), since: timestamp(since)? })
    }
}

fn timestamp(micros: i64) -> Result<Timestamp> {
    Timestamp::from_micros(micros)
        .ok_or_else(|| Error::internal("a change log entry has a time out of range"))
}
