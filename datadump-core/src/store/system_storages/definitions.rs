//! The definitions of the system storages, in the JSON form in which users declare theirs.

use serde_json::{Value as Json, json};

use super::SystemStorage;

/// Returns the definition of a system storage.
pub(super) fn definition(storage: SystemStorage) -> Json {
    match storage {
        SystemStorage::Source => json!({
            "key": {"name": "name", "type": "string", "max_length": 55},
            "fields": [
                {"name": "settings", "type": "json"},
                {"name": "last_format", "type": "text", "nullable": true},
            ],
            "meta": {"scans": true},
        }),
        SystemStorage::Processor => json!({
            // `name@version`.
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
        SystemStorage::Quarantine => json!({
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
                {"name": "method", "type": "text", "nullable": true},
                {"name": "path", "type": "text", "nullable": true},
                {"name": "transport", "type": "text", "nullable": true},
                {"name": "headers", "type": "json", "nullable": true},
                {"name": "received_at", "type": "timestamp"},
                {"name": "record", "type": "json", "nullable": true},
                {"name": "raw", "type": "binary"},
            ],
            "meta": {"scans": true},
        }),
        SystemStorage::KeptThrow => json!({
            "key": {"name": "id", "type": "uuid"},
            "fields": [
                {"name": "source", "type": "string", "max_length": 55, "db_index": true},
                {"name": "format", "type": "text", "nullable": true},
                {"name": "content_type", "type": "text", "nullable": true},
                {"name": "arguments", "type": "json", "nullable": true},
                {"name": "peer", "type": "text", "nullable": true},
                {"name": "method", "type": "text", "nullable": true},
                {"name": "path", "type": "text", "nullable": true},
                {"name": "transport", "type": "text", "nullable": true},
                {"name": "headers", "type": "json", "nullable": true},
                {"name": "received_at", "type": "timestamp"},
                {"name": "raw", "type": "binary"},
            ],
            "meta": {"scans": true},
        }),
        SystemStorage::IdempotencyKey => json!({
            // The idempotency key.
            "key": {"name": "id", "type": "string", "max_length": 255},
            "fields": [
                {"name": "fingerprint", "type": "binary"},
                {"name": "answer", "type": "text", "nullable": true},
                // Position reached in a stream.
                {"name": "progress", "type": "text", "nullable": true},
            ],
            "meta": {"scans": true},
        }),
        SystemStorage::Device => json!({
            "key": {"name": "id", "type": "long", "generated": true},
            "fields": [
                {"name": "device", "type": "string", "max_length": 255, "unique": true},
                {"name": "state", "type": "enum", "values": ["known", "waiting"], "db_index": true},
                {"name": "labels", "type": "json"},
                {"name": "period_s", "type": "float", "nullable": true},
                // Whether its readings have their own storage.
                {"name": "own_table", "type": "boolean"},
                // Whether older readings are being moved to that storage or back.
                {"name": "moving", "type": "boolean"},
                // Fingerprint of its token.
                {"name": "token", "type": "text", "nullable": true},
            ],
            "meta": {"scans": true},
        }),
        SystemStorage::Sensor => json!({
            "key": {"name": "id", "type": "long", "generated": true},
            "fields": [
                {"name": "device_id", "type": "long"},
                {"name": "device", "type": "string", "max_length": 255},
                {"name": "sensor_type", "type": "string", "max_length": 255, "db_index": true},
                {"name": "period_s", "type": "float", "nullable": true},
            ],
            "meta": {"scans": true, "unique_together": [["device_id", "sensor_type"]]},
        }),
        SystemStorage::Liveness => json!({
            // `d` and the id of a device, or `s` and the id of a sensor.
            "key": {"name": "id", "type": "string", "max_length": 24},
            "fields": [
                {"name": "device_id", "type": "long", "db_index": true},
                {"name": "sensor_id", "type": "long", "nullable": true},
                {"name": "status", "type": "enum", "values": ["online", "late", "offline"]},
                {"name": "since", "type": "timestamp"},
                {"name": "seen", "type": "timestamp"},
                {"name": "intervals", "type": "json"},
                {"name": "last", "type": "json", "nullable": true},
                // Offset of the device's clock, in seconds.
                {"name": "clock_off_s", "type": "float", "nullable": true},
                // When the status has to be evaluated again.
                {"name": "due", "type": "timestamp", "nullable": true, "db_index": true},
            ],
            "meta": {"scans": true},
        }),
        SystemStorage::Transition => json!({
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
        SystemStorage::Command => json!({
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
                // Idempotency key chosen by the sender.
                {"name": "idempotency_key", "type": "string", "max_length": 255, "nullable": true},
                {"name": "slot", "type": "string", "max_length": 255, "nullable": true},
                {"name": "lease_until", "type": "timestamp", "nullable": true},
                {"name": "expires_at", "type": "timestamp"},
                {"name": "due", "type": "timestamp", "nullable": true, "db_index": true},
                {"name": "answer", "type": "json", "nullable": true},
                {"name": "steps", "type": "json"},
            ],
            "meta": {
                "scans": true,
                "unique_together": [["device_id", "idempotency_key"]],
                "indexes": [{"fields": ["device_id", "state"]}],
            },
        }),
    }
}
