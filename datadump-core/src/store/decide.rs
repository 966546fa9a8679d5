//! What a write does to the row it meets: pure, so that both backends decide alike.

use std::sync::Arc;

use super::{Expect, Outcome, Stored};
use crate::{
    clock::Timestamp,
    error::{Fault, Place},
    schema::{InForce, Row, StoredRow, Value},
};

/// What is to be done to the table.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    /// There is no such row: insert it.
    Insert(StoredRow),
    /// There is one: replace it.
    Update(StoredRow),
    /// There is one: delete it.
    Delete(StoredRow),
    /// Nothing.
    Settled(Outcome),
}

/// Decides a [`Put`](super::Action::Put) of `row` under `key`.
pub(super) fn put(
    current: Option<&StoredRow>,
    row: &Row,
    key: &Value,
    expect: Expect,
    now: Timestamp,
) -> Decision {
    let in_force = row.proven_by();
    if let Some(outcome) = refused(current, in_force, expect) {
        return Decision::Settled(outcome);
    }
    let stored = |version, created_at| StoredRow {
        key: key.clone(),
        values: row.values().to_vec(),
        version,
        created_at,
        updated_at: now,
    };
    let Some(current) = current else {
        let first = match expect {
            Expect::Version(version) | Expect::First(version) => version,
            Expect::Anything | Expect::Different | Expect::Exactly(_) | Expect::Exists | Expect::Absent => 1,
        };
        return Decision::Insert(stored(first, now));
    };
    if expect == Expect::Different && current.values == row.values() {
        let same = Stored { row: current.clone(), in_force: in_force.clone() };
        return Decision::Settled(Outcome::Same(same));
    }
    match current.version.checked_add(1) {
        Some(version) => Decision::Update(stored(version, current.created_at)),
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

fn refused(current: Option<&StoredRow>, in_force: &Arc<InForce>, expect: Expect) -> Option<Outcome> {
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
