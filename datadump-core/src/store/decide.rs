//! Decides what a write does to the stored row. Pure functions, so that both backends decide alike.

use std::sync::Arc;

use super::{Expect, Outcome, Stored};
use crate::{
    clock::Timestamp,
    error::{Fault, Place},
    schema::{InForce, Row, StoredRow},
};

/// What to do to the table.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    /// Insert the row with this version.
    Insert { version: i32 },
    /// Replace the stored row; the new one gets this version and keeps `created_at`.
    Update { version: i32, created_at: Timestamp },
    /// Delete this stored row.
    Delete(StoredRow),
    /// Do nothing; this is the outcome.
    Final(Outcome),
}

/// Returns the version of a new row; `None` if the condition requires an existing one.
pub(super) fn first_version(expect: Expect) -> Option<i32> {
    match expect {
        Expect::Version(version) | Expect::First(version) => Some(version),
        Expect::Anything | Expect::Different | Expect::Absent => Some(1),
        Expect::Exactly(_) | Expect::Exists => None,
    }
}

/// Decides a [`Put`](super::Action::Put) of `row`.
pub(super) fn put(current: Option<&StoredRow>, row: &Row, expect: Expect) -> Decision {
    let in_force = row.proven_by();
    if let Some(outcome) = unmet(current, in_force, expect) {
        return Decision::Final(outcome);
    }
    let Some(current) = current else {
        return Decision::Insert { version: first_version(expect).unwrap_or(1) };
    };
    if expect == Expect::Different && current.values == row.values() {
        let same = Stored { row: current.clone(), in_force: in_force.clone() };
        return Decision::Final(Outcome::Unchanged(same));
    }
    match current.version.checked_add(1) {
        Some(version) => Decision::Update { version, created_at: current.created_at },
        None => {
            let detail = "the row already has the greatest possible version and cannot be changed";
            let fault = Fault::new(Place::field("version"), "out-of-range", detail);
            Decision::Final(Outcome::Invalid(vec![fault]))
        }
    }
}

/// Decides a [`Delete`](super::Action::Delete).
pub(super) fn delete(current: Option<&StoredRow>, in_force: &Arc<InForce>, expect: Expect) -> Decision {
    if let Some(outcome) = unmet(current, in_force, expect) {
        return Decision::Final(outcome);
    }
    match current {
        Some(current) => Decision::Delete(current.clone()),
        None => Decision::Final(Outcome::Missing),
    }
}

/// Returns the outcome of a write whose condition the stored row does not meet; `None` if it does.
pub(super) fn unmet(current: Option<&StoredRow>, in_force: &Arc<InForce>, expect: Expect) -> Option<Outcome> {
    let is_met = match (expect, current) {
        (Expect::Anything | Expect::Different | Expect::Exists, Some(_))
            if in_force.definition.meta.require_version =>
        {
            return Some(Outcome::VersionRequired);
        }
        (Expect::Anything | Expect::Different, _)
        | (Expect::Version(_) | Expect::Absent | Expect::First(_), None)
        | (Expect::Exists, Some(_)) => true,
        (Expect::Version(version) | Expect::Exactly(version), Some(current)) => current.version == version,
        (Expect::Exactly(_) | Expect::Exists, None) | (Expect::Absent | Expect::First(_), Some(_)) => false,
    };
    (!is_met)
        .then(|| Outcome::Refused(current.map(|row| Stored { row: row.clone(), in_force: in_force.clone() })))
}
