//! What each write of a throw is of, and what its receipt says of what became of it.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{entry::Trouble, keep::Failed};
use crate::{
    receipt::{Receipt, Remark},
    record::Origin,
    store::Outcome,
};

/// What one of the writes is of.
#[derive(Debug)]
pub(super) enum Part {
    /// A row, where it came from, and what it was made of.
    Row(Origin, Original),
    Entry(Remark),
    Beside,
}

/// What a row was made of, where its bytes alone do not say it.
#[derive(Debug)]
pub(super) enum Original {
    Record(Option<Arc<Json>>),
    /// One of those that were heard with the throw.
    Heard(usize),
}

/// Counts what became of each write.
pub(super) fn settle(receipt: &mut Receipt, parts: &[Part], outcomes: &[Outcome]) {
    for (part, outcome) in parts.iter().zip(outcomes) {
        match (part, outcome) {
            (Part::Beside, _) | (Part::Row(..), Outcome::RolledBack) => {}
            (Part::Entry(remark), _) => {
                receipt.quarantined += 1;
                receipt.error(remark.clone());
            }
            (
                Part::Row(..),
                Outcome::Created(stored) | Outcome::Updated(stored) | Outcome::Deleted(stored),
            ) => {
                receipt.accept(stored.in_force.definition.name.as_str());
            }
            // Refused without anything instead: it was only to be stored if it was not there.
            (Part::Row(..), Outcome::Unchanged(_)) => receipt.duplicates += 1,
            (Part::Row(origin, _), outcome) => {
                let (failed, entry) = match outcome {
                    Outcome::Replaced(failed, stored) => (failed.as_ref(), Some(stored)),
                    failed => (failed, None),
                };
                let trouble = Trouble::refused(failed);
                let quarantine = entry.and_then(|stored| match stored.row.key {
                    crate::schema::Value::Uuid(id) => Some(id),
                    _ => None,
                });
                receipt.quarantined += u64::from(quarantine.is_some());
                let origin = Some(origin.clone());
                let failed = Failed { origin, original: None, storage: None, trouble };
                receipt.error(failed.remark(quarantine));
            }
        }
    }
    receipt.errors.sort_by_key(|remark| remark.index);
}
