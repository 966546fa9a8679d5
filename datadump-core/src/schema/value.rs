//! One value of a row, in the form that is compared, bound and stored.

use std::cmp::Ordering;

use uuid::Uuid;

use crate::clock::Timestamp;

/// A value that was read as its kind. Which kind that is, the definition knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Of `boolean`.
    Boolean(bool),
    /// Of `integer` and `long`.
    Integer(i64),
    /// Of `float`; always finite, never negative zero.
    Float(f64),
    /// Of `decimal`: the number without its point; the kind knows the scale.
    Decimal(i64),
    /// Of `string`, `text` and `enum`; never with U+0000.
    Text(String),
    /// Of `uuid`.
    Uuid(Uuid),
    /// Of `date`: days after 1970-01-01.
    Date(i32),
    /// Of `time`: microseconds after midnight.
    Time(i64),
    /// Of `timestamp`.
    Timestamp(Timestamp),
    /// Of `json`: its text, as `serde_json` writes it.
    Json(String),
    /// Of `binary`.
    Binary(Vec<u8>),
}

impl Value {
    /// Whether there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// How two values of one kind are ordered; null is before everything, and texts go by code
    /// point, as in both databases. Values of different kinds are not ordered.
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
