//! Replacements of writes that failed, stored in the same transaction.

use std::{borrow::Cow, sync::Arc};

use super::{
    apply::{Failure, ReadRows, apply},
    batch::{PlannedAction, PlannedWrite, Stamps, Target},
    call_state::PendingBatch,
    session::Session,
};
use crate::{
    schema::{InForce, Row},
    store::{Atomicity, Expect, Outcome},
};

/// Stores the replacements of failed writes, and turns their outcomes into [`Outcome::Replaced`].
pub(super) async fn replace(
    session: &mut Session,
    pending: &[PendingBatch<'_>],
    outcomes: &mut [Outcome],
    stamps: &Stamps,
) -> Result<(), Failure> {
    let mut failed: Vec<&mut Outcome> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let writes = pending
        .iter()
        .flat_map(|pending| pending.batch.writes.iter().enumerate().map(|write| (pending.batch, write)));
    for ((batch, (place, write)), outcome) in writes.zip(outcomes) {
        // A failed all-or-nothing batch has no replacements.
        if let (Some(on_failure), Atomicity::Independent, true) =
            (&batch.on_failure, batch.atomicity, outcome.is_failure())
            && let Some(row) = on_failure.replacement(place, write, outcome)
        {
            rows.push(row);
            failed.push(outcome);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let mut targets: Vec<Target> = Vec::new();
    let mut writes: Vec<PlannedWrite<'_>> = Vec::with_capacity(rows.len());
    for (batch, row) in rows.into_iter().enumerate() {
        writes.push(PlannedWrite {
            batch,
            atomicity: Atomicity::Independent,
            target: system_target(session, &mut targets, row.proven_by())?,
            key: row.key().cloned(),
            action: PlannedAction::Put(Cow::Owned(row)),
            expect: Expect::Anything,
        });
    }
    let stored = apply(session, &targets, &mut writes, stamps, ReadRows::Yes).await?;
    for (outcome, stored) in failed.into_iter().zip(stored) {
        match stored {
            Outcome::Created(stored) | Outcome::Updated(stored) => {
                let failed = std::mem::replace(outcome, Outcome::RolledBack);
                *outcome = Outcome::Replaced(Box::new(failed), stored);
            }
            _ => return Err(defect("the replacement of a failed write could not be stored")),
        }
    }
    Ok(())
}

/// Returns the position of a system storage among the targets, adding it if needed.
pub(super) fn system_target(
    session: &mut Session,
    targets: &mut Vec<Target>,
    in_force: &Arc<InForce>,
) -> Result<usize, Failure> {
    // Other storages must be locked when the transaction begins.
    if !in_force.storage.is_system() {
        return Err(defect("replacements and records must go into system storages"));
    }
    if let Some(place) = targets.iter().position(|target| target.in_force.storage == in_force.storage) {
        return Ok(place);
    }
    targets.push(Target { statements: session.statements(in_force), in_force: in_force.clone() });
    Ok(targets.len() - 1)
}

fn defect(what: &'static str) -> Failure {
    Failure::Sql(sqlx::Error::Encode(what.into()))
}
