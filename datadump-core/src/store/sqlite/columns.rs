//! Tables of storages on SQLite: their DDL, and how values are bound and read.

use rusqlite::{
    Row as Read, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use uuid::Uuid;

use crate::{
    clock::Timestamp,
    schema::{Definition, Field, Index, IndexKind, Kind, StorageId, StoredRow, Value},
    store::sql::Dialect,
    store::{Column, sql},
};

/// The SQL dialect of this backend.
pub(super) const DIALECT: Dialect = Dialect::Sqlite;

/// Returns the column type, one of those that a STRICT table accepts.
pub(super) fn type_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Boolean
        | Kind::Integer
        | Kind::Long
        | Kind::Decimal { .. }
        | Kind::Date
        | Kind::Time
        | Kind::Timestamp => "INTEGER",
        Kind::Float => "REAL",
        Kind::String { .. } | Kind::Text { .. } | Kind::Json | Kind::Enum { .. } => "TEXT",
        Kind::Uuid | Kind::Binary { .. } => "BLOB",
        // Most ids are UUIDs, stored in 16 bytes; others are stored as text.
        Kind::Id => "ANY",
    }
}

/// Returns the statements that create the table of a storage and its indexes.
pub(super) fn create_table(id: StorageId, definition: &Definition) -> Vec<String> {
    let table = sql::table(&definition.name).quoted();
    let key_name = sql::column(definition, Column::Key).quoted();
    // An integer key is the rowid; other tables are clustered by their key.
    let (key, shape) = match definition.key.kind {
        Kind::Integer | Kind::Long => {
            let generated = if definition.key.generated { " AUTOINCREMENT" } else { "" };
            // Without the check SQLite would report a full disk after the greatest key, and roll back the
            // whole transaction.
            let range = match definition.key.kind {
                Kind::Integer => format!(" CHECK ({key_name} <= {})", i32::MAX),
                _ if definition.key.generated => format!(" CHECK ({key_name} < {})", i64::MAX),
                _ => String::new(),
            };
            (format!("{key_name} INTEGER PRIMARY KEY{generated}{range}"), "STRICT")
        }
        _ => {
            let column_type = type_of(&definition.key.kind);
            (format!("{key_name} {column_type} NOT NULL PRIMARY KEY"), "STRICT, WITHOUT ROWID")
        }
    };
    let mut columns = vec![key];
    for (place, field) in definition.fields.iter().enumerate() {
        let name = sql::column(definition, Column::Field(place)).quoted();
        columns.push(format!("{name} {}", type_of(&field.kind)));
    }
    for service in [Column::Version, Column::CreatedAt, Column::UpdatedAt] {
        columns.push(format!("{} INTEGER NOT NULL", sql::column(definition, service).quoted()));
    }
    let mut statements = vec![format!("CREATE TABLE {table} ({}) {shape}", columns.join(", "))];
    // Lists show the newest rows first.
    let newest = sql::Name::newest_index(id).quoted();
    let updated_at = sql::column(definition, Column::UpdatedAt).quoted();
    statements.push(format!("CREATE INDEX {newest} ON {table} ({updated_at}, {key_name})"));
    statements.extend(definition.all_indexes().iter().map(|index| create_index(id, definition, index)));
    statements
}

/// Returns the statement that creates an index.
pub(super) fn create_index(id: StorageId, definition: &Definition, index: &Index) -> String {
    let unique = match index.kind {
        IndexKind::Unique => "UNIQUE ",
        IndexKind::Btree => "",
    };
    let name = sql::index_name(id, index).quoted();
    let table = sql::table(&definition.name).quoted();
    let columns: Vec<String> = index.fields.iter().map(|field| sql::Name::field(field).quoted()).collect();
    format!("CREATE {unique}INDEX {name} ON {table} ({})", columns.join(", "))
}

/// Returns the statement that adds a column. Its default cannot be bound, so sea-query quotes it. Unlike an
/// update of all rows it costs nothing per row.
pub(super) fn add_column(definition: &Definition, field: &Field) -> String {
    let table = sql::table(&definition.name).quoted();
    let name = sql::Name::field(&field.name).quoted();
    let default = match field.backfill() {
        None | Some(Value::Null) => String::new(),
        Some(value) => format!(" DEFAULT {}", sql::literal(DIALECT, &field.kind, value)),
    };
    format!("ALTER TABLE {table} ADD COLUMN {name} {}{default}", type_of(&field.kind))
}

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

/// Reads a row with the columns of [`sql::columns`].
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

/// Reads a value of this kind.
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
