//! Decides the writes of one transaction in memory: from the rows that were read, through each write in
//! order, to the changes of the tables.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{
    call_state::{PendingBatch, count, writes},
    columns::KeyRef,
    statements::Statements,
};
use crate::{
    clock::{Clock, Timestamp},
    schema::{InForce, Row, StorageId, StoredRow, Value},
    store::{
        Action, Atomicity, Expect, Outcome, Reprove, Stored,
        decide::{self, Decision},
    },
};

/// Timestamps that never repeat in this process, so that ordering rows by time is exact.
#[derive(Debug)]
pub(super) struct Stamps {
    clock: Arc<dyn Clock>,
    last: AtomicI64,
}

impl Stamps {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: AtomicI64::new(Timestamp::MIN.micros()) }
    }

    /// Returns the current time, or the first moment after the last timestamp.
    pub(super) fn next(&self) -> Timestamp {
        let now = self.clock.now().micros();
        let after = |last: i64| Some(now.max(last + 1).min(Timestamp::MAX.micros()));
        let last = self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, after).unwrap_or(now);
        Timestamp::from_micros(now.max(last + 1)).unwrap_or(Timestamp::MAX)
    }
}

/// A storage that a transaction writes to, with its version in force.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) in_force: Arc<InForce>,
    pub(super) statements: Arc<Statements>,
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
    for (batch, atomicity, write) in writes(pending) {
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
        planned.push(PlannedWrite { batch, atomicity, target, action, key, expect: write.expect });
    }
    Ok(planned)
}

/// The row under one key: as it was read, and after the writes decided so far.
#[derive(Debug)]
struct RowState<'b> {
    before: Option<&'b StoredRow>,
    now: Now,
    /// Number of writes to this key.
    writes: usize,
}

#[derive(Debug, Clone, Copy)]
enum Now {
    /// As it was read.
    Unchanged,
    /// As the write with this position made it.
    Written(usize),
    Gone,
}

impl<'b> RowState<'b> {
    fn new(before: Option<&'b StoredRow>) -> Self {
        Self { before, now: Now::Unchanged, writes: 0 }
    }
}

/// The changes to one target's table.
#[derive(Debug, Default)]
pub(super) struct TableChanges<'b> {
    pub(super) inserted: Vec<NewRow<'b>>,
    pub(super) updated: Vec<&'b StoredRow>,
    pub(super) deleted: Vec<&'b Value>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NewRow<'b> {
    pub(super) row: &'b StoredRow,
    /// Position of the write that made it.
    pub(super) place: usize,
    /// True if that is the only write to its key.
    pub(super) is_sole: bool,
}

/// The rows that were read and locked, by target.
pub(super) type LockedRows = Vec<Vec<StoredRow>>;

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
    targets: &[Target],
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
        let mut undo: Vec<(Place<'b>, Now)> = Vec::new();
        for write in batch {
            let outcome = match &write.action {
                PlannedAction::Final(outcome) => outcome.clone(),
                _ => decide_one(targets, write, &mut rows, &mut undo, &outcomes, stamps)?,
            };
            outcomes.push(outcome);
        }
        let is_atomic = batch.first().is_some_and(|write| write.atomicity == Atomicity::AllOrNothing);
        if is_atomic && outcomes.iter().skip(first).any(Outcome::is_failure) {
            for (place, now) in undo.into_iter().rev() {
                rows.entry(place).and_modify(|row| row.now = now);
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

/// Decides one write. If it changes a row of an all-or-nothing batch, adds the row's previous state to
/// `undo`.
fn decide_one<'b>(
    targets: &[Target],
    write: &'b PlannedWrite<'_>,
    rows: &mut RowStates<'b>,
    undo: &mut Vec<(Place<'b>, Now)>,
    outcomes: &[Outcome],
    stamps: &Stamps,
) -> sqlx::Result<Outcome> {
    let (Some(key), Some(target)) = (&write.key, targets.get(write.target)) else {
        return Err(sqlx::Error::Encode("a write has no key".into()));
    };
    let place = (write.target, KeyRef::of(key)?);
    let row = rows.entry(place).or_insert_with(|| RowState::new(None));
    row.writes += 1;
    let current = match row.now {
        Now::Unchanged => row.before,
        Now::Gone => None,
        Now::Written(place) => written(outcomes, place),
    };
    let decision = match &write.action {
        PlannedAction::Put(row) => decide::put(current, row, write.expect),
        PlannedAction::Delete => decide::delete(current, &target.in_force, write.expect),
        PlannedAction::Final(outcome) => Decision::Final(outcome.clone()),
    };
    let stored = |row| Stored { row, in_force: target.in_force.clone() };
    let put = |version, created_at, updated_at| {
        let values = match &write.action {
            PlannedAction::Put(row) => row.values().to_vec(),
            PlannedAction::Delete | PlannedAction::Final(_) => Vec::new(),
        };
        stored(StoredRow { key: key.clone(), values, version, created_at, updated_at })
    };
    let (outcome, now) = match decision {
        Decision::Insert { version } => {
            let now = stamps.next();
            (Outcome::Created(put(version, now, now)), Now::Written(outcomes.len()))
        }
        Decision::Update { version, created_at } => {
            (Outcome::Updated(put(version, created_at, stamps.next())), Now::Written(outcomes.len()))
        }
        Decision::Delete(row) => (Outcome::Deleted(stored(row)), Now::Gone),
        Decision::Final(outcome) => return Ok(outcome),
    };
    if write.atomicity == Atomicity::AllOrNothing {
        undo.push((place, row.now));
    }
    row.now = now;
    Ok(outcome)
}

/// Returns the row that the write with this position made.
fn written(outcomes: &[Outcome], place: usize) -> Option<&StoredRow> {
    match outcomes.get(place) {
        Some(Outcome::Created(stored) | Outcome::Updated(stored)) => Some(&stored.row),
        _ => None,
    }
}

impl Decisions<'_> {
    /// Returns the changes to each target's table, in key order.
    pub(super) fn changes(&self, targets: usize) -> Vec<TableChanges<'_>> {
        let mut changes: Vec<TableChanges<'_>> = Vec::new();
        changes.resize_with(targets, TableChanges::default);
        let mut rows: Vec<_> = self.rows.iter().collect();
        // In key order, so that concurrent transactions do not deadlock.
        rows.sort_unstable_by_key(|(place, _)| **place);
        for ((target, _), row) in rows {
            let Some(changes) = changes.get_mut(*target) else { continue };
            match (row.before, row.now) {
                (_, Now::Unchanged) | (None, Now::Gone) => {}
                (Some(row), Now::Gone) => changes.deleted.push(&row.key),
                (Some(_), Now::Written(place)) => changes.updated.extend(written(&self.outcomes, place)),
                (None, Now::Written(place)) => {
                    let is_sole = row.writes == 1;
                    let row = written(&self.outcomes, place);
                    changes.inserted.extend(row.map(|row| NewRow { row, place, is_sole }));
                }
            }
        }
        changes
    }
}
