//! The state of the batches that a writer is working on: which are pending, which have ended, and how.

use std::collections::{BTreeSet, HashSet};

use super::{apply::Failure, columns::KeyRef, error::ErrorClass};
use crate::{
    error::Error,
    schema::StorageId,
    store::{Outcome, Write, WriteBatch, queue::Job},
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

impl<'b> CallStates<'b> {
    /// Starts with all batches pending.
    pub(super) fn new(jobs: &'b [Job]) -> Self {
        Self { batches: jobs.iter().map(|job| (&job.batch, None)).collect() }
    }

    /// Returns the batches to write in the next transaction: all pending ones, but only the first of those
    /// with the same idempotency record. The next one must find what the first has stored.
    pub(super) fn pending(&self) -> Vec<PendingBatch<'b>> {
        let pending = self.batches.iter().enumerate().filter(|(_, (_, end))| end.is_none());
        let mut records = HashSet::new();
        let pending = pending.filter(|(_, (batch, _))| match &batch.idempotency {
            Some(record) => KeyRef::of(&record.key).is_ok_and(|key| records.insert(key)),
            None => true,
        });
        pending.map(|(place, (batch, _))| PendingBatch { place, batch }).collect()
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
        Failure::Collision => {
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
