//! The writes of one transaction, decided in memory: what the rows were, what each write makes of
//! them, and what they are in the end.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use super::{columns::KeyRef, text::Texts};
use crate::{
    clock::{Clock, Timestamp},
    schema::{InForce, Row, StoredRow, Value},
    store::{
        Expect, Outcome, Stored,
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
    /// Its place among all writes of the batch.
    pub(super) place: usize,
    /// Its storage's place among the targets.
    pub(super) target: usize,
    /// The row, proven by the version in force; none for a deletion.
    pub(super) row: Option<Cow<'b, Row>>,
    /// The key; none until one is drawn.
    pub(super) key: Option<Value>,
    pub(super) expect: Expect,
}

/// What stood under a key, and what stands there after the writes so far.
#[derive(Debug)]
struct Slot<'b> {
    before: Option<&'b StoredRow>,
    now: Now,
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

/// What a target's table has to be told.
#[derive(Debug, Default)]
pub(super) struct Changes<'b> {
    pub(super) inserted: Vec<&'b StoredRow>,
    pub(super) updated: Vec<&'b StoredRow>,
    pub(super) deleted: Vec<&'b Value>,
}

/// The rows that were found, by target and key.
pub(super) type Found = Vec<Vec<StoredRow>>;

/// Decides every write, in order.
pub(super) struct Folded<'b> {
    pub(super) outcomes: Vec<Outcome>,
    slots: HashMap<(usize, KeyRef<'b>), Slot<'b>>,
}

/// Decides all writes in their order, each on what those before it made of its row.
pub(super) fn fold<'b>(
    targets: &[Target],
    items: &'b [Item<'_>],
    found: &'b Found,
    stamps: &Stamps,
) -> sqlx::Result<Folded<'b>> {
    let mut slots: HashMap<(usize, KeyRef<'b>), Slot<'b>> = HashMap::with_capacity(items.len());
    for (target, rows) in found.iter().enumerate() {
        for row in rows {
            let slot = Slot { before: Some(row), now: Now::AsBefore };
            slots.insert((target, KeyRef::of(&row.key)?), slot);
        }
    }
    let mut outcomes: Vec<Outcome> = Vec::with_capacity(items.len());
    for item in items {
        let (Some(key), Some(target)) = (&item.key, targets.get(item.target)) else {
            return Err(sqlx::Error::Encode("a write without its key".into()));
        };
        let slot =
            slots.entry((item.target, KeyRef::of(key)?)).or_insert(Slot { before: None, now: Now::AsBefore });
        let current = match slot.now {
            Now::AsBefore => slot.before,
            Now::Gone => None,
            Now::Written(place) => match outcomes.get(place) {
                Some(Outcome::Created(stored) | Outcome::Updated(stored)) => Some(&stored.row),
                _ => None,
            },
        };
        let decision = match &item.row {
            Some(row) => decide::put(current, row, key, item.expect, stamps.next()),
            None => decide::delete(current, &target.in_force, item.expect),
        };
        let stored = |row| Stored { row, in_force: target.in_force.clone() };
        let outcome = match decision {
            Decision::Insert(row) => Outcome::Created(stored(row)),
            Decision::Update(row) => Outcome::Updated(stored(row)),
            Decision::Delete(row) => Outcome::Deleted(stored(row)),
            Decision::Settled(outcome) => outcome,
        };
        match &outcome {
            Outcome::Created(_) | Outcome::Updated(_) => slot.now = Now::Written(outcomes.len()),
            Outcome::Deleted(_) => slot.now = Now::Gone,
            _ => {}
        }
        outcomes.push(outcome);
    }
    Ok(Folded { outcomes, slots })
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
            let now = match slot.now {
                Now::AsBefore => continue,
                Now::Gone => None,
                Now::Written(place) => match self.outcomes.get(place) {
                    Some(Outcome::Created(stored) | Outcome::Updated(stored)) => Some(&stored.row),
                    _ => None,
                },
            };
            match (slot.before, now) {
                (None, Some(row)) => changes.inserted.push(row),
                (Some(_), Some(row)) => changes.updated.push(row),
                (Some(row), None) => changes.deleted.push(&row.key),
                (None, None) => {}
            }
        }
        changes
    }
}
