//! Turns a record into a row that matches the definition of its storage, or reports all faults. No other
//! module creates a [`Row`].

mod carry;
mod fit;
mod typed;

use std::sync::Arc;

use serde_json::Value as Json;

use crate::{
    error::{Fault, Place},
    id::Ids,
    record::Fields,
    schema::{Definition, Field, InForce, InvalidValue, Key, Kind, Patch, Row, Value, ValuesBuilder},
};

pub(crate) use fit::STORED_IN_EXTRA;
pub use fit::{FittedRow, Fitter};
pub use typed::typed;

/// Validates a record for a storage. Fields that are missing have their defaults, and a missing key is
/// generated if the definition says so.
pub fn row(in_force: &Arc<InForce>, record: impl Into<Fields>, ids: &Ids) -> Result<Row, Vec<Fault>> {
    validate(in_force, record.into(), Required::Always, || generated(in_force, ids))
}

/// Validates a record that is inserted, or merged into the row with its key. Required fields may be missing
/// if it has a key: only the store knows whether the row exists.
pub fn changes(in_force: &Arc<InForce>, record: impl Into<Fields>, ids: &Ids) -> Result<Row, Vec<Fault>> {
    validate(in_force, record.into(), Required::WithoutKey, || generated(in_force, ids))
}

/// Validates a row again, for a definition that came into force after the row was created. If that is the next
/// version, the result is as if the row had been stored before the migration, except that new required fields stay
/// missing.
pub fn revalidate(row: &Row, in_force: &Arc<InForce>) -> Result<Row, Vec<Fault>> {
    let (mut record, old) = (row.sent(), row.proven_by());
    // Versions in between may have renamed fields, which is not known here.
    if in_force.version == old.version + 1 {
        record = carry::carry_over(record, &old.definition, &in_force.definition);
    }
    validate(in_force, record.into(), Required::Never, || None)
}

/// Validates a merge patch (RFC 7396) of rows. Here null sets a field to null, because a row has all its fields; inside a
/// JSON field it removes a member.
pub fn patch(in_force: &Arc<InForce>, changes: impl Into<Fields>) -> Result<Patch, Vec<Fault>> {
    let definition = &in_force.definition;
    let (names, sent) = changes.into().into_parts();
    let (mut values, mut merged) = (ValuesBuilder::with_capacity(sent.len()), Vec::new());
    let (mut faults, mut next): (Vec<(usize, Fault)>, usize) = (Vec::new(), 0);
    for (name, json) in names.list().iter().zip(sent) {
        let place = in_force.place(name, &mut next);
        let Some((place, field)) = place.and_then(|place| Some((place, definition.fields.get(place)?)))
        else {
            faults.push((usize::MAX, surplus(definition, name)));
            continue;
        };
        if field.kind == Kind::Json && json.is_object() {
            merged.push((place, json));
            continue;
        }
        match value(field, json) {
            Ok(value) => values.push(place, value),
            Err(invalid) => faults.push((place, fault(name, invalid))),
        }
    }
    faults.sort_by_key(|(place, _)| *place);
    match faults.is_empty() {
        true => Ok(Patch::from_validated(in_force.clone(), values.finish(), merged)),
        false => Err(faults.into_iter().map(|(_, fault)| fault).collect()),
    }
}

fn surplus(definition: &Definition, name: &str) -> Fault {
    let detail = format!("storage `{}` has no field `{name}`", definition.name);
    Fault::new(Place::field(name), "surplus", detail)
}

/// The records in which required fields must be present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Required {
    Always,
    /// In those without a key.
    WithoutKey,
    Never,
}

/// Returns a generated key, unless the database generates it.
fn generated(in_force: &InForce, ids: &Ids) -> Option<Value> {
    matches!(in_force.definition.key.kind, Kind::Uuid | Kind::Id).then(|| Value::Uuid(ids.next()))
}

fn validate(
    in_force: &Arc<InForce>,
    record: Fields,
    required: Required,
    generated: impl Fn() -> Option<Value>,
) -> Result<Row, Vec<Fault>> {
    let definition = &in_force.definition;
    let (mut sent_key, mut next) = (None, 0);
    let (names, sent) = record.into_parts();
    let mut values = ValuesBuilder::with_capacity(sent.len());
    // With the place of the field, because faults are listed in the order of the definition.
    let mut faults: Vec<(usize, Fault)> = Vec::new();
    for (name, json) in names.list().iter().zip(sent) {
        let place = in_force.place(name, &mut next);
        match place.and_then(|place| Some((place, definition.fields.get(place)?))) {
            Some((place, field)) => {
                let value = value(field, json).unwrap_or_else(|invalid| {
                    faults.push((place, fault(name, invalid)));
                    Value::Null
                });
                values.push(place, value);
            }
            None if name == definition.key.name.as_str() => sent_key = Some(json),
            None => faults.push((usize::MAX, surplus(definition, name))),
        }
    }
    let sent_key = sent_key.filter(|json| !json.is_null());
    let values = values.finish();
    let is_required = match required {
        Required::Always => true,
        Required::WithoutKey => sent_key.is_none(),
        Required::Never => false,
    };
    if is_required {
        faults.extend(in_force.missing(&values));
    }
    let key = match sent_key {
        Some(json) => key(&definition.key, &json)
            .map(Some)
            .map_err(|invalid| fault(definition.key.name.as_str(), invalid)),
        None if definition.key.generated => Ok(generated()),
        None => {
            let detail = format!("key `{}` is missing", definition.key.name);
            Err(Fault::new(Place::field(definition.key.name.as_str()), "missing", detail))
        }
    };
    faults.sort_by_key(|(place, _)| *place);
    let mut faults: Vec<Fault> = faults.into_iter().map(|(_, fault)| fault).collect();
    match key {
        Ok(key) if faults.is_empty() => Ok(Row::from_validated(in_force.clone(), key, values)),
        Ok(_) => Err(faults),
        Err(fault) => {
            faults.insert(0, fault);
            Err(faults)
        }
    }
}

fn key(key: &Key, json: &Json) -> Result<Value, InvalidValue> {
    match key.kind.read(json)? {
        // These keys cannot be part of a URL path: `/dog/` is the list, and clients resolve `.` and `..`.
        Value::Text(text) if matches!(text.as_str(), "" | "." | "..") => {
            Err(InvalidValue::new("key", format!("key {text:?} cannot be used in a URL")))
        }
        value => Ok(value),
    }
}

fn value(field: &Field, sent: Json) -> Result<Value, InvalidValue> {
    let value = if sent.is_null() { Value::Null } else { field.kind.take(sent)? };
    field.check(&value)?;
    Ok(value)
}

/// Returns the fault of a field with this value.
pub(crate) fn fault(name: &str, invalid: InvalidValue) -> Fault {
    Fault::new(Place::field(name), invalid.code, invalid.detail)
}
