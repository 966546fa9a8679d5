//! Decides what a write does to the stored row. Pure functions, so that both backends decide alike.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value as Json};

use super::{Action, Expect, Outcome, Returning, Stored, current_row::CurrentRow};
use crate::{
    clock::Timestamp,
    error::{Fault, Place},
    schema::{FieldSet, InForce, Patch, Row, StoredRow, Value, Values, definition::EXTRA},
};

/// Maximum size in bytes to which merges let `_extra` of a row grow. Each of them reads and writes all of it.
const MAX_MERGED_EXTRA: usize = 64 << 10;

/// Change of the table.
#[derive(Debug, Clone)]
pub(super) enum Decision<'r> {
    /// Insert the row with this version.
    Insert { version: i32 },
    /// Replace the stored row; the new one gets this version and keeps `created_at`.
    Replace { version: i32, created_at: Timestamp },
    /// Change these fields of the stored row, which gets this version and keeps `created_at`.
    Change { version: i32, created_at: Timestamp, values: Cow<'r, Values> },
    /// Delete the stored row, which was this.
    Delete(Stored),
    /// Do nothing; this is the outcome.
    Final(Outcome),
}

/// Returns the version of a new row; `None` if the condition requires an existing one.
pub(super) fn first_version(expect: &Expect) -> Option<i32> {
    match expect {
        Expect::Version(version) | Expect::First(version) => Some(*version),
        Expect::Keep(version) => Some(version.unwrap_or(1)),
        Expect::Anything | Expect::Different | Expect::NotSince(..) | Expect::Absent => Some(1),
        Expect::Exactly(_) | Expect::Exists | Expect::Matches(_) => None,
    }
}

/// Returns whether a put or merge can be tried as an insert without reading the stored row.
pub(super) fn can_insert_blindly(row: &Row, expect: &Expect) -> bool {
    first_version(expect).is_some() && row.is_complete()
}

/// Returns the fields of the stored row that are needed to decide a write and for its outcome.
pub(super) fn needed_fields(
    action: &Action,
    in_force: &InForce,
    expect: &Expect,
    returning: Returning,
) -> FieldSet {
    let all = FieldSet::first(in_force.definition.fields.len());
    let mut needed = FieldSet::first(0);
    match (action, expect) {
        _ if returning == Returning::Rows => return all,
        (Action::Put(_), Expect::Different | Expect::NotSince(..)) => return all,
        (Action::Merge(row), Expect::Different | Expect::NotSince(..)) => {
            needed.extend(row.values().fields());
        }
        (_, Expect::Matches(filter)) => filter.add_fields(&mut needed),
        _ => {}
    }
    if let Action::Patch { patch, .. } = action {
        patch.merged().for_each(|place| needed.extend(&FieldSet::one(place)));
        if matches!(expect, Expect::Different | Expect::NotSince(..)) {
            needed.extend(patch.set().fields());
        }
    }
    if let (Action::Merge(_), Some(place)) = (action, in_force.extra()) {
        needed.extend(&FieldSet::one(place));
    }
    needed
}

/// Decides a write. A deletion is made for the version in force.
pub(super) fn decide<'r>(
    current: Option<&dyn CurrentRow>,
    action: &'r Action,
    in_force: &Arc<InForce>,
    expect: &Expect,
    returning: Returning,
) -> Decision<'r> {
    match action {
        Action::Put(row) => put(current, row, expect, returning),
        Action::Merge(row) => merge(current, row, expect, returning),
        Action::Patch { patch, .. } => self::patch(current, patch, expect, returning),
        Action::Delete { .. } => delete(current, in_force, expect, returning),
    }
}

fn put<'r>(
    current: Option<&dyn CurrentRow>,
    row: &Row,
    expect: &Expect,
    returning: Returning,
) -> Decision<'r> {
    let in_force = row.proven_by();
    if let Some(outcome) = unmet(current, in_force, expect, returning) {
        return Decision::Final(outcome);
    }
    if !row.is_complete() {
        return Decision::Final(Outcome::Invalid(row.missing().collect()));
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
    match next_version(current) {
        Ok(version) => Decision::Replace { version, created_at: current.created_at() },
        Err(outcome) => Decision::Final(outcome),
    }
}

fn merge<'r>(
    current: Option<&dyn CurrentRow>,
    row: &'r Row,
    expect: &Expect,
    returning: Returning,
) -> Decision<'r> {
    let Some(current) = current else { return put(None, row, expect, returning) };
    let in_force = row.proven_by();
    if let Some(outcome) = unmet(Some(current), in_force, expect, returning) {
        return Decision::Final(outcome);
    }
    let values = match changes(current, row) {
        Ok(values) => values,
        Err(fault) => return Decision::Final(Outcome::Invalid(vec![fault])),
    };
    change(current, in_force, values, expect, returning)
}

fn patch<'r>(
    current: Option<&dyn CurrentRow>,
    patch: &'r Patch,
    expect: &Expect,
    returning: Returning,
) -> Decision<'r> {
    let in_force = patch.proven_by();
    if let Some(outcome) = unmet(current, in_force, expect, returning) {
        return Decision::Final(outcome);
    }
    let Some(current) = current else { return Decision::Final(Outcome::Missing) };
    let values = match patch.values(|place| current.value(place)) {
        Ok(values) => values,
        Err(faults) => return Decision::Final(Outcome::Invalid(faults)),
    };
    change(current, in_force, values, expect, returning)
}

/// Decides a change of a row to these values, whose condition is met.
fn change<'r>(
    current: &dyn CurrentRow,
    in_force: &Arc<InForce>,
    values: Cow<'r, Values>,
    expect: &Expect,
    returning: Returning,
) -> Decision<'r> {
    if matches!(expect, Expect::Different | Expect::NotSince(..))
        && values.iter().all(|(place, value)| current.value(place) == value)
    {
        return Decision::Final(Outcome::Unchanged(stored(current, in_force, returning)));
    }
    if is_newer(current, expect) {
        return Decision::Final(Outcome::Superseded(stored(current, in_force, returning)));
    }
    match next_version(current) {
        Ok(version) => Decision::Change { version, created_at: current.created_at(), values },
        Err(outcome) => Decision::Final(outcome),
    }
}

/// Returns the values that a merge writes: those that were sent, and `_extra` if it changes.
///
/// `_extra` has the parts of records that have no field or do not fit it. So it keeps the members that were
/// not sent, and loses those whose field was.
fn changes<'r>(current: &dyn CurrentRow, row: &'r Row) -> Result<Cow<'r, Values>, Fault> {
    let (in_force, sent) = (row.proven_by(), row.values());
    let Some(extra) = in_force.extra() else { return Ok(Cow::Borrowed(sent)) };
    let Value::Json(stored) = current.value(extra) else { return Ok(Cow::Borrowed(sent)) };
    let sent_extra = match sent.get(extra) {
        Some(Value::Json(text)) => Some(text),
        Some(_) => return Ok(Cow::Borrowed(sent)),
        None => None,
    };
    if sent_extra == Some(stored) {
        return Ok(Cow::Borrowed(sent));
    }
    let (Some(mut members), Some(added)) =
        (object(stored), sent_extra.map_or(Some(Map::new()), |text| object(text)))
    else {
        return Ok(Cow::Borrowed(sent));
    };
    for place in sent.fields().iter() {
        // A member that is sent again keeps its position: the texts are compared.
        let name = in_force.definition.fields.get(place).map(|field| field.name.as_str());
        if let Some(name) = name.filter(|name| !added.contains_key(*name)) {
            members.shift_remove(name);
        }
    }
    members.extend(added);
    let is_empty = members.is_empty();
    let text = Json::Object(members).to_string();
    if text.len() > MAX_MERGED_EXTRA.max(stored.len()) {
        let detail = format!(
            "`{EXTRA}` of the row would exceed {MAX_MERGED_EXTRA} bytes, the limit for merged records; replace the \
             row with PUT"
        );
        return Err(Fault::new(Place::field(EXTRA), "too-long", detail));
    }
    let merged = if is_empty { Value::Null } else { Value::Json(text) };
    if sent_extra.is_none() && merged == *current.value(extra) {
        return Ok(Cow::Borrowed(sent));
    }
    let mut values = sent.clone();
    values.set(extra, merged);
    Ok(Cow::Owned(values))
}

fn object(text: &str) -> Option<Map<String, Json>> {
    serde_json::from_str(text).ok()
}

/// Returns the version after a write.
fn next_version(current: &dyn CurrentRow) -> Result<i32, Outcome> {
    current.version().checked_add(1).ok_or_else(|| {
        let detail = "the row already has the greatest possible version and cannot be changed";
        Outcome::Invalid(vec![Fault::new(Place::field("version"), "out-of-range", detail)])
    })
}

fn delete<'r>(
    current: Option<&dyn CurrentRow>,
    in_force: &Arc<InForce>,
    expect: &Expect,
    returning: Returning,
) -> Decision<'r> {
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
fn is_newer(current: &dyn CurrentRow, expect: &Expect) -> bool {
    match expect {
        Expect::NotSince(moment, version) => {
            current.updated_at() > *moment && *version != Some(current.version())
        }
        _ => false,
    }
}

/// Returns the outcome of a write whose condition the stored row does not meet; `None` if it does.
pub(super) fn unmet(
    current: Option<&dyn CurrentRow>,
    in_force: &Arc<InForce>,
    expect: &Expect,
    returning: Returning,
) -> Option<Outcome> {
    let is_met = match (expect, current) {
        (Expect::Keep(_), Some(current)) => {
            return Some(Outcome::Unchanged(stored(current, in_force, returning)));
        }
        (
            Expect::Anything | Expect::Different | Expect::NotSince(..) | Expect::Exists | Expect::Matches(_),
            Some(_),
        ) if in_force.definition.meta.require_version => {
            return Some(Outcome::VersionRequired);
        }
        (Expect::Matches(filter), current) => {
            let matches = current.is_some_and(|current| filter.passes(&|column| current.column(column)));
            return (!matches).then_some(Outcome::Unmatched);
        }
        (Expect::Anything | Expect::Different | Expect::NotSince(..), _)
        | (Expect::Version(_) | Expect::Absent | Expect::First(_) | Expect::Keep(_), None)
        | (Expect::Exists, Some(_)) => true,
        (Expect::Version(version) | Expect::Exactly(version), Some(current)) => current.version() == *version,
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
