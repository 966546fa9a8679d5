//! Keeps replays from overwriting rows that are newer than what they replay.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::{
    clock::Timestamp,
    schema::{Row, StorageId, StoredRow, Value},
    store::{Expect, Outcome},
};

/// Maximum number of rows that a replay remembers.
const MAX_OWN_ROWS: usize = 100_000;

/// Keeps rows that were written after a moment, except by the same replay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeepNewer<'a> {
    pub(crate) moment: Timestamp,
    pub(crate) own: &'a OwnRows,
}

/// The rows that a replay has written, with their versions. They do not count as newer than what it replays
/// next: of several entries with the same key, the last one wins.
#[derive(Debug, Default)]
pub(crate) struct OwnRows(Mutex<HashMap<(StorageId, String), i32>>);

impl KeepNewer<'_> {
    /// Returns the condition for a row, unless the row has one of its own.
    pub(super) fn expect(&self, row: &Row, expect: Expect) -> Expect {
        match row.key() {
            Some(key) if expect == Expect::Different => {
                Expect::NotSince(self.moment, self.own.version(row.storage(), key))
            }
            _ => expect,
        }
    }

    /// Returns whether a stored row is newer.
    pub(crate) fn is_newer(&self, storage: StorageId, current: &StoredRow) -> bool {
        current.updated_at > self.moment && self.own.version(storage, &current.key) != Some(current.version)
    }

    /// Remembers the rows that were written.
    pub(super) fn note<'o>(&self, outcomes: impl Iterator<Item = &'o Outcome>) {
        outcomes.for_each(|outcome| self.own.note(outcome));
    }
}

impl OwnRows {
    /// Returns the version of a row, if this replay wrote it last.
    fn version(&self, storage: StorageId, key: &Value) -> Option<i32> {
        self.0.lock().get(&(storage, format!("{key:?}"))).copied()
    }

    /// Remembers a row, up to the maximum.
    fn note(&self, outcome: &Outcome) {
        let (Outcome::Created(stored) | Outcome::Updated(stored)) = outcome else { return };
        let mut rows = self.0.lock();
        let key = (stored.in_force.storage, format!("{:?}", stored.row.key));
        if rows.len() < MAX_OWN_ROWS || rows.contains_key(&key) {
            rows.insert(key, stored.row.version);
        }
    }
}
