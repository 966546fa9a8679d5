//! Typed values, in the form in which they are compared, bound and stored.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::clock::Timestamp;

/// A typed value. The definition determines its exact type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Null.
    Null,
    /// A `boolean`.
    Boolean(bool),
    /// An `integer` or `long`.
    Integer(i64),
    /// A `float`: always finite, never negative zero.
    Float(f64),
    /// A `decimal` without its decimal point; the type has the scale.
    Decimal(i64),
    /// A `string`, `text` or `enum`, without U+0000.
    Text(String),
    /// A `uuid`.
    Uuid(Uuid),
    /// A `date`: days since 1970-01-01.
    Date(i32),
    /// A `time`: microseconds since midnight.
    Time(i64),
    /// A `timestamp`.
    Timestamp(Timestamp),
    /// A `json` value as text written by `serde_json`.
    Json(String),
    /// A `binary` value.
    Binary(Vec<u8>),
}

impl Value {
    /// Returns whether this is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the size in memory in bytes, approximately.
    pub(crate) fn size(&self) -> usize {
        24 + match self {
            Self::Text(text) | Self::Json(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
            _ => 0,
        }
    }

    /// Compares two values of the same type. Null sorts first and text by code point, as in both databases.
    /// Returns `None` for values of different types.
    ///
    /// ```
    /// use datadump_core::schema::Value;
    /// use std::cmp::Ordering;
    /// assert_eq!(Value::Integer(2).compare(&Value::Integer(10)), Some(Ordering::Less));
    /// assert_eq!(Value::Null.compare(&Value::Boolean(false)), Some(Ordering::Less));
    /// assert_eq!(Value::Integer(2).compare(&Value::Boolean(true)), None);
    /// ```
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, Self::Null) => Some(Ordering::Equal),
            (Self::Null, _) => Some(Ordering::Less),
            (_, Self::Null) => Some(Ordering::Greater),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Integer(a), Self::Integer(b))
            | (Self::Decimal(a), Self::Decimal(b))
            | (Self::Time(a), Self::Time(b)) => Some(a.cmp(b)),
            (Self::Float(a), Self::Float(b)) => a.partial_cmp(b),
            (Self::Text(a), Self::Text(b)) | (Self::Json(a), Self::Json(b)) => Some(a.cmp(b)),
            (Self::Uuid(a), Self::Uuid(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Self::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Binary(a), Self::Binary(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}
