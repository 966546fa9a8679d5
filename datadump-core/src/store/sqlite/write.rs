//! One batch of writes in one transaction.

use std::{collections::HashMap, sync::Arc};

use rusqlite::{CachedStatement, Connection, OptionalExtension, TransactionBehavior};

use super::{
    columns::{Bind, read_row},
    error::{map, violation},
    statements::Statements,
    writer::{Stamps, Writer},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, InForce, Row, StorageId, StoredRow, Value},
    store::{
        Action, Call, Catalogue, Expect, Fate, Otherwise, Outcome, Reprove, Stored, Write,
        decide::{self, Decision},
        own,
        writer::{Gauge, Job},
    },
};

/// Commits the jobs as one transaction, then answers them. When that fails each is tried alone, so
/// that a failure is only ever answered to the one whose it is.
pub(super) fn commit(writer: &mut Writer, jobs: Vec<Job>, gauge: &Gauge) {
    match attempt(writer, &jobs) {
        Ok(answers) => {
            gauge.committed(jobs.iter().map(|job| job.call.writes.len()).sum());
            if !own::heard(answers.iter().flatten().flatten()).is_empty() {
                writer.changes.send_modify(|changes| *changes += 1);
            }
            for (job, answer) in jobs.into_iter().zip(answers) {
                job.answer(answer);
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

/// The outcomes of each job, or the error of those that could not be done at all.
type Answers = Vec<Result<Vec<Outcome>>>;

fn attempt(writer: &mut Writer, jobs: &[Job]) -> Result<Answers> {
    let answers = transaction(writer, jobs);
    writer.after(answers)
}

fn transaction(writer: &mut Writer, jobs: &[Job]) -> Result<Answers> {
    // Taken before the transaction, which borrows the connection; twice, for what is put otherwise.
    let count: usize = jobs.iter().map(|job| job.call.writes.len()).sum();
    let mut stamps = writer.stamps(2 * count);
    let Writer { connection, catalogue, options, statements, .. } = writer;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
    let mut batch = Batch { connection: &transaction, catalogue, statements, reprove: options.reprove };
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        answers.push(match batch.resolve(&job.call) {
            Ok(targets) => Ok(batch.call(&job.call, &targets, &mut stamps)?),
            Err(error) => Err(error),
        });
    }
    transaction.commit().map_err(map)?;
    Ok(answers)
}

/// A transaction, and what its writes need.
struct Batch<'a> {
    connection: &'a Connection,
    catalogue: &'a Catalogue,
    statements: &'a mut HashMap<StorageId, Arc<Statements>>,
    reprove: Reprove,
}

impl Batch<'_> {
    /// The version in force of the storage of each write.
    fn resolve(&self, call: &Call) -> Result<Vec<Arc<InForce>>> {
        let mut last: Option<Arc<InForce>> = None;
        let mut targets = Vec::with_capacity(call.writes.len());
        for write in &call.writes {
            let id = storage_of(write);
            let target = match last.as_ref().filter(|last| last.storage == id) {
                Some(last) => last.clone(),
                None => {
                    let storage = self.catalogue.by_id(id);
                    let storage = storage.ok_or_else(|| Error::UnknownStorage(name_of(write)))?;
                    storage.ready()?.clone()
                }
            };
            last = Some(target.clone());
            targets.push(target);
        }
        Ok(targets)
    }

    /// Does what a call asks for: the outcome of each write.
    fn call(&mut self, call: &Call, targets: &[Arc<InForce>], stamps: &mut Stamps) -> Result<Vec<Outcome>> {
        if call.fate == Fate::Together {
            self.connection.execute_batch("SAVEPOINT call").map_err(map)?;
        }
        let mut outcomes = Vec::with_capacity(call.writes.len());
        for (write, in_force) in call.writes.iter().zip(targets) {
            let reprove = self.reprove;
            let outcome = self.one(in_force).run(write, reprove, stamps.next())?;
            outcomes.push(match (&write.otherwise, call.fate) {
                (Some(otherwise), Fate::Each) if outcome.is_failure() => {
                    self.instead(otherwise, outcome, stamps.next())?
                }
                _ => outcome,
            });
        }
        if call.fate == Fate::Together {
            if outcomes.iter().any(Outcome::is_failure) {
                self.connection.execute_batch("ROLLBACK TO call").map_err(map)?;
                for outcome in outcomes.iter_mut().filter(|outcome| !outcome.is_failure()) {
                    *outcome = Outcome::Undone;
                }
            }
            self.connection.execute_batch("RELEASE call").map_err(map)?;
        }
        Ok(outcomes)
    }

    /// Puts what a write that failed is to be replaced by.
    fn instead(&mut self, otherwise: &Otherwise, failed: Outcome, now: Timestamp) -> Result<Outcome> {
        let row = (otherwise.0)(&failed);
        let in_force = row.proven_by().clone();
        let (write, reprove) = (Write::put(row, Expect::Anything), self.reprove);
        match self.one(&in_force).run(&write, reprove, now)? {
            Outcome::Created(stored) | Outcome::Updated(stored) => {
                Ok(Outcome::Instead(Box::new(failed), stored))
            }
            other => Err(Error::internal(format!("what was to be put instead could not be: {other:?}"))),
        }
    }

    /// What one write to this storage needs.
    fn one<'b>(&'b mut self, in_force: &'b Arc<InForce>) -> One<'b> {
        let texts = self.statements.entry(in_force.storage);
        let texts = texts
            .and_modify(|texts| {
                if texts.version != in_force.version {
                    *texts = Arc::new(Statements::new(in_force));
                }
            })
            .or_insert_with(|| Arc::new(Statements::new(in_force)));
        One { connection: self.connection, in_force, texts }
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

/// One write, with what it needs.
struct One<'a> {
    connection: &'a Connection,
    in_force: &'a Arc<InForce>,
    texts: &'a Statements,
}

impl One<'_> {
    fn run(&self, write: &Write, reprove: Reprove, now: Timestamp) -> Result<Outcome> {
        let decision = match &write.action {
            Action::Delete { key, .. } => {
                decide::delete(self.current(key)?.as_ref(), self.in_force, write.expect)
            }
            Action::Put(row) => {
                let reproven;
                let row = if row.proven_by().version == self.in_force.version {
                    row
                } else {
                    match reprove(row, self.in_force) {
                        Ok(row) => {
                            reproven = row;
                            &reproven
                        }
                        Err(faults) => return Ok(Outcome::Invalid(faults)),
                    }
                };
                match row.key() {
                    Some(key) => decide::put(self.current(key)?.as_ref(), row, key, write.expect, now),
                    None => return self.insert_with_next_key(row, write, now),
                }
            }
        };
        self.carry_out(decision)
    }

    fn definition(&self) -> &Definition {
        &self.in_force.definition
    }

    fn prepare(&self, text: &str) -> Result<CachedStatement<'_>> {
        self.connection.prepare_cached(text).map_err(map)
    }

    fn current(&self, key: &Value) -> Result<Option<StoredRow>> {
        let mut select = self.prepare(&self.texts.select)?;
        select.query_row([Bind(key)], |row| read_row(self.definition(), row)).optional().map_err(map)
    }

    /// A row without a key never meets another.
    fn insert_with_next_key(&self, row: &Row, write: &Write, now: Timestamp) -> Result<Outcome> {
        match decide::put(None, row, &Value::Null, write.expect, now) {
            Decision::Insert(mut row) => match self.execute(&self.texts.insert, &insert_values(&row))? {
                Err(outcome) => Ok(outcome),
                Ok(_) => {
                    row.key = Value::Integer(self.connection.last_insert_rowid());
                    Ok(Outcome::Created(self.stored(row)))
                }
            },
            decision => self.carry_out(decision),
        }
    }

    fn carry_out(&self, decision: Decision) -> Result<Outcome> {
        match decision {
            Decision::Settled(outcome) => Ok(outcome),
            Decision::Insert(row) => match self.execute(&self.texts.insert, &insert_values(&row))? {
                Err(outcome) => Ok(outcome),
                Ok(_) => Ok(Outcome::Created(self.stored(row))),
            },
            Decision::Update(row) => match self.execute(&self.texts.update, &update_values(&row))? {
                Err(outcome) => Ok(outcome),
                Ok(_) => Ok(Outcome::Updated(self.stored(row))),
            },
            Decision::Delete(row) => {
                self.execute(&self.texts.delete, std::slice::from_ref(&row.key))?.ok();
                Ok(Outcome::Deleted(self.stored(row)))
            }
        }
    }

    /// Runs a statement. A constraint that the row breaks is an outcome of its own: SQLite undoes
    /// that one statement and the transaction goes on. Any other error ends the batch.
    fn execute(&self, text: &str, values: &[Value]) -> Result<Result<usize, Outcome>> {
        let mut statement = self.prepare(text)?;
        match statement.execute(rusqlite::params_from_iter(values.iter().map(Bind))) {
            Ok(changed) => Ok(Ok(changed)),
            // Some errors undo the whole transaction, and then nothing of it may be answered.
            Err(error) if self.connection.is_autocommit() => Err(map(error)),
            Err(error) => match violation(&error, self.definition()) {
                Some(faults) => Ok(Err(Outcome::Invalid(faults))),
                None => Err(map(error)),
            },
        }
    }

    fn stored(&self, row: StoredRow) -> Stored {
        Stored { row, in_force: self.in_force.clone() }
    }
}

fn insert_values(row: &StoredRow) -> Vec<Value> {
    let mut values = Vec::with_capacity(row.values.len() + 4);
    values.push(row.key.clone());
    values.extend(row.values.iter().cloned());
    values.push(Value::Integer(row.version.into()));
    values.push(Value::Timestamp(row.created_at));
    values.push(Value::Timestamp(row.updated_at));
    values
}

/// `created_at` stays; the key is the last.
fn update_values(row: &StoredRow) -> Vec<Value> {
    let mut values = row.values.clone();
    values.push(Value::Integer(row.version.into()));
    values.push(Value::Timestamp(row.updated_at));
    values.push(row.key.clone());
    values
}
