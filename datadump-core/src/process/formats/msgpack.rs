//! MessagePack: one record per value in the sequence; an array becomes one record per item.

use rmpv::{
    Value,
    decode::{Error, read_value_with_max_depth},
};
use serde_json::Value as Json;

use crate::{
    json::MAX_DEPTH,
    process::{
        Input, Output, Processor,
        binary_format::BinaryFormat,
        extent::Head,
        parsed_value::{ParsedValue, too_deep},
    },
    record::Failure,
};

/// Parses a sequence of MessagePack values.
#[derive(Debug)]
pub(in crate::process) struct MessagePack;

impl Processor for MessagePack {
    fn name(&self) -> &str {
        "msgpack"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        FORMAT.emit(input.body, output);
        Ok(())
    }
}

const FORMAT: BinaryFormat = BinaryFormat {
    name: "MessagePack",
    head,
    is_list: |first| matches!(first, 0x90..=0x9F | 0xDC | 0xDD),
    read,
};

fn read(mut bytes: &[u8]) -> Result<ParsedValue, Failure> {
    // The library counts two levels per nesting.
    read_value_with_max_depth(&mut bytes, 2 * MAX_DEPTH + 2).map(parsed).map_err(|error| match error {
        Error::DepthLimitExceeded => too_deep(),
        error => Failure::unreadable(error.to_string()),
    })
}

fn head(bytes: &[u8]) -> Option<(usize, Head)> {
    let first = *bytes.first()?;
    let number = |bytes_of_it: usize| {
        let digits = bytes.get(1..=bytes_of_it)?;
        Some(digits.iter().fold(0_u64, |number, digit| number << 8 | u64::from(*digit)))
    };
    // A leaf whose length follows the marker, with so many more bytes before the data.
    let data = |bytes_of_length: usize, more: usize| {
        let length = usize::try_from(number(bytes_of_length)?).ok()?;
        Some((1 + bytes_of_length + more + length, Head::Leaf))
    };
    match first {
        0x80..=0x8F => Some((1, Head::Items(2 * u64::from(first & 0x0F)))),
        0x90..=0x9F => Some((1, Head::Items(u64::from(first & 0x0F)))),
        0xA0..=0xBF => Some((1 + usize::from(first & 0x1F), Head::Leaf)),
        0xC4 | 0xD9 => data(1, 0),
        0xC5 | 0xDA => data(2, 0),
        0xC6 | 0xDB => data(4, 0),
        0xC7 => data(1, 1),
        0xC8 => data(2, 1),
        0xC9 => data(4, 1),
        0xCC | 0xD0 => Some((2, Head::Leaf)),
        0xCD | 0xD1 | 0xD4 => Some((3, Head::Leaf)),
        0xD5 => Some((4, Head::Leaf)),
        0xCA | 0xCE | 0xD2 => Some((5, Head::Leaf)),
        0xD6 => Some((6, Head::Leaf)),
        0xCB | 0xCF | 0xD3 => Some((9, Head::Leaf)),
        0xD7 => Some((10, Head::Leaf)),
        0xD8 => Some((18, Head::Leaf)),
        0xDC => Some((3, Head::Items(number(2)?))),
        0xDD => Some((5, Head::Items(number(4)?))),
        0xDE => Some((3, Head::Items(2 * number(2)?))),
        0xDF => Some((5, Head::Items(2 * number(4)?))),
        // Small numbers, nil and booleans.
        _ => Some((1, Head::Leaf)),
    }
}

fn parsed(value: Value) -> ParsedValue {
    match value {
        Value::Nil => ParsedValue::Json(Json::Null),
        Value::Boolean(value) => ParsedValue::Json(value.into()),
        Value::Integer(value) => {
            let whole = value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
            ParsedValue::integer(whole.unwrap_or_default())
        }
        Value::F32(value) => ParsedValue::float32(value),
        Value::F64(value) => ParsedValue::float(value),
        // Old encoders use one type for strings and bytes.
        Value::String(text) if text.is_err() => ParsedValue::bytes(text.as_bytes()),
        Value::String(text) => ParsedValue::text(text.into_str().unwrap_or_default()),
        Value::Binary(value) => ParsedValue::bytes(&value),
        Value::Array(items) => ParsedValue::Array(items.into_iter().map(parsed).collect()),
        Value::Map(members) => {
            ParsedValue::map(members.into_iter().map(|(name, value)| (parsed(name), parsed(value))))
        }
        Value::Ext(kind, data) => extension(kind, &data),
    }
}

/// Converts an extension value. The format itself defines only timestamps (type -1).
fn extension(kind: i8, data: &[u8]) -> ParsedValue {
    let timestamp = (kind == -1).then(|| timestamp(data)).flatten();
    timestamp.unwrap_or_else(|| {
        let kind = ("type".to_owned(), ParsedValue::integer(kind.into()));
        ParsedValue::Object(vec![kind, ("data".to_owned(), ParsedValue::bytes(data))])
    })
}

fn timestamp(data: &[u8]) -> Option<ParsedValue> {
    let (seconds, nanoseconds) = match data.len() {
        4 => (i64::from(u32::from_be_bytes(data.try_into().ok()?)), 0),
        8 => {
            let both = u64::from_be_bytes(data.try_into().ok()?);
            (i64::try_from(both & 0x3_FFFF_FFFF).ok()?, u32::try_from(both >> 34).ok()?)
        }
        12 => {
            let (nanoseconds, seconds) = data.split_at(4);
            (i64::from_be_bytes(seconds.try_into().ok()?), u32::from_be_bytes(nanoseconds.try_into().ok()?))
        }
        _ => return None,
    };
    ParsedValue::moment(seconds, nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check_as;

    #[test]
    fn values_become_records() {
        let nested: Vec<u8> = [vec![0x81, 0xA1, b'a'], vec![0x91; 63], vec![1]].concat();
        let deep: Vec<u8> = [vec![0x91; 100_000], vec![1]].concat();
        let shown = format!(r#"{{"a":{}1{}}}"#, "[".repeat(63), "]".repeat(63));
        for (body, expected) in [
            (&b"\x82\xA1a\x01\xA1b\xC0"[..], &[r#"{"a":1,"b":null}"#][..]),
            (b"\x92\x81\xA1a\xCD\x01\x00\xA1x", &[r#"{"a":256}"#, r#"{"value":"x"}"#]),
            (b"\x81\xA1a\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", &[r#"{"a":18446744073709551615}"#]),
            (
                b"\x81\xA1a\xCA\x3F\x8C\xCC\xCD\x81\xA1a\xCB\x7F\xF8\0\0\0\0\0\0",
                &[r#"{"a":1.1}"#, r#"{} non_finite {"a":"NaN"}"#],
            ),
            (b"\x81\x07\xC4\x02\x01\x02", &[r#"{"7":"AQI="}"#]),
            (b"\x81\xA1a\xA2\xFF\xFE", &[r#"{"a":"//4="}"#]),
            (b"\x81\xA1a\xD6\xFF\x65\xE1\xBC\xC0", &[r#"{"a":"2024-03-01T11:32:16Z"}"#]),
            (b"\x81\xA1a\xD4\x05\x01", &[r#"{"a":{"type":5,"data":"AQ=="}}"#]),
            (&nested, &[&shown]),
            (&deep, &["error too-deep"]),
            (b"\x81\xA1a\x01\x82\xA1a", &[r#"{"a":1}"#, "!unreadable"]),
            (b"\xDD\xFF\xFF\xFF\xFF\x01", &["error unreadable"]),
            (b"\xDF\xFF\xFF\xFF\xFF", &["error unreadable"]),
            (b"", &[]),
        ] {
            check_as(&MessagePack, None, body, expected);
        }
    }
}
