//! A page of rows in typed form, which is encoded piece by piece.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use serde_json::{Map, Value as Json};

use super::encode::{RowChunks, TextFormat, value_of};
use crate::{
    schema::{Definition, InForce, Kind, StoredRow, Value},
    store::{Column, ReadLease},
};

/// Size of a piece of the bytes of a field.
const CHUNK_BYTES: usize = 64 << 10;

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
        let columns = Self::columns_of(&in_force.definition, only);
        Self::with_columns(in_force, columns, rows, memory)
    }

    /// Creates a page with these columns.
    pub(super) fn with_columns(
        in_force: Arc<InForce>,
        columns: Vec<Column>,
        rows: Vec<StoredRow>,
        memory: ReadLease,
    ) -> Self {
        Self { columns, text: None, in_force, rows, memory }
    }

    /// Returns the columns of pages, or those of them that were requested.
    pub(super) fn columns_of(definition: &Definition, only: Option<&[Column]>) -> Vec<Column> {
        let fields = (0..definition.fields.len()).map(Column::Field);
        let service = [Column::Version, Column::CreatedAt, Column::UpdatedAt];
        let all = [Column::Key].into_iter().chain(fields).chain(service);
        all.filter(|of| only.is_none_or(|only| only.contains(of))).collect()
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the approximate size of the rows in memory, in bytes.
    pub fn size(&self) -> usize {
        let fixed = size_of::<StoredRow>() + (self.in_force.definition.fields.len() + 1) * size_of::<Value>();
        self.rows.iter().map(|row| row.size() + fixed).sum()
    }

    /// Frees the rows and returns their memory, for what was made of them.
    pub fn into_memory(self) -> ReadLease {
        self.memory
    }

    /// Returns the names and types of the columns.
    pub fn columns(&self) -> impl Iterator<Item = (&str, Kind)> {
        let definition = &self.in_force.definition;
        self.columns.iter().map(|of| (of.name(definition), of.kind(definition)))
    }

    /// Returns the values of a column, in the order of the rows.
    pub fn values(&self, column: usize) -> impl Iterator<Item = Cow<'_, Value>> {
        let of = self.columns.get(column).copied();
        self.rows.iter().map(move |row| of.map_or(Cow::Owned(Value::Null), |of| value_of(of, row)))
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
        self.into_text(TextFormat::Json)
    }

    /// Returns the rows as text, in pieces of some 64 KiB. Each row is freed once it is encoded.
    pub fn into_text(self, format: TextFormat) -> RowChunks {
        let definition = &self.in_force.definition;
        let mut chunks = RowChunks::new(format, self.rows, self.memory);
        for of in self.columns {
            chunks.add(of.name(definition), of, of.kind(definition), false);
        }
        if let Some((name, of)) = self.text {
            chunks.add(name, of, of.kind(definition), true);
        }
        chunks
    }
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

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
    use serde_json::json;

    use super::{
        super::encode::{Formulas, VALUE_BYTES},
        *,
    };
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
            let lines: String = expected.iter().map(|row| format!("{row}\n")).collect();
            let expected = Json::Array(expected).to_string();
            assert!(found == expected, "{parameters:?}");
            let chunks: Vec<Vec<u8>> = page(rows(), parameters).into_text(TextFormat::NdJson).collect();
            assert!(String::from_utf8(chunks.concat()).unwrap() == lines, "{parameters:?}");
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

    /// Returns the cells of a page as CSV, after its header.
    fn cells(rows: Vec<StoredRow>, formulas: Formulas) -> Vec<Vec<String>> {
        let format = TextFormat::Csv(formulas);
        let rows = page(rows, &[("fields", "id,text,data,bytes,on")]);
        let begin = format.begin(rows.columns().map(|(name, _)| name).collect::<Vec<_>>().into_iter());
        assert_eq!(begin, b"id,text,data,bytes,on\r\n");
        let chunks: Vec<Vec<u8>> = rows.into_text(format).collect();
        let largest = chunks.iter().map(Vec::len).max();
        assert!(largest < Some(8 * CHUNK_BYTES), "a piece of {largest:?} bytes");
        let text = chunks.concat();
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
        let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect();
        reader.records().map(|record| cells(record.unwrap())).collect()
    }

    #[test]
    fn cells_of_csv_are_the_values() {
        let long = "\"a\r\né🦀,".repeat(20_000);
        for text in ["red", "a,b", "a\"b", "x\r", "\n", "'tis", " x ", &long, &"x".repeat(3 * VALUE_BYTES)] {
            for formulas in [Formulas::Escaped, Formulas::Raw] {
                let found = cells(vec![row(7, Value::Text(text.into()), 100_000)], formulas);
                let data = json!({"a": ["é".repeat(100_000)]}).to_string();
                let expected = ["7", text, &data, &BASE64.encode(vec![7; 100_000]), "true"];
                assert!(found == [expected.map(str::to_owned)], "{text:.20}");
            }
        }
    }

    #[test]
    fn formulas_in_csv_are_escaped_unless_they_are_raw() {
        let long = format!("={}", ",x".repeat(2 * VALUE_BYTES));
        for text in ["=1+1", "'=1", "+x", "-5", "@x", "\tx", "\rx", &long] {
            for (formulas, expected) in
                [(Formulas::Escaped, format!("'{text}")), (Formulas::Raw, text.into())]
            {
                let found = cells(vec![row(-7, Value::Text(text.into()), 0)], formulas);
                assert!((&found[0][0], &found[0][1]) == (&"-7".into(), &expected), "{text:.20}");
                if formulas == Formulas::Escaped {
                    assert!(crate::csv_cell::unescape(&expected) == text);
                }
            }
        }
        let header = |formulas| TextFormat::Csv(formulas).begin(["-a", "b,c"].into_iter());
        assert_eq!(header(Formulas::Escaped), b"'-a,\"b,c\"\r\n");
        assert_eq!(header(Formulas::Raw), b"-a,\"b,c\"\r\n");
    }

    #[test]
    fn null_and_an_empty_text_differ_in_csv() {
        let rows = vec![row(1, Value::Null, 0), row(2, Value::Text(String::new()), 0)];
        let page = page(rows, &[("fields", "id,text,bytes")]);
        let chunks: Vec<Vec<u8>> = page.into_text(TextFormat::Csv(Formulas::Escaped)).collect();
        assert_eq!(String::from_utf8(chunks.concat()).unwrap(), "1,,\"\"\r\n2,\"\",\"\"\r\n");
    }

    #[test]
    fn no_row_of_one_column_is_an_empty_line_in_csv() {
        let rows = vec![row(1, Value::Null, 0), row(2, Value::Text("x".into()), 0), row(3, Value::Null, 0)];
        let page = page(rows, &[("fields", "text")]);
        let chunks: Vec<Vec<u8>> = page.into_text(TextFormat::Csv(Formulas::Escaped)).collect();
        let text = chunks.concat();
        assert_eq!(String::from_utf8(text.clone()).unwrap(), "\"\"\r\nx\r\n\"\"\r\n");
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_slice());
        assert_eq!(reader.records().count(), 3);
    }
}
