//! Turns a record into a row that matches the definition of its storage, or reports all faults. No other
//! module creates a [`Row`].

mod fit;
mod typed;

use std::sync::Arc;

use serde_json::Value as Json;

use crate::{
    error::{Fault, Place},
    id::Ids,
    record::Fields,
    schema::{Field, InForce, InvalidValue, Key, Kind, Presence, Row, Value},
};

pub(crate) use fit::STORED_IN_EXTRA;
pub use fit::{FittedRow, Fitter};
pub use typed::typed;

/// Validates a record for a storage. Missing fields get their defaults, and a missing key is generated if
/// the definition says so.
pub fn row(in_force: &Arc<InForce>, record: impl Into<Fields>, ids: &Ids) -> Result<Row, Vec<Fault>> {
    let generated = || match in_force.definition.key.kind {
        Kind::Uuid | Kind::Id => Some(Value::Uuid(ids.next())),
        _ => None,
    };
    validate(in_force, record.into(), generated)
}

/// Validates a row again, for a definition that came into force after the row was created.
pub fn revalidate(row: &Row, in_force: &Arc<InForce>) -> Result<Row, Vec<Fault>> {
    validate(in_force, row.to_record().into(), || None)
}

fn validate(
    in_force: &Arc<InForce>,
    record: Fields,
    generated: impl Fn() -> Option<Value>,
) -> Result<Row, Vec<Fault>> {
    let definition = &in_force.definition;
    let (mut sent_key, mut surplus, mut next) = (None, Vec::new(), 0);
    let mut sent = vec![None; definition.fields.len()];
    let (names, values) = record.into_parts();
    for (name, json) in names.list().iter().zip(values) {
        match in_force.place(name, &mut next).and_then(|place| sent.get_mut(place)) {
            Some(slot) => *slot = Some(json),
            None if name == definition.key.name.as_str() => sent_key = Some(json),
            None => surplus.push(name),
        }
    }
    let mut faults = Vec::new();
    let key = match sent_key.filter(|json| !json.is_null()) {
        Some(json) => match key(&definition.key, &json) {
            Ok(key) => Some(key),
            Err(invalid) => {
                faults.push(fault(definition.key.name.as_str(), invalid));
                None
            }
        },
        None if definition.key.generated => generated(),
        None => {
            let detail = format!("key `{}` is missing", definition.key.name);
            faults.push(Fault::new(Place::field(definition.key.name.as_str()), "missing", detail));
            None
        }
    };
    let mut values = Vec::with_capacity(definition.fields.len());
    for (field, sent) in definition.fields.iter().zip(sent) {
        match value(field, sent) {
            Ok(value) => values.push(value),
            Err(invalid) => faults.push(fault(field.name.as_str(), invalid)),
        }
    }
    for name in surplus {
        let detail = format!("storage `{}` has no field `{name}`", definition.name);
        faults.push(Fault::new(Place::field(name), "surplus", detail));
    }
    if faults.is_empty() { Ok(Row::from_validated(in_force.clone(), key, values)) } else { Err(faults) }
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

fn value(field: &Field, sent: Option<Json>) -> Result<Value, InvalidValue> {
    let value = match (sent, &field.presence) {
        (Some(Json::Null), _) => Value::Null,
        (Some(json), _) => field.kind.take(json)?,
        (None, Presence::Optional(default)) => return Ok(default.clone()),
        (None, Presence::Required { .. }) => return Err(InvalidValue::new("missing", "is missing")),
    };
    field.check(&value)?;
    Ok(value)
}

/// Returns the fault of a field with this value.
pub(crate) fn fault(name: &str, invalid: InvalidValue) -> Fault {
    Fault::new(Place::field(name), invalid.code, invalid.detail)
}
