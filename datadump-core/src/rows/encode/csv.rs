//! Values as cells of CSV (RFC 4180). Null is an empty cell, and an empty text is `""`. Readers of CSV skip empty lines, so
//! in a file with one column null is `""`, too.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use memchr::{memchr_iter, memchr3};

use super::{EncodedColumn, Formulas, VALUE_BYTES};
use crate::schema::Value;

/// The end of a line.
pub(super) const LINE_END: &[u8] = b"\r\n";

/// Returns the line with the names of the columns.
pub(super) fn header<'a>(columns: impl Iterator<Item = &'a str>, formulas: Formulas) -> Vec<u8> {
    let mut line = Vec::new();
    for (place, name) in columns.enumerate() {
        if place > 0 {
            line.push(b',');
        }
        write(&formulas.cell(name), &mut line);
    }
    line.extend_from_slice(LINE_END);
    line
}

/// Encodes the next bytes of a value. Returns whether these were the last.
pub(super) fn encode(
    value: &Value,
    column: &EncodedColumn,
    formulas: Formulas,
    begin: &mut usize,
    line: &mut Vec<u8>,
) -> bool {
    match value {
        Value::Null => {
            if column.is_only {
                write("", line);
            }
            true
        }
        Value::Text(text) if text.len() <= VALUE_BYTES => {
            write(&formulas.cell(text), line);
            true
        }
        Value::Text(text) => {
            if *begin == 0 && formulas.cell(text).len() > text.len() {
                // The text goes on after the apostrophe.
                line.extend_from_slice(b"\"'");
                return write_piece(text, begin, "", line);
            }
            write_piece(text, begin, "\"", line)
        }
        // JSON is no text: it begins with `-` only if it is a number.
        Value::Json(text) if text.len() <= VALUE_BYTES => {
            write(text, line);
            true
        }
        Value::Json(text) => write_piece(text, begin, "\"", line),
        Value::Binary(bytes) if bytes.is_empty() => {
            write("", line);
            true
        }
        Value::Binary(bytes) => {
            let end = begin.saturating_add(VALUE_BYTES).min(bytes.len());
            line.extend_from_slice(BASE64.encode(bytes.get(*begin..end).unwrap_or_default()).as_bytes());
            *begin = end;
            end >= bytes.len()
        }
        value => {
            value.write_text(&column.kind, line);
            true
        }
    }
}

/// Writes a cell, in quotes if it needs them.
fn write(text: &str, line: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let is_quoted = text.is_empty() || memchr3(b',', b'"', b'\n', bytes).is_some() || bytes.contains(&b'\r');
    if is_quoted {
        line.push(b'"');
        write_quoted(bytes, line);
        line.push(b'"');
    } else {
        line.extend_from_slice(bytes);
    }
}

/// Writes the next bytes of a long text, which is always in quotes. Returns whether these were the last.
fn write_piece(text: &str, begin: &mut usize, quote: &str, line: &mut Vec<u8>) -> bool {
    let end = text.floor_char_boundary(begin.saturating_add(VALUE_BYTES));
    if *begin == 0 {
        line.extend_from_slice(quote.as_bytes());
    }
    write_quoted(text.as_bytes().get(*begin..end).unwrap_or_default(), line);
    *begin = end;
    if end < text.len() {
        return false;
    }
    line.push(b'"');
    true
}

fn write_quoted(mut bytes: &[u8], line: &mut Vec<u8>) {
    while let Some(quote) = memchr_iter(b'"', bytes).next() {
        let (before, after) = bytes.split_at(quote + 1);
        line.extend_from_slice(before);
        line.push(b'"');
        bytes = after;
    }
    line.extend_from_slice(bytes);
}
