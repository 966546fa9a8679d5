//! Values that a column holds only approximately.

use serde_json::Value as Json;

use super::{Kind, infer};
use crate::json::is_exact;

/// Code of a time that has digits beyond microseconds.
pub(crate) const CUT: &str = "cut-to-microseconds";

/// The message for it.
pub(crate) const CUT_DETAIL: &str = "digits beyond microseconds were cut off";

/// Code of a number of which only the nearest float is stored.
pub(crate) const DIGITS_LOST: &str = "digits-lost";

/// The message for it.
pub(crate) const DIGITS_LOST_DETAIL: &str = "the number has more digits than a float holds";

/// Returns the code and the message if a field of this type holds a valid value only approximately.
pub(crate) fn rounding(kind: &Kind, json: &Json) -> Option<(&'static str, &'static str)> {
    let is_cut = match (kind, json) {
        (Kind::Timestamp, Json::String(text)) => has_nanoseconds(text, 19),
        (Kind::Time, Json::String(text)) => has_nanoseconds(text, 8),
        (Kind::Timestamp, Json::Number(number)) => {
            number.as_i64().is_some_and(|number| infer::is_nanoseconds(number) && number % 1_000 != 0)
        }
        _ => false,
    };
    if is_cut {
        return Some((CUT, CUT_DETAIL));
    }
    let text = match (kind, json) {
        (Kind::Float, Json::String(text)) => text.as_str(),
        (Kind::Float, Json::Number(number)) if number.as_f64() == Some(0.0) && number.is_f64() => {
            if number.as_f64().is_some_and(f64::is_sign_positive) {
                return None;
            }
            "-0"
        }
        _ => return None,
    };
    match text.parse::<f64>() {
        Ok(0.0) if text.starts_with('-') => Some(("negative-zero", "a zero has no sign")),
        Ok(_) if !is_exact(text) => Some((DIGITS_LOST, DIGITS_LOST_DETAIL)),
        _ => None,
    }
}

/// Returns whether a time has digits beyond microseconds; `point` is the place of its decimal point.
fn has_nanoseconds(text: &str, point: usize) -> bool {
    text.as_bytes().get(point) == Some(&b'.')
        && text.bytes().skip(point + 7).take_while(u8::is_ascii_digit).any(|digit| digit != b'0')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_are_not_stored_exactly_are_found() {
        for (kind, value, expected) in [
            (Kind::Timestamp, json!("2026-03-01T12:00:00.123456789Z"), Some(CUT)),
            (Kind::Timestamp, json!("2026-03-01 12:00:00.1234567"), Some(CUT)),
            (Kind::Timestamp, json!("2026-03-01T12:00:00.123456000+01:00"), None),
            (Kind::Timestamp, json!("2026-03-01T12:00:00Z"), None),
            (Kind::Timestamp, json!(1_700_000_000_123_456_789_i64), Some(CUT)),
            (Kind::Timestamp, json!(1_700_000_000_123_456_000_i64), None),
            (Kind::Timestamp, json!(1_700_000_001), None),
            (Kind::Time, json!("12:00:00.0000001"), Some(CUT)),
            (Kind::Time, json!("12:00:00.5"), None),
            (Kind::Float, json!(-0.0), Some("negative-zero")),
            (Kind::Float, json!(0.0), None),
            (Kind::Float, json!(0), None),
            (Kind::Float, json!(-1.5), None),
            (Kind::Float, json!("-0.0"), Some("negative-zero")),
            (Kind::Float, json!("0.12345678901234566"), None),
            (Kind::Float, json!("9007199254740993.0"), Some(DIGITS_LOST)),
            (Kind::Text { max_length: None }, json!("9007199254740993.0"), None),
        ] {
            assert_eq!(rounding(&kind, &value).map(|(code, _)| code), expected, "{kind} {value}");
        }
    }
}
