//! Where readings are kept: in one storage for all, or in one of the device's own. Both are ordinary storages.

use std::{sync::Arc, time::Duration};

use serde_json::{Value as Json, json};

use super::known::Device;
use crate::{
    dump::Dump,
    error::{Error, Result},
    hub::name,
    schema::{Bounds, Field, InForce, Kind, StorageName, StoredRow, Value, parse},
    store::Column,
};

/// The storage of all devices that have none of their own.
const READINGS: &str = "readings";

/// The storage that a device's readings go to.
pub(in crate::dump) fn storage_of(device: i64, has_own: bool) -> String {
    if has_own { format!("{READINGS}_{device}") } else { READINGS.to_owned() }
}

/// Whether a storage is one of readings.
pub(in crate::dump) fn is_of_readings(name: &StorageName) -> bool {
    match name.as_str().strip_prefix(READINGS) {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('_')
            .is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())),
        None => false,
    }
}

/// How often a storage is looked at again that others are making, and how long after.
const ROUNDS: usize = 500;
const PAUSE: Duration = Duration::from_millis(2);

/// How long after it was received a reading is stored at most, in microseconds, when it is a new one.
const NEW: i64 = 60_000_000;

/// Whether it was received long before it was stored here: it has been moved, or waited in quarantine.
pub(in crate::dump) fn is_old(in_force: &InForce, row: &StoredRow) -> bool {
    let received = Column::named(&in_force.definition, "received_at").map(|column| column.value(row));
    matches!(received, Some(Value::Timestamp(received)) if row.created_at.micros() - received.micros() > NEW)
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
        // One for sensors would be as large again: those of a device are looked through for the ones of a sensor.
        "meta": {"scans": true, "indexes": [{"fields": ["device_id", "timestamp"], "kind": "btree"}]},
    })
}

/// Whether a storage has the fields that we give it, so that a reading is a row of it as it is.
pub(super) fn is_ours(in_force: &InForce) -> bool {
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
            && !matches!(&field.kind, Kind::String { max_length } if usize::try_from(*max_length).unwrap_or(0) < name::LONGEST)
    };
    definition.key.generated
        && !definition.meta.require_version
        && definition.fields.len() == fields.len()
        && definition.fields.iter().zip(fields).all(is_same)
}

impl Device {
    /// The storage its readings go to.
    pub(super) fn storage(&self) -> String {
        storage_of(self.id, self.row.own_table)
    }
}

impl Dump {
    /// The storage of readings with this name, made now if there is none.
    pub(in crate::dump) async fn readings_storage(&self, name: &str) -> Result<Arc<InForce>> {
        for _ in 0..ROUNDS {
            if let Some(storage) = self.store.catalogue().folded(name) {
                let Some(in_force) = &storage.in_force else {
                    self.store.migrate(storage.id).await?;
                    continue;
                };
                return Ok(in_force.clone());
            }
            let sent = definition(name);
            match self.queue(parse::definition(&sent)?, &sent, None).await {
                Ok(storage) => self.store.migrate(storage.id).await?,
                // Somebody else made it in the same moment.
                Err(Error::StalePlan(_) | Error::Migrating { .. }) => tokio::time::sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
        Err(Error::Overloaded)
    }
}
