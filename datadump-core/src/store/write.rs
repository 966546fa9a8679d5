//! Write batches: what is to be written, on which conditions, and the outcome of each write.

use std::{fmt, sync::Arc};

use crate::{
    clock::Timestamp,
    error::Fault,
    schema::{FieldSet, InForce, Patch, Row, StorageId, StorageName, StoredRow, Value},
};

use super::Filter;

/// Writes that are committed in one transaction.
#[derive(Debug, Clone)]
pub struct WriteBatch {
    /// The writes, applied in this order.
    pub writes: Vec<Write>,
    /// Effect of one failing write on the others.
    pub atomicity: Atomicity,
    /// The part of each row that its outcome has.
    pub returning: Returning,
    /// Builds the row to store in place of a write that fails.
    pub on_failure: Option<OnFailure>,
    /// An idempotency record, stored with the batch so that the batch takes effect only once.
    pub idempotency: Option<IdempotencyRecord>,
    /// True if the batch is rolled back once its outcomes are known.
    pub is_dry_run: bool,
}

/// Effect of one failing write on the others of its batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Atomicity {
    /// Each write succeeds or fails by itself.
    Independent,
    /// If one write fails, none takes effect; the others become [`Outcome::RolledBack`].
    AllOrNothing,
    /// Like [`AllOrNothing`](Self::AllOrNothing), but writes after the first failure are not tried: of many writes that
    /// do the same, probably all would fail. Not with an [`IdempotencyRecord`].
    StopAtFailure,
}

/// The part of each row that its outcome has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returning {
    /// The whole row.
    Rows,
    /// The key, the version and the times. For batches of any size: rows that are changed or refused may be
    /// much larger than the writes.
    Keys,
}

/// One write to one row.
#[derive(Debug, Clone)]
pub struct Write {
    /// What to do.
    pub action: Action,
    /// The condition under which to do it.
    pub expect: Expect,
}

/// Builds the row to store in place of a failed write.
///
/// The row must belong to a system storage and have a new key. With `None` the write just fails.
#[derive(Clone)]
pub struct OnFailure(pub Arc<ReplacementFn>);

/// Builds a replacement from the position of the write in its batch, the write, and its outcome.
pub type ReplacementFn = dyn Fn(usize, &Write, &Outcome) -> Option<Row> + Send + Sync;

impl OnFailure {
    /// Returns the row to store in place of the failed write at `place`.
    pub(super) fn replacement(&self, place: usize, write: &Write, failed: &Outcome) -> Option<Row> {
        (self.0)(place, write, failed)
    }
}

impl fmt::Debug for OnFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnFailure")
    }
}

/// A record stored in the same transaction as a batch, by which the batch takes effect only once.
///
/// The batch gets one more outcome, at the end, for the record:
///
/// * [`Created`](Outcome::Created) or [`Updated`](Outcome::Updated) with the new record: the batch was
///   applied.
/// * [`Refused`](Outcome::Refused) with the existing record: it did not meet `expect`, and every write is
///   [`RolledBack`](Outcome::RolledBack).
/// * [`RolledBack`](Outcome::RolledBack): no record was stored, because `make` returned none or because an
///   all-or-nothing batch failed.
#[derive(Debug, Clone)]
pub struct IdempotencyRecord {
    /// The record's storage, which must be a system storage.
    pub in_force: Arc<InForce>,
    /// The record's key.
    pub key: Value,
    /// The condition the stored record must meet for the batch to take effect.
    pub expect: Expect,
    /// Builds the record.
    pub make: MakeRecord,
}

/// Builds an [`IdempotencyRecord`]'s row from the outcomes of its batch.
///
/// It may be called several times, once for each attempt of the transaction. With `None` nothing is recorded.
#[derive(Clone)]
pub struct MakeRecord(pub Arc<RecordFn>);

/// Builds the record from the outcomes of the batch's writes.
pub type RecordFn = dyn Fn(&[Outcome]) -> Option<Row> + Send + Sync;

impl IdempotencyRecord {
    /// Returns the record to store for a batch with these outcomes, if any. An all-or-nothing batch that
    /// failed is not recorded.
    pub(super) fn row(&self, atomicity: Atomicity, outcomes: &[Outcome]) -> Option<Row> {
        let is_failed = atomicity != Atomicity::Independent && outcomes.iter().any(Outcome::is_failure);
        if is_failed { None } else { (self.make.0)(outcomes) }
    }
}

impl fmt::Debug for MakeRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MakeRecord")
    }
}

impl Action {
    /// Returns the row to write.
    pub(crate) fn row(&self) -> Option<&Row> {
        match self {
            Self::Put(row) | Self::Merge(row) => Some(row),
            Self::Patch { .. } | Self::Delete { .. } => None,
        }
    }

    /// Returns the key of the row, or `None` if the database assigns the next number.
    pub(crate) fn key(&self) -> Option<&Value> {
        match self {
            Self::Put(row) | Self::Merge(row) => row.key(),
            Self::Patch { key, .. } | Self::Delete { key, .. } => Some(key),
        }
    }

    /// Returns the same action with another row.
    pub(super) fn with_row(&self, row: Row) -> Self {
        match self {
            Self::Put(_) => Self::Put(row),
            Self::Merge(_) => Self::Merge(row),
            Self::Patch { .. } | Self::Delete { .. } => self.clone(),
        }
    }
}

impl WriteBatch {
    /// Creates a batch whose writes succeed or fail one by one.
    pub fn independent(writes: Vec<Write>) -> Self {
        Self {
            writes,
            atomicity: Atomicity::Independent,
            returning: Returning::Rows,
            on_failure: None,
            idempotency: None,
            is_dry_run: false,
        }
    }

    /// Creates a batch whose writes take effect together or not at all.
    pub fn atomic(writes: Vec<Write>) -> Self {
        Self { atomicity: Atomicity::AllOrNothing, ..Self::independent(writes) }
    }

    /// Creates a batch whose writes take effect together or not at all, and which ends at the first failure.
    pub fn until_failure(writes: Vec<Write>) -> Self {
        Self { atomicity: Atomicity::StopAtFailure, returning: Returning::Keys, ..Self::independent(writes) }
    }
}

impl Write {
    /// Inserts the row, or replaces the one with its key.
    pub fn put(row: Row, expect: Expect) -> Self {
        Self { action: Action::Put(row), expect }
    }

    /// Inserts the row, or changes the fields that were sent in the one with its key.
    pub fn merge(row: Row, expect: Expect) -> Self {
        Self { action: Action::Merge(row), expect }
    }

    /// Changes the row with this key.
    pub fn patch(key: Value, patch: Arc<Patch>, expect: Expect) -> Self {
        Self { action: Action::Patch { key, patch }, expect }
    }

    /// Deletes the row with this key.
    pub fn delete(in_force: Arc<InForce>, key: Value, expect: Expect) -> Self {
        Self { action: Action::Delete { in_force, key }, expect }
    }

    pub(crate) fn storage_name(&self) -> &StorageName {
        &self.in_force().definition.name
    }

    /// Returns the version of the storage that the write was made for.
    pub(crate) fn in_force(&self) -> &Arc<InForce> {
        match &self.action {
            Action::Put(row) | Action::Merge(row) => row.proven_by(),
            Action::Patch { patch, .. } => patch.proven_by(),
            Action::Delete { in_force, .. } => in_force,
        }
    }

    /// Returns whether values of the stored row have to be read for a write that has no row of its own.
    pub(super) fn needs_values(&self) -> bool {
        let merges = matches!(&self.action, Action::Patch { patch, .. } if patch.merged().next().is_some());
        let mut tested = FieldSet::first(0);
        if let Expect::Matches(filter) = &self.expect {
            filter.add_fields(&mut tested);
        }
        merges || tested.len() > 0
    }

    /// Returns whether the write can only be done under the version that it was made for.
    pub(super) fn needs_version(&self) -> bool {
        matches!(self.action, Action::Patch { .. }) || matches!(self.expect, Expect::Matches(_))
    }

    /// Returns whether another version than the one that the write was made for would have to do it, which it cannot.
    pub(super) fn has_moved(&self, in_force: i32) -> bool {
        self.needs_version() && self.in_force().version != in_force
    }

    pub(super) fn storage(&self) -> StorageId {
        self.in_force().storage
    }
}

/// The effect of a write.
#[derive(Debug, Clone)]
pub enum Action {
    /// Inserts the row, or replaces the one with its key: fields that were not sent get their defaults.
    Put(Row),
    /// Inserts the row, or changes the fields that were sent in the one with its key. In `_extra` of an
    /// inferred storage it changes the members that were sent, and removes those whose field was sent.
    Merge(Row),
    /// Changes the row with this key, which must exist. Changes nothing but the fields that the patch names.
    Patch {
        /// The key.
        key: Value,
        /// The changes, which any number of writes may share.
        patch: Arc<Patch>,
    },
    /// Deletes the row with this key.
    Delete {
        /// The storage's definition, as the caller knows it.
        in_force: Arc<InForce>,
        /// The key.
        key: Value,
    },
}

/// The condition that the stored row must meet for a write to take effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// No condition.
    Anything,
    /// No condition, but a row that would stay the same is left [`Unchanged`](Outcome::Unchanged).
    Different,
    /// An existing row must not have been written after this moment, unless it has this version or was written
    /// by an earlier write of the same batch. Otherwise the write is [`Superseded`](Outcome::Superseded). A row
    /// with equal values is left [`Unchanged`](Outcome::Unchanged).
    NotSince(Timestamp, Option<i32>),
    /// An existing row must have this version; a new row starts with it. A deletion requires the row.
    Version(i32),
    /// The row must exist and have this version.
    Exactly(i32),
    /// The row must exist.
    Exists,
    /// The row must not exist.
    Absent,
    /// The row must not exist; the new row starts with this version.
    First(i32),
    /// The row must not exist; the new row starts with this version, or 1. An existing one is left as it is, which is no
    /// failure: the outcome is [`Unchanged`](Outcome::Unchanged).
    Keep(Option<i32>),
    /// The row must match this filter, which was made for the version of the write. Otherwise it is left alone, which is
    /// no failure: the outcome is [`Unmatched`](Outcome::Unmatched).
    Matches(Arc<Filter>),
}

impl Expect {
    /// Returns the same condition, under which a row with this version is not newer either.
    pub(super) fn with_own(&self, version: i32) -> Self {
        match self {
            Self::NotSince(moment, _) => Self::NotSince(*moment, Some(version)),
            other => other.clone(),
        }
    }
}

/// The result of a write.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// The row was inserted.
    Created(Stored),
    /// The row was replaced or changed; this is how it is now.
    Updated(Stored),
    /// The row was deleted; this is what it held.
    Deleted(Stored),
    /// The stored row already had these values, or is to be [kept](Expect::Keep), so nothing was written.
    Unchanged(Stored),
    /// The condition was not met. Holds the stored row, if there is one. Nothing was written.
    Refused(Option<Stored>),
    /// The stored row was written after the moment in the condition. Nothing was written.
    Superseded(Stored),
    /// There was no row to change or delete.
    Missing,
    /// The row does not match [`Expect::Matches`], or is gone. Nothing was written.
    Unmatched,
    /// The storage requires a version for each change, and the write named none. Nothing was written.
    VersionRequired,
    /// The row violates a constraint that only the database can check, or a definition that came into force
    /// after it was validated, or it is new and lacks required fields. Nothing was written.
    Invalid(Vec<Fault>),
    /// The write failed with the first outcome, and [`OnFailure`] stored this row in its place.
    Replaced(Box<Outcome>, Stored),
    /// Another write of the same all-or-nothing batch failed. Nothing was written.
    RolledBack,
}

impl Outcome {
    /// Returns whether the write did not take effect.
    pub fn is_failure(&self) -> bool {
        match self {
            Self::Created(_) | Self::Updated(_) | Self::Deleted(_) | Self::Unchanged(_) | Self::Unmatched => {
                false
            }
            Self::Refused(_)
            | Self::Superseded(_)
            | Self::Missing
            | Self::VersionRequired
            | Self::Invalid(_)
            | Self::Replaced(..)
            | Self::RolledBack => true,
        }
    }

    /// Returns the storage that was written to, if any was.
    pub(super) fn written(&self) -> Option<StorageId> {
        match self {
            Self::Created(stored)
            | Self::Updated(stored)
            | Self::Deleted(stored)
            | Self::Replaced(_, stored) => Some(stored.in_force.storage),
            Self::Unchanged(_)
            | Self::Unmatched
            | Self::Refused(_)
            | Self::Superseded(_)
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
    /// The row, without values if the batch asked for [`Returning::Keys`].
    pub row: StoredRow,
    /// Its definition.
    pub in_force: Arc<InForce>,
}

impl Stored {
    /// Returns the whole row as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        self.row.to_json(&self.in_force.definition)
    }
}
