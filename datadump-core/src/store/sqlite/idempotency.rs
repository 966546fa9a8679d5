//! Idempotency records: checked before a batch is applied and stored after it, in the same transaction.

use super::{
    effect::{self, Effect},
    write::Transaction,
    writer::Stamps,
};
use crate::{
    error::Result,
    schema::FieldSet,
    store::{Outcome, Returning, WriteBatch, current_row::CurrentRow, decide},
};

impl Transaction<'_> {
    /// Returns the effects of a batch whose stored record does not meet its condition; `None` if it does.
    pub(super) fn replayed(&mut self, batch: &WriteBatch) -> Result<Option<Vec<Effect>>> {
        let Some(record) = &batch.idempotency else { return Ok(None) };
        let all = FieldSet::first(record.in_force.definition.fields.len());
        let current = self.rows(&record.in_force).current(&record.key, &all)?;
        let current = current.as_ref().map(|row| row as &dyn CurrentRow);
        let refused = decide::unmet(current, &record.in_force, &record.expect, Returning::Rows);
        Ok(refused.map(|refused| {
            let rolled_back = batch.writes.iter().map(|_| Outcome::RolledBack);
            rolled_back.chain([refused]).map(Effect::Final).collect()
        }))
    }

    /// Stores the record of a batch and adds its outcome to the effects.
    pub(super) fn record(
        &mut self,
        batch: &WriteBatch,
        effects: Vec<Effect>,
        stamps: &mut Stamps,
    ) -> Result<Vec<Effect>> {
        let Some(record) = &batch.idempotency else { return Ok(effects) };
        // The record is built from rows as they are stored, so this is the one place that copies them.
        let mut outcomes = effect::outcomes(batch.writes.clone(), effects, batch.returning);
        let outcome = match record.row(batch.atomicity, &outcomes) {
            None => Outcome::RolledBack,
            Some(row) => {
                let what = "an idempotency record";
                self.put_system_row(row, record.expect.clone(), Returning::Rows, stamps.next(), what)?
            }
        };
        outcomes.push(outcome);
        Ok(outcomes.into_iter().map(Effect::Final).collect())
    }
}
