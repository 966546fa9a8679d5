//! Values as SQL parameters.

use chrono::{NaiveDate, NaiveTime};
use rust_decimal::Decimal;
use sea_query::{Expr, Value as Bound};

use super::Dialect;
use crate::schema::{Kind, Value};

/// Returns a value as a bound parameter, for comparison with a column of its kind.
pub(in crate::store) fn bind(dialect: Dialect, kind: &Kind, value: &Value) -> Expr {
    Expr::val(match dialect {
        Dialect::Sqlite => sqlite(value),
        Dialect::Postgres => postgres(kind, value),
    })
}

/// SQLite has five types; other kinds are stored as numbers with the same order.
pub(super) fn sqlite(value: &Value) -> Bound {
    match value {
        Value::Null => Bound::BigInt(None),
        Value::Boolean(value) => Bound::BigInt(Some((*value).into())),
        Value::Integer(number) | Value::Decimal(number) | Value::Time(number) => Bound::BigInt(Some(*number)),
        Value::Float(number) => Bound::Double(Some(*number)),
        Value::Text(text) | Value::Json(text) => Bound::String(Some(text.clone())),
        Value::Uuid(uuid) => Bound::Bytes(Some(uuid.as_bytes().to_vec())),
        Value::Date(days) => Bound::BigInt(Some((*days).into())),
        Value::Timestamp(moment) => Bound::BigInt(Some(moment.micros())),
        Value::Binary(bytes) => Bound::Bytes(Some(bytes.clone())),
    }
}

fn postgres(kind: &Kind, value: &Value) -> Bound {
    match value {
        Value::Null => Bound::String(None),
        Value::Boolean(value) => Bound::Bool(Some(*value)),
        Value::Integer(number) => Bound::BigInt(Some(*number)),
        Value::Float(number) => Bound::Double(Some(*number)),
        Value::Decimal(number) => Bound::Decimal(Some(to_decimal(kind, *number))),
        Value::Text(text) | Value::Json(text) => Bound::String(Some(text.clone())),
        // Columns of this kind hold text.
        Value::Uuid(uuid) if *kind == Kind::Id => Bound::String(Some(uuid.to_string())),
        Value::Uuid(uuid) => Bound::Uuid(Some(*uuid)),
        Value::Date(days) => Bound::ChronoDate(Some(to_date(*days))),
        Value::Time(micros) => Bound::ChronoTime(Some(to_time(*micros))),
        Value::Timestamp(moment) => Bound::ChronoDateTimeUtc(Some(moment.to_chrono())),
        Value::Binary(bytes) => Bound::Bytes(Some(bytes.clone())),
    }
}

/// Returns a decimal, from its unscaled value.
pub(in crate::store) fn to_decimal(kind: &Kind, number: i64) -> Decimal {
    let scale = match kind {
        Kind::Decimal { scale, .. } => *scale,
        _ => 0,
    };
    Decimal::new(number, scale)
}

/// Returns the date this many days after 1970-01-01.
pub(in crate::store) fn to_date(days: i32) -> NaiveDate {
    NaiveDate::from_epoch_days(days).unwrap_or_default()
}

/// Returns the time of day this many microseconds after midnight.
pub(in crate::store) fn to_time(micros: i64) -> NaiveTime {
    let seconds = u32::try_from(micros / 1_000_000).unwrap_or(0);
    let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or(0);
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, nanos).unwrap_or_default()
}
