//! The storages that most tests use.

use serde_json::{Value as Json, json};

/// `dog`, as the design has it.
pub fn dog() -> Json {
    json!({
        "name": "dog",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [{"name": "color", "type": "string", "max_length": 32, "db_index": true},
                   {"name": "collar_size", "type": "integer"}],
    })
}

/// `cat`, which is much the same.
pub fn cat() -> Json {
    json!({
        "name": "cat",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [{"name": "color", "type": "string", "max_length": 32, "db_index": true},
                   {"name": "lives", "type": "integer", "default": 9}],
    })
}

/// `record`: a field of every kind, and a generated key. Every field but `text` may be null or
/// left out, and all may be filtered on.
pub fn record() -> Json {
    json!({
        "name": "record",
        "key": {"name": "id", "type": "uuid", "generated": true},
        "fields": [
            {"name": "flag", "type": "boolean", "nullable": true},
            {"name": "small", "type": "integer", "nullable": true, "db_index": true},
            {"name": "large", "type": "long", "nullable": true},
            {"name": "ratio", "type": "float", "nullable": true},
            {"name": "price", "type": "decimal", "precision": 10, "scale": 2, "nullable": true},
            {"name": "label", "type": "string", "max_length": 40, "nullable": true},
            {"name": "text", "type": "text"},
            {"name": "other", "type": "uuid", "nullable": true},
            {"name": "day", "type": "date", "nullable": true},
            {"name": "at", "type": "time", "nullable": true},
            {"name": "moment", "type": "timestamp", "nullable": true},
            {"name": "data", "type": "json", "nullable": true},
            {"name": "bytes", "type": "binary", "nullable": true},
            {"name": "size", "type": "enum", "values": ["s", "m", "l"], "nullable": true},
        ],
        "meta": {"scans": true},
    })
}

/// The members of a receipt, in their order.
pub const RECEIPT: [&str; 12] = [
    "ok",
    "throw",
    "source",
    "format",
    "accepted",
    "quarantined",
    "dropped",
    "duplicates",
    "storages",
    "warnings",
    "errors",
    "truncated",
];
