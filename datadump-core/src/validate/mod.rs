//! schema × record → row, or everything that is wrong with it.

mod fit;

use std::sync::Arc;

use serde_json::Value as Json;

use crate::{
    error::{Fault, Place},
    id::Ids,
    record::Fields,
    schema::{Field, InForce, Key, Kind, Presence, Row, Value, Wrong},
};

pub use fit::{Fitted, Fitter};

/// Proves that a record fits a storage. Fields it leaves out get their defaults, a key it leaves
/// out is generated where the definition says so.
pub fn row(in_force: &Arc<InForce>, record: impl Into<Fields>, ids: &Ids) -> Result<Row, Vec<Fault>> {
    let generated = || match in_force.definition.key.kind {
        Kind::Uuid | Kind::Id => Some(Value::Uuid(ids.next())),
        _ => None,
    };
    prove(in_force, record.into(), generated)
}

/// Proves a row once more, for a definition that came into force after it was proven.
pub fn again(row: &Row, in_force: &Arc<InForce>) -> Result<Row, Vec<Fault>> {
    prove(in_force, row.to_record().into(), || None)
}

fn prove(
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
            Err(wrong) => {
                faults.push(fault(definition.key.name.as_str(), wrong));
                None
            }
        },
        None if definition.key.generated => generated(),
        None => {
            let detail = format!("Key `{}` is missing", definition.key.name);
            faults.push(Fault::new(Place::field(definition.key.name.as_str()), "missing", detail));
            None
        }
    };
    let mut values = Vec::with_capacity(definition.fields.len());
    for (field, sent) in definition.fields.iter().zip(sent) {
        match value(field, sent) {
            Ok(value) => values.push(value),
            Err(wrong) => faults.push(fault(field.name.as_str(), wrong)),
        }
    }
    for name in surplus {
        let detail = format!("storage `{}` has no field `{name}`", definition.name);
        faults.push(Fault::new(Place::field(name), "surplus", detail));
    }
    if faults.is_empty() { Ok(Row::proven(in_force.clone(), key, values)) } else { Err(faults) }
}

fn key(key: &Key, json: &Json) -> Result<Value, Wrong> {
    let value = key.kind.read(json)?;
    if let Value::Text(text) = &value {
        // An address can say neither: `/dog/` is the list, and `.` and `..` are folded away.
        if matches!(text.as_str(), "" | "." | "..") {
            return Err(Wrong::new("key", format!("Key {text:?} cannot stand in an address")));
        }
    }
    Ok(value)
}

fn value(field: &Field, sent: Option<Json>) -> Result<Value, Wrong> {
    let value = match (sent, &field.presence) {
        (Some(Json::Null), _) => Value::Null,
        (Some(json), _) => field.kind.take(json)?,
        (None, Presence::Optional(default)) => return Ok(default.clone()),
        (None, Presence::Required { .. }) => return Err(Wrong::new("missing", "is missing")),
    };
    field.check(&value)?;
    Ok(value)
}

fn fault(name: &str, wrong: Wrong) -> Fault {
    Fault::new(Place::field(name), wrong.code, wrong.detail)
}

/// Makes a row of values that are typed already.
pub(crate) fn typed(
    in_force: &Arc<InForce>,
    key: Option<Value>,
    values: Vec<Value>,
) -> Result<Row, Vec<Fault>> {
    Ok(Row::proven(in_force.clone(), key, values))
}
