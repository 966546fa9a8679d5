//! Rows of system storages as Rust types: serde names the fields, the definition gives their types.
//!
//! JSON has no bytes, so a system storage has at most one binary field, and its bytes are passed separately
//! from the serialized fields.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value as Json};

use crate::{
    error::{Error, Result},
    schema::{Definition, InForce, Kind, Row, StoredRow, Value, infer::replace_nul},
    validate,
};

/// Turns a value into a row of a system storage. Fails if it contains NUL characters, which PostgreSQL cannot
/// store.
pub(crate) fn encode<T: Serialize>(in_force: &Arc<InForce>, row: &T) -> Result<Row> {
    to_row(in_force, serde_json::to_value(row).map_err(Error::internal)?, None)
}

/// Turns captured data, which must be stored whatever it contains, into a row: NUL characters become U+FFFD.
pub(crate) fn encode_captured<T: Serialize>(in_force: &Arc<InForce>, row: &T, bytes: Vec<u8>) -> Result<Row> {
    let mut json = serde_json::to_value(row).map_err(Error::internal)?;
    replace_nul(&mut json);
    to_row(in_force, json, Some(bytes))
}

fn to_row(in_force: &Arc<InForce>, json: Json, mut bytes: Option<Vec<u8>>) -> Result<Row> {
    let Json::Object(mut members) = json else {
        return Err(Error::internal("a system row is not an object"));
    };
    let definition = &in_force.definition;
    let mut value = |name: &str, kind: &Kind| match (kind, members.remove(name)) {
        (Kind::Binary { .. }, _) => Ok(bytes.take().map_or(Value::Null, Value::Binary)),
        (_, None | Some(Json::Null)) => Ok(Value::Null),
        (_, Some(json)) => {
            kind.take(json).map_err(|wrong| Error::Invalid(vec![validate::fault(name, wrong)]))
        }
    };
    let values = definition.fields.iter().map(|field| value(field.name.as_str(), &field.kind));
    let values: Vec<Value> = values.collect::<Result<_>>()?;
    let key = value(definition.key.name.as_str(), &definition.key.kind)?;
    let key = Some(key).filter(|key| *key != Value::Null);
    validate::typed(in_force, key, values).map_err(Error::Invalid)
}

/// Reads a row of a system storage, without its binary field.
pub(crate) fn decode<T: DeserializeOwned>(definition: &Definition, row: &StoredRow) -> Result<T> {
    let mut members = Map::with_capacity(1 + definition.fields.len());
    members.insert(definition.key.name.to_string(), row.key.to_json(&definition.key.kind));
    for (field, value) in definition.fields.iter().zip(&row.values) {
        if !matches!(field.kind, Kind::Binary { .. }) {
            members.insert(field.name.to_string(), value.to_json(&field.kind));
        }
    }
    serde_json::from_value(Json::Object(members)).map_err(Error::internal)
}

/// Returns the bytes of the binary field of a stored row.
pub(crate) fn bytes(row: &StoredRow) -> &[u8] {
    row.values
        .iter()
        .find_map(|value| if let Value::Binary(bytes) = value { Some(bytes.as_slice()) } else { None })
        .unwrap_or_default()
}
