//! The state of the batches that a writer is working on: which are pending, which have ended, and how.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{apply::Failure, columns::KeyRef, error::ErrorClass};
use crate::{
    error::Error,
    schema::StorageId,
    store::{Atomicity, Outcome, Write, WriteBatch, queue::Job},
};

pub(super) struct CallStates<'b> {
    batches: Vec<(&'b WriteBatch, Option<BatchEnd>)>,
}

pub(super) enum BatchEnd {
    /// It is committed, with these outcomes.
    Committed(Vec<Outcome>),
    Failed(Error),
    /// It cannot be written now, because one of its storages is being migrated.
    Blocked,
}

/// A batch that is not written yet, and its position among all.
#[derive(Debug, Clone, Copy)]
pub(super) struct PendingBatch<'b> {
    pub(super) place: usize,
    pub(super) batch: &'b WriteBatch,
}

impl PendingBatch<'_> {
    /// Returns whether the batch has a transaction of its own, because it may be rolled back as a whole.
    fn is_alone(&self) -> bool {
        self.batch.is_dry_run || self.batch.atomicity == Atomicity::StopAtFailure
    }
}

impl<'b> CallStates<'b> {
    /// Starts with all batches pending.
    pub(super) fn new(jobs: &'b [Job]) -> Self {
        Self { batches: jobs.iter().map(|job| (&job.batch, None)).collect() }
    }

    /// Returns the batches to write in the next transaction: all pending ones, but only the first of those
    /// with the same idempotency record. The next one must find what the first has stored. A batch that
    /// may be rolled back as a whole has a transaction of its own, after the others.
    pub(super) fn pending(&self) -> Vec<PendingBatch<'b>> {
        let pending = self.batches.iter().enumerate().filter(|(_, (_, end))| end.is_none());
        let pending = pending.map(|(place, (batch, _))| PendingBatch { place, batch });
        let (mut alone, mut pending): (Vec<_>, Vec<_>) = pending.partition(PendingBatch::is_alone);
        if pending.is_empty() {
            alone.truncate(1);
            return alone;
        }
        let mut records = HashSet::new();
        pending.retain(|pending| match &pending.batch.idempotency {
            Some(record) => KeyRef::of(&record.key).is_ok_and(|key| records.insert(key)),
            None => true,
        });
        pending
    }

    /// Ends these batches after their commit. `outcomes` are those of all their writes and records, in order.
    pub(super) fn commit(&mut self, pending: &[PendingBatch<'_>], outcomes: Vec<Outcome>) {
        let mut outcomes = outcomes.into_iter();
        for pending in pending {
            let count = pending.batch.writes.len() + usize::from(pending.batch.idempotency.is_some());
            let of_batch = outcomes.by_ref().take(count).collect();
            self.end(pending.place, BatchEnd::Committed(of_batch));
        }
    }

    /// Ends the batches whose idempotency records did not meet their conditions.
    pub(super) fn replay(&mut self, replayed: Vec<(PendingBatch<'_>, Outcome)>) {
        for (pending, record) in replayed {
            let rolled_back = pending.batch.writes.iter().map(|_| Outcome::RolledBack);
            self.end(pending.place, BatchEnd::Committed(rolled_back.chain([record]).collect()));
        }
    }

    /// Ends the batches that write to storages that are being migrated or no longer exist.
    pub(super) fn block(&mut self, blocked: &BTreeSet<StorageId>, gone: &BTreeSet<StorageId>) {
        for pending in self.pending() {
            let writes = &pending.batch.writes;
            if let Some(write) = writes.iter().find(|write| gone.contains(&write.storage())) {
                let error = Error::UnknownStorage(write.storage_name().to_string());
                self.end(pending.place, BatchEnd::Failed(error));
            } else if writes.iter().any(|write| blocked.contains(&write.storage())) {
                self.end(pending.place, BatchEnd::Blocked);
            }
        }
    }

    /// Ends the batches that were made for another version of one of their storages.
    pub(super) fn move_on(&mut self, moved: &[PendingBatch<'_>]) {
        for pending in moved {
            let write = pending.batch.writes.iter().find(|write| write.needs_version());
            let name = write.map(|write| write.storage_name().to_string()).unwrap_or_default();
            self.end(pending.place, BatchEnd::Failed(Error::Moved(name)));
        }
    }

    /// Sets aside the batch at this position, which can only be decided when a migration has ended.
    pub(super) fn set_aside(&mut self, batch: usize) {
        self.end(batch, BatchEnd::Blocked);
    }

    pub(super) fn fail(&mut self, pending: &[PendingBatch<'_>], failure: &Failure) {
        for pending in pending {
            self.end(pending.place, BatchEnd::Failed(error_of(failure)));
        }
    }

    /// Returns how each batch has ended, in order.
    pub(super) fn into_ends(self) -> Vec<BatchEnd> {
        let missing = || BatchEnd::Failed(Error::internal("a batch was not written"));
        self.batches.into_iter().map(|(_, end)| end.unwrap_or_else(missing)).collect()
    }

    fn end(&mut self, place: usize, end: BatchEnd) {
        if let Some((_, slot)) = self.batches.get_mut(place) {
            *slot = Some(end);
        }
    }
}

/// Returns the error for the caller of one batch of a failed transaction.
fn error_of(failure: &Failure) -> Error {
    match failure {
        Failure::Collision | Failure::PartTooLarge => {
            Error::Unavailable("other clients keep writing the same rows; try again".into())
        }
        Failure::Catalogue(error) => Error::Unavailable(error.to_string().into()),
        Failure::Migrating { .. } => Error::Unavailable("the storage is being migrated; try again".into()),
        Failure::Sql(cause) => match ErrorClass::of(cause) {
            ErrorClass::Full => Error::Full(cause.to_string().into()),
            ErrorClass::Lost | ErrorClass::Again | ErrorClass::Slow => {
                Error::Unavailable(cause.to_string().into())
            }
            ErrorClass::Row | ErrorClass::Moved | ErrorClass::Other => Error::internal(cause.to_string()),
        },
    }
}

/// Returns all writes of these batches, in order, each with its batch.
pub(super) fn writes<'b>(
    pending: &[PendingBatch<'b>],
) -> impl Iterator<Item = (PendingBatch<'b>, &'b Write)> {
    pending.iter().flat_map(|pending| pending.batch.writes.iter().map(move |write| (*pending, write)))
}

pub(super) fn count(pending: &[PendingBatch<'_>]) -> usize {
    pending.iter().map(|pending| pending.batch.writes.len()).sum()
}

/// Returns whether a transaction is a dry run, which shares it with no other batch.
pub(super) fn is_dry_run(pending: &[PendingBatch<'_>]) -> bool {
    pending.iter().any(|pending| pending.batch.is_dry_run)
}

/// Returns whether a transaction consists of a batch that ends at its first failure.
pub(super) fn stops_at_failure(pending: &[PendingBatch<'_>]) -> bool {
    pending.iter().any(|pending| pending.batch.atomicity == Atomicity::StopAtFailure)
}

/// Returns whether a batch has a write that cannot be done under the versions in force.
pub(super) fn has_moved(batch: &WriteBatch, versions: &BTreeMap<StorageId, i64>) -> bool {
    let in_force =
        |write: &Write| versions.get(&write.storage()).and_then(|version| i32::try_from(*version).ok());
    batch.writes.iter().any(|write| in_force(write).is_some_and(|version| write.has_moved(version)))
}
