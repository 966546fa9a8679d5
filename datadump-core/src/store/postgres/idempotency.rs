//! Idempotency records: read and locked before the writes, stored after them, in the same transaction.
//!
//! A session that inserts the same record at the same time waits for the primary key, finds it taken, and
//! retries; then it reads the record.

use std::{borrow::Cow, collections::HashMap};

use super::{
    apply::{self, Failure, ReadRows, apply},
    batch::{PlannedAction, PlannedWrite, Stamps, Target},
    call_state::PendingBatch,
    columns::KeyRef,
    on_failure::system_target,
    session::Session,
};
use crate::{
    schema::StoredRow,
    store::{Atomicity, IdempotencyRecord, Outcome, decide},
};

/// Returns the batches whose stored records do not meet their conditions, each with the outcome of its
/// record.
pub(super) async fn replayed<'b>(
    session: &mut Session,
    pending: &[PendingBatch<'b>],
) -> Result<Vec<(PendingBatch<'b>, Outcome)>, Failure> {
    let mut targets: Vec<Target> = Vec::new();
    let mut reads: Vec<PlannedWrite<'_>> = Vec::new();
    for record in pending.iter().filter_map(|pending| pending.batch.idempotency.as_ref()) {
        let target = system_target(session, &mut targets, &record.in_force)?;
        reads.push(planned(reads.len(), target, PlannedAction::Final(Outcome::RolledBack), record));
    }
    if reads.is_empty() {
        return Ok(Vec::new());
    }
    let found = apply::lock(session, &targets, &reads).await?;
    let mut records: HashMap<KeyRef<'_>, &StoredRow> = HashMap::new();
    for row in found.iter().flatten() {
        records.insert(KeyRef::of(&row.key)?, row);
    }
    let mut replayed = Vec::new();
    for pending in pending {
        let Some(record) = &pending.batch.idempotency else { continue };
        let current = records.get(&KeyRef::of(&record.key)?).copied();
        if let Some(outcome) = decide::unmet(current, &record.in_force, record.expect) {
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
    let mut targets: Vec<Target> = Vec::new();
    let mut puts: Vec<PlannedWrite<'_>> = Vec::new();
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
            let target = system_target(session, &mut targets, &record.in_force)?;
            puts.push(planned(puts.len(), target, PlannedAction::Put(Cow::Owned(row)), record));
            places.push(all.len());
        }
        all.push(Outcome::RolledBack);
    }
    let stored = apply(session, &targets, &mut puts, stamps, ReadRows::Yes).await?;
    for (place, stored) in places.into_iter().zip(stored) {
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

fn planned<'p>(
    batch: usize,
    target: usize,
    action: PlannedAction<'p>,
    record: &IdempotencyRecord,
) -> PlannedWrite<'p> {
    PlannedWrite {
        batch,
        atomicity: Atomicity::Independent,
        target,
        action,
        key: Some(record.key.clone()),
        expect: record.expect,
    }
}
