//! The writes of one transaction, decided in memory: what the rows were, what each write makes of
//! them, and what they are in the end.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{
    columns::KeyRef,
    text::Texts,
    work::{Open, all, storage, writes},
};
use crate::{
    clock::{Clock, Timestamp},
    schema::{InForce, Row, StorageId, StoredRow, Value},
    store::{
        Action, Atomicity, Expect, Outcome, Reprove, Stored,
        decide::{self, Decision},
    },
};

/// Stamps that never repeat in this process, so that newest first is exact.
#[derive(Debug)]
pub(super) struct Stamps {
    clock: Arc<dyn Clock>,
    last: AtomicI64,
}

impl Stamps {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: AtomicI64::new(Timestamp::MIN.micros()) }
    }

    /// The present moment, or the first one after the last stamp.
    pub(super) fn next(&self) -> Timestamp {
        let now = self.clock.now().micros();
        let after = |last: i64| Some(now.max(last + 1).min(Timestamp::MAX.micros()));
        let last = self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, after).unwrap_or(now);
        Timestamp::from_micros(now.max(last + 1)).unwrap_or(Timestamp::MAX)
    }
}

/// A storage that a transaction writes, with the version in force.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) in_force: Arc<InForce>,
    pub(super) texts: Arc<Texts>,
}

/// A write of a transaction.
#[derive(Debug)]
pub(super) struct Item<'b> {
    /// Its call's place among those of the transaction. The writes of one call follow one another.
    pub(super) call: usize,
    /// What its failure means for the others of its call.
    pub(super) atomicity: Atomicity,
    /// Its storage's place among the targets.
    pub(super) target: usize,
    pub(super) what: What<'b>,
    /// The key; none until one is drawn.
    pub(super) key: Option<Value>,
    pub(super) expect: Expect,
}

/// What a write does.
#[derive(Debug)]
pub(super) enum What<'b> {
    /// Puts a row that the version in force has proven.
    Put(Cow<'b, Row>),
    /// Deletes.
    Delete,
    /// Nothing: what became of it is known already.
    Settled(Outcome),
}

/// The writes of a transaction, each proven by the version in force, or settled when it no longer
/// fits that.
pub(super) fn items<'b>(
    todo: &[Open<'b>],
    targets: &[Target],
    reprove: Reprove,
) -> sqlx::Result<Vec<Item<'b>>> {
    let places = targets.iter().enumerate();
    let places: BTreeMap<StorageId, usize> =
        places.map(|(place, target)| (target.in_force.storage, place)).collect();
    let mut items = Vec::with_capacity(writes(todo));
    for (call, atomicity, write) in all(todo) {
        let found = places.get(&storage(write)).and_then(|place| Some((*place, targets.get(*place)?)));
        let Some((target, Target { in_force, .. })) = found else {
            return Err(sqlx::Error::Encode("a write without its storage".into()));
        };
        let (what, key) = match &write.action {
            Action::Delete { key, .. } => (What::Delete, Some(key.clone())),
            Action::Put(row) if row.proven_by().version == in_force.version => {
                (What::Put(Cow::Borrowed(row)), row.key().cloned())
            }
            Action::Put(row) => match reprove(row, in_force) {
                Ok(row) => {
                    let key = row.key().cloned();
                    (What::Put(Cow::Owned(row)), key)
                }
                Err(faults) => (What::Settled(Outcome::Invalid(faults)), None),
            },
        };
        items.push(Item { call, atomicity, target, what, key, expect: write.expect });
    }
    Ok(items)
}

/// What stood under a key, and what stands there after the writes so far.
#[derive(Debug)]
struct Slot<'b> {
    before: Option<&'b StoredRow>,
    now: Now,
    /// How many writes were about it.
    writes: usize,
}

#[derive(Debug, Clone, Copy)]
enum Now {
    /// What stood there before.
    AsBefore,
    /// What the write at this place of the outcomes made of it.
    Written(usize),
    /// Nothing.
    Gone,
}

impl<'b> Slot<'b> {
    fn new(before: Option<&'b StoredRow>) -> Self {
        Self { before, now: Now::AsBefore, writes: 0 }
    }
}

/// What a target's table has to be told.
#[derive(Debug, Default)]
pub(super) struct Changes<'b> {
    pub(super) inserted: Vec<Inserted<'b>>,
    pub(super) updated: Vec<&'b StoredRow>,
    pub(super) deleted: Vec<&'b Value>,
}

/// A new row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Inserted<'b> {
    pub(super) row: &'b StoredRow,
    /// The place of the write that made it what it is.
    pub(super) place: usize,
    /// Whether no other write was about it.
    pub(super) alone: bool,
}

/// The rows that were found, by target and key.
pub(super) type Found = Vec<Vec<StoredRow>>;

/// Decides every write, in order.
pub(super) struct Folded<'b> {
    pub(super) outcomes: Vec<Outcome>,
    slots: Slots<'b>,
}

type Place<'b> = (usize, KeyRef<'b>);
type Slots<'b> = HashMap<Place<'b>, Slot<'b>>;

/// Decides all writes in their order, each on what those before it made of its row. What a call did
/// whose writes stand or fall together is taken back when one of them fails.
pub(super) fn fold<'b>(
    targets: &[Target],
    items: &'b [Item<'_>],
    found: &'b Found,
    stamps: &Stamps,
) -> sqlx::Result<Folded<'b>> {
    let mut slots: Slots<'b> = HashMap::with_capacity(items.len());
    for (target, rows) in found.iter().enumerate() {
        for row in rows {
            slots.insert((target, KeyRef::of(&row.key)?), Slot::new(Some(row)));
        }
    }
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(items.len());
    for call in items.chunk_by(|one, next| one.call == next.call) {
        let first = outcomes.len();
        let mut before: Vec<(Place<'b>, Now)> = Vec::new();
        for item in call {
            let outcome = match &item.what {
                What::Settled(outcome) => outcome.clone(),
                _ => one(targets, item, &mut slots, &mut before, &outcomes, stamps)?,
            };
            outcomes.push(outcome);
        }
        let together = call.first().is_some_and(|item| item.atomicity == Atomicity::AllOrNothing);
        if together && outcomes.iter().skip(first).any(Outcome::is_failure) {
            for (place, now) in before.into_iter().rev() {
                slots.entry(place).and_modify(|slot| slot.now = now);
            }
            undo(outcomes.iter_mut().skip(first));
        }
    }
    Ok(Folded { outcomes, slots })
}

/// What becomes of a call when some of its writes have failed, and they stand or fall together.
pub(super) fn undo<'o>(outcomes: impl Iterator<Item = &'o mut Outcome>) {
    for outcome in outcomes.filter(|outcome| !outcome.is_failure()) {
        *outcome = Outcome::RolledBack;
    }
}

/// Decides one write. What its row was before it goes to `before`, if it changes it.
fn one<'b>(
    targets: &[Target],
    item: &'b Item<'_>,
    slots: &mut Slots<'b>,
    before: &mut Vec<(Place<'b>, Now)>,
    outcomes: &[Outcome],
    stamps: &Stamps,
) -> sqlx::Result<Outcome> {
    let (Some(key), Some(target)) = (&item.key, targets.get(item.target)) else {
        return Err(sqlx::Error::Encode("a write without its key".into()));
    };
    let place = (item.target, KeyRef::of(key)?);
    let slot = slots.entry(place).or_insert_with(|| Slot::new(None));
    slot.writes += 1;
    let current = match slot.now {
        Now::AsBefore => slot.before,
        Now::Gone => None,
        Now::Written(place) => written(outcomes, place),
    };
    let decision = match &item.what {
        What::Put(row) => decide::put(current, row, item.expect),
        What::Delete => decide::delete(current, &target.in_force, item.expect),
        What::Settled(outcome) => Decision::Settled(outcome.clone()),
    };
    let stored = |row| Stored { row, in_force: target.in_force.clone() };
    let put = |version, created_at, updated_at| {
        let values = match &item.what {
            What::Put(row) => row.values().to_vec(),
            What::Delete | What::Settled(_) => Vec::new(),
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
        Decision::Settled(outcome) => return Ok(outcome),
    };
    if item.atomicity == Atomicity::AllOrNothing {
        before.push((place, slot.now));
    }
    slot.now = now;
    Ok(outcome)
}

/// The row that the write at this place has made.
fn written(outcomes: &[Outcome], place: usize) -> Option<&StoredRow> {
    match outcomes.get(place) {
        Some(Outcome::Created(stored) | Outcome::Updated(stored)) => Some(&stored.row),
        _ => None,
    }
}

impl Folded<'_> {
    /// What the tables have to be told, by target, each part in the order of the keys.
    pub(super) fn changes(&self, targets: usize) -> Vec<Changes<'_>> {
        let mut changes: Vec<Changes<'_>> = Vec::new();
        changes.resize_with(targets, Changes::default);
        let mut slots: Vec<_> = self.slots.iter().collect();
        // In the order of the keys, so that transactions side by side do not wait for each other
        // crosswise.
        slots.sort_unstable_by_key(|(place, _)| **place);
        for ((target, _), slot) in slots {
            let Some(changes) = changes.get_mut(*target) else { continue };
            match (slot.before, slot.now) {
                (_, Now::AsBefore) | (None, Now::Gone) => {}
                (Some(row), Now::Gone) => changes.deleted.push(&row.key),
                (Some(_), Now::Written(place)) => changes.updated.extend(written(&self.outcomes, place)),
                (None, Now::Written(place)) => {
                    let alone = slot.writes == 1;
                    let row = written(&self.outcomes, place);
                    changes.inserted.extend(row.map(|row| Inserted { row, place, alone }));
                }
            }
        }
        changes
    }
}
