//! The data that is thrown.

use std::fmt::Write as _;

use datadump_tests::load::RequestFactory;
use rusqlite::types::Value;
use serde_json::{Value as Json, json};

/// Number of records in a batch.
pub(crate) const BATCH: usize = 10_000;

/// Returns one reading of a device as a single JSON object of about 200 bytes.
pub(crate) fn reading(client: usize, number: u64) -> String {
    format!(
        "{{\"device\":\"pico-{client}\",\"sequence\":{number},\"temperature\":{}.{},\"humidity\":48.25,\
         \"battery\":3.71,\"online\":true,\"taken_at\":\"2026-05-04T08:30:12.125Z\",\"room\":\"cellar\",\
         \"note\":\"the window is open\"}}",
        15 + number % 10,
        number % 9 + 1
    )
}

/// Returns requests that throw readings at a path.
pub(crate) fn readings(path: &'static str) -> RequestFactory {
    std::sync::Arc::new(move |client, number| {
        let body = reading(client, number);
        datadump_tests::load::post(path, "application/json", body.as_bytes())
    })
}

/// Returns the definition of a storage with a key and ten other columns.
pub(crate) fn definition(name: &str) -> Json {
    json!({
        "name": name,
        "key": {"name": "id", "type": "long"},
        "fields": [
            {"name": "device", "type": "string", "max_length": 32},
            {"name": "room", "type": "string", "max_length": 32},
            {"name": "sequence", "type": "long"},
            {"name": "temperature", "type": "float"},
            {"name": "humidity", "type": "float"},
            {"name": "battery", "type": "float"},
            {"name": "errors", "type": "integer"},
            {"name": "online", "type": "boolean"},
            {"name": "taken_at", "type": "timestamp"},
            {"name": "note", "type": "text"},
        ],
    })
}

/// One row of that storage. Rows of different rounds differ in their values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record {
    pub(crate) id: i64,
    pub(crate) round: i64,
}

/// `taken_at` of the first record, in microseconds since 1970.
const FIRST_TAKEN_AT: i64 = 1_777_900_000_000_000;

impl Record {
    fn temperature(self) -> f64 {
        15.25 + (self.id % 40) as f64 / 4.0 + self.round as f64
    }

    /// Appends the record as a line of NDJSON, with the version it is based on, if any.
    pub(crate) fn line(self, version: Option<i64>, line: &mut String) {
        let Self { id, .. } = self;
        let seconds = id % 60;
        let minutes = id / 60 % 60;
        // Writing to a string cannot fail.
        let _ = write!(
            line,
            "{{\"id\":{id},\"device\":\"pico-{}\",\"room\":\"cellar\",\"sequence\":{id},\"temperature\":{:?},\
             \"humidity\":48.25,\"battery\":3.71,\"errors\":{},\"online\":true,\
             \"taken_at\":\"2026-05-04T08:{minutes:02}:{seconds:02}.125Z\",\"note\":\"the window is open\"",
            id % 100,
            self.temperature(),
            id % 7,
        );
        if let Some(version) = version {
            let _ = write!(line, ",\"version\":{version}");
        }
        line.push_str("}\n");
    }

    /// Returns the values of all columns but the system columns.
    pub(crate) fn values(self) -> Vec<Value> {
        let Self { id, .. } = self;
        vec![
            Value::Integer(id),
            Value::Text(format!("pico-{}", id % 100)),
            Value::Text("cellar".into()),
            Value::Integer(id),
            Value::Real(self.temperature()),
            Value::Real(48.25),
            Value::Real(3.71),
            Value::Integer(id % 7),
            Value::Integer(1),
            Value::Integer(FIRST_TAKEN_AT + id % 3600 * 1_000_000),
            Value::Text("the window is open".into()),
        ]
    }
}

/// Returns the records of a batch.
pub(crate) fn records(batch: usize, round: i64) -> impl Iterator<Item = Record> {
    let first = (batch * BATCH) as i64;
    (first..first + BATCH as i64).map(move |id| Record { id, round })
}

/// Returns a batch as NDJSON.
pub(crate) fn ndjson(batch: usize, round: i64, version: Option<i64>) -> String {
    let mut text = String::with_capacity(BATCH * 220);
    records(batch, round).for_each(|record| record.line(version, &mut text));
    text
}
