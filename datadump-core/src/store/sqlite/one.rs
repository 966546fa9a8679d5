//! One write of a transaction: what it meets, and what it does to it. Rows are bound from where they
//! are, and moved into their outcomes only after the commit: nothing of a row is copied.

use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, OptionalExtension, ToSql};

use super::{
    columns::{Bind, read_row},
    error::{map, violation},
    statements::{Statements, TOGETHER},
    writer::Stamps,
};
use crate::{
    clock::Timestamp,
    error::Result,
    schema::{InForce, Row, StoredRow, Value},
    store::{
        Action, Expect, Outcome, Reprove, Stored, Write,
        change_log::{Changed, Packer},
        decide::{self, Decision},
    },
};

/// What was done for a write.
#[derive(Debug)]
pub(super) enum Done {
    /// Its row is stored, as it is and with this.
    Put(Put),
    /// Everything else.
    Settled(Outcome),
}

/// What a row that was stored has beside its values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Put {
    /// Whether there was none before.
    created: bool,
    /// The key that it was given.
    key: Option<i64>,
    version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Done {
    pub(super) fn is_failure(&self) -> bool {
        matches!(self, Self::Settled(outcome) if outcome.is_failure())
    }

    /// Adds what it changed to those of the transaction.
    pub(super) fn pack(&self, write: &Write, packer: &mut Packer) -> Result<()> {
        match (self, &write.action) {
            (Self::Put(put), Action::Put(row)) => {
                let what = if put.created { Changed::Inserted } else { Changed::Updated };
                let given = put.key.map(Value::Integer);
                let key = given.as_ref().or(row.key()).unwrap_or(&Value::Null);
                packer.change(row.storage(), what, key, put.version)
            }
            (Self::Settled(outcome), _) => packer.outcome(outcome),
            (Self::Put(_), Action::Delete { .. }) => Ok(()),
        }
    }

    fn settled(self) -> Option<Outcome> {
        match self {
            Self::Settled(outcome) => Some(outcome),
            Self::Put(_) => None,
        }
    }
}

/// The outcomes of writes, which are used up by it.
pub(super) fn outcomes(writes: Vec<Write>, done: Vec<Done>) -> Vec<Outcome> {
    let mut done = done.into_iter();
    let outcomes = writes.into_iter().zip(done.by_ref()).map(|(write, done)| match (write.action, done) {
        (_, Done::Settled(outcome)) => outcome,
        (Action::Put(row), Done::Put(put)) => put.outcome(row),
        // Only what puts a row is done by putting it.
        (Action::Delete { .. }, Done::Put(_)) => Outcome::Missing,
    });
    let mut outcomes: Vec<Outcome> = outcomes.collect();
    // That of the call's record, if it has one.
    outcomes.extend(done.filter_map(Done::settled));
    outcomes
}

impl Put {
    fn outcome(self, row: Row) -> Outcome {
        let (in_force, key, values) = row.into_parts();
        let key = self.key.map(Value::Integer).or(key).unwrap_or(Value::Null);
        let Self { version, created_at, updated_at, .. } = self;
        let stored = Stored { row: StoredRow { key, values, version, created_at, updated_at }, in_force };
        if self.created { Outcome::Created(stored) } else { Outcome::Updated(stored) }
    }
}

/// The writes of a transaction to one storage.
pub(super) struct One<'c> {
    connection: &'c Connection,
    in_force: Arc<InForce>,
    texts: Arc<Statements>,
    /// Whether others share the transaction, who are tried without it when it fails.
    is_shared: bool,
    select: Option<CachedStatement<'c>>,
    look: Option<CachedStatement<'c>>,
    insert: Option<CachedStatement<'c>>,
    insert_new: Option<CachedStatement<'c>>,
    several: Vec<Option<CachedStatement<'c>>>,
    update: Option<CachedStatement<'c>>,
    /// How many rows it has inserted that a late index has to be told of.
    late: usize,
}

/// A statement of this text, prepared by the first who needs it.
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

impl<'c> One<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        in_force: Arc<InForce>,
        texts: Arc<Statements>,
        is_shared: bool,
    ) -> Self {
        Self {
            connection,
            in_force,
            texts,
            is_shared,
            select: None,
            look: None,
            insert: None,
            insert_new: None,
            several: Vec::new(),
            update: None,
            late: 0,
        }
    }

    /// How many rows were inserted that late indexes have to be told of.
    pub(super) fn late(&self) -> usize {
        self.late
    }

    /// How many of these writes, from the first on, are done by one statement: new rows that are given the
    /// next keys.
    pub(super) fn together(&self, writes: &[Write]) -> usize {
        let is_one = |write: &&Write| match &write.action {
            Action::Put(row) => {
                row.key().is_none()
                    && (row.storage(), row.proven_by().version)
                        == (self.in_force.storage, self.in_force.version)
                    && decide::first_version(write.expect).is_some()
            }
            Action::Delete { .. } => false,
        };
        writes.iter().take(self.texts.together).take_while(is_one).count()
    }

    /// Inserts these rows by one statement: SQLite looks for the last key once. None when one of them breaks a
    /// rule, or when they are not several: then nothing is done. Where that is not to be expected, and the transaction
    /// is shared, it fails as a whole, and each call is tried alone.
    pub(super) fn insert_together(
        &mut self,
        writes: &[Write],
        stamps: &mut Stamps,
    ) -> Result<Option<Vec<Done>>> {
        let count = writes.len();
        let fails = self.is_shared && self.texts.are_safe;
        let is_late =
            !self.texts.late.is_empty() && (count < self.texts.together || self.are_scattered(writes));
        let Some(text) = self.texts.insert_several(count, fails, is_late) else { return Ok(None) };
        let place = if is_late { TOGETHER + count } else { count };
        if self.several.len() <= place {
            self.several.resize_with(2 * TOGETHER + 1, || None);
        }
        let Some(slot) = self.several.get_mut(place) else { return Ok(None) };
        let insert = prepared(slot, self.connection, text)?;
        let (mut puts, mut places) = (Vec::with_capacity(count), 0);
        for write in writes {
            let Action::Put(row) = &write.action else { return Ok(None) };
            let Some(version) = decide::first_version(write.expect) else { return Ok(None) };
            let now = stamps.next();
            let put = Put { created: true, key: None, version, created_at: now, updated_at: now };
            places = bind_whole(insert, places, &Value::Null, row, put)?;
            puts.push(put);
        }
        let done = insert.raw_execute();
        if fails {
            done.map_err(map)?;
        } else if self.unless_violated(done)?.is_none() {
            return Ok(None);
        }
        self.note(count);
        // They are given one after the other.
        let last = self.connection.last_insert_rowid();
        let keys = (0..count).rev().map(|before| last - i64::try_from(before).unwrap_or_default());
        let done = |(put, key)| Done::Put(Put { key: Some(key), ..put });
        Ok(Some(puts.into_iter().zip(keys).map(done).collect()))
    }

    pub(super) fn run(&mut self, write: &Write, reprove: Reprove, now: Timestamp) -> Result<Done> {
        match &write.action {
            Action::Delete { key, .. } => {
                let current = self.current(key)?;
                match decide::delete(current.as_ref(), &self.in_force, write.expect) {
                    Decision::Delete(row) => self.delete(row).map(Done::Settled),
                    Decision::Settled(outcome) => Ok(Done::Settled(outcome)),
                    Decision::Insert { .. } | Decision::Update { .. } => Ok(Done::Settled(Outcome::Missing)),
                }
            }
            Action::Put(row) if row.proven_by().version == self.in_force.version => {
                self.put(row, write.expect, now)
            }
            Action::Put(row) => match reprove(row, &self.in_force) {
                Ok(row) => Ok(match self.put(&row, write.expect, now)? {
                    Done::Put(put) => Done::Settled(put.outcome(row)),
                    settled => settled,
                }),
                Err(faults) => Ok(Done::Settled(Outcome::Invalid(faults))),
            },
        }
    }

    fn put(&mut self, row: &Row, expect: Expect, now: Timestamp) -> Result<Done> {
        let Some(key) = row.key() else { return self.insert_with_next_key(row, expect, now) };
        if let Some(put) = self.guess(row, key, expect, now)? {
            return Ok(Done::Put(put));
        }
        let current = self.current(key)?;
        self.texts.has_met(current.is_some());
        match decide::put(current.as_ref(), row, expect) {
            Decision::Insert { version } => {
                let put = Put { created: true, key: None, version, created_at: now, updated_at: now };
                let insert = prepared(&mut self.insert, self.connection, &self.texts.insert)?;
                bind_whole(insert, 0, key, row, put)?;
                let done = insert.raw_execute();
                self.settled(done, put)
            }
            Decision::Update { version, created_at } => {
                let put = Put { created: false, key: None, version, created_at, updated_at: now };
                let update = prepared(&mut self.update, self.connection, &self.texts.update)?;
                bind_change(update, key, row, put)?;
                let done = update.raw_execute();
                self.settled(done, put)
            }
            Decision::Delete(_) => Ok(Done::Settled(Outcome::Missing)),
            Decision::Settled(outcome) => Ok(Done::Settled(outcome)),
        }
    }

    /// Tries what is probably right without looking first. When it was not, nothing is done.
    fn guess(&mut self, row: &Row, key: &Value, expect: Expect, now: Timestamp) -> Result<Option<Put>> {
        if !self.texts.meets()
            && let Some(version) = decide::first_version(expect)
        {
            let put = Put { created: true, key: None, version, created_at: now, updated_at: now };
            let insert = prepared(&mut self.insert_new, self.connection, &self.texts.insert_new)?;
            bind_whole(insert, 0, key, row, put)?;
            let done = insert.raw_execute();
            return Ok(self.unless_violated(done)?.filter(|inserted| *inserted > 0).map(|_| put));
        }
        let (Expect::Version(based) | Expect::Exactly(based)) = expect else { return Ok(None) };
        let look = prepared(&mut self.look, self.connection, &self.texts.look)?;
        let seen = look.query_row([Bind(key)], |row| Ok((row.get::<_, i32>(0)?, row.get::<_, i64>(1)?)));
        let Some((current, created_at)) = seen.optional().map_err(map)? else { return Ok(None) };
        let version = based.checked_add(1).filter(|_| current == based);
        let Some((version, created_at)) = version.zip(Timestamp::from_micros(created_at)) else {
            return Ok(None);
        };
        let put = Put { created: false, key: None, version, created_at, updated_at: now };
        let update = prepared(&mut self.update, self.connection, &self.texts.update)?;
        bind_change(update, key, row, put)?;
        let done = update.raw_execute();
        Ok(self.unless_violated(done)?.map(|_| put))
    }

    /// A row without a key never meets another.
    fn insert_with_next_key(&mut self, row: &Row, expect: Expect, now: Timestamp) -> Result<Done> {
        match decide::put(None, row, expect) {
            Decision::Insert { version } => {
                let mut put = Put { created: true, key: None, version, created_at: now, updated_at: now };
                let insert = prepared(&mut self.insert, self.connection, &self.texts.insert)?;
                bind_whole(insert, 0, &Value::Null, row, put)?;
                let done = insert.raw_execute();
                put.key = Some(self.connection.last_insert_rowid());
                self.note(1);
                self.settled(done, put)
            }
            Decision::Settled(outcome) => Ok(Done::Settled(outcome)),
            Decision::Update { .. } | Decision::Delete(_) => Ok(Done::Settled(Outcome::Missing)),
        }
    }

    /// Whether these would go to different places of a late index.
    fn are_scattered(&self, writes: &[Write]) -> bool {
        fn value(write: &Write, place: usize) -> Option<&Value> {
            match &write.action {
                Action::Put(row) => row.values().get(place),
                Action::Delete { .. } => None,
            }
        }
        let mut places = self.texts.late.iter();
        let Some((first, rest)) = writes.split_first() else { return false };
        places.any(|place| rest.iter().any(|write| value(write, *place) != value(first, *place)))
    }

    /// So many rows were inserted: with those that have no mark are the others to be looked for.
    fn note(&mut self, rows: usize) {
        if !self.texts.late.is_empty() {
            self.late += rows;
        }
    }

    fn delete(&self, row: StoredRow) -> Result<Outcome> {
        let mut delete = self.connection.prepare_cached(&self.texts.delete).map_err(map)?;
        delete.execute([Bind(&row.key)]).map_err(map)?;
        Ok(Outcome::Deleted(Stored { row, in_force: self.in_force.clone() }))
    }

    pub(super) fn current(&mut self, key: &Value) -> Result<Option<StoredRow>> {
        let Self { connection, in_force, texts, select, .. } = self;
        let select = prepared(select, connection, &texts.select)?;
        select.query_row([Bind(key)], |row| read_row(&in_force.definition, row)).optional().map_err(map)
    }

    /// A constraint that the row breaks is an outcome of its own: SQLite undoes that one statement
    /// and the transaction goes on. Any other error ends the batch.
    fn settled(&self, done: rusqlite::Result<usize>, put: Put) -> Result<Done> {
        match done {
            Ok(_) => Ok(Done::Put(put)),
            // Some errors undo the whole transaction, and then nothing of it may be answered.
            Err(error) if self.connection.is_autocommit() => Err(map(error)),
            Err(error) => match violation(&error, &self.in_force.definition) {
                Some(faults) => Ok(Done::Settled(Outcome::Invalid(faults))),
                None => Err(map(error)),
            },
        }
    }

    /// The same for what is only tried: none when a constraint is broken.
    fn unless_violated<T>(&self, done: rusqlite::Result<T>) -> Result<Option<T>> {
        match done {
            Ok(done) => Ok(Some(done)),
            Err(error) if self.connection.is_autocommit() => Err(map(error)),
            Err(error) => match violation(&error, &self.in_force.definition) {
                Some(_) => Ok(None),
                None => Err(map(error)),
            },
        }
    }
}

/// The key, the values, and what the service adds: all columns, in their order, to the places after these; how
/// many there are then.
fn bind_whole(
    statement: &mut CachedStatement<'_>,
    places: usize,
    key: &Value,
    row: &Row,
    put: Put,
) -> Result<usize> {
    let places = bind(statement, places, std::iter::once(key).chain(row.values()).map(Bind))?;
    let service = [put.version.into(), put.created_at.micros(), put.updated_at.micros()];
    bind(statement, places, service)
}

/// The values, what the service changes, and the key.
fn bind_change(statement: &mut CachedStatement<'_>, key: &Value, row: &Row, put: Put) -> Result<()> {
    let places = bind(statement, 0, row.values().iter().map(Bind))?;
    let places = bind(statement, places, [put.version.into(), put.updated_at.micros()])?;
    bind(statement, places, [Bind(key)]).map(|_| ())
}

/// Binds values to the places after these; how many there are then.
fn bind(
    statement: &mut CachedStatement<'_>,
    mut places: usize,
    values: impl IntoIterator<Item = impl ToSql>,
) -> Result<usize> {
    for value in values {
        places += 1;
        statement.raw_bind_parameter(places, value).map_err(map)?;
    }
    Ok(places)
}
