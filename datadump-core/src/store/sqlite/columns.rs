//! How values are bound and read on SQLite.

use rusqlite::{
    Row as Read, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use crate::{
    clock::Timestamp,
    schema::{Definition, FieldSet, Kind, StoredRow, Value, ValuesBuilder},
    store::{current_row::PartialRow, sql::Dialect},
};

/// The SQL dialect of this backend.
pub(super) const DIALECT: Dialect = Dialect::Sqlite;

/// A value as a statement parameter.
pub(super) struct Bind<'a>(pub(super) &'a Value);

impl ToSql for Bind<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number = |number| Ok(ToSqlOutput::Owned(rusqlite::types::Value::Integer(number)));
        match self.0 {
            Value::Null => Ok(ToSqlOutput::Borrowed(ValueRef::Null)),
            Value::Boolean(value) => number((*value).into()),
            Value::Integer(value) | Value::Decimal(value) | Value::Time(value) => number(*value),
            Value::Date(days) => number((*days).into()),
            Value::Timestamp(moment) => number(moment.micros()),
            Value::Float(value) => Ok(ToSqlOutput::Borrowed(ValueRef::Real(*value))),
            Value::Text(text) | Value::Json(text) => {
                Ok(ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())))
            }
            Value::Uuid(uuid) => Ok(ToSqlOutput::Borrowed(ValueRef::Blob(uuid.as_bytes()))),
            Value::Binary(bytes) => Ok(ToSqlOutput::Borrowed(ValueRef::Blob(bytes))),
        }
    }
}

/// Reads a row with the columns of [`sql::columns`](crate::store::sql::columns).
pub(super) fn read_row(definition: &Definition, row: &Read<'_>) -> rusqlite::Result<StoredRow> {
    let fields = definition.fields.len();
    let mut values = Vec::with_capacity(fields);
    for (place, field) in definition.fields.iter().enumerate() {
        values.push(read(&field.kind, row, place + 1)?);
    }
    Ok(StoredRow {
        key: read(&definition.key.kind, row, 0)?,
        values,
        version: row.get(fields + 1)?,
        created_at: moment(row.get(fields + 2)?, fields + 2)?,
        updated_at: moment(row.get(fields + 3)?, fields + 3)?,
    })
}

/// Reads a row of which these fields were selected: key, fields, version and times.
pub(super) fn read_partial(
    definition: &Definition,
    fields: &FieldSet,
    row: &Read<'_>,
) -> rusqlite::Result<PartialRow> {
    let mut values = ValuesBuilder::default();
    for (position, place) in fields.iter().enumerate() {
        let Some(field) = definition.fields.get(place) else { continue };
        match read(&field.kind, row, position + 1)? {
            Value::Null => {}
            value => values.push(place, value),
        }
    }
    let place = fields.len() + 1;
    Ok(PartialRow {
        key: read(&definition.key.kind, row, 0)?,
        values: values.finish(),
        version: row.get(place)?,
        created_at: moment(row.get(place + 1)?, place + 1)?,
        updated_at: moment(row.get(place + 2)?, place + 2)?,
    })
}

pub(super) fn read(kind: &Kind, row: &Read<'_>, place: usize) -> rusqlite::Result<Value> {
    if row.get_ref(place)? == ValueRef::Null {
        return Ok(Value::Null);
    }
    Ok(match kind {
        Kind::Boolean => Value::Boolean(row.get(place)?),
        Kind::Integer | Kind::Long => Value::Integer(row.get(place)?),
        Kind::Float => Value::Float(row.get(place)?),
        Kind::Decimal { .. } => Value::Decimal(row.get(place)?),
        Kind::String { .. } | Kind::Text { .. } | Kind::Enum { .. } => Value::Text(row.get(place)?),
        Kind::Uuid => Value::Uuid(Uuid::from_bytes(row.get(place)?)),
        Kind::Id => match row.get_ref(place)? {
            ValueRef::Text(_) => Value::Text(row.get(place)?),
            _ => Value::Uuid(Uuid::from_bytes(row.get(place)?)),
        },
        Kind::Date => Value::Date(row.get(place)?),
        Kind::Time => Value::Time(row.get(place)?),
        Kind::Timestamp => Value::Timestamp(moment(row.get(place)?, place)?),
        Kind::Json => Value::Json(row.get(place)?),
        Kind::Binary { .. } => Value::Binary(row.get(place)?),
    })
}

fn moment(micros: i64, place: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_micros(micros).ok_or(rusqlite::Error::IntegralValueOutOfRange(place, micros))
}
