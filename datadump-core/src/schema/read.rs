//! Parses values: strictly from JSON, and from text as used in URLs and filters.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use chrono::{NaiveDate, NaiveTime, Timelike};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Kind, Value, check::InvalidValue, kind::MAX_INDEXED_LENGTH};
use crate::clock::Timestamp;

/// Days from the start of year 1 to 1970.
const DAYS_BEFORE_1970: i32 = 719_163;

impl Kind {
    /// Parses a JSON value, which must not be null, and checks the limits of the type.
    pub fn read(&self, json: &Json) -> Result<Value, InvalidValue> {
        let value = match (self, json) {
            (Self::Boolean, Json::Bool(value)) => Value::Boolean(*value),
            (Self::Integer | Self::Long, Json::Number(number)) => match number.as_i64() {
                Some(number) => Value::Integer(number),
                None if number.is_f64() => return Err(self.mistyped(json)),
                None => {
                    let detail = format!("{number} is out of range for {} (64 bits)", self.article());
                    return Err(InvalidValue::new("out-of-range", detail));
                }
            },
            (Self::Float, Json::Number(number)) => {
                number.as_f64().and_then(float).ok_or_else(|| self.mistyped(json))?
            }
            (Self::Decimal { scale, .. }, Json::String(text)) => self.decimal(text, *scale, json)?,
            (Self::Decimal { scale, .. }, Json::Number(number)) => {
                if number.is_f64() && !is_exact(number, *scale) {
                    let detail = format!("{number} may lose precision as a JSON number: send it as a string");
                    return Err(InvalidValue::new("inexact", detail));
                }
                self.decimal(&number.to_string(), *scale, json)?
            }
            (Self::String { .. } | Self::Text { .. } | Self::Enum { .. }, Json::String(text)) => {
                if text.contains('\0') {
                    return Err(InvalidValue::new("nul", "must not contain U+0000"));
                }
                Value::Text(text.clone())
            }
            (Self::Id, Json::String(text)) => id(text)?,
            (Self::Id, Json::Number(number)) => Value::Text(number.to_string()),
            (Self::Json, json) => {
                if has_nul(json) {
                    return Err(InvalidValue::new("nul", "must not contain U+0000"));
                }
                Value::Json(json.to_string())
            }
            (
                Self::Uuid | Self::Date | Self::Time | Self::Timestamp | Self::Binary { .. },
                Json::String(text),
            ) => self.read_special(text).ok_or_else(|| self.mistyped(json))?,
            _ => return Err(self.mistyped(json)),
        };
        self.check(&value)?;
        Ok(value)
    }

    /// Parses an owned JSON value. A string is moved instead of copied.
    pub fn take(&self, json: Json) -> Result<Value, InvalidValue> {
        match (self, json) {
            (Self::String { .. } | Self::Text { .. }, Json::String(text)) if !text.contains('\0') => {
                let value = Value::Text(text);
                self.check(&value)?;
                Ok(value)
            }
            (_, json) => self.read(&json),
        }
    }

    /// Parses a value from text, as used in URLs and filters.
    pub fn read_text(&self, text: &str) -> Result<Value, InvalidValue> {
        let json = match self {
            Self::Boolean => match text {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                _ => return Err(self.mistyped(&text.into())),
            },
            // In JSON syntax, without surrounding white space.
            Self::Integer | Self::Long | Self::Float => match serde_json::from_str(text) {
                Ok(Json::Number(number)) if text.trim() == text => Json::Number(number),
                _ => return Err(self.mistyped(&text.into())),
            },
            Self::Json => serde_json::from_str(text).map_err(|_| self.mistyped(&text.into()))?,
            Self::Decimal { .. }
            | Self::String { .. }
            | Self::Text { .. }
            | Self::Uuid
            | Self::Id
            | Self::Date
            | Self::Time
            | Self::Timestamp
            | Self::Binary { .. }
            | Self::Enum { .. } => text.into(),
        };
        self.read(&json)
    }

    fn read_special(&self, text: &str) -> Option<Value> {
        match self {
            Self::Uuid => Uuid::try_parse(text).ok().map(Value::Uuid),
            Self::Date => date(text),
            Self::Time => time(text),
            Self::Timestamp => Timestamp::parse(text).map(Value::Timestamp),
            Self::Binary { .. } => BASE64.decode(text).ok().map(Value::Binary),
            _ => None,
        }
    }

    fn decimal(&self, text: &str, scale: u32, json: &Json) -> Result<Value, InvalidValue> {
        match decimal(text, scale) {
            Ok(value) => Ok(value),
            Err(DecimalFault::NotANumber) => Err(self.mistyped(json)),
            Err(DecimalFault::TooManyDigits) => {
                let detail = format!("{json} does not fit {self}");
                Err(InvalidValue::new("out-of-range", detail))
            }
        }
    }

    fn mistyped(&self, json: &Json) -> InvalidValue {
        let hint = match self {
            Self::Date => " (YYYY-MM-DD)",
            Self::Time => " (HH:MM:SS)",
            Self::Timestamp => " (RFC 3339, like 2026-01-31T12:00:00Z)",
            Self::Binary { .. } => " (base64)",
            _ => "",
        };
        InvalidValue::new("mistyped", format!("{} is not {}{hint}", shown(json), self.article()))
    }

    fn article(&self) -> String {
        let name = self.name();
        match name.chars().next() {
            Some('a' | 'e' | 'i' | 'o') => format!("an {name}"),
            _ => format!("a {name}"),
        }
    }
}

/// Formats a value for a message, truncated if it is long.
pub(crate) fn shown(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// Parses an id: a UUID in canonical form, or any other text.
fn id(text: &str) -> Result<Value, InvalidValue> {
    match Uuid::try_parse(text) {
        // A UUID in any other form stays text.
        Ok(uuid) if uuid.to_string() == text => Ok(Value::Uuid(uuid)),
        _ if text.contains('\0') => Err(InvalidValue::new("nul", "must not contain U+0000")),
        _ if text.chars().count() > MAX_INDEXED_LENGTH as usize => {
            let detail = format!("has more than {MAX_INDEXED_LENGTH} characters");
            Err(InvalidValue::new("too-long", detail))
        }
        _ => Ok(Value::Text(text.to_owned())),
    }
}

/// Returns whether a JSON number with `scale` decimal places is exact: a float preserves up to 15 digits in
/// total.
fn is_exact(number: &serde_json::Number, scale: u32) -> bool {
    let whole_digits = 15_i32.saturating_sub_unsigned(scale);
    number.as_f64().is_some_and(|number| number.abs() < 10_f64.powi(whole_digits))
}

/// Converts a float to a form that both databases store and compare alike: finite, no negative zero.
fn float(number: f64) -> Option<Value> {
    number.is_finite().then_some(Value::Float(number + 0.0))
}

fn date(text: &str) -> Option<Value> {
    let canonical = text.len() == 10 && text.is_ascii();
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| canonical)?;
    let days = chrono::Datelike::num_days_from_ce(&date).checked_sub(DAYS_BEFORE_1970)?;
    let year = chrono::Datelike::year(&date);
    (1..=9999).contains(&year).then_some(Value::Date(days))
}

fn time(text: &str) -> Option<Value> {
    let time = NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok()?;
    let micros =
        i64::from(time.num_seconds_from_midnight()) * 1_000_000 + i64::from(time.nanosecond() / 1000);
    (micros < 86_400_000_000).then_some(Value::Time(micros))
}

enum DecimalFault {
    NotANumber,
    TooManyDigits,
}

/// Parses a decimal such as `-12.50` exactly. Exponents are accepted because JSON numbers may have one.
fn decimal(text: &str, scale: u32) -> Result<Value, DecimalFault> {
    use DecimalFault::{NotANumber, TooManyDigits};
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| NotANumber)?;
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let numeric = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric(whole) || !numeric(fraction) || whole.len() + fraction.len() > 400 {
        return Err(NotANumber);
    }
    let fraction_digits = i32::try_from(fraction.len()).map_err(|_| TooManyDigits)?;
    let shift = i32::try_from(scale).ok().and_then(|scale| (scale - fraction_digits).checked_add(exponent));
    let shift = shift.ok_or(TooManyDigits)?;
    let mut all: Vec<u8> = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
    for _ in shift..0 {
        if all.pop().is_some_and(|digit| digit != 0) {
            return Err(TooManyDigits);
        }
        if all.is_empty() {
            break;
        }
    }
    let mut number: i64 = 0;
    let zeros = usize::try_from(shift).unwrap_or(0);
    if all.iter().any(|digit| *digit != 0) {
        if zeros > 18 {
            return Err(TooManyDigits);
        }
        for digit in all.into_iter().chain(std::iter::repeat_n(0, zeros)) {
            number = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(digit.into()))
                .ok_or(TooManyDigits)?;
        }
    }
    Ok(Value::Decimal(if negative { -number } else { number }))
}

fn has_nul(json: &Json) -> bool {
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(has_nul),
        Json::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// Returns the date that is a number of days after 1970-01-01.
pub(super) fn day(days: i32) -> NaiveDate {
    days.checked_add(DAYS_BEFORE_1970)
        .and_then(NaiveDate::from_num_days_from_ce_opt)
        .unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_parsed_strictly() {
        let decimal = Kind::Decimal { precision: 6, scale: 2 };
        let money = Kind::Decimal { precision: 18, scale: 4 };
        let string = Kind::String { max_length: 3 };
        for (kind, json, expected) in [
            (&Kind::Integer, json!(5), Ok(Value::Integer(5))),
            (&Kind::Integer, json!(5.0), Err("mistyped")),
            (&Kind::Integer, json!("5"), Err("mistyped")),
            (&Kind::Integer, json!(2_147_483_648_i64), Err("out-of-range")),
            (&Kind::Long, json!(u64::MAX), Err("out-of-range")),
            (&Kind::Float, json!(5), Ok(Value::Float(5.0))),
            (&decimal, json!("12.5"), Ok(Value::Decimal(1250))),
            (&decimal, json!("-0.01"), Ok(Value::Decimal(-1))),
            (&decimal, json!(0.1), Ok(Value::Decimal(10))),
            (&decimal, json!("1e2"), Ok(Value::Decimal(10_000))),
            (&decimal, json!("12.505"), Err("out-of-range")),
            (&money, json!(12_345_678_901_234.5), Err("inexact")),
            (&money, json!("12345678901234.5678"), Ok(Value::Decimal(123_456_789_012_345_678))),
            (&money, json!(12_345_678_901_i64), Ok(Value::Decimal(123_456_789_010_000))),
            (&decimal, json!("12.500"), Ok(Value::Decimal(1250))),
            (&decimal, json!("12345"), Err("out-of-range")),
            (&decimal, json!("1e999999999"), Err("out-of-range")),
            (&decimal, json!("abc"), Err("mistyped")),
            (&string, json!("äöü"), Ok(Value::Text("äöü".into()))),
            (&string, json!("four"), Err("too-long")),
            (&string, json!("a\0"), Err("nul")),
            (&Kind::Date, json!("1970-01-02"), Ok(Value::Date(1))),
            (&Kind::Date, json!("1970-1-2"), Err("mistyped")),
            (&Kind::Date, json!("2023-02-29"), Err("mistyped")),
            (&Kind::Time, json!("00:00:01.5"), Ok(Value::Time(1_500_000))),
            (&Kind::Time, json!("24:00:00"), Err("mistyped")),
            (&Kind::Timestamp, json!("yesterday"), Err("mistyped")),
            (&Kind::Uuid, json!("x"), Err("mistyped")),
            (&Kind::Boolean, json!(1), Err("mistyped")),
            (&Kind::Json, json!({"a": "\0"}), Err("nul")),
        ] {
            let read = kind.read(&json).map_err(|wrong| wrong.code);
            assert_eq!(read, expected, "{kind} from {json}");
        }
    }
}
