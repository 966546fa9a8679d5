//! The storages of readings: a shared one, and one for each device that has its own. All are ordinary
//! storages.

use std::{sync::Arc, time::Duration};

use serde_json::{Value as Json, json};

use super::{Hub, cache::Device, rules::name};
use crate::{
    error::{Error, Result},
    schema::{Bounds, Field, InForce, Kind, StorageName, StoredRow, Value, parse},
    store::Column,
};

/// The storage shared by the devices that do not have their own.
const READINGS: &str = "readings";

/// Returns the storage that a device's readings go to.
pub(super) fn storage_of(device: i64, has_own: bool) -> String {
    if has_own { format!("{READINGS}_{device}") } else { READINGS.to_owned() }
}

/// Returns whether a storage holds readings.
pub(super) fn is_readings(name: &StorageName) -> bool {
    let Some(rest) = name.as_str().strip_prefix(READINGS) else { return false };
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    rest.is_empty() || rest.strip_prefix('_').is_some_and(is_id)
}

/// Maximum attempts to open a storage that others are creating, and the pause between them.
const MAX_ATTEMPTS: usize = 500;
const RETRY_DELAY: Duration = Duration::from_millis(2);

/// Maximum time from the arrival of a new reading to its commit, in microseconds.
const MAX_COMMIT_DELAY: i64 = 60_000_000;

/// Returns whether a reading was received long before it was stored, because it was moved or waited in
/// quarantine.
pub(super) fn is_old(in_force: &InForce, row: &StoredRow) -> bool {
    let received = Column::named(&in_force.definition, "received_at").map(|column| column.value(row));
    matches!(received, Some(Value::Timestamp(received)) if row.created_at.micros() - received.micros() > MAX_COMMIT_DELAY)
}

fn definition(name: &str) -> Json {
    json!({
        "name": name,
        "key": {"name": "read_id", "type": "long", "generated": true},
        "fields": [
            {"name": "device_id", "type": "long"},
            {"name": "device", "type": "string", "max_length": 255},
            {"name": "sensor_id", "type": "long"},
            {"name": "sensor_type", "type": "string", "max_length": 255},
            {"name": "value", "type": "float", "nullable": true},
            {"name": "text", "type": "text", "nullable": true},
            {"name": "timestamp", "type": "timestamp"},
            {"name": "received_at", "type": "timestamp"},
        ],
        // No index on sensors, which would double the size: a query for a sensor scans the readings of its
        // device.
        "meta": {"scans": true, "indexes": [{"fields": ["device_id", "timestamp"], "kind": "btree"}]},
    })
}

/// Returns whether a storage has exactly the fields of the built-in definition, so that readings need no
/// validation.
pub(super) fn is_built_in(in_force: &InForce) -> bool {
    let fields = [
        ("device_id", "long", false),
        ("device", "string", false),
        ("sensor_id", "long", false),
        ("sensor_type", "string", false),
        ("value", "float", true),
        ("text", "text", true),
        ("timestamp", "timestamp", false),
        ("received_at", "timestamp", false),
    ];
    let definition = &in_force.definition;
    let is_same = |(field, (called, kind, nullable)): (&Field, (&str, &str, bool))| {
        let is_plain = field.bounds == Bounds::default() && field.pattern.is_none() && !field.unique;
        is_plain
            && (field.name.as_str(), field.kind.name(), field.nullable) == (called, kind, nullable)
            && match &field.kind {
                Kind::String { max_length } => usize::try_from(*max_length).unwrap_or(0) >= name::MAX_LENGTH,
                Kind::Text { max_length } => max_length.is_none(),
                _ => true,
            }
    };
    matches!(definition.key.kind, Kind::Integer | Kind::Long)
        && definition.key.generated
        && !definition.meta.require_version
        && definition.fields.len() == fields.len()
        && definition.fields.iter().zip(fields).all(is_same)
}

impl Device {
    pub(super) fn storage(&self) -> String {
        storage_of(self.id, self.row.own_table)
    }
}

impl Hub {
    /// Returns the storage of readings with this name, created if it does not exist.
    pub(super) async fn readings_storage(&self, name: &str) -> Result<Arc<InForce>> {
        for _ in 0..MAX_ATTEMPTS {
            if let Some(storage) = self.context.store.catalogue().folded(name) {
                let Some(in_force) = &storage.in_force else {
                    self.context.store.migrate(storage.id).await?;
                    continue;
                };
                return Ok(in_force.clone());
            }
            let sent = definition(name);
            match self.definitions.queue(parse::definition(&sent)?, &sent, None).await {
                Ok(storage) => self.context.store.migrate(storage.id).await?,
                // Another task or node creates it at the same time.
                Err(Error::StalePlan(_) | Error::Migrating { .. }) => tokio::time::sleep(RETRY_DELAY).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Overloaded)
    }
}
