//! DDL: tables, columns and indexes of storages, on both databases.

use sea_query::{QueryBuilder as _, SqliteQueryBuilder};

use super::{Dialect, Name, bind::sqlite, column, columns, index_name, prefix::indexed, table};
use crate::{
    schema::{Definition, Field, Index, IndexKind, Kind, StorageId, Value},
    store::query::Column,
};

pub(in crate::store) fn column_type(dialect: Dialect, kind: &Kind) -> String {
    match dialect {
        Dialect::Sqlite => sqlite_type(kind).into(),
        Dialect::Postgres => postgres_type(kind),
    }
}

/// Returns one of the types that a STRICT table accepts.
fn sqlite_type(kind: &Kind) -> &'static str {
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

/// Text is compared by code point, whatever the locale of the database is.
fn postgres_type(kind: &Kind) -> String {
    match kind {
        Kind::Boolean => "boolean".into(),
        Kind::Integer => "integer".into(),
        Kind::Long => "bigint".into(),
        Kind::Float => "double precision".into(),
        Kind::Decimal { precision, scale } => format!("numeric({precision},{scale})"),
        Kind::String { max_length } => format!("varchar({max_length}) COLLATE \"C\""),
        Kind::Text { .. } | Kind::Enum { .. } | Kind::Id => "text COLLATE \"C\"".into(),
        Kind::Uuid => "uuid".into(),
        Kind::Date => "date".into(),
        Kind::Time => "time".into(),
        Kind::Timestamp => "timestamptz".into(),
        // Not jsonb, which would reorder members and normalize numbers.
        Kind::Json => "json".into(),
        Kind::Binary { .. } => "bytea".into(),
    }
}

/// Returns the statements that create the table of a storage with its indexes.
pub(in crate::store) fn create_table(
    dialect: Dialect,
    id: StorageId,
    definition: &Definition,
) -> Vec<String> {
    let table = table(&definition.name).quoted();
    let is_integer_key = has_integer_key(definition);
    let name = |of| column(dialect, definition, of).quoted();
    let mut declared = Vec::new();
    for of in columns(definition) {
        let column = format!("{} {}", name(of), column_type(dialect, &of.kind(definition)));
        declared.push(match of {
            Column::Key if dialect == Dialect::Sqlite => sqlite_key(definition),
            Column::Key => {
                format!("{column} NOT NULL CONSTRAINT {} PRIMARY KEY", Name::key_constraint(id).quoted())
            }
            // The definition in force alone decides what a field may hold. Columns allow nulls, which may be
            // written while the next version is being applied.
            Column::Field(_) => column,
            Column::Version | Column::CreatedAt | Column::UpdatedAt => format!("{column} NOT NULL"),
        });
    }
    let mut statements = vec![match dialect {
        Dialect::Sqlite => sqlite_table(definition, &declared),
        Dialect::Postgres => format!("CREATE TABLE {table} ({})", declared.join(", ")),
    }];
    let (key, updated_at) = (name(Column::Key), name(Column::UpdatedAt));
    // Lists show the newest rows first.
    let newest = Name::newest_index(id).quoted();
    statements.push(format!("CREATE INDEX {newest} ON {table} ({updated_at}, {key})"));
    statements
        .extend(definition.all_indexes().iter().map(|index| create_index(dialect, id, definition, index)));
    if dialect == Dialect::Postgres && is_integer_key && definition.key.generated {
        let sequence = Name::sequence(id).quoted();
        let key_type = column_type(dialect, &definition.key.kind);
        statements.push(format!("CREATE SEQUENCE {sequence} AS {key_type} OWNED BY {table}.{key}"));
    }
    statements
}

fn has_integer_key(definition: &Definition) -> bool {
    matches!(definition.key.kind, Kind::Integer | Kind::Long)
}

/// Returns the statement that creates a table with these columns on SQLite.
pub(in crate::store) fn sqlite_table(definition: &Definition, columns: &[String]) -> String {
    // An integer key is the rowid; other tables are clustered by their key.
    let options = if has_integer_key(definition) { "STRICT" } else { "STRICT, WITHOUT ROWID" };
    format!("CREATE TABLE {} ({}) {options}", table(&definition.name).quoted(), columns.join(", "))
}

/// Returns the declaration of the key's column on SQLite.
pub(in crate::store) fn sqlite_key(definition: &Definition) -> String {
    let name = column(Dialect::Sqlite, definition, Column::Key).quoted();
    let key = format!("{name} {}", sqlite_type(&definition.key.kind));
    if has_integer_key(definition) {
        format!("{key} PRIMARY KEY{}", sqlite_key_options(definition))
    } else {
        format!("{key} NOT NULL PRIMARY KEY")
    }
}

/// Returns how SQLite generates and limits integer keys. Without the check it would report a full disk after
/// the greatest key, and roll back the whole transaction.
fn sqlite_key_options(definition: &Definition) -> String {
    let (key, is_generated) =
        (column(Dialect::Sqlite, definition, Column::Key).quoted(), definition.key.generated);
    let generated = if is_generated { " AUTOINCREMENT" } else { "" };
    match definition.key.kind {
        Kind::Integer => format!("{generated} CHECK ({key} <= {})", i32::MAX),
        _ if is_generated => format!("{generated} CHECK ({key} < {})", i64::MAX),
        _ => String::new(),
    }
}

pub(in crate::store) fn create_index(
    dialect: Dialect,
    id: StorageId,
    definition: &Definition,
    index: &Index,
) -> String {
    let name = index_name(id, index).quoted();
    let fields = index.fields.iter().filter_map(|name| definition.field(name.as_str()));
    let column = |field: &Field| indexed(dialect, &field.kind, Name::field(dialect, &field.name).quoted());
    let columns: Vec<String> = fields.map(|(_, field)| column(field)).collect();
    create_index_on(dialect, index.kind, &name, &table(&definition.name).quoted(), &columns)
}

/// Returns the statement that creates an index with this name on these columns. Nulls sort first, as in all
/// queries.
pub(in crate::store) fn create_index_on(
    dialect: Dialect,
    kind: IndexKind,
    name: &str,
    table: &str,
    columns: &[String],
) -> String {
    let unique = match kind {
        IndexKind::Unique => "UNIQUE ",
        IndexKind::Btree => "",
    };
    let columns = match dialect {
        Dialect::Sqlite => columns.join(", "),
        Dialect::Postgres => format!("{} ASC NULLS FIRST", columns.join(" ASC NULLS FIRST, ")),
    };
    format!("CREATE {unique}INDEX {name} ON {table} ({columns})")
}

/// Returns the statement that adds the column of a new field, with its default in all existing rows, without
/// rewriting them.
pub(in crate::store) fn add_column(dialect: Dialect, table: &str, field: &Field) -> String {
    let (name, column_type) = (Name::field(dialect, &field.name).quoted(), column_type(dialect, &field.kind));
    let if_missing = match dialect {
        Dialect::Sqlite => "",
        Dialect::Postgres => "IF NOT EXISTS ",
    };
    let default = backfill(dialect, field).map(|value| format!(" DEFAULT {value}"));
    format!("ALTER TABLE {table} ADD COLUMN {if_missing}{name} {column_type}{}", default.unwrap_or_default())
}

/// Returns the value of a new field in existing rows, as SQL; `None` if it is null.
pub(in crate::store) fn backfill(dialect: Dialect, field: &Field) -> Option<String> {
    let value = field.backfill().filter(|value| !value.is_null())?;
    Some(literal(dialect, &field.kind, value))
}

/// Returns a value as SQL, because parameters are not allowed in DDL. On PostgreSQL everything but numbers is
/// written as hexadecimal digits: no byte of a user's value becomes SQL.
fn literal(dialect: Dialect, kind: &Kind, value: &Value) -> String {
    let from_text = |text: &str| format!("convert_from(decode('{}', 'hex'), 'UTF8')", hex(text.as_bytes()));
    match (dialect, value) {
        (Dialect::Sqlite, _) => SqliteQueryBuilder.value_to_string(&sqlite(value)),
        (_, Value::Null) => "NULL".into(),
        (_, Value::Boolean(value)) => value.to_string(),
        (_, Value::Integer(number)) => format!("'{number}'::bigint"),
        (_, Value::Text(text)) => from_text(text),
        (_, Value::Json(text)) => format!("{}::json", from_text(text)),
        (_, Value::Binary(bytes)) => format!("decode('{}', 'hex')", hex(bytes)),
        _ => {
            let json = value.to_json(kind);
            let text = json.as_str().map_or_else(|| json.to_string(), str::to_owned);
            format!("{}::{}", from_text(&text), postgres_type(kind))
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
