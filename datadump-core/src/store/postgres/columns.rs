//! How values of each kind are bound as arrays and read back.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use sqlx::{
    Arguments, Decode, Encode, Postgres, Row as _, Type, TypeInfo, ValueRef,
    postgres::{PgArguments, PgHasArrayType, PgRow, PgValueRef},
};
use uuid::Uuid;

use crate::{
    clock::Timestamp,
    schema::{Definition, Kind, StoredRow, Value},
    store::sql,
};

/// Returns the cast of a parameter that holds an array of values of this kind.
pub(super) fn array_cast(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean => "::bool[]",
        Kind::Integer => "::int4[]",
        Kind::Long => "::int8[]",
        Kind::Float => "::float8[]",
        Kind::Decimal { .. } => "::numeric[]",
        Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. } | Kind::Id => "::text[]",
        Kind::Uuid => "::uuid[]",
        Kind::Date => "::date[]",
        Kind::Time => "::time[]",
        Kind::Timestamp => "::timestamptz[]",
        Kind::Json => "::text[]::json[]",
        Kind::Binary { .. } => "::bytea[]",
    }
}

/// An operation on values of one kind, generic over the Rust type that represents it in the driver.
pub(super) trait TypedOperation<'v> {
    type Output;

    /// Runs the operation. `take` converts a value, or returns `None` if it is not of the kind.
    fn with<T>(self, take: impl Fn(&'v Value) -> Option<T>) -> Self::Output
    where
        T: PgHasArrayType + Type<Postgres> + for<'q> Encode<'q, Postgres>;
}

/// A closure that converts the values that match a pattern.
macro_rules! take {
    ($pattern:pat => $taken:expr) => {
        |value: &'v Value| match value {
            $pattern => Some($taken),
            _ => None,
        }
    };
}

/// Runs an operation with the type for this kind.
pub(super) fn with_type<'v, T: TypedOperation<'v>>(kind: &Kind, then: T) -> T::Output {
    match kind {
        Kind::Boolean => then.with(take!(Value::Boolean(value) => *value)),
        Kind::Integer => then.with(|value| match value {
            Value::Integer(value) => i32::try_from(*value).ok(),
            _ => None,
        }),
        Kind::Long => then.with(take!(Value::Integer(value) => *value)),
        Kind::Float => then.with(take!(Value::Float(value) => *value)),
        Kind::Decimal { .. } => then.with(take!(Value::Decimal(value) => sql::to_decimal(kind, *value))),
        Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. } => {
            then.with(take!(Value::Text(value) => value.as_str()))
        }
        Kind::Id => then.with(|value| match value {
            Value::Text(value) => Some(value.clone()),
            Value::Uuid(value) => Some(value.to_string()),
            _ => None,
        }),
        Kind::Json => then.with(take!(Value::Json(value) => value.as_str())),
        Kind::Uuid => then.with(take!(Value::Uuid(value) => *value)),
        Kind::Date => then.with(take!(Value::Date(days) => sql::to_date(*days))),
        Kind::Time => then.with(take!(Value::Time(micros) => sql::to_time(*micros))),
        Kind::Timestamp => then.with(take!(Value::Timestamp(moment) => moment.to_chrono())),
        Kind::Binary { .. } => then.with(take!(Value::Binary(value) => value.as_slice())),
    }
}

/// Binds values of one kind as an array.
pub(super) fn bind<'v>(
    arguments: &mut PgArguments,
    kind: &Kind,
    values: impl Iterator<Item = &'v Value>,
) -> sqlx::Result<()> {
    with_type(kind, Array { arguments, values })
}

struct Array<'a, I> {
    arguments: &'a mut PgArguments,
    values: I,
}

impl<'v, I: Iterator<Item = &'v Value>> TypedOperation<'v> for Array<'_, I> {
    type Output = sqlx::Result<()>;

    fn with<T>(self, take: impl Fn(&'v Value) -> Option<T>) -> Self::Output
    where
        T: PgHasArrayType + Type<Postgres> + for<'q> Encode<'q, Postgres>,
    {
        let taken = |value: &'v Value| {
            if value.is_null() { Some(None) } else { take(value).map(Some) }
        };
        let values: Option<Vec<Option<T>>> = self.values.map(taken).collect();
        self.arguments.add(values.ok_or_else(not_of_its_kind)?).map_err(sqlx::Error::Encode)
    }
}

/// A value whose kind differs from its column's is a defect; it must not silently become null.
pub(super) fn not_of_its_kind() -> sqlx::Error {
    encode("a value does not match its column's kind")
}

/// Binds any other parameter.
pub(super) fn add<T>(arguments: &mut PgArguments, value: T) -> sqlx::Result<()>
where
    T: Type<Postgres> + for<'q> Encode<'q, Postgres>,
{
    arguments.add(value).map_err(sqlx::Error::Encode)
}

/// Reads a whole row: key, fields, version and times, in this order.
pub(super) fn stored_row(row: &PgRow, definition: &Definition) -> sqlx::Result<StoredRow> {
    let fields = definition.fields.iter().enumerate();
    let values = fields.map(|(place, field)| value(row, place + 1, &field.kind)).collect::<Result<_, _>>()?;
    let place = definition.fields.len() + 1;
    Ok(StoredRow {
        key: value(row, 0, &definition.key.kind)?,
        values,
        version: row.try_get(place)?,
        created_at: moment(row, place + 1)?,
        updated_at: moment(row, place + 2)?,
    })
}

/// Reads a timestamp that is not null.
pub(super) fn moment(row: &PgRow, place: usize) -> sqlx::Result<Timestamp> {
    match value(row, place, &Kind::Timestamp)? {
        Value::Timestamp(moment) => Ok(moment),
        _ => Err(sqlx::Error::Decode("a row has no times".into())),
    }
}

pub(super) fn value(row: &PgRow, place: usize, kind: &Kind) -> sqlx::Result<Value> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    match kind {
        Kind::Boolean => decode(raw).map(Value::Boolean),
        // A column that is being changed from integer to long may be either.
        Kind::Integer | Kind::Long => {
            let narrow = raw.type_info().name() == "INT4";
            let number = if narrow { decode::<i32>(raw).map(i64::from) } else { decode(raw) };
            number.map(Value::Integer)
        }
        Kind::Float => decode(raw).map(Value::Float),
        Kind::Decimal { scale, .. } => {
            let mut number: Decimal = decode(raw)?;
            number.rescale(*scale);
            let mantissa = i64::try_from(number.mantissa()).map_err(|error| wrong(error.to_string()))?;
            Ok(Value::Decimal(mantissa))
        }
        Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. } => decode(raw).map(Value::Text),
        Kind::Uuid => decode::<Uuid>(raw).map(Value::Uuid),
        Kind::Id => kind.read_text(&decode::<String>(raw)?).map_err(|fault| wrong(fault.detail)),
        Kind::Date => decode::<NaiveDate>(raw).map(|date| Value::Date(date.to_epoch_days())),
        Kind::Time => {
            let time: NaiveTime = decode(raw)?;
            let micros = (time - NaiveTime::MIN).num_microseconds();
            micros.map(Value::Time).ok_or_else(|| wrong("a time of day is out of range"))
        }
        Kind::Timestamp => {
            let moment: DateTime<Utc> = decode(raw)?;
            let moment = Timestamp::from_micros(moment.timestamp_micros());
            moment.map(Value::Timestamp).ok_or_else(|| wrong("a timestamp is out of range"))
        }
        // The binary form of json is its text; the driver would parse it.
        Kind::Json if raw.type_info().name() != "JSON" => Err(another_type()),
        Kind::Json => raw.as_str().map(|text| Value::Json(text.to_owned())).map_err(sqlx::Error::Decode),
        Kind::Binary { .. } => decode(raw).map(Value::Binary),
    }
}

fn decode<'r, T: Decode<'r, Postgres> + Type<Postgres>>(raw: PgValueRef<'r>) -> sqlx::Result<T> {
    // A new version may just have come into force, with a different column type.
    if !T::compatible(&raw.type_info()) {
        return Err(another_type());
    }
    T::decode(raw).map_err(sqlx::Error::Decode)
}

fn another_type() -> sqlx::Error {
    wrong("a column has another type")
}

fn encode(what: &'static str) -> sqlx::Error {
    sqlx::Error::Encode(what.into())
}

fn wrong(what: impl Into<String>) -> sqlx::Error {
    sqlx::Error::Decode(what.into().into())
}

/// A key of a storage in a form that can be hashed and sorted, in the order of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum KeyRef<'v> {
    Integer(i64),
    Text(&'v str),
    /// A UUID key. It sorts among strings by its text form.
    Uuid(Uuid),
}

impl Ord for KeyRef<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let among = |text: &str, uuid: &Uuid| {
            // Never equal: a string that is a UUID is read as a UUID.
            text.cmp(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())).then(Ordering::Less)
        };
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            (Self::Text(text), Self::Uuid(uuid)) => among(text, uuid),
            (Self::Uuid(uuid), Self::Text(text)) => among(text, uuid).reverse(),
            (Self::Integer(_), Self::Text(_) | Self::Uuid(_)) => Ordering::Less,
            (Self::Text(_) | Self::Uuid(_), Self::Integer(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for KeyRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<'v> KeyRef<'v> {
    /// Returns the key for a value, if it can be one.
    pub(super) fn of(value: &'v Value) -> sqlx::Result<Self> {
        match value {
            Value::Integer(number) => Ok(Self::Integer(*number)),
            Value::Text(text) => Ok(Self::Text(text)),
            Value::Uuid(uuid) => Ok(Self::Uuid(*uuid)),
            _ => Err(encode("a value cannot be a key")),
        }
    }
}
