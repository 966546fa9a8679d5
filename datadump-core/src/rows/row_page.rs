//! A page of rows in typed form, which is encoded as JSON piece by piece.

use std::{borrow::Cow, io::Write as _, sync::Arc, vec};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use serde_json::{Map, Value as Json};

use crate::{
    schema::{InForce, Kind, StoredRow, Value},
    store::{Column, ReadLease},
};

/// Size from which a piece of JSON is handed out.
const CHUNK_BYTES: usize = 64 << 10;

/// Number of bytes of a long value that are encoded at a time: a multiple of three for base64.
const VALUE_BYTES: usize = 48 << 10;

/// The rows of a page. It holds the memory reserved for them.
#[derive(Debug)]
pub struct RowPage {
    in_force: Arc<InForce>,
    columns: Vec<Column>,
    /// A member with the text of a binary column, if all rows have text there.
    text: Option<(&'static str, Column)>,
    rows: Vec<StoredRow>,
    memory: ReadLease,
}

impl RowPage {
    pub(super) fn new(
        in_force: Arc<InForce>,
        only: Option<&[Column]>,
        rows: Vec<StoredRow>,
        memory: ReadLease,
    ) -> Self {
        let fields = (0..in_force.definition.fields.len()).map(Column::Field);
        let service = [Column::Version, Column::CreatedAt, Column::UpdatedAt];
        let all = [Column::Key].into_iter().chain(fields).chain(service);
        let columns = all.filter(|of| only.is_none_or(|only| only.contains(of)));
        Self { columns: columns.collect(), text: None, in_force, rows, memory }
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a member with the text of a binary field to the JSON, if its bytes are text.
    pub(crate) fn with_text(mut self, field: &str, name: &'static str) -> Self {
        let of = Column::named(&self.in_force.definition, field);
        let is_text = |row: &StoredRow, of| match value_of(of, row).as_ref() {
            Value::Binary(bytes) => std::str::from_utf8(bytes).is_ok(),
            _ => false,
        };
        self.text = of.filter(|of| self.rows.iter().all(|row| is_text(row, *of))).map(|of| (name, of));
        self
    }

    /// Returns the bytes of a binary field of the first row in pieces of some 64 KiB, and a text field.
    pub(crate) fn into_bytes(self, field: &str, text: &str) -> (ByteChunks, Option<String>) {
        let definition = &self.in_force.definition;
        let value = |name| {
            let row = self.rows.first()?;
            Some(Column::named(definition, name)?.value(row))
        };
        let text = match value(text) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        };
        let bytes = match value(field) {
            Some(Value::Binary(bytes)) => bytes,
            _ => Vec::new(),
        };
        (ByteChunks { bytes: bytes.into(), _memory: self.memory }, text)
    }

    /// Returns the rows as JSON objects. They take several times the memory of the rows.
    pub fn to_json(&self) -> Vec<Json> {
        let definition = &self.in_force.definition;
        let member = |row: &StoredRow, of: &Column| {
            (of.name(definition).to_owned(), of.value(row).to_json(&of.kind(definition)))
        };
        let object = |row| self.columns.iter().map(|of| member(row, of)).collect::<Map<_, _>>();
        self.rows.iter().map(|row| Json::Object(object(row))).collect()
    }

    /// Returns the rows as JSON objects separated by commas, in pieces of some 64 KiB. Each row is freed once
    /// it is encoded.
    pub fn into_chunks(self) -> RowChunks {
        let definition = &self.in_force.definition;
        let columns = self.columns.iter().enumerate().map(|(place, of)| {
            let comma = if place == 0 { "" } else { "," };
            let prefix = format!("{comma}{}:", Json::from(of.name(definition)));
            EncodedColumn { prefix, of: *of, kind: of.kind(definition), is_text: false }
        });
        let text = self.text.map(|(name, of)| {
            let prefix = format!(",{}:", Json::from(name));
            EncodedColumn { prefix, of, kind: of.kind(definition), is_text: true }
        });
        RowChunks {
            columns: columns.chain(text).collect(),
            rows: self.rows.into_iter(),
            current: None,
            is_first: true,
            _memory: self.memory,
        }
    }
}

/// The JSON of the rows of a page, in pieces.
#[derive(Debug)]
pub struct RowChunks {
    columns: Vec<EncodedColumn>,
    rows: vec::IntoIter<StoredRow>,
    current: Option<Position>,
    is_first: bool,
    _memory: ReadLease,
}

#[derive(Debug)]
struct EncodedColumn {
    /// The member's name, with what is before and after it.
    prefix: String,
    of: Column,
    kind: Kind,
    /// True if bytes are encoded as text.
    is_text: bool,
}

/// Bytes in pieces.
#[derive(Debug)]
pub struct ByteChunks {
    bytes: Bytes,
    _memory: ReadLease,
}

impl Iterator for ByteChunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let piece = self.bytes.split_to(CHUNK_BYTES.min(self.bytes.len()));
        (!piece.is_empty()).then(|| piece.to_vec())
    }
}

/// The position at which encoding continues.
#[derive(Debug)]
struct Position {
    row: StoredRow,
    column: usize,
    /// Number of bytes of the column's value that are encoded.
    bytes: usize,
}

impl Iterator for RowChunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut chunk = Vec::new();
        while chunk.len() < CHUNK_BYTES {
            let Some(position) = &mut self.current else {
                let Some(row) = self.rows.next() else { break };
                chunk.extend_from_slice(if std::mem::take(&mut self.is_first) { b"{" } else { b",{" });
                self.current = Some(Position { row, column: 0, bytes: 0 });
                continue;
            };
            let Some(column) = self.columns.get(position.column) else {
                chunk.push(b'}');
                self.current = None;
                continue;
            };
            if position.bytes == 0 {
                chunk.extend_from_slice(column.prefix.as_bytes());
            }
            let value = value_of(column.of, &position.row);
            if encode(&value, column, &mut position.bytes, &mut chunk) {
                (position.column, position.bytes) = (position.column + 1, 0);
            }
        }
        (!chunk.is_empty()).then_some(chunk)
    }
}

fn value_of(of: Column, row: &StoredRow) -> Cow<'_, Value> {
    match of {
        Column::Key => Cow::Borrowed(&row.key),
        Column::Field(place) => Cow::Borrowed(row.values.get(place).unwrap_or(&Value::Null)),
        service => Cow::Owned(service.value(row)),
    }
}

/// Encodes the next bytes of a value. Returns whether these were the last.
fn encode(value: &Value, column: &EncodedColumn, begin: &mut usize, json: &mut Vec<u8>) -> bool {
    let end = begin.saturating_add(VALUE_BYTES);
    let (is_first, length) = (
        *begin == 0,
        match value {
            Value::Text(text) | Value::Json(text) => text.len(),
            Value::Binary(bytes) => bytes.len(),
            value => {
                // Writing to memory cannot fail.
                let _ = serde_json::to_writer(json, &value.to_json(&column.kind));
                return true;
            }
        },
    );
    let end = match value {
        Value::Text(text) | Value::Json(text) => text.floor_char_boundary(end),
        Value::Binary(bytes) if column.is_text => boundary(bytes, end),
        _ => end.min(length),
    };
    let (quote, unquote) = (if is_first { "\"" } else { "" }, if end >= length { "\"" } else { "" });
    let mut text = |piece: &str| {
        let piece = Json::from(piece).to_string();
        let inner = piece.get(1..piece.len() - 1).unwrap_or_default();
        // Writing to memory cannot fail.
        let _ = write!(json, "{quote}{inner}{unquote}");
    };
    match value {
        Value::Text(value) => text(value.get(*begin..end).unwrap_or_default()),
        Value::Binary(bytes) if column.is_text => {
            text(&String::from_utf8_lossy(bytes.get(*begin..end).unwrap_or_default()));
        }
        // The text was written by `serde_json`.
        Value::Json(text) => json.extend_from_slice(text.as_bytes().get(*begin..end).unwrap_or_default()),
        Value::Binary(bytes) => {
            let piece = BASE64.encode(bytes.get(*begin..end).unwrap_or_default());
            let _ = write!(json, "{quote}{piece}{unquote}");
        }
        _ => {}
    }
    *begin = end;
    end >= length
}

/// Returns the last boundary of a character up to `end`, in bytes that are text.
fn boundary(bytes: &[u8], end: usize) -> usize {
    let is_continuation = |byte: &u8| byte & 0xc0 == 0x80;
    let continuations = |end: &usize| bytes.get(*end).is_some_and(is_continuation);
    (0..=end.min(bytes.len())).rev().find(|end| !continuations(end)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        clock::Timestamp,
        schema::{StorageId, parse},
        store::query::parse as query,
    };

    fn page(rows: Vec<StoredRow>, parameters: &[(&str, &str)]) -> RowPage {
        let definition = parse::definition(&json!({
            "name": "long", "key": {"name": "id", "type": "long"},
            "fields": [{"name": "text", "type": "text", "nullable": true}, {"name": "data", "type": "json"},
                       {"name": "bytes", "type": "binary"}, {"name": "on", "type": "boolean"}],
            "meta": {"scans": true},
        }));
        let in_force = Arc::new(InForce::new(StorageId(1), 1, definition.unwrap()));
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let query = query::parameters(&in_force.definition, &parameters).unwrap();
        RowPage::new(in_force, query.fields.as_deref(), rows, ReadLease::default())
    }

    fn row(id: i64, text: Value, length: usize) -> StoredRow {
        let at = Timestamp::from_micros(1_000_000).unwrap();
        let data = Value::Json(json!({"a": ["é".repeat(length)]}).to_string());
        let values = vec![text, data, Value::Binary(vec![7; length]), Value::Boolean(true)];
        StoredRow { key: Value::Integer(id), values, version: 3, created_at: at, updated_at: at }
    }

    #[test]
    fn the_pieces_together_are_the_rows() {
        let nasty = "\"\\\n\u{1}é🦀x".repeat(20_000);
        let rows = || {
            let mut rows = vec![row(1, Value::Null, 0), row(2, Value::Text(String::new()), 1)];
            for length in [VALUE_BYTES - 1, VALUE_BYTES, VALUE_BYTES + 1, 3 * VALUE_BYTES + 7] {
                rows.push(row(3, Value::Text("x".repeat(length)), length));
            }
            rows.push(row(4, Value::Text(nasty.clone()), 2));
            rows
        };
        for parameters in
            [&[][..], &[("fields", "text,id")], &[("fields", "updated_at,bytes")], &[("fields", "data")]]
        {
            let expected = page(rows(), parameters).to_json();
            let chunks: Vec<Vec<u8>> = page(rows(), parameters).into_chunks().collect();
            let largest = chunks.iter().map(Vec::len).max();
            assert!(largest < Some(8 * CHUNK_BYTES), "a piece of {largest:?} bytes");
            let found = format!("[{}]", String::from_utf8(chunks.concat()).unwrap());
            assert!(
                serde_json::from_str::<Json>(&found).unwrap() == Json::Array(expected.clone()),
                "{parameters:?}"
            );
            // The order of the members is the same too.
            let expected = Json::Array(expected).to_string();
            assert!(found == expected, "{parameters:?}");
        }
        assert_eq!(page(Vec::new(), &[]).into_chunks().next(), None);
    }

    #[test]
    fn bytes_are_shown_as_text_if_they_are_text() {
        let at = Timestamp::from_micros(1_000_000).unwrap();
        let stored = |bytes: Vec<u8>| {
            let values =
                vec![Value::Null, Value::Json("1".into()), Value::Binary(bytes), Value::Boolean(true)];
            StoredRow { key: Value::Integer(1), values, version: 1, created_at: at, updated_at: at }
        };
        let long = "x\u{1}é🦀".repeat(30_000);
        for (bytes, expected) in [
            (b"a\"b".to_vec(), Some("a\"b")),
            (long.clone().into_bytes(), Some(long.as_str())),
            (Vec::new(), Some("")),
            (vec![0xff, 0xfe], None),
        ] {
            let page = || page(vec![stored(bytes.clone())], &[("fields", "id,bytes")]);
            let chunks: Vec<Vec<u8>> = page().with_text("bytes", "text").into_chunks().collect();
            let found: Json = serde_json::from_slice(&chunks.concat()).unwrap();
            assert_eq!(found["text"].as_str(), expected);
            assert_eq!(found["bytes"].as_str(), Some(BASE64.encode(&bytes).as_str()));
            let (pieces, text) = page().into_bytes("bytes", "text");
            assert_eq!((pieces.collect::<Vec<_>>().concat(), text), (bytes, None));
        }
    }
}
