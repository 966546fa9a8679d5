//! Values as JSON.

use std::io::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value as Json;

use super::{EncodedColumn, VALUE_BYTES};
use crate::schema::Value;

/// Encodes the next bytes of a value. Returns whether these were the last.
pub(super) fn encode(value: &Value, column: &EncodedColumn, begin: &mut usize, json: &mut Vec<u8>) -> bool {
    let length = match value {
        Value::Text(text) | Value::Json(text) => text.len(),
        Value::Binary(bytes) => bytes.len(),
        Value::Null => {
            json.extend_from_slice(b"null");
            return true;
        }
        Value::Boolean(_) | Value::Integer(_) | Value::Float(_) => {
            value.write_text(&column.kind, json);
            return true;
        }
        value => {
            json.push(b'"');
            value.write_text(&column.kind, json);
            json.push(b'"');
            return true;
        }
    };
    if let (Value::Text(text), true, 0) = (value, length <= VALUE_BYTES, *begin) {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(json, text);
        return true;
    }
    encode_piece(value, column, length, begin, json)
}

fn encode_piece(
    value: &Value,
    column: &EncodedColumn,
    length: usize,
    begin: &mut usize,
    json: &mut Vec<u8>,
) -> bool {
    let end = begin.saturating_add(VALUE_BYTES);
    let end = match value {
        Value::Text(text) | Value::Json(text) => text.floor_char_boundary(end),
        Value::Binary(bytes) if column.is_text => boundary(bytes, end),
        _ => end.min(length),
    };
    let (quote, unquote) = (if *begin == 0 { "\"" } else { "" }, if end >= length { "\"" } else { "" });
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
