//! Idempotency records: read and locked before the writes, stored after them, in the same transaction.
//!
//! A session that inserts the same record at the same time waits for the primary key, finds it taken, and
//! retries; then it reads the record.

use std::{borrow::Cow, collections::HashMap};

use super::{
    apply::{self, Failure, LockRead},
    batch::{PlannedAction, Stamps},
    call_state::PendingBatch,
    columns::KeyRef,
    on_failure::SystemWrites,
    session::Session,
};
use crate::store::{
    Action, Outcome, Returning,
    current_row::{CurrentRow, PartialRow},
    decide,
};

/// Returns the batches whose stored records do not meet their conditions, each with the outcome of its
/// record.
pub(super) async fn replayed<'b>(
    session: &mut Session,
    pending: &[PendingBatch<'b>],
) -> Result<Vec<(PendingBatch<'b>, Outcome)>, Failure> {
    let mut reads = SystemWrites::default();
    for record in pending.iter().filter_map(|pending| pending.batch.idempotency.as_ref()) {
        let read = PlannedAction::Final(Outcome::RolledBack);
        let key = Some(record.key.clone());
        reads.add(session, &record.in_force, read, key, record.expect.clone(), Returning::Rows)?;
    }
    if reads.writes.is_empty() {
        return Ok(Vec::new());
    }
    let found = apply::lock(session, &reads.targets, &reads.writes, LockRead::UpTo(usize::MAX)).await?;
    let mut records: HashMap<KeyRef<'_>, &PartialRow> = HashMap::new();
    for row in found.iter().flatten() {
        records.insert(KeyRef::of(&row.key)?, row);
    }
    let mut replayed = Vec::new();
    for pending in pending {
        let Some(record) = &pending.batch.idempotency else { continue };
        let current = records.get(&KeyRef::of(&record.key)?).map(|row| *row as &dyn CurrentRow);
        if let Some(outcome) = decide::unmet(current, &record.in_force, &record.expect, Returning::Rows) {
            replayed.push((*pending, outcome));
        }
    }
    Ok(replayed)
}

/// Stores the records of batches, and adds the outcome of each behind those of its batch's writes.
pub(super) async fn record(
    session: &mut Session,
    pending: &[PendingBatch<'_>],
    outcomes: Vec<Outcome>,
    stamps: &Stamps,
) -> Result<Vec<Outcome>, Failure> {
    if pending.iter().all(|pending| pending.batch.idempotency.is_none()) {
        return Ok(outcomes);
    }
    let mut puts = SystemWrites::default();
    let (mut outcomes, mut all) = (outcomes.into_iter(), Vec::new());
    // Positions of the records' outcomes.
    let mut places = Vec::new();
    for pending in pending {
        let batch = pending.batch;
        let first = all.len();
        all.extend(outcomes.by_ref().take(batch.writes.len()));
        let Some(record) = &batch.idempotency else { continue };
        let of_batch = all.get(first..).unwrap_or_default();
        if let Some(row) = record.row(batch.atomicity, of_batch) {
            let put = PlannedAction::Do(Cow::Owned(Action::Put(row)));
            let key = Some(record.key.clone());
            puts.add(session, &record.in_force, put, key, record.expect.clone(), Returning::Rows)?;
            places.push(all.len());
        }
        all.push(Outcome::RolledBack);
    }
    for (place, stored) in places.into_iter().zip(puts.apply(session, stamps).await?) {
        match stored {
            Outcome::Created(_) | Outcome::Updated(_) => {
                if let Some(slot) = all.get_mut(place) {
                    *slot = stored;
                }
            }
            // Another session has stored the record since it was read.
            _ => return Err(Failure::Collision),
        }
    }
    Ok(all)
}
