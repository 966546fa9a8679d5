//! Values: JSON ↔ VRL, with nothing rounded and nothing lost.
//!
//! | JSON → VRL | |
//! |---|---|
//! | whole number beyond 63 bits and a sign | text, digit by digit |
//! | everything else | its like |
//!
//! | VRL → JSON | |
//! |---|---|
//! | timestamp | RFC 3339, UTC, microseconds |
//! | regular expression | its text |
//! | bytes that are UTF-8 | text |
//! | other bytes | base64: what a binary field takes, and nothing of it is lost |
//! | infinity | `"Infinity"`, `"-Infinity"`; not a number does not exist in VRL |

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::SecondsFormat;
use serde_json::{Number, Value as Json};
use vrl::value::Value;

use crate::json::MAX_DEPTH;

/// Why a value does not become a part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConversionError {
    /// It nests deeper than a record may: what walks JSON later recurses.
    TooDeep,
    /// It is more than there is room for. Texts are shared in VRL and copied in JSON, so that what
    /// is small here can be huge there.
    TooLarge,
}

/// How much may still be put out, in bytes of JSON or thereabouts.
#[derive(Debug)]
pub(super) struct OutputBudget(usize);

/// An object as a VRL value.
pub(super) fn from_object(fields: impl IntoIterator<OutputRecord = (String, Json)>) -> Value {
    // The crate's own conversion makes text of numbers that it cannot hold.
    Value::Object(fields.into_iter().map(|(name, value)| (name.into(), Value::from(value))).collect())
}

impl OutputBudget {
    pub(super) fn new(bytes: usize) -> Self {
        Self(bytes)
    }

    pub(super) fn take(&mut self, bytes: usize) -> Result<(), ConversionError> {
        self.0 = self.0.checked_sub(bytes).ok_or(ConversionError::TooLarge)?;
        Ok(())
    }

    /// A VRL value as JSON.
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

/// A number that JSON does not have, as the text that stands for it.
pub(super) fn infinity(value: &Value) -> Option<&'static str> {
    let Value::Float(float) = value else { return None };
    let float = float.into_inner();
    float.is_infinite().then_some(if float > 0.0 { "Infinity" } else { "-Infinity" })
}
