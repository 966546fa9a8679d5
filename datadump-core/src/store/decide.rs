//! Decides what a write does to the stored row. Pure functions, so that both backends decide alike.

use std::sync::Arc;

use super::{Expect, Outcome, Returning, Stored};
use crate::{
    clock::Timestamp,
    error::{Fault, Place},
    schema::{InForce, Row, StoredRow, Value},
};

/// A stored row, as far as the backend has read it.
pub(super) trait CurrentRow {
    fn key(&self) -> &Value;

    /// Returns the value of the field with this index.
    fn value(&self, place: usize) -> &Value;

    fn version(&self) -> i32;

    fn created_at(&self) -> Timestamp;

    fn updated_at(&self) -> Timestamp;
}

impl CurrentRow for StoredRow {
    fn key(&self) -> &Value {
        &self.key
    }

    fn value(&self, place: usize) -> &Value {
        self.values.get(place).unwrap_or(&Value::Null)
    }

    fn version(&self) -> i32 {
        self.version
    }

    fn created_at(&self) -> Timestamp {
        self.created_at
    }

    fn updated_at(&self) -> Timestamp {
        self.updated_at
    }
}

/// What to do to the table.
#[derive(Debug, Clone)]
pub(super) enum Decision {
    /// Insert the row with this version.
    Insert { version: i32 },
    /// Replace the stored row; the new one gets this version and keeps `created_at`.
    Update { version: i32, created_at: Timestamp },
    /// Delete the stored row, which was this.
    Delete(Stored),
    /// Do nothing; this is the outcome.
    Final(Outcome),
}

/// Returns the version of a new row; `None` if the condition requires an existing one.
pub(super) fn first_version(expect: Expect) -> Option<i32> {
    match expect {
        Expect::Version(version) | Expect::First(version) => Some(version),
        Expect::Anything | Expect::Different | Expect::NotSince(..) | Expect::Absent => Some(1),
        Expect::Exactly(_) | Expect::Exists => None,
    }
}

/// Decides a [`Put`](super::Action::Put) of `row`.
pub(super) fn put(
    current: Option<&dyn CurrentRow>,
    row: &Row,
    expect: Expect,
    returning: Returning,
) -> Decision {
    let in_force = row.proven_by();
    if let Some(outcome) = unmet(current, in_force, expect, returning) {
        return Decision::Final(outcome);
    }
    let Some(current) = current else {
        return Decision::Insert { version: first_version(expect).unwrap_or(1) };
    };
    let mut places = 0..in_force.definition.fields.len();
    if matches!(expect, Expect::Different | Expect::NotSince(..))
        && places.all(|place| current.value(place) == row.value(place))
    {
        return Decision::Final(Outcome::Unchanged(stored(current, in_force, returning)));
    }
    if is_newer(current, expect) {
        return Decision::Final(Outcome::Superseded(stored(current, in_force, returning)));
    }
    match current.version().checked_add(1) {
        Some(version) => Decision::Update { version, created_at: current.created_at() },
        None => {
            let detail = "the row already has the greatest possible version and cannot be changed";
            let fault = Fault::new(Place::field("version"), "out-of-range", detail);
            Decision::Final(Outcome::Invalid(vec![fault]))
        }
    }
}

/// Decides a [`Delete`](super::Action::Delete).
pub(super) fn delete(
    current: Option<&dyn CurrentRow>,
    in_force: &Arc<InForce>,
    expect: Expect,
    returning: Returning,
) -> Decision {
    if let Some(outcome) = unmet(current, in_force, expect, returning) {
        return Decision::Final(outcome);
    }
    match current {
        Some(current) if is_newer(current, expect) => {
            Decision::Final(Outcome::Superseded(stored(current, in_force, returning)))
        }
        Some(current) => Decision::Delete(stored(current, in_force, returning)),
        None => Decision::Final(Outcome::Missing),
    }
}

/// Returns whether the stored row was written after the moment in the condition.
fn is_newer(current: &dyn CurrentRow, expect: Expect) -> bool {
    match expect {
        Expect::NotSince(moment, version) => {
            current.updated_at() > moment && version != Some(current.version())
        }
        _ => false,
    }
}

/// Returns the outcome of a write whose condition the stored row does not meet; `None` if it does.
pub(super) fn unmet(
    current: Option<&dyn CurrentRow>,
    in_force: &Arc<InForce>,
    expect: Expect,
    returning: Returning,
) -> Option<Outcome> {
    let is_met = match (expect, current) {
        (Expect::Anything | Expect::Different | Expect::NotSince(..) | Expect::Exists, Some(_))
            if in_force.definition.meta.require_version =>
        {
            return Some(Outcome::VersionRequired);
        }
        (Expect::Anything | Expect::Different | Expect::NotSince(..), _)
        | (Expect::Version(_) | Expect::Absent | Expect::First(_), None)
        | (Expect::Exists, Some(_)) => true,
        (Expect::Version(version) | Expect::Exactly(version), Some(current)) => current.version() == version,
        (Expect::Exactly(_) | Expect::Exists, None) | (Expect::Absent | Expect::First(_), Some(_)) => false,
    };
    (!is_met).then(|| Outcome::Refused(current.map(|current| stored(current, in_force, returning))))
}

/// Returns a row for an outcome.
pub(super) fn stored(current: &dyn CurrentRow, in_force: &Arc<InForce>, returning: Returning) -> Stored {
    let values = match returning {
        Returning::Rows => 0..in_force.definition.fields.len(),
        Returning::Keys => 0..0,
    };
    let row = StoredRow {
        key: current.key().clone(),
        values: values.map(|place| current.value(place).clone()).collect(),
        version: current.version(),
        created_at: current.created_at(),
        updated_at: current.updated_at(),
    };
    Stored { row, in_force: in_force.clone() }
}
