//! SQL functions that order the results of aggregates on SQLite as they are ordered everywhere else.

use rusqlite::{Connection, Result, functions::FunctionFlags, types::ValueRef};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::store::{query::mean, sql};

/// Adds the functions to a connection.
pub(super) fn add(connection: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(sql::ORDER_OF_DIGITS, 1, flags, |context| {
        Ok(whole(context.get_raw(0)).map(of_whole))
    })?;
    connection
        .create_scalar_function(sql::ORDER_OF_JSON, 1, flags, |context| Ok(of_json(context.get_raw(0))))?;
    connection
        .create_scalar_function(sql::TEXT_OF_ID, 1, flags, |context| Ok(text_of_id(context.get_raw(0))))?;
    connection.create_scalar_function(sql::MEAN, 3, flags, |context| {
        let (sum, count, scale) = (whole(context.get_raw(0)), context.get::<i64>(1)?, context.get::<u32>(2)?);
        Ok(sum.filter(|_| count > 0).map(|sum| mean(sum, count, scale)))
    })
}

fn whole(digits: ValueRef<'_>) -> Option<i128> {
    digits.as_str().ok()?.parse().ok()
}

/// Returns bytes with the order of whole numbers.
fn of_whole(number: i128) -> Vec<u8> {
    (number ^ i128::MIN).to_be_bytes().to_vec()
}

/// Returns bytes with the order of scalars inside JSON: false, true, numbers, strings. A number is a float, and any other
/// scalar is JSON.
fn of_json(scalar: ValueRef<'_>) -> Option<Vec<u8>> {
    let of_class = |class: u8, rest: &[u8]| [&[class], rest].concat();
    match scalar {
        ValueRef::Real(number) => Some(of_class(3, &of_float(number))),
        ValueRef::Text(json) => match serde_json::from_slice(json).ok()? {
            Json::Bool(value) => Some(of_class(1 + u8::from(value), &[])),
            Json::String(text) => Some(of_class(4, text.as_bytes())),
            _ => None,
        },
        _ => None,
    }
}

/// Returns bytes with the order of floats, in which zero has no sign.
fn of_float(number: f64) -> [u8; 8] {
    let bits = (number + 0.0).to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    ordered.to_be_bytes()
}

fn text_of_id(id: ValueRef<'_>) -> Option<String> {
    match id {
        ValueRef::Text(_) => id.as_str().ok().map(str::to_owned),
        ValueRef::Blob(bytes) => Uuid::from_slice(bytes).ok().map(|uuid| uuid.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_order_of_what_they_stand_for() {
        let wholes = [i128::MIN, -1 << 70, -1, 0, 1, 1 << 70, i128::MAX].map(of_whole);
        assert!(wholes.is_sorted());
        let floats = [f64::MIN, -1.5, -1e-9, -0.0, 1e-9, 2.0, f64::MAX].map(of_float);
        assert!(floats.is_sorted());
        assert_eq!(of_float(-0.0), of_float(0.0));
        let scalars = [
            ValueRef::Null,
            ValueRef::Text(b"false"),
            ValueRef::Text(b"true"),
            ValueRef::Real(-2.0),
            ValueRef::Real(1e9),
            ValueRef::Text(br#""""#),
            ValueRef::Text(br#""\u0001""#),
            ValueRef::Text(br#""A""#),
        ];
        assert!(scalars.map(of_json).is_sorted());
    }
}
