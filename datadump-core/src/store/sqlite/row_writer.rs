//! Writes rows of one storage within a transaction. Rows are bound by reference and moved into their outcomes
//! only after the commit, so that no row is copied.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension};

use super::{
    columns::{Bind, read_partial},
    effect::{Effect, ServiceColumns},
    error::{map, violation},
    prepared::{FieldStatement, bind, bind_row, field_statement, prepared, stored_fields},
    statements::{self, OnViolation, Statements},
    writer::Stamps,
};
use crate::{
    clock::Timestamp,
    error::{Fault, Result},
    schema::{FieldSet, InForce, Row, Value, Values},
    store::{
        Action, Expect, Outcome, Reprove, Returning, Stored, Write,
        current_row::{CurrentRow, PartialRow},
        decide::{self, Decision},
    },
};

/// Writes rows of one storage within a transaction.
pub(super) struct RowWriter<'c> {
    connection: &'c Connection,
    in_force: Arc<InForce>,
    statements: Arc<Statements>,
    /// True if other batches share the transaction. If it fails, each batch is then tried alone.
    is_shared: bool,
    select: Option<FieldStatement<'c>>,
    select_version: Option<CachedStatement<'c>>,
    insert: Option<CachedStatement<'c>>,
    insert_new: Option<CachedStatement<'c>>,
    insert_many: Vec<Option<CachedStatement<'c>>>,
    update: Option<FieldStatement<'c>>,
}

/// The times of a write.
#[derive(Debug, Clone, Copy)]
pub(super) struct WriteTimes {
    /// The first timestamp of the batch.
    pub(super) start: Timestamp,
    /// The timestamp of the write.
    pub(super) now: Timestamp,
}

impl WriteTimes {
    /// Returns the condition for the stored row. What an earlier write of the batch has written is not newer.
    fn expect(self, current: Option<&dyn CurrentRow>, expect: &Expect) -> Expect {
        match current {
            Some(current) if (self.start..self.now).contains(&current.updated_at()) => {
                expect.with_own(current.version())
            }
            _ => expect.clone(),
        }
    }
}

impl<'c> RowWriter<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        in_force: Arc<InForce>,
        statements: Arc<Statements>,
        is_shared: bool,
    ) -> Self {
        Self {
            connection,
            in_force,
            statements,
            is_shared,
            select: None,
            select_version: None,
            insert: None,
            insert_new: None,
            insert_many: Vec::new(),
            update: None,
        }
    }

    /// Returns how many of these writes, counted from the first, one statement can do: inserts of rows with
    /// generated keys.
    pub(super) fn insertable(&self, writes: &[Write]) -> usize {
        let is_insert = |write: &&Write| {
            write.action.row().is_some_and(|row| {
                row.key().is_none()
                    && (row.storage(), row.proven_by().version)
                        == (self.in_force.storage, self.in_force.version)
                    && decide::can_insert_blindly(row, &write.expect)
            })
        };
        writes.iter().take(self.statements.max_rows).take_while(is_insert).count()
    }

    /// Inserts these rows with one statement, so that SQLite looks up the last key once.
    ///
    /// Returns `None` if there are fewer than two rows or one of them violates a constraint; then nothing was
    /// inserted. In a shared transaction where no violation is expected, a violation is an error instead: the
    /// whole transaction fails, and each batch is tried alone.
    pub(super) fn insert_many(
        &mut self,
        writes: &[Write],
        stamps: &mut Stamps,
    ) -> Result<Option<Vec<Effect>>> {
        let count = writes.len();
        let on_violation = if self.is_shared && self.statements.has_no_unique_index {
            OnViolation::RollBack
        } else {
            OnViolation::UndoStatement
        };
        let Some(text) = self.statements.insert_many(count, on_violation) else { return Ok(None) };
        if self.insert_many.len() <= count {
            self.insert_many.resize_with(count + 1, || None);
        }
        let Some(slot) = self.insert_many.get_mut(count) else { return Ok(None) };
        let insert = prepared(slot, self.connection, text)?;
        let (mut rows, mut bound) = (Vec::with_capacity(count), 0);
        insert.clear_bindings();
        for write in writes {
            let Some(row) = write.action.row() else { return Ok(None) };
            let Some(version) = decide::first_version(&write.expect) else { return Ok(None) };
            let service = ServiceColumns::inserted(version, stamps.next());
            bound = bind_row(insert, bound, row, service)?;
            rows.push(service);
        }
        let done = insert.raw_execute();
        match on_violation {
            OnViolation::RollBack => {
                done.map_err(map)?;
            }
            OnViolation::UndoStatement if self.checked(done)?.is_err() => return Ok(None),
            OnViolation::UndoStatement => {}
        }
        // SQLite generates consecutive keys.
        let last = self.connection.last_insert_rowid();
        let keys = (0..count).rev().map(|before| last - i64::try_from(before).unwrap_or_default());
        let effect = |(service, key)| Effect::Stored(ServiceColumns { key: Some(key), ..service });
        Ok(Some(rows.into_iter().zip(keys).map(effect).collect()))
    }

    pub(super) fn run(
        &mut self,
        write: &Write,
        returning: Returning,
        reprove: Reprove,
        times: WriteTimes,
    ) -> Result<Effect> {
        match write.action.row() {
            Some(row) if row.proven_by().version != self.in_force.version => {
                match reprove(row, &self.in_force) {
                    Ok(row) => {
                        let action = write.action.with_row(row);
                        let effect = self.apply(&action, &write.expect, returning, times)?;
                        Ok(Effect::Final(effect.outcome(action, returning)))
                    }
                    Err(faults) => Ok(Effect::Final(Outcome::Invalid(faults))),
                }
            }
            _ => self.apply(&write.action, &write.expect, returning, times),
        }
    }

    fn apply(
        &mut self,
        action: &Action,
        expect: &Expect,
        returning: Returning,
        times: WriteTimes,
    ) -> Result<Effect> {
        let now = times.now;
        let mut current = None;
        // A row without a key cannot conflict with an existing one.
        if let Some(key) = action.key() {
            if let Some(service) = self.put_without_reading(action, key, expect, returning, now)? {
                return Ok(Effect::Stored(service));
            }
            let needed = decide::needed_fields(action, &self.in_force, expect, returning);
            current = self.current(key, &needed)?;
            if action.row().is_some() {
                self.statements.note_existing(current.is_some());
            }
        }
        let current = current.as_ref().map(|row| row as &dyn CurrentRow);
        let expect = times.expect(current, expect);
        match (decide::decide(current, action, &self.in_force, &expect, returning), action.row()) {
            (Decision::Insert { version }, Some(row)) => {
                let mut service = ServiceColumns::inserted(version, now);
                let insert = prepared(&mut self.insert, self.connection, &self.statements.insert)?;
                insert.clear_bindings();
                bind_row(insert, 0, row, service)?;
                let done = insert.raw_execute();
                if row.key().is_none() {
                    service.key = Some(self.connection.last_insert_rowid());
                }
                Ok(Effect::of(self.checked(done)?, service))
            }
            (Decision::Replace { version, created_at }, Some(row)) => {
                let service = ServiceColumns::updated(version, created_at, now);
                Ok(Effect::of(self.replace(row, service)?, service))
            }
            (Decision::Change { version, created_at, values }, row) => {
                let service = ServiceColumns::updated(version, created_at, now);
                let effect = Effect::of(self.change(action.key(), &values, service)?, service);
                match (effect, current) {
                    (Effect::Stored(_), Some(current)) if row.is_none() || returning == Returning::Rows => {
                        let mut stored = decide::stored(current, &self.in_force, returning);
                        stored.row.change(&values);
                        (stored.row.version, stored.row.updated_at) = (version, now);
                        Ok(Effect::Final(Outcome::Updated(stored)))
                    }
                    (effect, _) => Ok(effect),
                }
            }
            (Decision::Delete(stored), _) => self.delete(stored).map(Effect::Final),
            (Decision::Final(outcome), _) => Ok(Effect::Final(outcome)),
            (_, None) => Ok(Effect::Final(Outcome::Missing)),
        }
    }

    /// Tries the likely statement without reading the stored row first: an insert, or an update based on a
    /// version. Returns `None`, having changed nothing, if it did not apply.
    fn put_without_reading(
        &mut self,
        action: &Action,
        key: &Value,
        expect: &Expect,
        returning: Returning,
        now: Timestamp,
    ) -> Result<Option<ServiceColumns>> {
        let Some(row) = action.row() else { return Ok(None) };
        if !self.statements.expects_existing() && decide::can_insert_blindly(row, expect) {
            let service = ServiceColumns::inserted(decide::first_version(expect).unwrap_or(1), now);
            let insert = prepared(&mut self.insert_new, self.connection, &self.statements.insert_new)?;
            insert.clear_bindings();
            bind_row(insert, 0, row, service)?;
            let done = insert.raw_execute();
            return Ok(self.checked(done)?.is_ok_and(|inserted| inserted > 0).then_some(service));
        }
        let (Expect::Version(base) | Expect::Exactly(base)) = expect else { return Ok(None) };
        let needs_row = match action {
            Action::Put(row) => !row.is_complete(),
            Action::Merge(_) => self.in_force.extra().is_some() || returning == Returning::Rows,
            Action::Patch { .. } | Action::Delete { .. } => true,
        };
        if needs_row {
            return Ok(None);
        }
        let select = prepared(&mut self.select_version, self.connection, &self.statements.select_version)?;
        let found = select.query_row([Bind(key)], |row| Ok((row.get::<_, i32>(0)?, row.get::<_, i64>(1)?)));
        let Some((current, created_at)) = found.optional().map_err(map)? else { return Ok(None) };
        let version = base.checked_add(1).filter(|_| current == *base);
        let Some((version, created_at)) = version.zip(Timestamp::from_micros(created_at)) else {
            return Ok(None);
        };
        let service = ServiceColumns::updated(version, created_at, now);
        let done = match action {
            Action::Merge(_) => self.change(row.key(), row.values(), service)?,
            _ => self.replace(row, service)?,
        };
        Ok(done.is_ok().then_some(service))
    }

    /// Sets all fields of the row with the key of this one.
    fn replace(&mut self, row: &Row, service: ServiceColumns) -> Result<Result<usize, Vec<Fault>>> {
        let all = FieldSet::first(self.in_force.definition.fields.len());
        self.update(row.key(), &all, stored_fields(row), service)
    }

    /// Sets some fields of the row with this key.
    fn change(
        &mut self,
        key: Option<&Value>,
        values: &Values,
        service: ServiceColumns,
    ) -> Result<Result<usize, Vec<Fault>>> {
        let positions = values.iter().map(|(_, value)| value).enumerate();
        self.update(key, values.fields(), positions, service)
    }

    /// Sets fields of the row with this key to these values, each with its position among the fields; those without a
    /// value to null.
    fn update<'v>(
        &mut self,
        key: Option<&Value>,
        fields: &FieldSet,
        values: impl Iterator<Item = (usize, &'v Value)>,
        service: ServiceColumns,
    ) -> Result<Result<usize, Vec<Fault>>> {
        let definition = &self.in_force.definition;
        let text = || statements::update(definition, fields);
        let update = field_statement(&mut self.update, self.connection, definition, fields, text)?;
        update.clear_bindings();
        for (position, value) in values {
            update.raw_bind_parameter(position + 1, Bind(value)).map_err(map)?;
        }
        let bound = bind(update, fields.len(), [service.version.into(), service.updated_at.micros()])?;
        bind(update, bound, key.map(Bind))?;
        let done = update.raw_execute();
        self.checked(done)
    }

    fn delete(&self, stored: Stored) -> Result<Outcome> {
        let mut delete = self.connection.prepare_cached(&self.statements.delete).map_err(map)?;
        delete.execute([Bind(&stored.row.key)]).map_err(map)?;
        Ok(Outcome::Deleted(stored))
    }

    /// Reads these fields of the row with this key.
    pub(super) fn current(&mut self, key: &Value, fields: &FieldSet) -> Result<Option<PartialRow>> {
        let definition = &self.in_force.definition;
        let text = || statements::select(definition, fields);
        let select = field_statement(&mut self.select, self.connection, definition, fields, text)?;
        select.query_row([Bind(key)], |row| read_partial(definition, fields, row)).optional().map_err(map)
    }

    /// Returns the faults of a row whose statement violated a constraint: SQLite undoes that statement and the
    /// transaction goes on. Any other error ends the transaction.
    fn checked(&self, done: rusqlite::Result<usize>) -> Result<Result<usize, Vec<Fault>>> {
        let error = match done {
            Ok(rows) => return Ok(Ok(rows)),
            Err(error) => error,
        };
        // Some errors roll back the whole transaction; none of its outcomes may be reported then.
        let is_rolled_back = self.connection.is_autocommit();
        match violation(&error, &self.in_force.definition).filter(|_| !is_rolled_back) {
            Some(faults) => Ok(Err(faults)),
            None => Err(map(error)),
        }
    }
}
