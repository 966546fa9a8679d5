//! Rows as text, in pieces.

mod csv;
mod json;

use std::{borrow::Cow, vec};

use serde_json::Value as Json;

use crate::{
    csv_cell,
    schema::{Kind, StoredRow, Value},
    store::{Column, ReadLease},
};

/// Size from which a piece of text is handed out.
const CHUNK_BYTES: usize = 64 << 10;

/// Number of bytes of a long value that are encoded at a time: a multiple of three for base64.
pub(super) const VALUE_BYTES: usize = 48 << 10;

/// A text format for rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// JSON objects separated by commas, to be put between brackets.
    Json,
    /// A JSON object per line.
    NdJson,
    /// Comma-separated values (RFC 4180) with a header.
    Csv(Formulas),
}

/// Treatment of text in CSV that a spreadsheet would run as a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formulas {
    /// It is escaped by [`csv_cell::escape`](crate::csv_cell::escape).
    Escaped,
    /// It is written as it is.
    Raw,
}

impl TextFormat {
    /// Returns the text before the first row.
    pub fn begin<'a>(self, columns: impl Iterator<Item = &'a str>) -> Vec<u8> {
        match self {
            Self::Json => b"[".to_vec(),
            Self::NdJson => Vec::new(),
            Self::Csv(formulas) => csv::header(columns, formulas),
        }
    }

    /// Returns the text between the rows of two pages.
    pub fn between(self) -> &'static [u8] {
        match self {
            Self::Json => b",",
            Self::NdJson | Self::Csv(_) => b"",
        }
    }

    /// Returns the text after the last row.
    pub fn end(self) -> &'static [u8] {
        match self {
            Self::Json => b"]",
            Self::NdJson | Self::Csv(_) => b"",
        }
    }
}

impl Formulas {
    fn cell(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Escaped => csv_cell::escape(text),
            Self::Raw => Cow::Borrowed(text),
        }
    }
}

/// The text of the rows of a page, in pieces of some 64 KiB. Each row is freed once it is encoded.
#[derive(Debug)]
pub struct RowChunks {
    format: TextFormat,
    columns: Vec<EncodedColumn>,
    rows: vec::IntoIter<StoredRow>,
    current: Option<Position>,
    is_first: bool,
    _memory: ReadLease,
}

/// A column of the text.
#[derive(Debug)]
struct EncodedColumn {
    /// Text before the value: a comma after the first column, and in JSON the name.
    prefix: String,
    of: Column,
    kind: Kind,
    /// True if bytes are encoded as text.
    is_text: bool,
    /// True if there is no other column.
    is_only: bool,
}

/// The position at which encoding continues.
#[derive(Debug)]
struct Position {
    row: StoredRow,
    column: usize,
    /// Number of bytes of the column's value that are encoded.
    bytes: usize,
}

impl RowChunks {
    pub(super) fn new(format: TextFormat, rows: Vec<StoredRow>, memory: ReadLease) -> Self {
        let rows = rows.into_iter();
        Self { format, columns: Vec::new(), rows, current: None, is_first: true, _memory: memory }
    }

    /// Adds a column. `is_text` encodes bytes as text.
    pub(super) fn add(&mut self, name: &str, of: Column, kind: Kind, is_text: bool) {
        let comma = if self.columns.is_empty() { "" } else { "," };
        let prefix = match self.format {
            TextFormat::Json | TextFormat::NdJson => format!("{comma}{}:", Json::from(name)),
            TextFormat::Csv(_) => comma.to_owned(),
        };
        let is_only = self.columns.is_empty();
        self.columns.iter_mut().for_each(|column| column.is_only = false);
        self.columns.push(EncodedColumn { prefix, of, kind, is_text, is_only });
    }

    fn begin_row(&mut self) -> &'static [u8] {
        let is_first = std::mem::take(&mut self.is_first);
        match self.format {
            TextFormat::Json if !is_first => b",{",
            TextFormat::Json | TextFormat::NdJson => b"{",
            TextFormat::Csv(_) => b"",
        }
    }

    fn end_row(&self) -> &'static [u8] {
        match self.format {
            TextFormat::Json => b"}",
            TextFormat::NdJson => b"}\n",
            TextFormat::Csv(_) => csv::LINE_END,
        }
    }
}

impl Iterator for RowChunks {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        // Most rows are short, so a piece is rarely longer than this.
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + (CHUNK_BYTES >> 3));
        while chunk.len() < CHUNK_BYTES {
            let Some(position) = &mut self.current else {
                let Some(row) = self.rows.next() else { break };
                chunk.extend_from_slice(self.begin_row());
                self.current = Some(Position { row, column: 0, bytes: 0 });
                continue;
            };
            let Some(column) = self.columns.get(position.column) else {
                chunk.extend_from_slice(self.end_row());
                self.current = None;
                continue;
            };
            if position.bytes == 0 {
                chunk.extend_from_slice(column.prefix.as_bytes());
            }
            let value = value_of(column.of, &position.row);
            let begin = &mut position.bytes;
            let is_whole = match self.format {
                TextFormat::Json | TextFormat::NdJson => json::encode(&value, column, begin, &mut chunk),
                TextFormat::Csv(formulas) => csv::encode(&value, column, formulas, begin, &mut chunk),
            };
            if is_whole {
                (position.column, position.bytes) = (position.column + 1, 0);
            }
        }
        (!chunk.is_empty()).then_some(chunk)
    }
}

/// Returns the value of a column in a row.
pub(super) fn value_of(of: Column, row: &StoredRow) -> Cow<'_, Value> {
    match of {
        Column::Key => Cow::Borrowed(&row.key),
        Column::Field(place) => Cow::Borrowed(row.values.get(place).unwrap_or(&Value::Null)),
        service => Cow::Owned(service.value(row)),
    }
}
