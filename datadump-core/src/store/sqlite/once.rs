//! Calls that take effect once: the record of one is looked for before it and put behind it, in the
//! same transaction.

use super::{
    one::{self, Done},
    write::Batch,
    writer::Stamps,
};
use crate::{
    error::{Error, Result},
    store::{Atomicity, Outcome, Write, WriteBatch, decide},
};

impl Batch<'_> {
    /// What becomes of a call whose record is not as expected.
    pub(super) fn refused(&mut self, call: &WriteBatch) -> Result<Option<Vec<Done>>> {
        let Some(once) = &call.once else { return Ok(None) };
        let current = self.one(&once.in_force).current(&once.key)?;
        let refused = decide::refused(current.as_ref(), &once.in_force, once.expect);
        Ok(refused.map(|refused| {
            let undone = call.writes.iter().map(|_| Outcome::RolledBack);
            undone.chain([refused]).map(Done::Settled).collect()
        }))
    }

    /// Puts the record of a call, and its outcome behind what was done.
    pub(super) fn record(
        &mut self,
        call: &WriteBatch,
        done: Vec<Done>,
        stamps: &mut Stamps,
    ) -> Result<Vec<Done>> {
        let Some(once) = &call.once else { return Ok(done) };
        // The record is made of rows as they are stored: only here they are copied.
        let mut outcomes = one::outcomes(call.writes.clone(), done);
        let fell = call.atomicity == Atomicity::AllOrNothing && outcomes.iter().any(Outcome::is_failure);
        let row = if fell { None } else { (once.make.0)(&outcomes) };
        let record = match row {
            None => Outcome::RolledBack,
            Some(row) => {
                let (write, reprove) = (Write::put(row, once.expect), self.reprove);
                let done = self.one(&once.in_force).run(&write, reprove, stamps.next())?;
                match one::outcomes(vec![write], vec![done]).pop() {
                    Some(put @ (Outcome::Created(_) | Outcome::Updated(_))) => put,
                    other => return Err(Error::internal(format!("a record could not be put: {other:?}"))),
                }
            }
        };
        outcomes.push(record);
        Ok(outcomes.into_iter().map(Done::Settled).collect())
    }
}
