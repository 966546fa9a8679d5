//! Lossless conversion of values between JSON and VRL.
//!
//! | JSON → VRL | |
//! |---|---|
//! | integer beyond the signed 64-bit range | text |
//! | everything else | the same type |
//!
//! | VRL → JSON | |
//! |---|---|
//! | timestamp | RFC 3339, UTC, microseconds |
//! | regular expression | its source |
//! | bytes that are UTF-8 | text |
//! | other bytes | base64, as accepted by a binary field |
//! | infinity | `"Infinity"`, `"-Infinity"`; VRL has no NaN |

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::SecondsFormat;
use serde_json::{Number, Value as Json};
use vrl::value::Value;

use crate::json::MAX_DEPTH;

/// Why a value cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConversionError {
    /// It exceeds the nesting limit of records. Later stages process JSON recursively.
    TooDeep,
    /// It exceeds the output budget. VRL shares strings where JSON copies them, so a small VRL value
    /// can become a huge JSON value.
    TooLarge,
}

/// Remaining output size, in approximate bytes of JSON.
#[derive(Debug)]
pub(super) struct OutputBudget(pub(super) usize);

/// Converts an object to a VRL value.
pub(super) fn from_object(fields: impl IntoIterator<Item = (String, Json)>) -> Value {
    // The crate converts numbers that VRL cannot represent to text.
    Value::Object(fields.into_iter().map(|(name, value)| (name.into(), Value::from(value))).collect())
}

impl OutputBudget {
    pub(super) fn take(&mut self, bytes: usize) -> Result<(), ConversionError> {
        self.0 = self.0.checked_sub(bytes).ok_or(ConversionError::TooLarge)?;
        Ok(())
    }

    /// Converts a VRL value to JSON.
    pub(super) fn json(&mut self, value: Value) -> Result<Json, ConversionError> {
        self.convert(value, 1)
    }

    fn convert(&mut self, value: Value, depth: usize) -> Result<Json, ConversionError> {
        self.take(2)?;
        Ok(match value {
            Value::Null => Json::Null,
            Value::Boolean(boolean) => Json::Bool(boolean),
            Value::Integer(integer) => Json::from(integer),
            Value::Float(float) => match Number::from_f64(float.into_inner()) {
                Some(number) => Json::Number(number),
                None => Json::from(infinity(&value).unwrap_or_default()),
            },
            Value::String(text) => self.text(&text)?,
            Value::Bytes(bytes) => match std::str::from_utf8(&bytes) {
                Ok(text) => self.text(text)?,
                Err(_) => {
                    self.take(bytes.len() / 3 * 4)?;
                    Json::from(BASE64_STANDARD.encode(&bytes))
                }
            },
            Value::Regex(regex) => self.text(regex.as_str())?,
            Value::Timestamp(moment) => Json::from(moment.to_rfc3339_opts(SecondsFormat::Micros, true)),
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => return Err(ConversionError::TooDeep),
            Value::Array(items) => {
                let converted = items.into_iter().map(|item| self.convert(item, depth + 1));
                Json::Array(converted.collect::<Result<_, _>>()?)
            }
            Value::Object(members) => {
                let converted = members.into_iter().map(|(name, member)| {
                    self.take(name.len())?;
                    Ok((String::from(name), self.convert(member, depth + 1)?))
                });
                Json::Object(converted.collect::<Result<_, _>>()?)
            }
        })
    }

    fn text(&mut self, text: &str) -> Result<Json, ConversionError> {
        self.take(text.len())?;
        Ok(Json::from(text))
    }
}

/// Returns the name of an infinity, which JSON cannot represent.
pub(super) fn infinity(value: &Value) -> Option<&'static str> {
    let Value::Float(float) = value else { return None };
    let float = float.into_inner();
    float.is_infinite().then_some(if float > 0.0 { "Infinity" } else { "-Infinity" })
}
