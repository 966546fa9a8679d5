//! Decides the writes of one transaction in memory: from the rows that were read, through each write in
//! order, to the changes of the tables.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{
    call_state::PendingBatch,
    columns::KeyRef,
    rows::{self, Base, NewRow, TableChanges, WrittenRow},
    statements::Statements,
};
use crate::{
    clock::{Clock, Timestamp},
    schema::{FieldSet, InForce, Row, StorageId, Value, Values},
    store::{
        Action, Atomicity, Expect, Outcome, Reprove, Returning, Write,
        current_row::{CurrentRow, PartialRow},
        decide::{self, Decision},
        stamps,
    },
};

/// The [timestamps](stamps) of this process.
#[derive(Debug)]
pub(super) struct Stamps {
    clock: Arc<dyn Clock>,
    last: AtomicI64,
}

impl Stamps {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: AtomicI64::new(Timestamp::MIN.micros()) }
    }

    pub(super) fn next(&self) -> Timestamp {
        let now = self.clock.now();
        let after = |last: i64| stamps::after(Timestamp::from_micros(last).unwrap_or(now), now);
        let last =
            self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(after(last).micros()));
        last.map_or(now, after)
    }
}

/// A storage that a transaction writes to, with its version in force.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) in_force: Arc<InForce>,
    pub(super) statements: Arc<Statements>,
}

impl Target {
    /// Splits new rows into runs, each inserted by one statement, with the fields of each run.
    pub(super) fn insert_runs(&self, rows: &[&WrittenRow<'_>]) -> Vec<(FieldSet, Range<usize>)> {
        // The columns of the table have no defaults.
        rows::runs(rows.iter().map(|row| row.fields()), self.in_force.defaulted())
    }
}

/// A write of a transaction, validated against the version in force.
#[derive(Debug)]
pub(super) struct PlannedWrite<'b> {
    /// Position of its batch in the transaction. The writes of one batch are consecutive.
    pub(super) batch: usize,
    pub(super) atomicity: Atomicity,
    /// Position of its storage among the targets.
    pub(super) target: usize,
    pub(super) action: PlannedAction<'b>,
    /// The key; `None` until one is generated.
    pub(super) key: Option<Value>,
    pub(super) expect: Expect,
    pub(super) returning: Returning,
}

impl PlannedWrite<'_> {
    /// Returns the row to write.
    pub(super) fn row(&self) -> Option<&Row> {
        match &self.action {
            PlannedAction::Do(action) => action.row(),
            PlannedAction::Final(_) => None,
        }
    }

    /// Returns the fields of the stored row that the decision and the outcome need.
    pub(super) fn needed_fields(&self, in_force: &InForce) -> FieldSet {
        match &self.action {
            PlannedAction::Do(action) => {
                decide::needed_fields(action, in_force, &self.expect, self.returning)
            }
            PlannedAction::Final(_) => FieldSet::first(in_force.definition.fields.len()),
        }
    }
}

#[derive(Debug)]
pub(super) enum PlannedAction<'b> {
    /// Does this, with a row that the version in force has validated.
    Do(Cow<'b, Action>),
    /// Nothing: the outcome is already known.
    Final(Outcome),
}

/// Plans the writes of a transaction. A row that no longer fits the version in force gets a final outcome.
pub(super) fn plan<'b>(
    writes: impl Iterator<Item = (PendingBatch<'b>, &'b Write)>,
    targets: &[Target],
    reprove: Reprove,
) -> sqlx::Result<Vec<PlannedWrite<'b>>> {
    let places = targets.iter().enumerate();
    let places: BTreeMap<StorageId, usize> =
        places.map(|(place, target)| (target.in_force.storage, place)).collect();
    let mut planned = Vec::with_capacity(writes.size_hint().0);
    for (batch, write) in writes {
        let found = places.get(&write.storage()).and_then(|place| Some((*place, targets.get(*place)?)));
        let Some((target, Target { in_force, .. })) = found else {
            return Err(sqlx::Error::Encode("a write has no target".into()));
        };
        let action = match write.action.row() {
            Some(row) if row.proven_by().version != in_force.version => match reprove(row, in_force) {
                Ok(row) => PlannedAction::Do(Cow::Owned(write.action.with_row(row))),
                Err(faults) => PlannedAction::Final(Outcome::Invalid(faults)),
            },
            _ => PlannedAction::Do(Cow::Borrowed(&write.action)),
        };
        let key = match &action {
            PlannedAction::Do(action) => action.key().cloned(),
            PlannedAction::Final(_) => None,
        };
        planned.push(PlannedWrite {
            batch: batch.place,
            atomicity: batch.batch.atomicity,
            target,
            action,
            key,
            expect: write.expect.clone(),
            returning: batch.batch.returning,
        });
    }
    Ok(planned)
}

/// The writes that keep newer rows, and follow another one to the same row in their batch.
#[derive(Debug)]
pub(super) struct RepeatedWrites(HashMap<usize, usize>);

/// Finds the repeated writes.
pub(super) fn repeated(writes: &[PlannedWrite<'_>]) -> sqlx::Result<RepeatedWrites> {
    let (mut last, mut repeated) = (HashMap::new(), HashMap::new());
    for (place, write) in writes.iter().enumerate() {
        if let (Expect::NotSince(..), Some(key)) = (&write.expect, &write.key)
            && let Some(before) = last.insert((write.batch, write.target, KeyRef::of(key)?), place)
        {
            repeated.insert(place, before);
        }
    }
    Ok(RepeatedWrites(repeated))
}

impl RepeatedWrites {
    /// Returns the version that earlier writes of the same batch have given the row of a write.
    pub(super) fn own_version(&self, place: usize, outcomes: &[Outcome]) -> Option<i32> {
        let mut before = self.0.get(&place)?;
        loop {
            match outcomes.get(*before) {
                Some(Outcome::Created(stored) | Outcome::Updated(stored)) => return Some(stored.row.version),
                _ => before = self.0.get(before)?,
            }
        }
    }
}

/// The row under one key: as it was read, and after the writes decided so far.
#[derive(Debug)]
struct RowState<'b> {
    before: Option<&'b PartialRow>,
    now: Now<'b>,
    /// Number of writes to this key.
    writes: usize,
}

#[derive(Debug)]
enum Now<'b> {
    /// As it was read.
    Unchanged,
    Written(WrittenRow<'b>),
    Gone,
}

impl<'b> RowState<'b> {
    fn new(before: Option<&'b PartialRow>) -> Self {
        Self { before, now: Now::Unchanged, writes: 0 }
    }

    /// Returns the row as it is now, if there is one.
    fn current(&self) -> Option<&dyn CurrentRow> {
        match (&self.now, self.before) {
            (Now::Unchanged, before) => before.map(|row| row as &dyn CurrentRow),
            (Now::Written(row), _) => Some(row),
            (Now::Gone, _) => None,
        }
    }

    /// Returns the condition for the row as it is now. What an earlier write of the batch, whose first write has
    /// the position `first`, has written is not newer.
    fn expect(&self, expect: &Expect, first: usize) -> Expect {
        match &self.now {
            Now::Written(row) if row.place >= first => expect.with_own(row.version),
            _ => expect.clone(),
        }
    }

    /// Returns the values of the row as it is now with these changes, and the rest. Unless they are needed to
    /// undo the write, moves the values out of the row.
    fn changed(
        &mut self,
        changes: Cow<'b, Values>,
        is_undoable: bool,
    ) -> Option<(Base<'b>, Cow<'b, Values>)> {
        let Now::Written(row) = &mut self.now else {
            return self.before.map(|before| (Base::Stored(before), changes));
        };
        let mut values = match is_undoable {
            true => row.values.clone(),
            false => std::mem::replace(&mut row.values, Cow::Owned(Values::default())),
        };
        let all = values.to_mut();
        changes.iter().for_each(|(place, value)| all.set(place, value.clone()));
        Some((row.base, values))
    }
}

/// The rows that were read and locked, by target.
pub(super) type LockedRows = Vec<Vec<PartialRow>>;

/// The outcomes of all writes, and the resulting rows.
pub(super) struct Decisions<'b> {
    pub(super) outcomes: Vec<Outcome>,
    rows: RowStates<'b>,
}

type Place<'b> = (usize, KeyRef<'b>);
type RowStates<'b> = HashMap<Place<'b>, RowState<'b>>;

/// Decides all writes in order, each on the row that the writes before it left. When a write of an
/// all-or-nothing batch fails, the changes of that batch are undone.
pub(super) fn decide_all<'b>(
    targets: &'b [Target],
    writes: &'b [PlannedWrite<'_>],
    locked: &'b LockedRows,
    stamps: &Stamps,
) -> sqlx::Result<Decisions<'b>> {
    let mut rows: RowStates<'b> = HashMap::with_capacity(writes.len());
    for (target, found) in locked.iter().enumerate() {
        for row in found {
            rows.insert((target, KeyRef::of(&row.key)?), RowState::new(Some(row)));
        }
    }
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(writes.len());
    for batch in writes.chunk_by(|one, next| one.batch == next.batch) {
        let first = outcomes.len();
        // The rows of an all-or-nothing batch as they were before it.
        let mut undo: HashMap<Place<'b>, Now<'b>> = HashMap::new();
        for write in batch {
            let outcome = match &write.action {
                PlannedAction::Final(outcome) => outcome.clone(),
                _ => {
                    let place = WritePlace { first, position: outcomes.len() };
                    decide_one(targets, write, place, &mut rows, &mut undo, stamps)?
                }
            };
            outcomes.push(outcome);
        }
        let is_atomic = batch.first().is_some_and(|write| write.atomicity == Atomicity::AllOrNothing);
        if is_atomic && outcomes.iter().skip(first).any(Outcome::is_failure) {
            for (place, now) in undo {
                if let Some(row) = rows.get_mut(&place) {
                    row.now = now;
                }
            }
            roll_back(outcomes.iter_mut().skip(first));
        }
    }
    Ok(Decisions { outcomes, rows })
}

/// Marks the other writes of a failed all-or-nothing batch as rolled back.
pub(super) fn roll_back<'o>(outcomes: impl Iterator<Item = &'o mut Outcome>) {
    for outcome in outcomes.filter(|outcome| !outcome.is_failure()) {
        *outcome = Outcome::RolledBack;
    }
}

/// The position of a write, and of the first one of its batch.
#[derive(Debug, Clone, Copy)]
struct WritePlace {
    first: usize,
    position: usize,
}

/// Decides a write. If it changes a row of an all-or-nothing batch for the first time,
/// moves the row's previous state to `undo`.
fn decide_one<'b>(
    targets: &'b [Target],
    write: &'b PlannedWrite<'_>,
    WritePlace { first, position }: WritePlace,
    rows: &mut RowStates<'b>,
    undo: &mut HashMap<Place<'b>, Now<'b>>,
    stamps: &Stamps,
) -> sqlx::Result<Outcome> {
    let (Some(key), Some(Target { in_force, .. })) = (&write.key, targets.get(write.target)) else {
        return Err(sqlx::Error::Encode("a write has no key".into()));
    };
    let place = (write.target, KeyRef::of(key)?);
    let row = rows.entry(place).or_insert_with(|| RowState::new(None));
    row.writes += 1;
    let action = match &write.action {
        PlannedAction::Do(action) => action.as_ref(),
        PlannedAction::Final(outcome) => return Ok(outcome.clone()),
    };
    // Its state before the batch is in `undo` once.
    let is_undoable = write.atomicity == Atomicity::AllOrNothing && !undo.contains_key(&place);
    let expect = row.expect(&write.expect, first);
    let decision = decide::decide(row.current(), action, in_force, &expect, write.returning);
    let (version, created_at, changes) = match decision {
        Decision::Insert { version } => (version, None, None),
        Decision::Replace { version, created_at } => (version, Some(created_at), None),
        Decision::Change { version, created_at, values } => (version, Some(created_at), Some(values)),
        Decision::Delete(deleted) => {
            let before = std::mem::replace(&mut row.now, Now::Gone);
            if is_undoable {
                undo.insert(place, before);
            }
            return Ok(Outcome::Deleted(deleted));
        }
        Decision::Final(outcome) => return Ok(outcome),
    };
    let made = match changes {
        Some(changes) => row.changed(changes, is_undoable),
        None => action.row().map(|row| (Base::Defaults(in_force), Cow::Borrowed(row.values()))),
    };
    let (base, values) = made.ok_or_else(|| sqlx::Error::Encode("a changed row is missing".into()))?;
    let updated_at = stamps.next();
    let is_new = created_at.is_none();
    let created_at = created_at.unwrap_or(updated_at);
    let written = WrittenRow { key, base, values, version, created_at, updated_at, place: position };
    let stored = decide::stored(&written, in_force, write.returning);
    let before = std::mem::replace(&mut row.now, Now::Written(written));
    if is_undoable {
        undo.insert(place, before);
    }
    Ok(if is_new { Outcome::Created(stored) } else { Outcome::Updated(stored) })
}

impl Decisions<'_> {
    /// Returns the changes to each target's table, in key order.
    pub(super) fn changes(&self, targets: usize) -> Vec<TableChanges<'_>> {
        let mut changes: Vec<TableChanges<'_>> = Vec::new();
        changes.resize_with(targets, TableChanges::default);
        let mut rows: Vec<_> = self.rows.iter().collect();
        // In key order, so that concurrent transactions do not deadlock.
        rows.sort_unstable_by_key(|(place, _)| **place);
        for ((target, _), state) in rows {
            let Some(changes) = changes.get_mut(*target) else { continue };
            match (state.before, &state.now) {
                (_, Now::Unchanged) | (None, Now::Gone) => {}
                (Some(row), Now::Gone) => changes.deleted.push(&row.key),
                (Some(_), Now::Written(row)) => changes.updated.push(row),
                (None, Now::Written(row)) => {
                    changes.inserted.push(NewRow { row, is_sole: state.writes == 1 });
                }
            }
        }
        changes
    }
}
