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
    call_state::{PendingBatch, count, writes},
    columns::KeyRef,
    rows::{self, LockedRow, NewRow, TableChanges, WrittenRow},
    statements::Statements,
};
use crate::{
    clock::{Clock, Timestamp},
    schema::{FieldSet, InForce, Row, StorageId, Value, Values},
    store::{
        Action, Atomicity, Expect, Outcome, Reprove, Returning, Stored,
        decide::{self, CurrentRow, Decision},
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
    /// Returns the fields of the stored row that the decision and the outcome need.
    pub(super) fn needed_fields(&self, in_force: &InForce) -> FieldSet {
        let is_compared = matches!(self.expect, Expect::Different | Expect::NotSince(..))
            && matches!(self.action, PlannedAction::Put(_));
        let is_needed = is_compared || self.returning == Returning::Rows;
        FieldSet::first(if is_needed { in_force.definition.fields.len() } else { 0 })
    }
}

#[derive(Debug)]
pub(super) enum PlannedAction<'b> {
    /// Puts a row that the version in force has validated.
    Put(Cow<'b, Row>),
    Delete,
    /// Nothing: the outcome is already known.
    Final(Outcome),
}

/// Plans the writes of a transaction. A row that no longer fits the version in force gets a final outcome.
pub(super) fn plan<'b>(
    pending: &[PendingBatch<'b>],
    targets: &[Target],
    reprove: Reprove,
) -> sqlx::Result<Vec<PlannedWrite<'b>>> {
    let places = targets.iter().enumerate();
    let places: BTreeMap<StorageId, usize> =
        places.map(|(place, target)| (target.in_force.storage, place)).collect();
    let mut planned = Vec::with_capacity(count(pending));
    for (batch, write) in writes(pending) {
        let found = places.get(&write.storage()).and_then(|place| Some((*place, targets.get(*place)?)));
        let Some((target, Target { in_force, .. })) = found else {
            return Err(sqlx::Error::Encode("a write has no target".into()));
        };
        let (action, key) = match &write.action {
            Action::Delete { key, .. } => (PlannedAction::Delete, Some(key.clone())),
            Action::Put(row) if row.proven_by().version == in_force.version => {
                (PlannedAction::Put(Cow::Borrowed(row)), row.key().cloned())
            }
            Action::Put(row) => match reprove(row, in_force) {
                Ok(row) => {
                    let key = row.key().cloned();
                    (PlannedAction::Put(Cow::Owned(row)), key)
                }
                Err(faults) => (PlannedAction::Final(Outcome::Invalid(faults)), None),
            },
        };
        planned.push(PlannedWrite {
            batch: batch.place,
            atomicity: batch.batch.atomicity,
            target,
            action,
            key,
            expect: write.expect,
            returning: batch.batch.returning,
        });
    }
    Ok(planned)
}

/// The row under one key: as it was read, and after the writes decided so far.
#[derive(Debug)]
struct RowState<'b> {
    before: Option<&'b LockedRow>,
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
    fn new(before: Option<&'b LockedRow>) -> Self {
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
}

/// The rows that were read and locked, by target.
pub(super) type LockedRows = Vec<Vec<LockedRow>>;

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
                _ => decide_one(targets, write, outcomes.len(), &mut rows, &mut undo, stamps)?,
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

/// Decides the write with this position. If it changes a row of an all-or-nothing batch for the first time,
/// moves the row's previous state to `undo`.
fn decide_one<'b>(
    targets: &'b [Target],
    write: &'b PlannedWrite<'_>,
    position: usize,
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
    let current = row.current();
    let decision = match &write.action {
        PlannedAction::Put(row) => decide::put(current, row, write.expect, write.returning),
        PlannedAction::Delete => decide::delete(current, in_force, write.expect, write.returning),
        PlannedAction::Final(outcome) => Decision::Final(outcome.clone()),
    };
    let put = |version, created_at: Option<Timestamp>| {
        let values = match &write.action {
            PlannedAction::Put(row) => Cow::Borrowed(row.values()),
            PlannedAction::Delete | PlannedAction::Final(_) => Cow::Owned(Values::first(Vec::new())),
        };
        let updated_at = stamps.next();
        let times = (created_at.unwrap_or(updated_at), updated_at);
        Now::Written(WrittenRow::new(key, (in_force, values), version, times, position))
    };
    let (now, made): (_, fn(Stored) -> Outcome) = match decision {
        Decision::Insert { version } => (put(version, None), Outcome::Created),
        Decision::Update { version, created_at } => (put(version, Some(created_at)), Outcome::Updated),
        Decision::Delete(deleted) => {
            let before = std::mem::replace(&mut row.now, Now::Gone);
            if write.atomicity == Atomicity::AllOrNothing {
                undo.entry(place).or_insert(before);
            }
            return Ok(Outcome::Deleted(deleted));
        }
        Decision::Final(outcome) => return Ok(outcome),
    };
    let before = std::mem::replace(&mut row.now, now);
    if write.atomicity == Atomicity::AllOrNothing {
        undo.entry(place).or_insert(before);
    }
    let current = row.current().ok_or_else(|| sqlx::Error::Encode("a written row is missing".into()))?;
    Ok(made(decide::stored(current, in_force, write.returning)))
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
