//! What is put instead of rows that could not be stored, in the same transaction.

use std::{borrow::Cow, sync::Arc};

use super::{
    apply::{Failure, Look, apply},
    batch::{Item, Stamps, Target, What},
    session::Session,
    work::Open,
};
use crate::{
    schema::{InForce, Row},
    store::{Atomicity, Expect, Outcome},
};

/// Puts what the writes that have failed are to be replaced by, and says so in their outcomes.
pub(super) async fn put(
    session: &mut Session,
    todo: &[Open<'_>],
    outcomes: &mut [Outcome],
    stamps: &Stamps,
) -> Result<(), Failure> {
    let mut failed: Vec<&mut Outcome> = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let writes =
        todo.iter().flat_map(|open| open.call.writes.iter().enumerate().map(|write| (open.call, write)));
    for ((call, (place, write)), outcome) in writes.zip(outcomes) {
        // A call that stands or falls as a whole has nothing put in its place.
        if let (Some(otherwise), Atomicity::Independent, true) =
            (&call.on_failure, call.atomicity, outcome.is_failure())
            && let Some(row) = (otherwise.0)(place, write, outcome)
        {
            rows.push(row);
            failed.push(outcome);
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    let mut targets: Vec<Target> = Vec::new();
    let mut items: Vec<Item<'_>> = Vec::with_capacity(rows.len());
    for (call, row) in rows.into_iter().enumerate() {
        let target = target(session, &mut targets, row.proven_by())?;
        let key = row.key().cloned();
        let what = What::Put(Cow::Owned(row));
        items.push(Item {
            call,
            atomicity: Atomicity::Independent,
            target,
            what,
            key,
            expect: Expect::Anything,
        });
    }
    for (outcome, done) in
        failed.into_iter().zip(apply(session, &targets, &mut items, stamps, Look::Yes).await?)
    {
        match done {
            Outcome::Created(stored) | Outcome::Updated(stored) => {
                let why = std::mem::replace(outcome, Outcome::RolledBack);
                *outcome = Outcome::Replaced(Box::new(why), stored);
            }
            _ => return Err(wrong("what was to be put instead could not be")),
        }
    }
    Ok(())
}

/// The place of a storage among the targets.
pub(super) fn target(
    session: &mut Session,
    targets: &mut Vec<Target>,
    in_force: &Arc<InForce>,
) -> Result<usize, Failure> {
    // Others would have had to be locked when the transaction began.
    if !in_force.storage.is_system() {
        return Err(wrong("what is put instead does not go into a storage of our own"));
    }
    if let Some(place) = targets.iter().position(|target| target.in_force.storage == in_force.storage) {
        return Ok(place);
    }
    targets.push(Target { texts: session.texts(in_force), in_force: in_force.clone() });
    Ok(targets.len() - 1)
}

fn wrong(what: &'static str) -> Failure {
    Failure::Sql(sqlx::Error::Encode(what.into()))
}
