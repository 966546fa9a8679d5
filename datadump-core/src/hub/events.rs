//! Renders changes of the hub's system storages as live events. Tokens are left out, even as a hash.

use serde_json::{Map, Value as Json, json};

use super::{commands, fetch::plain, readings::is_old, rows::read};
use crate::{
    live::HubEvents,
    schema::{StorageName, Value},
    store::{ChangeKind, Stored, system_storages::SystemStorage},
};

/// The functions with which `live` renders the hub's events.
pub(crate) static EVENTS: HubEvents = HubEvents { is_readings: StorageName::is_of_hub, reading, describe };

/// Renders a reading's row in the simple form of the live stream.
fn reading(stored: &Stored, only_new: bool) -> Option<Json> {
    if only_new && is_old(&stored.in_force, &stored.row) {
        return None;
    }
    let mut plain = plain(&stored.in_force, &stored.row)?;
    let members = plain.as_object_mut()?;
    for name in ["read_id", "received_at"] {
        members.shift_remove(name);
    }
    Some(plain)
}

fn describe(
    storage: SystemStorage,
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
    let name = |what| match what {
        ChangeKind::Inserted => "registered",
        ChangeKind::Updated => "changed",
        ChangeKind::Deleted => "removed",
    };
    let data = |what: &str, id: &str, key: Json, row: Map<String, Json>| {
        let first = [("what".to_owned(), what.into()), (id.to_owned(), key)];
        Json::Object(first.into_iter().chain(row).collect())
    };
    match storage {
        SystemStorage::Device => ("device", data(name(what), "device_id", id, row)),
        SystemStorage::Sensor => ("device", data(&format!("sensor-{}", name(what)), "sensor_id", id, row)),
        SystemStorage::Transition => ("device", data("status", "transition", id, row)),
        SystemStorage::Command => {
            let command = stored.and_then(|stored| read(&stored.in_force, &stored.row).ok());
            ("command", command.map_or_else(|| json!({"id": id}), |command| commands::to_json(&command)))
        }
        _ => ("change", json!({})),
    }
}
