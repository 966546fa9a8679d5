//! One batch of writes in one transaction.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{Connection, TransactionBehavior};

use super::{
    error::map,
    one::{self, Done, One},
    statements::Statements,
    writer::{Stamps, Writer},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{InForce, StorageId},
    store::{
        Action, Atomicity, Catalogue, Expect, OnFailure, Outcome, Reprove, Write, WriteBatch,
        change_log::Packer,
        system_storages,
        writer::{Gauge, Job},
    },
};

/// Commits the jobs as one transaction, then answers them. When that fails each is tried alone, so
/// that a failure is only ever answered to the one whose it is.
pub(super) fn commit(writer: &mut Writer, jobs: Vec<Job>, gauge: &Gauge) {
    match attempt(writer, &jobs) {
        Ok(answers) => {
            gauge.committed(jobs.iter().map(|job| job.call.writes.len()).sum());
            let answers = jobs.into_iter().zip(answers).map(|(job, done)| {
                let (call, waiter) = job.parts();
                (waiter, done.map(|done| one::outcomes(call.writes, done)))
            });
            let answers: Vec<_> = answers.collect();
            if !system_storages::heard(answers.iter().flat_map(|(_, answer)| answer).flatten()).is_empty() {
                writer.changes.send_modify(|changes| *changes += 1);
            }
            for (waiter, answer) in answers {
                waiter.answer(answer);
            }
            if writer.news.receiver_count() > 0 {
                writer.news.send_modify(|news| *news += 1);
            }
        }
        // Of a disk that fails each would have to wait in its turn, to hear the same.
        Err(error) if jobs.len() > 1 && is_of_disk(&error) => {
            tracing::error!(%error, jobs = jobs.len(), "a batch could not be committed");
            for job in jobs {
                job.answer(Err(same(&error)));
            }
        }
        Err(error) if jobs.len() > 1 => {
            tracing::warn!(%error, jobs = jobs.len(), "a batch could not be committed; each call is tried alone");
            for job in jobs {
                commit(writer, vec![job], gauge);
            }
        }
        Err(error) => {
            tracing::error!(%error, "a call could not be committed");
            if let Some(job) = jobs.into_iter().next() {
                job.answer(Err(error));
            }
        }
    }
}

/// Whether it says nothing of what was to be written.
fn is_of_disk(error: &Error) -> bool {
    matches!(error, Error::Full(_) | Error::Unavailable(_))
}

/// The same, for another who waits.
fn same(error: &Error) -> Error {
    match error {
        Error::Full(cause) => Error::Full(cause.to_string().into()),
        other => Error::Unavailable(other.to_string().into()),
    }
}

/// What was done for each job, or the error of those that could not be done at all.
type Answers = Vec<Result<Vec<Done>>>;

fn attempt(writer: &mut Writer, jobs: &[Job]) -> Result<Answers> {
    let answers = transaction(writer, jobs);
    writer.after(answers)
}

/// Writes what is asked for, and the entry of the feed.
fn transaction(writer: &mut Writer, jobs: &[Job]) -> Result<Answers> {
    // Taken before the transaction, which borrows the connection; three times, for those that do not go
    // together, and for what is put otherwise.
    let count: usize = jobs.iter().map(|job| job.call.writes.len()).sum();
    let records = jobs.iter().filter(|job| job.call.once.is_some()).count();
    let mut stamps = writer.stamps(3 * count + records + 1);
    let head = writer.head;
    let Writer { connection, catalogue, options, statements, .. } = writer;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
    let mut answers = Vec::with_capacity(jobs.len());
    let late: Vec<_> = {
        let mut batch = Batch {
            connection: &transaction,
            catalogue,
            statements,
            prepared: HashMap::new(),
            is_shared: jobs.len() > 1,
            reprove: options.reprove,
        };
        for job in jobs {
            answers.push(match batch.resolve(&job.call) {
                Ok(runs) => Ok(match batch.refused(&job.call)? {
                    Some(refused) => refused,
                    None => {
                        let done = batch.call(&job.call, &runs, &mut stamps)?;
                        batch.record(&job.call, done, &mut stamps)?
                    }
                }),
                Err(error) => Err(error),
            });
        }
        batch.late().collect()
    };
    let next = match changes(jobs, &answers)? {
        Some(changes) => head.put(&transaction, stamps.next(), &changes)?,
        None => head,
    };
    transaction.commit().map_err(map)?;
    writer.head = next;
    for (storage, rows) in late {
        writer.behind.more(storage, rows as u64);
    }
    Ok(answers)
}

/// What all of them have changed, packed; none when that is nothing.
fn changes(jobs: &[Job], answers: &Answers) -> Result<Option<Vec<u8>>> {
    let mut packer = Packer::default();
    for (job, answer) in jobs.iter().zip(answers) {
        let done = answer.iter().flatten();
        job.call.writes.iter().zip(done).try_for_each(|(write, done)| done.pack(write, &mut packer))?;
    }
    Ok(packer.finish())
}

/// A transaction, and what its writes need.
pub(super) struct Batch<'c> {
    connection: &'c Connection,
    catalogue: &'c Catalogue,
    statements: &'c mut HashMap<StorageId, Arc<Statements>>,
    /// The storages it has written, each with its statements at hand.
    prepared: HashMap<StorageId, One<'c>>,
    /// Whether it is of several calls.
    is_shared: bool,
    pub(super) reprove: Reprove,
}

impl<'c> Batch<'c> {
    /// The version in force of the storage of each write, with how many that follow one another are
    /// of it.
    fn resolve(&self, call: &WriteBatch) -> Result<Vec<(Arc<InForce>, usize)>> {
        let mut runs: Vec<(Arc<InForce>, usize)> = Vec::new();
        for write in &call.writes {
            let id = storage_of(write);
            match runs.last_mut() {
                Some((last, count)) if last.storage == id => *count += 1,
                _ => {
                    let storage = self.catalogue.by_id(id);
                    let storage = storage.ok_or_else(|| Error::UnknownStorage(name_of(write)))?;
                    runs.push((storage.ready()?.clone(), 1));
                }
            }
        }
        Ok(runs)
    }

    /// Does what a call asks for, write by write.
    fn call(
        &mut self,
        call: &WriteBatch,
        runs: &[(Arc<InForce>, usize)],
        stamps: &mut Stamps,
    ) -> Result<Vec<Done>> {
        if call.atomicity == Atomicity::AllOrNothing {
            self.connection.execute_batch("SAVEPOINT call").map_err(map)?;
        }
        let mut all = Vec::with_capacity(call.writes.len());
        let mut alone = 0;
        let targets = runs.iter().flat_map(|(in_force, count)| std::iter::repeat_n(in_force, *count));
        for (place, (write, in_force)) in call.writes.iter().zip(targets).enumerate() {
            if place < all.len() {
                // It went together with one before it.
                continue;
            }
            let reprove = self.reprove;
            let one = self.one(in_force);
            if place >= alone {
                let ahead = call.writes.get(place..).unwrap_or_default();
                let together = ahead.get(..one.together(ahead)).unwrap_or_default();
                if let Some(done) = one.insert_together(together, stamps)? {
                    all.extend(done);
                    continue;
                }
                // One of them is refused: each is tried by itself.
                alone = place + together.len();
            }
            let done = one.run(write, reprove, stamps.next())?;
            all.push(match (&call.on_failure, call.atomicity, done) {
                (Some(otherwise), Atomicity::Independent, Done::Settled(failed)) if failed.is_failure() => {
                    Done::Settled(self.instead(otherwise, (place, write), failed, stamps.next())?)
                }
                (_, _, done) => done,
            });
        }
        if call.atomicity == Atomicity::AllOrNothing {
            if all.iter().any(Done::is_failure) {
                self.connection.execute_batch("ROLLBACK TO call").map_err(map)?;
                for done in all.iter_mut().filter(|done| !done.is_failure()) {
                    *done = Done::Settled(Outcome::RolledBack);
                }
            }
            self.connection.execute_batch("RELEASE call").map_err(map)?;
        }
        Ok(all)
    }

    /// Puts what a write that failed is to be replaced by.
    fn instead(
        &mut self,
        on_failure: &OnFailure,
        (place, write): (usize, &Write),
        failed: Outcome,
        now: Timestamp,
    ) -> Result<Outcome> {
        let Some(row) = (on_failure.0)(place, write, &failed) else { return Ok(failed) };
        let in_force = row.proven_by().clone();
        let (write, reprove) = (Write::put(row, Expect::Anything), self.reprove);
        let done = self.one(&in_force).run(&write, reprove, now)?;
        match one::outcomes(vec![write], vec![done]).pop() {
            Some(Outcome::Created(stored) | Outcome::Updated(stored)) => {
                Ok(Outcome::Replaced(Box::new(failed), stored))
            }
            other => Err(Error::internal(format!("what was to be put instead could not be: {other:?}"))),
        }
    }

    /// The storages that have new rows which are not in their late indexes, and how many.
    fn late(&self) -> impl Iterator<Item = (StorageId, usize)> {
        self.prepared.iter().map(|(storage, one)| (*storage, one.late())).filter(|(_, rows)| *rows > 0)
    }

    /// What one write to this storage needs.
    pub(super) fn one(&mut self, in_force: &Arc<InForce>) -> &mut One<'c> {
        let (connection, statements, is_shared) = (self.connection, &mut *self.statements, self.is_shared);
        self.prepared.entry(in_force.storage).or_insert_with(|| {
            let texts = statements.entry(in_force.storage);
            let texts = texts
                .and_modify(|texts| {
                    if texts.version != in_force.version {
                        *texts = Arc::new(Statements::new(in_force));
                    }
                })
                .or_insert_with(|| Arc::new(Statements::new(in_force)));
            One::new(connection, in_force.clone(), texts.clone(), is_shared)
        })
    }
}

fn storage_of(write: &Write) -> StorageId {
    match &write.action {
        Action::Put(row) => row.storage(),
        Action::Delete { in_force, .. } => in_force.storage,
    }
}

fn name_of(write: &Write) -> String {
    match &write.action {
        Action::Put(row) => row.storage_name().to_string(),
        Action::Delete { in_force, .. } => in_force.definition.name.to_string(),
    }
}
