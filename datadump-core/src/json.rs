//! Parses JSON requests. Rejects documents that are nested too deeply, before any recursion, and integers
//! that would be rounded.

mod exact;
mod items;

use serde_json::{Map, Value as Json};

pub(crate) use self::exact::is_exact;
pub use self::items::each_item;
use crate::error::{Error, Fault, Place, Result};

/// Maximum nesting depth of arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// Parses one JSON document.
///
/// ```
/// use datadump_core::json;
/// assert_eq!(json::parse(b" [1]").unwrap()[0], 1);
/// assert!(json::parse(b"{").is_err());
/// assert!(json::parse("[".repeat(65).as_bytes()).unwrap_err().to_string().contains("64"));
/// // An integer of more than 64 bits would be rounded.
/// assert!(json::parse(b"[12345678901234567890123]").is_err());
/// ```
pub fn parse(bytes: &[u8]) -> Result<Json> {
    scanned(bytes)?;
    serde_json::from_slice(bytes).map_err(|error| not_json(&error))
}

/// Checks the depth and the numbers of a document.
fn scanned(bytes: &[u8]) -> Result<()> {
    match scan(bytes) {
        Scan::Ok => Ok(()),
        Scan::TooDeep => {
            Err(fault("too-deep", format!("the JSON is nested more than {MAX_DEPTH} levels deep")))
        }
        Scan::TooLong(number) => {
            let detail = format!("{number} has more than 64 bits and would be rounded: send it as a string");
            Err(fault("out-of-range", detail))
        }
    }
}

fn not_json(error: &serde_json::Error) -> Error {
    fault("not-json", format!("invalid JSON: {error}"))
}

fn fault(code: &'static str, detail: String) -> Error {
    Error::Invalid(vec![Fault::new(Place::body(), code, detail)])
}

/// Applies a merge patch (RFC 7396): objects are merged, null removes a member, and everything else replaces what was
/// there.
pub(crate) fn merge_patch(target: &mut Json, patch: &Json) {
    let Some(changes) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Json::Object(Map::new());
    }
    if let Some(members) = target.as_object_mut() {
        for (name, change) in changes {
            if change.is_null() {
                members.shift_remove(name);
            } else {
                merge_patch(members.entry(name.clone()).or_insert(Json::Null), change);
            }
        }
    }
}

/// Returns the approximate number of bytes that values take, with all that they refer to.
pub fn array_size(values: &[Json]) -> usize {
    size_of_val(values) + values.iter().map(heap_size).sum::<usize>()
}

/// Returns the approximate number of bytes of the heap that a value refers to.
fn heap_size(value: &Json) -> usize {
    /// Entry of a map: a hash, a name, a value and its place in the index, with room to grow.
    const MEMBER_BYTES: usize = 3 * (8 + size_of::<String>() + size_of::<Json>() + 16) / 2;
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(text) => allocated(text.capacity()),
        Json::Array(items) => {
            allocated((items.capacity() - items.len()) * size_of::<Json>()) + array_size(items)
        }
        Json::Object(members) => {
            let inside = members.iter().map(|(name, member)| allocated(name.capacity()) + heap_size(member));
            members.len() * MEMBER_BYTES + inside.sum::<usize>()
        }
    }
}

/// Returns the approximate size of an allocation, which is rounded up.
fn allocated(bytes: usize) -> usize {
    if bytes == 0 { 0 } else { bytes + bytes / 8 + 8 }
}

/// The result of scanning bytes that may not be JSON.
enum Scan {
    Ok,
    TooDeep,
    TooLong(String),
}

fn scan(bytes: &[u8]) -> Scan {
    let (mut depth, mut position) = (0_usize, 0);
    while let Some(byte) = bytes.get(position) {
        match byte {
            b'"' => position += string_end(bytes.get(position..).unwrap_or_default()),
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Scan::TooDeep;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'0'..=b'9' | b'-' => {
                let rest = bytes.get(position..).unwrap_or_default();
                let length = rest.iter().take_while(|byte| is_number_byte(**byte)).count();
                let number = rest.get(..length).unwrap_or_default();
                if is_rounded(number) {
                    return Scan::TooLong(String::from_utf8_lossy(number.get(..40).unwrap_or(number)).into());
                }
                position += length.saturating_sub(1);
            }
            _ => {}
        }
        position += 1;
    }
    Scan::Ok
}

/// Returns the offset of the closing quote of a string that starts at the first byte.
fn string_end(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (position, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return position,
            _ => {}
        }
    }
    bytes.len()
}

fn is_number_byte(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Returns whether a number is an integer of more than 64 bits, which would become a float.
fn is_rounded(number: &[u8]) -> bool {
    // Integers of up to 18 digits always fit.
    if number.len() <= 18 || number.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return false;
    }
    let text = String::from_utf8_lossy(number);
    text.parse::<i64>().is_err() && text.parse::<u64>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_brackets_in_strings_are_ignored() {
        for (json, is_valid) in [
            (r#"{"a": "12345678901234567890123"}"#, true),
            (r#"{"a\"[": "[[\\"}"#, true),
            ("[-9223372036854775808, 18446744073709551615]", true),
            ("[-9223372036854775809]", false),
            ("[18446744073709551616]", false),
            ("[1.2345678901234567890123, 1e300]", true),
        ] {
            assert_eq!(parse(json.as_bytes()).is_ok(), is_valid, "{json}");
        }
        let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
        assert!(parse(deep.as_bytes()).is_ok());
    }
}
