//! What is told of the hub's own rows, to whoever listens. A token is never told, not even its fingerprint.

use serde_json::{Map, Value as Json, json};

use super::{commands, rows::read};
use crate::{
    schema::Value,
    store::{ChangeKind, Stored, system_storages::SystemStorage},
};

/// The word of an event of one of the hub's storages, and what it says.
pub(in crate::dump) fn told(
    own: SystemStorage,
    what: ChangeKind,
    key: &Value,
    stored: Option<&Stored>,
) -> (&'static str, Json) {
    let mut row = match stored.map(Stored::to_json) {
        Some(Json::Object(row)) => row,
        _ => Map::new(),
    };
    let id = match key {
        Value::Integer(id) => Json::from(*id),
        Value::Uuid(id) => Json::from(id.to_string()),
        _ => Json::Null,
    };
    for hidden in ["token", "version", "created_at", "updated_at", "id", "due"] {
        row.remove(hidden);
    }
    let word = |what| match what {
        ChangeKind::Inserted => "registered",
        ChangeKind::Updated => "changed",
        ChangeKind::Deleted => "removed",
    };
    let said = |what: &str, id: &str, key: Json, row: Map<String, Json>| {
        let mut said = Map::new();
        said.insert("what".into(), what.into());
        said.insert(id.into(), key);
        said.extend(row);
        Json::Object(said)
    };
    match own {
        SystemStorage::Device => ("device", said(word(what), "device_id", id, row)),
        SystemStorage::Sensor => ("device", said(&format!("sensor-{}", word(what)), "sensor_id", id, row)),
        SystemStorage::Transition => ("device", said("status", "transition", id, row)),
        SystemStorage::Command => {
            let command = stored.and_then(|stored| read(&stored.in_force, &stored.row).ok());
            ("command", command.map_or_else(|| json!({"id": id}), |command| commands::shown(&command)))
        }
        _ => ("change", json!({})),
    }
}
