//! Commits queued batches in one transaction.

use std::{
    collections::HashMap,
    iter,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};

use super::{
    effect::{self, Effect},
    error::map,
    row_writer::{RowWriter, WriteTimes},
    statements::Statements,
    writer::{Stamps, Writer},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{InForce, Row, StorageId},
    store::{
        Atomicity, Catalogue, Expect, OnFailure, Outcome, Reprove, Returning, Write, WriteBatch,
        change_log::Packer,
        queue::{Gauge, Job},
        system_storages,
    },
};

/// Commits the jobs in one transaction, then answers their callers. If that fails, each job is tried alone,
/// so that an error only reaches the caller who caused it.
pub(super) fn commit(writer: &mut Writer, jobs: Vec<Job>, gauge: &Gauge) {
    // Rows written to a damaged file would be lost when a backup is restored.
    let done = writer.disk_health.check_intact().and_then(|()| transaction(writer, &jobs));
    match writer.after(done) {
        Ok((effects, took)) => {
            let written = jobs.iter().filter(|job| !job.batch.is_dry_run);
            gauge.committed(written.map(|job| job.batch.writes.len()).sum(), took);
            let answers = jobs.into_iter().zip(effects).map(|(job, effects)| {
                let WriteBatch { writes, returning, .. } = job.batch;
                (job.reply, effects.map(|effects| effect::outcomes(writes, effects, returning)))
            });
            let answers: Vec<_> = answers.collect();
            let outcomes = answers.iter().flat_map(|(_, answer)| answer).flatten();
            if !system_storages::changed_config(outcomes.clone()).is_empty() {
                writer.config_signal.send_modify(|signal| *signal += 1);
            }
            if system_storages::changed_quarantine(outcomes) {
                writer.quarantine_signal.send_modify(|signal| *signal += 1);
            }
            for (reply, answer) in answers {
                reply.send(answer);
            }
            if writer.commit_signal.receiver_count() > 0 {
                writer.commit_signal.send_modify(|signal| *signal += 1);
            }
        }
        // When the disk fails, trying each job alone would only make all of them wait for the same error.
        Err(error) if jobs.len() > 1 && is_disk_failure(&error) => {
            tracing::error!(%error, batches = jobs.len(), "cannot commit a transaction");
            for job in jobs {
                job.reply.send(Err(copy_of(&error)));
            }
        }
        Err(error) if jobs.len() > 1 => {
            tracing::warn!(%error, batches = jobs.len(), "cannot commit a transaction; trying each batch alone");
            for job in jobs {
                commit(writer, vec![job], gauge);
            }
        }
        Err(error) => {
            tracing::error!(%error, "cannot commit a batch");
            if let Some(job) = jobs.into_iter().next() {
                job.reply.send(Err(error));
            }
        }
    }
}

/// Returns whether the error is independent of what was being written.
fn is_disk_failure(error: &Error) -> bool {
    matches!(error, Error::Full(_) | Error::Unavailable(_))
}

/// Returns a copy of a disk failure for another caller.
fn copy_of(error: &Error) -> Error {
    match error {
        Error::Full(cause) => Error::Full(cause.to_string().into()),
        other => Error::Unavailable(other.to_string().into()),
    }
}

/// The effects of each job's writes, or the error of a job that cannot be written at all.
type JobEffects = Vec<Result<Vec<Effect>>>;

/// Applies all jobs and appends their entry to the change log, in one transaction. Also returns how long the commit
/// took, most of which is the sync of the WAL.
fn transaction(writer: &mut Writer, jobs: &[Job]) -> Result<(JobEffects, Duration)> {
    let mut stamps = writer.stamps();
    let head = writer.head;
    let Writer { connection, catalogue, options, statements, .. } = writer;
    let sqlite = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
    let mut effects = Vec::with_capacity(jobs.len());
    let mut transaction = Transaction {
        connection: &sqlite,
        catalogue,
        statements,
        writers: HashMap::new(),
        is_shared: jobs.len() > 1,
        reprove: options.reprove,
    };
    for job in jobs {
        effects.push(match transaction.resolve(&job.batch) {
            Ok(runs) => Ok(transaction.apply(&job.batch, &runs, &mut stamps)?),
            Err(error) => Err(error),
        });
    }
    // Returns its statements to the connection's cache.
    drop(transaction);
    let next = match changes(jobs, &effects)? {
        Some(changes) => head.append(&sqlite, stamps.next(), &changes)?,
        None => head,
    };
    let began = Instant::now();
    sqlite.commit().map_err(map)?;
    let took = began.elapsed();
    (writer.head, writer.last_stamp) = (next, stamps.last());
    Ok((effects, took))
}

/// Packs all published changes into a change log entry; `None` if there are none.
fn changes(jobs: &[Job], effects: &JobEffects) -> Result<Option<Vec<u8>>> {
    let mut packer = Packer::default();
    for (job, effects) in jobs.iter().zip(effects).filter(|(job, _)| !job.batch.is_dry_run) {
        let effects = effects.iter().flatten();
        job.batch
            .writes
            .iter()
            .zip(effects)
            .try_for_each(|(write, effect)| effect.pack(write, &mut packer))?;
    }
    Ok(packer.finish())
}

/// An open transaction, and what its writes need.
pub(super) struct Transaction<'c> {
    connection: &'c Connection,
    catalogue: &'c Catalogue,
    statements: &'c mut HashMap<StorageId, Arc<Statements>>,
    /// The storages written to so far.
    writers: HashMap<StorageId, RowWriter<'c>>,
    /// True if it holds several batches.
    is_shared: bool,
    reprove: Reprove,
}

impl<'c> Transaction<'c> {
    /// Returns the version in force of each write's storage, as runs of consecutive writes to the same
    /// storage.
    fn resolve(&self, batch: &WriteBatch) -> Result<Vec<(Arc<InForce>, usize)>> {
        let mut runs: Vec<(Arc<InForce>, usize)> = Vec::new();
        for write in &batch.writes {
            let id = write.storage();
            match runs.last_mut() {
                Some((last, count)) if last.storage == id => *count += 1,
                _ => {
                    let storage = self.catalogue.by_id(id);
                    let storage =
                        storage.ok_or_else(|| Error::UnknownStorage(write.storage_name().to_string()))?;
                    runs.push((storage.ready()?.clone(), 1));
                }
            }
            if let Some((in_force, _)) = runs.last()
                && write.has_moved(in_force.version)
            {
                return Err(Error::Moved(write.storage_name().to_string()));
            }
        }
        Ok(runs)
    }

    /// Applies a batch with its idempotency record.
    fn apply(
        &mut self,
        batch: &WriteBatch,
        runs: &[(Arc<InForce>, usize)],
        stamps: &mut Stamps,
    ) -> Result<Vec<Effect>> {
        if let Some(replayed) = self.replayed(batch)? {
            return Ok(replayed);
        }
        if !batch.is_dry_run {
            let effects = self.apply_writes(batch, runs, stamps)?;
            return self.record(batch, effects, stamps);
        }
        self.connection.execute_batch("SAVEPOINT dry_run").map_err(map)?;
        let effects = self.apply_writes(batch, runs, stamps)?;
        let effects = self.record(batch, effects, stamps)?;
        self.connection.execute_batch("ROLLBACK TO dry_run; RELEASE dry_run").map_err(map)?;
        Ok(effects)
    }

    fn apply_writes(
        &mut self,
        batch: &WriteBatch,
        runs: &[(Arc<InForce>, usize)],
        stamps: &mut Stamps,
    ) -> Result<Vec<Effect>> {
        if batch.atomicity != Atomicity::Independent {
            self.connection.execute_batch("SAVEPOINT batch").map_err(map)?;
        }
        let start = stamps.last();
        let mut effects = Vec::with_capacity(batch.writes.len());
        // Writes before this position are done one by one, because one of them violates a constraint.
        let mut one_by_one = 0;
        let targets = runs.iter().flat_map(|(in_force, count)| iter::repeat_n(in_force, *count));
        for (place, (write, in_force)) in batch.writes.iter().zip(targets).enumerate() {
            if place < effects.len() {
                // A multi-row insert has done it already.
                continue;
            }
            let reprove = self.reprove;
            let rows = self.rows(in_force);
            if place >= one_by_one {
                let ahead = batch.writes.get(place..).unwrap_or_default();
                let insertable = ahead.get(..rows.insertable(ahead)).unwrap_or_default();
                if let Some(inserted) = rows.insert_many(insertable, stamps)? {
                    effects.extend(inserted);
                    continue;
                }
                one_by_one = place + insertable.len();
            }
            let effect =
                rows.run(write, batch.returning, reprove, WriteTimes { start, now: stamps.next() })?;
            effects.push(match (&batch.on_failure, batch.atomicity, effect) {
                (Some(on_failure), Atomicity::Independent, Effect::Final(failed)) if failed.is_failure() => {
                    let replaced = (place, write, batch.returning);
                    Effect::Final(self.replace(on_failure, replaced, failed, stamps.next())?)
                }
                (_, _, effect) => effect,
            });
            if batch.atomicity == Atomicity::StopAtFailure && effects.last().is_some_and(Effect::is_failure) {
                effects.resize_with(batch.writes.len(), || Effect::Final(Outcome::RolledBack));
            }
        }
        if batch.atomicity != Atomicity::Independent {
            if effects.iter().any(Effect::is_failure) {
                self.connection.execute_batch("ROLLBACK TO batch").map_err(map)?;
                for effect in effects.iter_mut().filter(|effect| !effect.is_failure()) {
                    *effect = Effect::Final(Outcome::RolledBack);
                }
            }
            self.connection.execute_batch("RELEASE batch").map_err(map)?;
        }
        Ok(effects)
    }

    fn replace(
        &mut self,
        on_failure: &OnFailure,
        (place, write, returning): (usize, &Write, Returning),
        failed: Outcome,
        now: Timestamp,
    ) -> Result<Outcome> {
        let Some(row) = on_failure.replacement(place, write, &failed) else { return Ok(failed) };
        let what = "the replacement of a failed write";
        Ok(match self.put_system_row(row, Expect::Anything, returning, now, what)? {
            Outcome::Created(stored) | Outcome::Updated(stored) => {
                Outcome::Replaced(Box::new(failed), stored)
            }
            other => other,
        })
    }

    /// Stores a row in a system storage, which must succeed. `what` is what the row is, for the error.
    pub(super) fn put_system_row(
        &mut self,
        row: Row,
        expect: Expect,
        returning: Returning,
        now: Timestamp,
        what: &str,
    ) -> Result<Outcome> {
        let in_force = row.proven_by().clone();
        let (write, reprove) = (Write::put(row, expect), self.reprove);
        let times = WriteTimes { start: now, now };
        let effect = self.rows(&in_force).run(&write, returning, reprove, times)?;
        match effect::outcomes(vec![write], vec![effect], returning).pop() {
            Some(stored @ (Outcome::Created(_) | Outcome::Updated(_))) => Ok(stored),
            other => Err(Error::internal(format!("{what} could not be stored: {other:?}"))),
        }
    }

    /// Returns the writer for rows of this storage.
    pub(super) fn rows(&mut self, in_force: &Arc<InForce>) -> &mut RowWriter<'c> {
        let (connection, statements, is_shared) = (self.connection, &mut *self.statements, self.is_shared);
        self.writers.entry(in_force.storage).or_insert_with(|| {
            let statements = statements
                .entry(in_force.storage)
                .and_modify(|statements| {
                    if statements.version != in_force.version {
                        *statements = Arc::new(Statements::new(in_force));
                    }
                })
                .or_insert_with(|| Arc::new(Statements::new(in_force)));
            RowWriter::new(connection, in_force.clone(), statements.clone(), is_shared)
        })
    }
}
