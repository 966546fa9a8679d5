//! Calls that take effect once: their records are looked for and locked before, and put behind them,
//! in the same transaction. Whoever puts the same record at the same time waits for the index, finds
//! it taken, and begins again: then it is found.

use std::{borrow::Cow, collections::HashMap};

use super::{
    apply::{self, Failure, Look, apply},
    batch::{Item, Stamps, Target, What},
    columns::KeyRef,
    instead,
    session::Session,
    work::Open,
};
use crate::{
    schema::{StoredRow, Value},
    store::{Atomicity, Expect, IdempotencyRecord, Outcome, decide},
};

/// The calls whose records are not as expected, each with its record.
pub(super) async fn refused<'b>(
    session: &mut Session,
    todo: &[Open<'b>],
) -> Result<Vec<(Open<'b>, Outcome)>, Failure> {
    let mut targets: Vec<Target> = Vec::new();
    let mut items: Vec<Item<'_>> = Vec::new();
    for once in todo.iter().filter_map(|open| open.call.once.as_ref()) {
        let target = instead::target(session, &mut targets, &once.in_force)?;
        items.push(item(items.len(), target, What::Settled(Outcome::RolledBack), once));
    }
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let found = apply::lock(session, &targets, &items).await?;
    let mut records: HashMap<KeyRef<'_>, &StoredRow> = HashMap::new();
    for row in found.iter().flatten() {
        records.insert(KeyRef::of(&row.key)?, row);
    }
    let mut refused = Vec::new();
    for open in todo {
        let Some(once) = &open.call.once else { continue };
        let current = records.get(&KeyRef::of(&once.key)?).copied();
        if let Some(outcome) = decide::refused(current, &once.in_force, once.expect) {
            refused.push((*open, outcome));
        }
    }
    Ok(refused)
}

/// Puts the records of calls, and their outcomes behind those of the writes of each.
pub(super) async fn record(
    session: &mut Session,
    todo: &[Open<'_>],
    outcomes: Vec<Outcome>,
    stamps: &Stamps,
) -> Result<Vec<Outcome>, Failure> {
    if todo.iter().all(|open| open.call.once.is_none()) {
        return Ok(outcomes);
    }
    let mut targets: Vec<Target> = Vec::new();
    let mut items: Vec<Item<'_>> = Vec::new();
    let (mut outcomes, mut all) = (outcomes.into_iter(), Vec::new());
    // Where the outcomes of the records are to stand.
    let mut places = Vec::new();
    for open in todo {
        let first = all.len();
        all.extend(outcomes.by_ref().take(open.call.writes.len()));
        let Some(once) = &open.call.once else { continue };
        let of_call = all.get(first..).unwrap_or_default();
        let fell = open.call.atomicity == Atomicity::AllOrNothing && of_call.iter().any(Outcome::is_failure);
        if let Some(row) = Some(()).filter(|()| !fell).and_then(|()| (once.make.0)(of_call)) {
            let target = instead::target(session, &mut targets, &once.in_force)?;
            items.push(item(items.len(), target, What::Put(Cow::Owned(row)), once));
            places.push(all.len());
        }
        all.push(Outcome::RolledBack);
    }
    for (place, put) in places.into_iter().zip(apply(session, &targets, &mut items, stamps, Look::Yes).await?)
    {
        match put {
            Outcome::Created(_) | Outcome::Updated(_) => {
                if let Some(slot) = all.get_mut(place) {
                    *slot = put;
                }
            }
            // It has come since it was looked for.
            _ => return Err(Failure::Collision),
        }
    }
    Ok(all)
}

fn item<'i>(call: usize, target: usize, what: What<'i>, once: &IdempotencyRecord) -> Item<'i> {
    let (key, expect): (&Value, Expect) = (&once.key, once.expect);
    Item { call, atomicity: Atomicity::Independent, target, what, key: Some(key.clone()), expect }
}
