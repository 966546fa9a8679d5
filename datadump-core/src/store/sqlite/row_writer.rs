//! Writes rows of one storage within a transaction. Rows are bound by reference and moved into their outcomes
//! only after the commit, so that no row is copied.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, ToSql};

use super::{
    columns::{Bind, read_row},
    error::{map, violation},
    statements::{OnViolation, Statements},
    writer::Stamps,
};
use crate::{
    clock::Timestamp,
    error::{Fault, Result},
    schema::{InForce, Row, StoredRow, Value},
    store::{
        Action, Expect, Outcome, Reprove, Returning, Stored, Write,
        change_log::{ChangeKind, Packer},
        decide::{self, CurrentRow, Decision},
    },
};

/// The effect of a write, before the commit.
#[derive(Debug)]
pub(super) enum Effect {
    /// The write's own row is stored, with these service columns.
    Stored(ServiceColumns),
    /// Any other outcome.
    Final(Outcome),
}

/// The service columns of a stored row.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServiceColumns {
    /// True if the row was inserted rather than replaced.
    is_new: bool,
    /// The generated key, if the row had none.
    key: Option<i64>,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Effect {
    fn of(stored: Result<usize, Vec<Fault>>, service: ServiceColumns) -> Self {
        match stored {
            Ok(_) => Self::Stored(service),
            Err(faults) => Self::Final(Outcome::Invalid(faults)),
        }
    }

    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Final(outcome) if outcome.is_failure())
    }

    /// Adds the change to the transaction's change log entry.
    pub(super) fn pack(&self, write: &Write, packer: &mut Packer) -> Result<()> {
        match (self, &write.action) {
            (Self::Stored(service), Action::Put(row)) => {
                let kind = if service.is_new { ChangeKind::Inserted } else { ChangeKind::Updated };
                let generated = service.key.map(Value::Integer);
                let key = generated.as_ref().or(row.key()).unwrap_or(&Value::Null);
                packer.change(row.storage(), kind, key, service.version)
            }
            (Self::Final(outcome), _) => packer.outcome(outcome),
            (Self::Stored(_), Action::Delete { .. }) => Ok(()),
        }
    }

    fn into_final(self) -> Option<Outcome> {
        match self {
            Self::Final(outcome) => Some(outcome),
            Self::Stored(_) => None,
        }
    }
}

/// Turns writes and their effects into outcomes. Effects beyond the writes (that of the batch's idempotency
/// record) follow at the end.
pub(super) fn outcomes(writes: Vec<Write>, effects: Vec<Effect>, returning: Returning) -> Vec<Outcome> {
    let mut effects = effects.into_iter();
    let of_writes = writes.into_iter().zip(effects.by_ref());
    let mut outcomes: Vec<Outcome> = of_writes
        .map(|(write, effect)| match (write.action, effect) {
            (_, Effect::Final(outcome)) => outcome,
            (Action::Put(row), Effect::Stored(service)) => service.outcome(row, returning),
            // A deletion never stores a row.
            (Action::Delete { .. }, Effect::Stored(_)) => Outcome::Missing,
        })
        .collect();
    outcomes.extend(effects.filter_map(Effect::into_final));
    outcomes
}

impl ServiceColumns {
    fn inserted(version: i32, now: Timestamp) -> Self {
        Self { is_new: true, key: None, version, created_at: now, updated_at: now }
    }

    fn updated(version: i32, created_at: Timestamp, now: Timestamp) -> Self {
        Self { is_new: false, key: None, version, created_at, updated_at: now }
    }

    fn outcome(self, row: Row, returning: Returning) -> Outcome {
        let values = match returning {
            Returning::Rows => row.complete(),
            Returning::Keys => Vec::new(),
        };
        let (in_force, key, _) = row.into_parts();
        let key = self.key.map(Value::Integer).or(key).unwrap_or(Value::Null);
        let Self { version, created_at, updated_at, .. } = self;
        let stored = Stored { row: StoredRow { key, values, version, created_at, updated_at }, in_force };
        if self.is_new { Outcome::Created(stored) } else { Outcome::Updated(stored) }
    }
}

/// Writes rows of one storage within a transaction.
pub(super) struct RowWriter<'c> {
    connection: &'c Connection,
    in_force: Arc<InForce>,
    statements: Arc<Statements>,
    /// True if other batches share the transaction. If it fails, each batch is then tried alone.
    is_shared: bool,
    select: Option<CachedStatement<'c>>,
    select_version: Option<CachedStatement<'c>>,
    insert: Option<CachedStatement<'c>>,
    insert_new: Option<CachedStatement<'c>>,
    insert_many: Vec<Option<CachedStatement<'c>>>,
    update: Option<CachedStatement<'c>>,
}

/// Returns the prepared statement in a slot, preparing it on first use.
fn prepared<'s, 'c>(
    slot: &'s mut Option<CachedStatement<'c>>,
    connection: &'c Connection,
    text: &str,
) -> Result<&'s mut CachedStatement<'c>> {
    match slot {
        Some(statement) => Ok(statement),
        none => Ok(none.insert(connection.prepare_cached(text).map_err(map)?)),
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
        let is_insert = |write: &&Write| match &write.action {
            Action::Put(row) => {
                row.key().is_none()
                    && (row.storage(), row.proven_by().version)
                        == (self.in_force.storage, self.in_force.version)
                    && decide::first_version(write.expect).is_some()
            }
            Action::Delete { .. } => false,
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
            let Action::Put(row) = &write.action else { return Ok(None) };
            let Some(version) = decide::first_version(write.expect) else { return Ok(None) };
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
        now: Timestamp,
    ) -> Result<Effect> {
        match &write.action {
            Action::Delete { key, .. } => {
                let current = self.current(key)?;
                match decide::delete(
                    current.as_ref().map(|row| row as &dyn CurrentRow),
                    &self.in_force,
                    write.expect,
                    returning,
                ) {
                    Decision::Delete(row) => self.delete(row).map(Effect::Final),
                    Decision::Final(outcome) => Ok(Effect::Final(outcome)),
                    Decision::Insert { .. } | Decision::Update { .. } => Ok(Effect::Final(Outcome::Missing)),
                }
            }
            Action::Put(row) if row.proven_by().version == self.in_force.version => {
                self.put(row, write.expect, returning, now)
            }
            Action::Put(row) => match reprove(row, &self.in_force) {
                Ok(row) => Ok(match self.put(&row, write.expect, returning, now)? {
                    Effect::Stored(service) => Effect::Final(service.outcome(row, returning)),
                    effect => effect,
                }),
                Err(faults) => Ok(Effect::Final(Outcome::Invalid(faults))),
            },
        }
    }

    fn put(&mut self, row: &Row, expect: Expect, returning: Returning, now: Timestamp) -> Result<Effect> {
        let mut current = None;
        // A row without a key cannot conflict with an existing one.
        if let Some(key) = row.key() {
            if let Some(service) = self.put_without_reading(row, key, expect, now)? {
                return Ok(Effect::Stored(service));
            }
            current = self.current(key)?;
            self.statements.note_existing(current.is_some());
        }
        match decide::put(current.as_ref().map(|row| row as &dyn CurrentRow), row, expect, returning) {
            Decision::Insert { version } => {
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
            Decision::Update { version, created_at } => {
                let service = ServiceColumns::updated(version, created_at, now);
                Ok(Effect::of(self.update(row, service)?, service))
            }
            Decision::Delete(_) => Ok(Effect::Final(Outcome::Missing)),
            Decision::Final(outcome) => Ok(Effect::Final(outcome)),
        }
    }

    /// Tries the likely statement without reading the stored row first: an insert, or an update based on a
    /// version. Returns `None`, having changed nothing, if it did not apply.
    fn put_without_reading(
        &mut self,
        row: &Row,
        key: &Value,
        expect: Expect,
        now: Timestamp,
    ) -> Result<Option<ServiceColumns>> {
        if !self.statements.expects_existing()
            && let Some(version) = decide::first_version(expect)
        {
            let service = ServiceColumns::inserted(version, now);
            let insert = prepared(&mut self.insert_new, self.connection, &self.statements.insert_new)?;
            insert.clear_bindings();
            bind_row(insert, 0, row, service)?;
            let done = insert.raw_execute();
            return Ok(self.checked(done)?.is_ok_and(|inserted| inserted > 0).then_some(service));
        }
        let (Expect::Version(base) | Expect::Exactly(base)) = expect else { return Ok(None) };
        let select = prepared(&mut self.select_version, self.connection, &self.statements.select_version)?;
        let found = select.query_row([Bind(key)], |row| Ok((row.get::<_, i32>(0)?, row.get::<_, i64>(1)?)));
        let Some((current, created_at)) = found.optional().map_err(map)? else { return Ok(None) };
        let version = base.checked_add(1).filter(|_| current == base);
        let Some((version, created_at)) = version.zip(Timestamp::from_micros(created_at)) else {
            return Ok(None);
        };
        let service = ServiceColumns::updated(version, created_at, now);
        Ok(self.update(row, service)?.is_ok().then_some(service))
    }

    fn update(&mut self, row: &Row, service: ServiceColumns) -> Result<Result<usize, Vec<Fault>>> {
        let update = prepared(&mut self.update, self.connection, &self.statements.update)?;
        update.clear_bindings();
        bind_update(update, row, service)?;
        let done = update.raw_execute();
        self.checked(done)
    }

    fn delete(&self, stored: Stored) -> Result<Outcome> {
        let mut delete = self.connection.prepare_cached(&self.statements.delete).map_err(map)?;
        delete.execute([Bind(&stored.row.key)]).map_err(map)?;
        Ok(Outcome::Deleted(stored))
    }

    pub(super) fn current(&mut self, key: &Value) -> Result<Option<StoredRow>> {
        let Self { connection, in_force, statements, select, .. } = self;
        let select = prepared(select, connection, &statements.select)?;
        select.query_row([Bind(key)], |row| read_row(&in_force.definition, row)).optional().map_err(map)
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

/// Binds a new row after the first `bound` parameters, in the order of the columns: key, fields, service
/// columns. Returns how many are bound then. Fields that are null are not bound, so the bindings must be clear:
/// a row may have few of a thousand fields.
fn bind_row(
    statement: &mut CachedStatement<'_>,
    bound: usize,
    row: &Row,
    service: ServiceColumns,
) -> Result<usize> {
    let bound = bind(statement, bound, [Bind(row.key().unwrap_or(&Value::Null))])?;
    let bound = bind_fields(statement, bound, row)?;
    let service = [service.version.into(), service.created_at.micros(), service.updated_at.micros()];
    bind(statement, bound, service)
}

/// Binds the parameters of an update: fields, version, time, key. The bindings must be clear.
fn bind_update(statement: &mut CachedStatement<'_>, row: &Row, service: ServiceColumns) -> Result<()> {
    let bound = bind_fields(statement, 0, row)?;
    let bound = bind(statement, bound, [service.version.into(), service.updated_at.micros()])?;
    bind(statement, bound, row.key().map(Bind)).map(|_| ())
}

/// Binds the values that were sent, and the defaults of the other fields.
fn bind_fields(statement: &mut CachedStatement<'_>, bound: usize, row: &Row) -> Result<usize> {
    let in_force = row.proven_by();
    let defaults = in_force.defaulted().iter().filter(|place| row.values().get(*place).is_none());
    let defaults = defaults.map(|place| (place, in_force.default(place)));
    for (place, value) in row.values().iter().chain(defaults) {
        statement.raw_bind_parameter(bound + place + 1, Bind(value)).map_err(map)?;
    }
    Ok(bound + in_force.definition.fields.len())
}

/// Binds values after the first `bound` parameters; returns how many are bound then.
fn bind(
    statement: &mut CachedStatement<'_>,
    mut bound: usize,
    values: impl IntoIterator<Item = impl ToSql>,
) -> Result<usize> {
    for value in values {
        bound += 1;
        statement.raw_bind_parameter(bound, value).map_err(map)?;
    }
    Ok(bound)
}
