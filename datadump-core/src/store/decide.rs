//! What a write does to the row it meets: pure, so that both backends decide alike.

use std::sync::Arc;

use super::{Expect, Outcome, Stored};
use crate::{
    clock::Timestamp,
    error::{Fault, Place},
    schema::{InForce, Row, StoredRow},
};

/// What is to be done to the table.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    /// There is no such row: insert it, with this version.
    Insert { version: i32 },
    /// There is one: replace it, with this version; it stays as old as it is.
    Update { version: i32, created_at: Timestamp },
    /// There is one: delete it.
    Delete(StoredRow),
    /// Nothing.
    Settled(Outcome),
}

/// The version of a new row, unless there must be none.
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
    if let Some(outcome) = refused(current, in_force, expect) {
        return Decision::Settled(outcome);
    }
    let Some(current) = current else {
        return Decision::Insert { version: first_version(expect).unwrap_or(1) };
    };
    if expect == Expect::Different && current.values == row.values() {
        let same = Stored { row: current.clone(), in_force: in_force.clone() };
        return Decision::Settled(Outcome::Unchanged(same));
    }
    match current.version.checked_add(1) {
        Some(version) => Decision::Update { version, created_at: current.created_at },
        None => {
            let detail = "the row cannot be written again: its version is the greatest there is";
            let fault = Fault::new(Place::field("version"), "out-of-range", detail);
            Decision::Settled(Outcome::Invalid(vec![fault]))
        }
    }
}

/// Decides a [`Delete`](super::Action::Delete).
pub(super) fn delete(current: Option<&StoredRow>, in_force: &Arc<InForce>, expect: Expect) -> Decision {
    if let Some(outcome) = refused(current, in_force, expect) {
        return Decision::Settled(outcome);
    }
    match current {
        Some(current) => Decision::Delete(current.clone()),
        None => Decision::Settled(Outcome::Missing),
    }
}

/// Why nothing is done on this condition, when it does not hold.
pub(super) fn refused(
    current: Option<&StoredRow>,
    in_force: &Arc<InForce>,
    expect: Expect,
) -> Option<Outcome> {
    let holds = match (expect, current) {
        (Expect::Anything | Expect::Different, Some(_)) if in_force.definition.meta.require_version => {
            return Some(Outcome::VersionRequired);
        }
        (Expect::Exists, Some(_)) if in_force.definition.meta.require_version => {
            return Some(Outcome::VersionRequired);
        }
        (Expect::Anything | Expect::Different, _)
        | (Expect::Version(_) | Expect::Absent | Expect::First(_), None)
        | (Expect::Exists, Some(_)) => true,
        (Expect::Version(version) | Expect::Exactly(version), Some(current)) => current.version == version,
        (Expect::Exactly(_) | Expect::Exists, None) | (Expect::Absent | Expect::First(_), Some(_)) => false,
    };
    (!holds)
        .then(|| Outcome::Refused(current.map(|row| Stored { row: row.clone(), in_force: in_force.clone() })))
}
