//! Counts the outcomes of a throw's writes into its receipt.

use super::originals::OriginalOf;
use crate::{
    quarantine::{FailedPart, FailureReason},
    receipt::{Receipt, Remark, Stage},
    record::Origin,
    rows::OnConflict,
    schema::Value,
    store::{Expect, Outcome},
};

/// The part of a throw that a write stores.
#[derive(Debug)]
pub(super) enum WrittenPart {
    /// A row, with the position of its record in the throw, and which original it has, unless that can be parsed
    /// again from its bytes alone.
    Row(Origin, Option<OriginalOf>),
    /// A quarantine entry.
    Entry {
        /// The stage that failed.
        stage: Stage,
        /// The error in the receipt.
        remark: Box<Remark>,
        /// The storage that the record was meant for.
        storage: Option<String>,
    },
    /// A write that the receipt does not count.
    Extra,
}

/// Counts the outcome of each write.
pub(super) fn tally(
    receipt: &mut Receipt,
    parts: &[WrittenPart],
    outcomes: &[Outcome],
    on_conflict: OnConflict,
) {
    let expect = if on_conflict == OnConflict::Error { Expect::Absent } else { Expect::Anything };
    for (part, outcome) in parts.iter().zip(outcomes) {
        match (part, outcome) {
            (WrittenPart::Extra, _) | (WrittenPart::Row(..), Outcome::RolledBack) => {}
            (WrittenPart::Entry { stage, remark, .. }, _) => {
                receipt.quarantined += 1;
                receipt.error(*stage, Remark::clone(remark));
            }
            (
                WrittenPart::Row(..),
                Outcome::Created(stored) | Outcome::Updated(stored) | Outcome::Deleted(stored),
            ) => {
                receipt.accept(stored.in_force.definition.name.as_str());
            }
            // The stored row is identical, or was to be kept.
            (WrittenPart::Row(..), Outcome::Unchanged(_)) => receipt.duplicates += 1,
            (WrittenPart::Row(origin, _), outcome) => {
                let (failed, entry) = match outcome {
                    Outcome::Replaced(failed, stored) => (failed.as_ref(), Some(stored)),
                    failed => (failed, None),
                };
                let reason = FailureReason::refused(failed, &expect);
                let quarantine = entry.and_then(|stored| match stored.row.key {
                    Value::Uuid(id) => Some(id),
                    _ => None,
                });
                receipt.quarantined += u64::from(quarantine.is_some());
                let origin = Some(origin.clone());
                let failed = FailedPart { origin, original: None, storage: None, reason };
                receipt.error(failed.reason.stage, failed.remark(quarantine));
            }
        }
    }
    receipt.errors.sort_by_key(|remark| remark.index);
}
