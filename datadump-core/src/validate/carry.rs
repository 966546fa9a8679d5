//! Carries a record over to the next version, as the migration did with the rows that were stored before it.

use serde_json::{Map, Value as Json};

use crate::schema::{
    Definition, Field,
    definition::EXTRA,
    evolve::{convert, origin},
};

/// Returns a record of one version as the next version has it: without dropped fields, with new names, and with
/// values of the new types. A value that does not fit stays as it is; in an inferred storage it goes to
/// `_extra`.
pub(super) fn carry_over(record: Map<String, Json>, old: &Definition, new: &Definition) -> Map<String, Json> {
    let mut carried = Map::with_capacity(record.len());
    let mut extra = Map::new();
    for (name, value) in record {
        let Some((place, before)) = old.field(&name) else {
            carried.insert(name, value);
            continue;
        };
        let continues = |field: &&Field| origin(old, field).is_some_and(|(from, _)| from == place);
        // A dropped field has no successor.
        let Some(after) = new.fields.iter().find(continues) else { continue };
        match converted(&value, before, after) {
            Some(value) => _ = carried.insert(after.name.to_string(), value),
            None if new.meta.auto && after.nullable => {
                extra.insert(after.name.to_string(), value);
                // It was sent, so it replaces the value of a row that it is merged into.
                carried.insert(after.name.to_string(), Json::Null);
            }
            None => _ = carried.insert(after.name.to_string(), value),
        }
    }
    if !extra.is_empty() {
        match carried.get_mut(EXTRA) {
            Some(Json::Object(members)) => members.extend(extra),
            _ => _ = carried.insert(EXTRA.to_owned(), Json::Object(extra)),
        }
    }
    carried
}

/// Returns a value of the old field as the new one has it; `None` if it does not fit.
fn converted(value: &Json, before: &Field, after: &Field) -> Option<Json> {
    if value.is_null() {
        return Some(Json::Null);
    }
    let value = convert(&before.kind.read(value).ok()?, &before.kind, &after.kind)?;
    after.check(&value).ok()?;
    Some(value.to_json(&after.kind))
}
