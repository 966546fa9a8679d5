//! Replacements of writes that failed, stored in the same transaction.

use std::{borrow::Cow, sync::Arc};

use super::{
    apply::{Failure, ReadRows, apply},
    batch::{PlannedAction, PlannedWrite, Stamps, Target},
    call_state::PendingBatch,
    session::Session,
};
use crate::{
    schema::{InForce, Row, Value},
    store::{Action, Atomicity, Expect, Outcome, Returning},
};

/// Stores the replacements of failed writes, and turns their outcomes into [`Outcome::Replaced`].
pub(super) async fn replace(
    session: &mut Session,
    pending: &[PendingBatch<'_>],
    outcomes: &mut [Outcome],
    stamps: &Stamps,
) -> Result<(), Failure> {
    let mut failed: Vec<&mut Outcome> = Vec::new();
    let mut rows: Vec<(Row, Returning)> = Vec::new();
    let writes = pending
        .iter()
        .flat_map(|pending| pending.batch.writes.iter().enumerate().map(|write| (pending.batch, write)));
    for ((batch, (place, write)), outcome) in writes.zip(outcomes) {
        // A failed all-or-nothing batch has no replacements.
        if let (Some(on_failure), Atomicity::Independent, true) =
            (&batch.on_failure, batch.atomicity, outcome.is_failure())
            && let Some(row) = on_failure.replacement(place, write, outcome)
        {
            rows.push((row, batch.returning));
            failed.push(outcome);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let mut puts = SystemWrites::default();
    for (row, returning) in rows {
        let (in_force, key) = (row.proven_by().clone(), row.key().cloned());
        let put = PlannedAction::Do(Cow::Owned(Action::Put(row)));
        puts.add(session, &in_force, put, key, Expect::Anything, returning)?;
    }
    for (outcome, stored) in failed.into_iter().zip(puts.apply(session, stamps).await?) {
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

/// Writes to system storages, which always accept writes.
#[derive(Default)]
pub(super) struct SystemWrites<'p> {
    pub(super) targets: Vec<Target>,
    pub(super) writes: Vec<PlannedWrite<'p>>,
}

impl<'p> SystemWrites<'p> {
    pub(super) fn add(
        &mut self,
        session: &mut Session,
        in_force: &Arc<InForce>,
        action: PlannedAction<'p>,
        key: Option<Value>,
        expect: Expect,
        returning: Returning,
    ) -> Result<(), Failure> {
        // Other storages must be locked when the transaction begins.
        if !in_force.storage.is_system() {
            return Err(defect("replacements and records must go into system storages"));
        }
        let known = self.targets.iter().position(|target| target.in_force.storage == in_force.storage);
        let target = known.unwrap_or(self.targets.len());
        if known.is_none() {
            let statements = session.statements(in_force);
            self.targets.push(Target { statements, in_force: in_force.clone() });
        }
        let (batch, atomicity) = (self.writes.len(), Atomicity::Independent);
        self.writes.push(PlannedWrite { batch, atomicity, target, action, key, expect, returning });
        Ok(())
    }

    pub(super) async fn apply(
        mut self,
        session: &mut Session,
        stamps: &Stamps,
    ) -> Result<Vec<Outcome>, Failure> {
        apply(session, &self.targets, &mut self.writes, stamps, ReadRows::ALL).await
    }
}

fn defect(what: &'static str) -> Failure {
    Failure::Sql(sqlx::Error::Encode(what.into()))
}
