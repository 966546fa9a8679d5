//! What is asked to be written, on which conditions, and what became of it.

use std::{fmt::Debug, sync::Arc};

use crate::{
    error::Fault,
    schema::{InForce, Row, StorageId, StorageName, StoredRow, Value},
};

/// Writes that were asked for in one go.
#[derive(Debug, Clone)]
pub struct WriteBatch {
    /// The writes.
    pub writes: Vec<Write>,
    /// What the failure of one means for the others.
    pub atomicity: Atomicity,
    /// What is done instead of one that fails.
    pub on_failure: Option<OnFailure>,
    /// What is recorded of it, so that it takes effect once.
    pub once: Option<IdempotencyRecord>,
}

/// What the failure of one write means for the others of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atomicity {
    /// Nothing.
    Independent,
    /// That none takes effect; the others are [`Outcome::RolledBack`].
    AllOrNothing,
}

/// One write to one row.
#[derive(Debug, Clone)]
pub struct Write {
    /// What is to be done.
    pub action: Action,
    /// On which condition.
    pub expect: Expect,
}

/// Makes the row that is put when a write fails, out of its place in the call, what it was and how it failed; or
/// none. The row's storage is one of the service's own, and its key is new.
#[derive(Clone)]
pub struct OnFailure(pub Arc<ReplacementFn>);

/// What an [`OnFailure`] does.
pub type ReplacementFn = dyn Fn(usize, &Write, &Outcome) -> Option<Row> + Send + Sync;

impl Debug for OnFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OnFailure")
    }
}

/// A record by which a call takes effect once.
///
/// The call has one outcome more, the last one, which is that of the record:
/// [`Created`](Outcome::Created) or [`Updated`](Outcome::Updated) with the record as it was put,
/// together with what the call did; [`Refused`](Outcome::Refused) with the record that is there, when it
/// is not as expected: then all else is [`Undone`](Outcome::RolledBack); and `Undone` when there was nothing
/// to record, because [`Make`] says so or because the call stands or falls together and fell.
#[derive(Debug, Clone)]
pub struct IdempotencyRecord {
    /// The storage of the record: one of the service's own.
    pub in_force: Arc<InForce>,
    /// The record's key.
    pub key: Value,
    /// What must hold of the record, or nothing of the call takes effect.
    pub expect: Expect,
    /// Makes the record.
    pub make: MakeRecord,
}

/// Makes the row with the key of a [`Once`] out of what became of the writes; or none, when it is not
/// to be recorded. It may be asked more than once, each time a transaction is tried again.
#[derive(Clone)]
pub struct MakeRecord(pub Arc<RecordFn>);

/// What a [`Make`] does.
pub type RecordFn = dyn Fn(&[Outcome]) -> Option<Row> + Send + Sync;

impl Debug for MakeRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MakeRecord")
    }
}

impl WriteBatch {
    /// Writes of which each stands for itself.
    pub fn independent(writes: Vec<Write>) -> Self {
        Self { writes, atomicity: Atomicity::Independent, on_failure: None, once: None }
    }

    /// Writes that take effect together or not at all.
    pub fn atomic(writes: Vec<Write>) -> Self {
        Self { writes, atomicity: Atomicity::AllOrNothing, on_failure: None, once: None }
    }
}

impl Write {
    /// Inserts the row, or replaces the one with its key, on this condition.
    pub fn put(row: Row, expect: Expect) -> Self {
        Self { action: Action::Put(row), expect }
    }

    /// Deletes the row with this key, on this condition.
    pub fn delete(in_force: Arc<InForce>, key: Value, expect: Expect) -> Self {
        Self { action: Action::Delete { in_force, key }, expect }
    }

    /// The name of the storage that it is to.
    pub(crate) fn storage_name(&self) -> &StorageName {
        match &self.action {
            Action::Put(row) => row.storage_name(),
            Action::Delete { in_force, .. } => &in_force.definition.name,
        }
    }
}

/// What a write does.
#[derive(Debug, Clone)]
pub enum Action {
    /// Inserts the row, or replaces the one with its key.
    Put(Row),
    /// Deletes the row with this key.
    Delete {
        /// The storage's definition, as the caller knows it.
        in_force: Arc<InForce>,
        /// The key.
        key: Value,
    },
}

/// What must hold of the row a write meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Whatever is there.
    Anything,
    /// Whatever is there; but if that is the same already, nothing is done.
    Different,
    /// If there is a row, it has this version; if there is none, the new row starts with it.
    /// (For a deletion there must be one.)
    Version(i32),
    /// There is a row with this version.
    Exactly(i32),
    /// There is a row.
    Exists,
    /// There is no row.
    Absent,
    /// There is no row, and the new one starts with this version.
    First(i32),
}

/// What became of a write.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// There was no row, now there is this one.
    Created(Stored),
    /// The row is this one now.
    Updated(Stored),
    /// The row is gone; this is what it was.
    Deleted(Stored),
    /// The row was like this already. Nothing was done.
    Unchanged(Stored),
    /// The condition failed; this is the row as it is, if there is one. Nothing was done.
    Refused(Option<Stored>),
    /// There was nothing to delete, and nothing was expected.
    Missing,
    /// The storage takes no change without a version, and none was expected. Nothing was done.
    VersionRequired,
    /// The row breaks a rule that only the database can check, or the definition that came into
    /// force meanwhile. Nothing was done.
    Invalid(Vec<Fault>),
    /// It failed like this, and what was to be done otherwise was done.
    Replaced(Box<Outcome>, Stored),
    /// Another write of its call failed, and they stand or fall together. Nothing was done.
    RolledBack,
}

impl Outcome {
    /// Whether the write did not take effect, and others of its call may have to follow it.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Created(_) | Self::Updated(_) | Self::Deleted(_) | Self::Unchanged(_) => false,
            Self::Refused(_)
            | Self::Missing
            | Self::VersionRequired
            | Self::Invalid(_)
            | Self::Replaced(..)
            | Self::RolledBack => true,
        }
    }

    /// The storage in which something was written.
    pub(super) fn written(&self) -> Option<StorageId> {
        match self {
            Self::Created(stored)
            | Self::Updated(stored)
            | Self::Deleted(stored)
            | Self::Replaced(_, stored) => Some(stored.in_force.storage),
            Self::Unchanged(_)
            | Self::Refused(_)
            | Self::Missing
            | Self::VersionRequired
            | Self::Invalid(_)
            | Self::RolledBack => None,
        }
    }
}

/// A stored row with the definition it is stored under.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The row.
    pub row: StoredRow,
    /// Its definition.
    pub in_force: Arc<InForce>,
}

impl Stored {
    /// The whole row as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        self.row.to_json(&self.in_force.definition)
    }
}
