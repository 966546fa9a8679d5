//! The SQL of one storage's writes.

use std::{
    array,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::columns::DIALECT;
use crate::{
    schema::{Definition, FieldSet, InForce, IndexKind},
    store::{Column, sql},
};

/// Maximum number of rows one statement inserts.
pub(super) const MAX_INSERT_ROWS: usize = 16;

/// Maximum number of values one statement inserts.
const MAX_INSERT_VALUES: usize = 1_000;

/// The statements of one version of a storage. Their text never changes, so SQLite's cache of prepared
/// statements serves every transaction.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) version: i32,
    /// Selects the version and creation time of the row with a key.
    pub(super) select_version: String,
    pub(super) insert: String,
    /// Inserts a row unless its key is taken.
    pub(super) insert_new: String,
    pub(super) delete: String,
    /// Inserts several rows, by conflict handling and number of rows; built when first needed.
    insert_many: [[OnceLock<String>; MAX_INSERT_ROWS + 1]; 2],
    /// Target of an insert: table and columns.
    into: String,
    /// Placeholders of one row.
    placeholders: String,
    /// Maximum number of rows per insert for this storage.
    pub(super) max_rows: usize,
    /// True if no unique index can refuse a row whose key is generated.
    pub(super) has_no_unique_index: bool,
    /// True if the last write with a key found an existing row. If so, the next one probably does too and
    /// reads before it inserts.
    expects_existing: AtomicBool,
}

/// Returns the statement that selects some fields of the row with a key, with the key and the service columns.
pub(super) fn select(definition: &Definition, fields: &FieldSet) -> String {
    let service = [Column::Version, Column::CreatedAt, Column::UpdatedAt];
    let columns = [Column::Key].into_iter().chain(fields.iter().map(Column::Field)).chain(service);
    let names: Vec<String> =
        columns.map(|column| sql::column(DIALECT, definition, column).quoted()).collect();
    let (table, key) =
        (sql::table(&definition.name).quoted(), sql::column(DIALECT, definition, Column::Key).quoted());
    format!("SELECT {} FROM {table} WHERE {key} = ?", names.join(", "))
}

/// Returns the statement that sets some fields of the row with a key, its version and its time.
pub(super) fn update(definition: &Definition, fields: &FieldSet) -> String {
    let columns = fields.iter().map(Column::Field).chain([Column::Version, Column::UpdatedAt]);
    let set: Vec<String> =
        columns.map(|column| format!("{} = ?", sql::column(DIALECT, definition, column).quoted())).collect();
    let (table, key) =
        (sql::table(&definition.name).quoted(), sql::column(DIALECT, definition, Column::Key).quoted());
    format!("UPDATE {table} SET {} WHERE {key} = ?", set.join(", "))
}

/// How an insert of several rows handles a constraint violation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnViolation {
    /// Undo the whole statement and continue the transaction.
    UndoStatement,
    /// Keep the rows before the violation; the caller must roll back the transaction. SQLite then needs no
    /// statement journal.
    RollBack,
}

impl Statements {
    pub(super) fn new(in_force: &InForce) -> Self {
        let definition = &in_force.definition;
        let table = sql::table(&definition.name).quoted();
        let name = |column| sql::column(DIALECT, definition, column).quoted();
        let key = name(Column::Key);
        let all = sql::column_list(DIALECT, definition);
        let columns = sql::columns(definition).len();
        let placeholders = format!("({})", vec!["?"; columns].join(", "));
        let into = format!("INTO {table} ({all}) VALUES ");
        let (version, created_at) = (name(Column::Version), name(Column::CreatedAt));
        Self {
            version: in_force.version,
            select_version: format!("SELECT {version}, {created_at} FROM {table} WHERE {key} = ?"),
            insert: format!("INSERT {into}{placeholders}"),
            insert_new: format!("INSERT {into}{placeholders} ON CONFLICT ({key}) DO NOTHING"),
            delete: format!("DELETE FROM {table} WHERE {key} = ?"),
            insert_many: array::from_fn(|_| array::from_fn(|_| OnceLock::new())),
            into,
            placeholders,
            max_rows: (MAX_INSERT_VALUES / columns).min(MAX_INSERT_ROWS),
            has_no_unique_index: !definition
                .all_indexes()
                .iter()
                .any(|index| index.kind == IndexKind::Unique),
            expects_existing: AtomicBool::new(false),
        }
    }

    /// Returns the statement that inserts this many rows; `None` for fewer than two or too many.
    pub(super) fn insert_many(&self, rows: usize, on_violation: OnViolation) -> Option<&str> {
        let texts = self.insert_many.get(usize::from(on_violation == OnViolation::RollBack))?;
        let text = texts.get(rows).filter(|_| (2..=self.max_rows).contains(&rows))?;
        Some(text.get_or_init(|| {
            let insert = match on_violation {
                OnViolation::UndoStatement => "INSERT",
                OnViolation::RollBack => "INSERT OR FAIL",
            };
            format!("{insert} {}{}", self.into, vec![self.placeholders.as_str(); rows].join(", "))
        }))
    }

    /// Returns whether the next write with a key probably finds an existing row.
    pub(super) fn expects_existing(&self) -> bool {
        self.expects_existing.load(Ordering::Relaxed)
    }

    /// Remembers whether a write with a key found an existing row.
    pub(super) fn note_existing(&self, found: bool) {
        self.expects_existing.store(found, Ordering::Relaxed);
    }
}
