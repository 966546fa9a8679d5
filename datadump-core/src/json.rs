//! JSON as it comes from outside: bounded in depth before anything walks it, and with no number
//! that would be changed by reading it.

use serde_json::Value as Json;

use crate::error::{Error, Fault, Place, Result};

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// Reads one JSON document.
///
/// ```
/// use datadump_core::json;
/// assert_eq!(json::parse(b" [1]").unwrap()[0], 1);
/// assert!(json::parse(b"{").is_err());
/// assert!(json::parse("[".repeat(65).as_bytes()).unwrap_err().to_string().contains("64"));
/// // A whole number that no 64 bits hold would come out as another one.
/// assert!(json::parse(b"[12345678901234567890123]").is_err());
/// ```
pub fn parse(bytes: &[u8]) -> Result<Json> {
    let fault = |code, detail: String| Error::Invalid(vec![Fault::new(Place::body(), code, detail)]);
    match look(bytes) {
        Look::Fine => {}
        Look::TooDeep => {
            return Err(fault("too-deep", format!("the JSON nests deeper than {MAX_DEPTH} levels")));
        }
        Look::TooLong(number) => {
            let detail = format!("{number} has more than 64 bits, and would be rounded: send it as a string");
            return Err(fault("out-of-range", detail));
        }
    }
    serde_json::from_slice(bytes).map_err(|error| fault("not-json", format!("this is not JSON: {error}")))
}

/// What a first look at the bytes says, whether or not they are JSON.
enum Look {
    Fine,
    TooDeep,
    TooLong(String),
}

fn look(bytes: &[u8]) -> Look {
    let (mut depth, mut place) = (0_usize, 0);
    while let Some(byte) = bytes.get(place) {
        match byte {
            b'"' => place += text_length(bytes.get(place..).unwrap_or_default()),
            b'[' | b'{' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Look::TooDeep;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'0'..=b'9' | b'-' => {
                let rest = bytes.get(place..).unwrap_or_default();
                let length = rest.iter().take_while(|byte| is_of_number(**byte)).count();
                let number = rest.get(..length).unwrap_or_default();
                if is_rounded(number) {
                    return Look::TooLong(String::from_utf8_lossy(number.get(..40).unwrap_or(number)).into());
                }
                place += length.saturating_sub(1);
            }
            _ => {}
        }
        place += 1;
    }
    Look::Fine
}

/// From an opening quote to the byte before the end of the closing one.
fn text_length(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (place, byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return place,
            _ => {}
        }
    }
    bytes.len()
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

/// Whether it is a whole number that only a float would hold.
fn is_rounded(number: &[u8]) -> bool {
    // Up to 18 digits always fit.
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
    fn numbers_and_brackets_in_texts_are_texts() {
        for (json, fine) in [
            (r#"{"a": "12345678901234567890123"}"#, true),
            (r#"{"a\"[": "[[\\"}"#, true),
            ("[-9223372036854775808, 18446744073709551615]", true),
            ("[-9223372036854775809]", false),
            ("[18446744073709551616]", false),
            ("[1.2345678901234567890123, 1e300]", true),
        ] {
            assert_eq!(parse(json.as_bytes()).is_ok(), fine, "{json}");
        }
        let deep = format!("{}{}", "[".repeat(64), "]".repeat(64));
        assert!(parse(deep.as_bytes()).is_ok());
    }
}
