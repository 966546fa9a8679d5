//! Finding the rows that the database refuses, so that those beside them are stored.

use sqlx::postgres::PgDatabaseError;

use super::{
    apply::{self, Failure, apply},
    batch::{Item, Stamps, Target},
    error::{Trouble, details},
    session::Session,
};
use crate::{
    error::Fault,
    schema::{Definition, Index, StorageId},
    store::{
        Catalogue, Outcome,
        refusal::{constraint, no_keys_left, not_unique},
        sql,
    },
};

/// How many parts one transaction may keep. Each is a subtransaction, and of more than 64 the
/// database no longer knows by heart which are done: every reader would have to look it up.
const PARTS: usize = 50;

/// Applies writes part by part: a part that fails is halved, until the row at fault is alone. What
/// became of the writes that were reached; the others need another transaction.
pub(super) async fn apply_parts(
    session: &mut Session,
    catalogue: &Catalogue,
    targets: &[Target],
    items: &mut [Item<'_>],
    stamps: &Stamps,
) -> Result<Vec<(usize, Outcome)>, Failure> {
    // All locks at once and in order: the parts go in the order of the writes, not of the keys.
    apply::lock(session, targets, items).await?;
    let middle = items.len() / 2;
    let mut parts = vec![(middle, items.len()), (0, middle)];
    let (mut done, mut kept) = (Vec::with_capacity(items.len()), 0);
    while let Some((start, end)) = parts.pop() {
        let Some(part) = items.get_mut(start..end).filter(|part| !part.is_empty()) else { continue };
        session.say("SAVEPOINT part").await?;
        match apply(session, targets, part, stamps).await {
            Ok(outcomes) => {
                session.say("RELEASE SAVEPOINT part").await?;
                done.extend(part.iter().map(|item| item.place).zip(outcomes));
                kept += 1;
                if kept >= PARTS {
                    break;
                }
            }
            Err(Failure::Sql(error)) if matches!(Trouble::of(&error), Trouble::Row | Trouble::Other) => {
                session.say("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part").await?;
                if let [item] = part {
                    let target = targets.get(item.target);
                    let faults = target.map(|target| faults(&error, catalogue, target)).unwrap_or_default();
                    done.push((item.place, Outcome::Invalid(faults)));
                } else {
                    let middle = start + (end - start) / 2;
                    parts.extend([(middle, end), (start, middle)]);
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(done)
}

/// What is wrong with the one row that the database refused.
fn faults(error: &sqlx::Error, catalogue: &Catalogue, target: &Target) -> Vec<Fault> {
    let Some(said) = details(error) else {
        return vec![constraint(&error.to_string())];
    };
    let storage = target.in_force.storage;
    match said.code() {
        "23505" => {
            // The index may belong to the next version: it is enforced while it is being built.
            let pending = catalogue.by_id(storage).map(|storage| storage.migration.definition.clone());
            let definitions = [Some(&target.in_force.definition), pending.as_deref()];
            let index = definitions.into_iter().flatten().find_map(|d| violated(storage, d, said));
            let fields = index.map(|index| index.fields).unwrap_or_default();
            vec![not_unique(&fields.iter().map(ToString::to_string).collect::<Vec<_>>())]
        }
        "2200H" => vec![no_keys_left(target.in_force.definition.key.name.as_str())],
        _ => vec![constraint(said.message())],
    }
}

/// The index that a row violates.
fn violated(storage: StorageId, definition: &Definition, said: &PgDatabaseError) -> Option<Index> {
    let name = said.constraint()?;
    definition.all_indexes().into_iter().find(|index| {
        let own = sql::index_name(storage, index);
        name == own.as_str() || name.strip_suffix(super::text::GROWN) == Some(own.as_str())
    })
}
