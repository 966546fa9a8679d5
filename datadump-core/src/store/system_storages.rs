//! The service's own storages: sources, programs, quarantine, kept throws, answers, and what the hub keeps.
//! They are storages like all others, so that they are written in the same transactions and listed with
//! the same filters; only nobody declares them, and nobody sees them among their own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::{Value as Json, json};

use super::{
    Outcome,
    catalogue::{Migration, State, Storage},
};
use crate::{
    clock::Timestamp,
    schema::{Definition, InForce, StorageId, StorageName, parse},
};

/// One of the service's own storages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemStorage {
    /// Sources with their settings.
    Source,
    /// Programs that people wrote, every version of each.
    Processor,
    /// What could not be stored, with its bytes and the reason.
    Quarantine,
    /// Throws that are kept as they came, where a source says so.
    Kept,
    /// Answers to requests with an idempotency key, to be given again.
    Answer,
    /// Devices.
    Device,
    /// Their sensors.
    Sensor,
    /// When devices and sensors were heard.
    Pulse,
    /// How devices and sensors came to be online, late or offline.
    Transition,
    /// Commands to devices, with every step they took.
    Command,
}

impl SystemStorage {
    /// All of them. What was released is not renumbered.
    pub const ALL: [Self; 10] = [
        Self::Source,
        Self::Processor,
        Self::Quarantine,
        Self::Kept,
        Self::Answer,
        Self::Device,
        Self::Sensor,
        Self::Pulse,
        Self::Transition,
        Self::Command,
    ];

    /// Its number.
    pub fn id(self) -> StorageId {
        StorageId(match self {
            Self::Source => -1,
            Self::Processor => -2,
            Self::Quarantine => -3,
            Self::Kept => -4,
            Self::Answer => -5,
            Self::Device => -6,
            Self::Sensor => -7,
            Self::Pulse => -8,
            Self::Transition => -9,
            Self::Command => -10,
        })
    }

    /// The version of the system tables that brought it.
    pub(super) fn since(self) -> i64 {
        match self {
            Self::Source | Self::Processor | Self::Quarantine | Self::Kept => 2,
            Self::Answer => 3,
            Self::Device | Self::Sensor | Self::Pulse | Self::Transition | Self::Command => 5,
        }
    }

    /// Whether what changes in it is told like what changes in people's storages.
    fn is_told(self) -> bool {
        matches!(self, Self::Device | Self::Sensor | Self::Transition | Self::Command)
    }

    /// The one with this number.
    pub(crate) fn of(id: StorageId) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.id() == id)
    }

    /// Its name, which nobody else's storage can have.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Source => "_source",
            Self::Processor => "_processor",
            Self::Quarantine => "_quarantine",
            Self::Kept => "_throw",
            Self::Answer => "_answer",
            Self::Device => "_device",
            Self::Sensor => "_sensor",
            Self::Pulse => "_pulse",
            Self::Transition => "_transition",
            Self::Command => "_command",
        }
    }

    fn sent(self) -> Json {
        match self {
            Self::Source => json!({
                "key": {"name": "name", "type": "string", "max_length": 55},
                "fields": [
                    {"name": "settings", "type": "json"},
                    {"name": "last_format", "type": "text", "nullable": true},
                ],
                "meta": {"scans": true},
            }),
            Self::Processor => json!({
                // Its name, `@`, and its version.
                "key": {"name": "id", "type": "string", "max_length": 80},
                "fields": [
                    {"name": "name", "type": "string", "max_length": 55, "db_index": true},
                    {"name": "number", "type": "integer"},
                    {"name": "takes", "type": "string", "max_length": 16},
                    {"name": "program", "type": "text"},
                    {"name": "deleted", "type": "boolean"},
                ],
                "meta": {"scans": true},
            }),
            Self::Quarantine => json!({
                "key": {"name": "id", "type": "uuid"},
                "fields": [
                    {"name": "state", "type": "enum", "values": ["waiting", "replayed"], "db_index": true},
                    {"name": "source", "type": "string", "max_length": 55, "db_index": true},
                    {"name": "throw", "type": "uuid", "db_index": true},
                    {"name": "index", "type": "long", "nullable": true},
                    {"name": "line", "type": "long", "nullable": true},
                    {"name": "storage", "type": "string", "max_length": 55, "nullable": true},
                    {"name": "format", "type": "text", "nullable": true},
                    {"name": "processor", "type": "text", "nullable": true},
                    {"name": "processor_version", "type": "integer", "nullable": true},
                    {"name": "step", "type": "string", "max_length": 16},
                    {"name": "code", "type": "string", "max_length": 64, "db_index": true},
                    {"name": "field", "type": "text", "nullable": true},
                    {"name": "detail", "type": "text"},
                    {"name": "content_type", "type": "text", "nullable": true},
                    {"name": "arguments", "type": "json", "nullable": true},
                    {"name": "peer", "type": "text", "nullable": true},
                    {"name": "received_at", "type": "timestamp"},
                    {"name": "record", "type": "json", "nullable": true},
                    {"name": "raw", "type": "binary"},
                ],
                "meta": {"scans": true},
            }),
            Self::Kept => json!({
                "key": {"name": "id", "type": "uuid"},
                "fields": [
                    {"name": "source", "type": "string", "max_length": 55, "db_index": true},
                    {"name": "format", "type": "text", "nullable": true},
                    {"name": "content_type", "type": "text", "nullable": true},
                    {"name": "arguments", "type": "json", "nullable": true},
                    {"name": "peer", "type": "text", "nullable": true},
                    {"name": "received_at", "type": "timestamp"},
                    {"name": "raw", "type": "binary"},
                ],
                "meta": {"scans": true},
            }),
            Self::Answer => json!({
                // The idempotency key.
                "key": {"name": "id", "type": "string", "max_length": 255},
                "fields": [
                    {"name": "fingerprint", "type": "binary"},
                    {"name": "answer", "type": "text", "nullable": true},
                    // How far a stream is.
                    {"name": "progress", "type": "text", "nullable": true},
                ],
                "meta": {"scans": true},
            }),
            Self::Device => json!({
                "key": {"name": "id", "type": "long", "generated": true},
                "fields": [
                    {"name": "device", "type": "string", "max_length": 255, "unique": true},
                    {"name": "state", "type": "enum", "values": ["known", "waiting"], "db_index": true},
                    {"name": "labels", "type": "json"},
                    {"name": "period_s", "type": "float", "nullable": true},
                    // Whether its readings have a table of their own.
                    {"name": "own_table", "type": "boolean"},
                    // Whether those of before are on their way there, or back.
                    {"name": "moving", "type": "boolean"},
                    // The fingerprint of its token.
                    {"name": "token", "type": "text", "nullable": true},
                ],
                "meta": {"scans": true},
            }),
            Self::Sensor => json!({
                "key": {"name": "id", "type": "long", "generated": true},
                "fields": [
                    {"name": "device_id", "type": "long"},
                    {"name": "device", "type": "string", "max_length": 255},
                    {"name": "sensor_type", "type": "string", "max_length": 255, "db_index": true},
                    {"name": "period_s", "type": "float", "nullable": true},
                ],
                "meta": {"scans": true, "unique_together": [["device_id", "sensor_type"]]},
            }),
            Self::Pulse => json!({
                // `d` and the number of a device, or `s` and that of a sensor.
                "key": {"name": "id", "type": "string", "max_length": 24},
                "fields": [
                    {"name": "device_id", "type": "long", "db_index": true},
                    {"name": "sensor_id", "type": "long", "nullable": true},
                    {"name": "status", "type": "enum", "values": ["online", "late", "offline"]},
                    {"name": "since", "type": "timestamp"},
                    {"name": "seen", "type": "timestamp"},
                    {"name": "intervals", "type": "json"},
                    {"name": "last", "type": "json", "nullable": true},
                    // How far its clock is from ours, in seconds.
                    {"name": "clock_off_s", "type": "float", "nullable": true},
                    // When its status may be another.
                    {"name": "due", "type": "timestamp", "nullable": true, "db_index": true},
                ],
                "meta": {"scans": true},
            }),
            Self::Transition => json!({
                "key": {"name": "id", "type": "uuid"},
                "fields": [
                    {"name": "device_id", "type": "long", "db_index": true},
                    {"name": "device", "type": "string", "max_length": 255},
                    {"name": "sensor_id", "type": "long", "nullable": true},
                    {"name": "sensor_type", "type": "string", "max_length": 255, "nullable": true},
                    {"name": "status", "type": "string", "max_length": 16},
                    {"name": "was", "type": "string", "max_length": 16},
                    {"name": "at", "type": "timestamp"},
                    {"name": "seen", "type": "timestamp"},
                ],
                "meta": {"scans": true},
            }),
            Self::Command => json!({
                "key": {"name": "id", "type": "uuid"},
                "fields": [
                    {"name": "device_id", "type": "long"},
                    {"name": "device", "type": "string", "max_length": 255},
                    {"name": "method", "type": "string", "max_length": 255},
                    {"name": "params", "type": "json", "nullable": true},
                    {"name": "state", "type": "string", "max_length": 16},
                    {"name": "attempt", "type": "integer"},
                    {"name": "retries", "type": "integer"},
                    {"name": "lease_s", "type": "float"},
                    // What its sender calls it.
                    {"name": "once", "type": "string", "max_length": 255, "nullable": true},
                    {"name": "slot", "type": "string", "max_length": 255, "nullable": true},
                    {"name": "lease_until", "type": "timestamp", "nullable": true},
                    {"name": "expires_at", "type": "timestamp"},
                    {"name": "due", "type": "timestamp", "nullable": true, "db_index": true},
                    {"name": "answer", "type": "json", "nullable": true},
                    {"name": "steps", "type": "json"},
                ],
                "meta": {
                    "scans": true,
                    "unique_together": [["device_id", "once"]],
                    "indexes": [{"fields": ["device_id", "state"]}],
                },
            }),
        }
    }

    /// What it holds.
    pub(super) fn definition(self) -> Option<Definition> {
        let definition = parse::named(self.name().trim_start_matches('_'), &self.sent());
        Some(Definition { name: StorageName::reserved(self.name()), ..definition.ok()? })
    }
}

/// Those of them whose changes are told to all who go by what they hold, and that were written.
pub(super) fn heard<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> BTreeSet<StorageId> {
    let heard = [SystemStorage::Source.id(), SystemStorage::Processor.id()];
    outcomes.into_iter().filter_map(Outcome::written).filter(|id| heard.contains(id)).collect()
}

/// Whether what changes in a storage is told.
pub(super) fn is_told(storage: StorageId) -> bool {
    !storage.is_system() || SystemStorage::of(storage).is_some_and(SystemStorage::is_told)
}

/// All of them, as the catalogue has them.
pub(super) fn storages() -> Vec<Arc<Storage>> {
    SystemStorage::ALL.into_iter().filter_map(storage).map(Arc::new).collect()
}

fn storage(own: SystemStorage) -> Option<Storage> {
    let definition = own.definition()?;
    let in_force = InForce::new(own.id(), 1, definition.clone());
    Some(Storage {
        id: own.id(),
        name: definition.name.clone(),
        in_force: Some(Arc::new(in_force)),
        sent: own.sent(),
        migration: Migration {
            version: 1,
            definition: Arc::new(definition),
            sent: own.sent(),
            state: State::Applied,
            error: None,
        },
        dropped: BTreeMap::new(),
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MIN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_storage_of_our_own_has_a_definition() {
        for own in SystemStorage::ALL {
            assert!(own.definition().is_some(), "{own:?}: {:?}", parse::named("x", &own.sent()));
        }
    }
}
