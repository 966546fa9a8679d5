//! CBOR: one record per value in the sequence; an array becomes one record per item.

use ciborium::{Value, de::Error};
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

/// Parses a sequence of CBOR values.
#[derive(Debug)]
pub(in crate::process) struct Cbor;

impl Processor for Cbor {
    fn name(&self) -> &str {
        "cbor"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        FORMAT.emit(input.body, output);
        Ok(())
    }
}

const FORMAT: BinaryFormat =
    BinaryFormat { name: "CBOR", head, is_list: |first| matches!(first, 0x80..=0x9F), read };

fn read(bytes: &[u8]) -> Result<ParsedValue, Failure> {
    let value = ciborium::de::from_reader_with_recursion_limit(bytes, 2 * MAX_DEPTH);
    value.map(parsed).map_err(|error| failure(&error))
}

fn head(bytes: &[u8]) -> Option<(usize, Head)> {
    let first = *bytes.first()?;
    let (major, low) = (first >> 5, first & 0x1F);
    let more = match low {
        0..=23 | 31 => 0,
        24..=27 => 1_usize << (low - 24),
        _ => return None,
    };
    let digits = bytes.get(1..=more)?;
    let number = match more {
        0 => u64::from(low),
        _ => digits.iter().fold(0_u64, |number, digit| number << 8 | u64::from(*digit)),
    };
    let length = 1 + more;
    Some(match (major, low) {
        (0 | 1 | 6, 31) => return None,
        (2..=5, 31) => (length, Head::Open),
        (7, 31) => (length, Head::Break),
        (2 | 3, _) => (length.checked_add(usize::try_from(number).ok()?)?, Head::Leaf),
        (4, _) => (length, Head::Items(number)),
        (5, _) => (length, Head::Items(number.checked_mul(2)?)),
        // A tag is followed by its value.
        (6, _) => (length, Head::Items(1)),
        _ => (length, Head::Leaf),
    })
}

fn failure(error: &Error<std::io::Error>) -> Failure {
    match error {
        Error::RecursionLimitExceeded => too_deep(),
        Error::Syntax(place) => Failure::unreadable(format!("error at byte {place} of the value")),
        error => Failure::unreadable(error.to_string()),
    }
}

fn parsed(value: Value) -> ParsedValue {
    match value {
        Value::Null => ParsedValue::Json(Json::Null),
        Value::Bool(value) => ParsedValue::Json(value.into()),
        Value::Integer(value) => ParsedValue::integer(value.into()),
        Value::Float(value) => ParsedValue::float(value),
        Value::Text(text) => ParsedValue::text(text),
        Value::Bytes(bytes) => ParsedValue::bytes(&bytes),
        Value::Array(items) => ParsedValue::Array(items.into_iter().map(parsed).collect()),
        Value::Map(members) => {
            ParsedValue::map(members.into_iter().map(|(name, value)| (parsed(name), parsed(value))))
        }
        Value::Tag(tag, value) => tagged(tag, *value),
        // The enum is non-exhaustive.
        other => ParsedValue::text(format!("{other:?}")),
    }
}

/// Converts a tagged value. Big integers and timestamps are converted; other tags are ignored.
fn tagged(tag: u64, value: Value) -> ParsedValue {
    match (tag, value) {
        // Big integers.
        (2, Value::Bytes(bytes)) => big(&bytes, false),
        (3, Value::Bytes(bytes)) => big(&bytes, true),
        // Seconds since 1970.
        (1, Value::Integer(seconds)) => {
            let moment = i64::try_from(seconds).ok().and_then(|seconds| ParsedValue::moment(seconds, 0));
            moment.unwrap_or_else(|| ParsedValue::integer(seconds.into()))
        }
        (_, value) => parsed(value),
    }
}

/// Converts a big integer from its bytes (a negative one is encoded as -1 - n). Up to 64 bits it becomes
/// a number, beyond that its decimal digits become text.
fn big(bytes: &[u8], is_negative: bool) -> ParsedValue {
    /// Longer ones are keys rather than numbers, and converting them to decimal takes too long.
    const MAX_BYTES: usize = 512;
    if bytes.len() > MAX_BYTES {
        return ParsedValue::bytes(bytes);
    }
    // Decimal digits, least significant first.
    let mut digits = vec![0_u8];
    for byte in bytes {
        multiply_and_add(&mut digits, 256, u32::from(*byte));
    }
    if is_negative {
        multiply_and_add(&mut digits, 1, 1);
    }
    let sign = if is_negative { "-" } else { "" };
    let digits: String = digits.iter().rev().map(|digit| char::from(b'0' + digit)).collect();
    let text = format!("{sign}{digits}");
    text.parse::<i128>().map_or_else(|_| ParsedValue::text(text), ParsedValue::integer)
}

fn multiply_and_add(digits: &mut Vec<u8>, factor: u32, summand: u32) {
    let mut carry = summand;
    for digit in digits.iter_mut() {
        let sum = u32::from(*digit) * factor + carry;
        *digit = u8::try_from(sum % 10).unwrap_or_default();
        carry = sum / 10;
    }
    while carry > 0 {
        digits.push(u8::try_from(carry % 10).unwrap_or_default());
        carry /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check_as;

    #[test]
    fn values_become_records() {
        let deep: Vec<u8> = [vec![0x81; 100_000], vec![1]].concat();
        for (body, expected) in [
            (&b"\xA2\x61a\x01\x61b\xF6"[..], &[r#"{"a":1,"b":null}"#][..]),
            (b"\x82\xA1\x61a\x19\x01\x00\x61x", &[r#"{"a":256}"#, r#"{"value":"x"}"#]),
            (b"\xA1\x61a\x3B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", &[r#"{"a":"-18446744073709551616"}"#]),
            (b"\xA1\x61a\xC3\x49\x01\0\0\0\0\0\0\0\0", &[r#"{"a":"-18446744073709551617"}"#]),
            (
                b"\xA1\x61a\xF9\x7E\x00\xA1\x61a\xF9\x3E\x00",
                &[r#"{} non_finite {"a":"NaN"}"#, r#"{"a":1.5}"#],
            ),
            (b"\xA1\x07\x42\x01\x02", &[r#"{"7":"AQI="}"#]),
            (b"\xA1\x61t\xC0\x64soon", &[r#"{"t":"soon"}"#]),
            (b"\xBF\x61a\x9F\x01\xFF\xFF", &[r#"{"a":[1]}"#]),
            (&deep, &["error too-deep"]),
            (b"\xA1\x61a\x01\xA2\x61a", &[r#"{"a":1}"#, "!unreadable"]),
            (b"\x9B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", &["error unreadable"]),
            (b"\x7B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", &["error unreadable"]),
            (b"", &[]),
        ] {
            check_as(&Cbor, None, body, expected);
        }
    }
}
