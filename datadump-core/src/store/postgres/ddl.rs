//! DDL: tables, columns and indexes as SQL.

use super::{columns::column_type, statements};
use crate::{
    schema::{Definition, Field, Index, IndexKind, Kind, StorageId, Value},
    store::{
        query::Column,
        sql::{self, Name},
    },
};

/// Returns the statements that create the table of a storage with its indexes.
pub(super) fn create(id: StorageId, definition: &Definition) -> Vec<String> {
    let table = statements::table(&definition.name);
    let key = Name::field(&definition.key.name).quoted();
    let mut columns = vec![format!("{key} {} NOT NULL", column_type(&definition.key.kind))];
    // The definition in force alone decides what a field may hold. Columns allow nulls, which may be written
    // while the next version is being applied.
    let fields = definition.fields.iter();
    columns.extend(
        fields.map(|field| format!("{} {}", Name::field(&field.name).quoted(), column_type(&field.kind))),
    );
    let service = |column| sql::column(definition, column).quoted();
    let updated_at = service(Column::UpdatedAt);
    columns.push(format!("{} integer NOT NULL", service(Column::Version)));
    columns.push(format!("{} timestamptz NOT NULL", service(Column::CreatedAt)));
    columns.push(format!("{updated_at} timestamptz NOT NULL"));
    columns.push(format!("PRIMARY KEY ({key})"));
    let mut statements = vec![format!("CREATE TABLE {table} ({})", columns.join(", "))];
    let newest = Name::newest_index(id).quoted();
    statements.push(format!("CREATE INDEX {newest} ON {table} ({updated_at}, {key})"));
    for index in definition.all_indexes() {
        let columns: Vec<String> = index.fields.iter().map(|field| Name::field(field).quoted()).collect();
        statements.push(create_index(
            &sql::index_name(id, &index).quoted(),
            &index,
            &table,
            &columns,
            Manner::Plain,
        ));
    }
    let key_type = match definition.key.kind {
        Kind::Integer => "integer",
        Kind::Long => "bigint",
        _ => return statements,
    };
    if definition.key.generated {
        let sequence = statements::sequence(id);
        statements.push(format!("CREATE SEQUENCE {sequence} AS {key_type} OWNED BY {table}.{key}"));
    }
    statements
}

/// How an index is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// In a transaction, while writes wait.
    Plain,
    /// Concurrently, while writes go on.
    Concurrently,
}

/// Returns the statement that creates an index on these columns. Nulls sort first, as in all queries.
pub(super) fn create_index(
    name: &str,
    index: &Index,
    table: &str,
    columns: &[String],
    manner: Manner,
) -> String {
    let unique = match index.kind {
        IndexKind::Btree => "",
        IndexKind::Unique => "UNIQUE ",
    };
    let manner = match manner {
        Manner::Plain => "",
        Manner::Concurrently => "CONCURRENTLY ",
    };
    let columns: Vec<String> = columns.iter().map(|column| format!("{column} ASC NULLS FIRST")).collect();
    format!("CREATE {unique}INDEX {manner}{name} ON {table} ({})", columns.join(", "))
}

/// Returns the statement that adds the column of a new field, with its default in all existing rows, without
/// rewriting them.
pub(super) fn add_column(table: &str, field: &Field) -> String {
    let (name, column_type) = (Name::field(&field.name).quoted(), column_type(&field.kind));
    let default = field.backfill().filter(|value| !value.is_null());
    let default =
        default.map(|value| format!(" DEFAULT {}", literal(&field.kind, value))).unwrap_or_default();
    format!("ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {name} {column_type}{default}")
}

/// Returns the statement that drops the default again, which is only meant for existing rows.
pub(super) fn drop_default(table: &str, field: &Field) -> String {
    format!("ALTER TABLE {table} ALTER COLUMN {} DROP DEFAULT", Name::field(&field.name).quoted())
}

/// Returns a value as SQL. Parameters are not allowed in DDL, so everything but numbers is written as
/// hexadecimal digits: no byte of a user's value becomes SQL.
fn literal(kind: &Kind, value: &Value) -> String {
    let from_text = |text: &str| format!("convert_from(decode('{}', 'hex'), 'UTF8')", hex(text.as_bytes()));
    let with_type = |name: &str| {
        let json = value.to_json(kind);
        let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
        format!("{}::{name}", from_text(&text))
    };
    match (kind, value) {
        (_, Value::Null) => "NULL".into(),
        (_, Value::Boolean(value)) => value.to_string(),
        (_, Value::Integer(number)) => format!("'{number}'::bigint"),
        (_, Value::Text(text)) => from_text(text),
        (_, Value::Json(text)) => format!("{}::json", from_text(text)),
        (_, Value::Binary(bytes)) => format!("decode('{}', 'hex')", hex(bytes)),
        (_, Value::Float(_)) => with_type("float8"),
        (_, Value::Decimal(_)) => with_type("numeric"),
        (_, Value::Uuid(_)) => with_type("uuid"),
        (_, Value::Date(_)) => with_type("date"),
        (_, Value::Time(_)) => with_type("time"),
        (_, Value::Timestamp(_)) => with_type("timestamptz"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
