//! The storage definitions that most tests use.

use serde_json::{Value as Json, json};

/// Returns the definition of `dog`: a string key, an indexed string and an integer.
pub fn dog() -> Json {
    json!({
        "name": "dog",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [{"name": "color", "type": "string", "max_length": 32, "db_index": true},
                   {"name": "collar_size", "type": "integer"}],
    })
}

/// Returns the definition of `cat`: like `dog`, with a default.
pub fn cat() -> Json {
    json!({
        "name": "cat",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [{"name": "color", "type": "string", "max_length": 32, "db_index": true},
                   {"name": "lives", "type": "integer", "default": 9}],
    })
}

/// Returns the definition of `record`: a generated key and a field of every kind. All fields but `text`
/// are nullable, and all can be filtered.
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

/// The members of a receipt, in order.
pub const RECEIPT: [&str; 13] = [
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
    "reasons",
    "truncated",
];
