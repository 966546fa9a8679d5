//! The storages of readings: a shared one, and one for each device that has its own. All are ordinary
//! storages.

use std::{sync::Arc, time::Duration};

use serde_json::{Value as Json, json};

use super::{Hub, cache::Device, rules::name};
use crate::{
    definitions::Refusal as StorageRefusal,
    error::{Error, Result},
    schema::{Bounds, Field, InForce, Kind, StoredRow, Value, name::READINGS},
    store::Column,
};

/// Returns the storage that a device's readings go to.
pub(super) fn storage_of(device: i64, has_own: bool) -> String {
    if has_own { format!("{READINGS}_{device}") } else { READINGS.to_owned() }
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
    /// Returns the storage of readings with this name, created if it does not exist, or why it cannot be
    /// created.
    pub(super) async fn readings_storage(&self, name: &str) -> Result<Result<Arc<InForce>, StorageRefusal>> {
        for _ in 0..MAX_ATTEMPTS {
            let storage = self.context.store.catalogue().folded(name);
            if let Some(in_force) = storage.as_ref().and_then(|storage| storage.in_force.clone()) {
                return Ok(Ok(in_force));
            }
            if let Some(storage) = storage.as_ref().filter(|storage| storage.is_migrating()) {
                self.context.store.migrate(storage.id).await?;
                continue;
            }
            let base = storage.map(|failed| (failed.id, 0));
            if let Err(refusal) = self.definitions.apply_automatically(&definition(name), base).await? {
                return Ok(Err(refusal));
            }
            if self.context.store.catalogue().folded(name).is_none() {
                // Another task or node creates it at the same time.
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
        Err(Error::Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Consent, Dump, Expect, Push, throw::SourceName};

    use super::*;

    async fn push(dump: &Dump, body: &'static str) -> crate::Receipt {
        let throw = crate::Incoming { body: body.into(), ..crate::Incoming::default() };
        dump.hub().push(Push { throw, token: None, commands: 0 }).await.unwrap().receipt
    }

    /// A storage may have been declared before the name was the hub's.
    #[tokio::test]
    async fn a_storage_with_other_fields_takes_the_readings_that_fit() {
        let dump = Dump::builder().database("sqlite::memory:").open().await.unwrap();
        let mut sent = definition(READINGS);
        sent["key"] = json!({"name": "read_id", "type": "uuid", "generated": true});
        sent["fields"][5]["max_length"] = json!(4);
        dump.definitions()
            .queue(crate::schema::parse::definition(&sent).unwrap(), &sent, None)
            .await
            .unwrap();
        dump.definitions().settled(READINGS).await.unwrap();
        let receipt =
            push(&dump, r#"{"device_id": "door", "state": "open", "why": "the wind", "t": 1}"#).await;
        assert_eq!((receipt.accepted, receipt.quarantined), (2, 1));
        dump.close().await;
    }

    #[tokio::test]
    async fn programs_that_embed_the_library_cannot_write_readings() {
        let dump = Dump::builder().database("sqlite::memory:").open().await.unwrap();
        assert_eq!(push(&dump, r#"{"device_id": "door", "t": 1}"#).await.accepted, 1);
        let rows = dump.storage(READINGS).unwrap();
        let row = rows.list(&[]).await.unwrap().rows.remove(0);
        let key = row["read_id"].to_string();
        let is_refused = |error| matches!(error, Error::HubStorage(name) if name == READINGS);
        assert!(is_refused(rows.save(&row, Expect::Anything).await.unwrap_err()));
        assert!(is_refused(rows.replace(&key, &row, Expect::Anything).await.unwrap_err()));
        assert!(is_refused(rows.patch(&key, &json!({"value": 2}), Expect::Anything).await.unwrap_err()));
        let once = crate::IdempotencyKey::parse("k").unwrap();
        let saved = dump.save_with_key(READINGS, &row, Expect::Anything, once.into()).await;
        assert!(is_refused(saved.unwrap_err()));
        let mut changed = definition(READINGS);
        changed["meta"]["scans"] = (changed["meta"]["scans"] != true).into();
        assert!(is_refused(dump.declare(&changed, Consent::default()).await.unwrap_err()));
        let source = SourceName::parse(READINGS).unwrap();
        let throw = crate::Incoming { body: r#"{"value": 2}"#.into(), ..crate::Incoming::default() };
        let receipt = dump.throw(&source, throw).await.unwrap();
        assert_eq!((receipt.accepted, receipt.errors[0].code.as_str()), (0, "hub-storage"));
        assert_eq!(rows.list(&[]).await.unwrap().rows, [row]);
        rows.delete(&key, Expect::Anything).await.unwrap();
        dump.close().await;
    }
}
