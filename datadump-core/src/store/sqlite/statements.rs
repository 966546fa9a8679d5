//! The SQL of one storage's writes.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::{
    schema::InForce,
    store::{Column, sql},
};

/// The statements of one version of a storage. Their text is constant, so SQLite's own cache of
/// prepared statements serves every batch.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) version: i32,
    pub(super) select: String,
    /// What version there is, and since when.
    pub(super) look: String,
    pub(super) insert: String,
    /// Does nothing where the key is taken.
    pub(super) insert_new: String,
    pub(super) update: String,
    pub(super) delete: String,
    /// Whether the last write with a key met a row: then the next one probably does too, and looks
    /// before it inserts.
    meets: AtomicBool,
}

impl Statements {
    pub(super) fn new(in_force: &InForce) -> Self {
        let definition = &in_force.definition;
        let table = sql::table(&definition.name).quoted();
        let name = |column| sql::column(definition, column).quoted();
        let key = name(Column::Key);
        let fields = (0..definition.fields.len()).map(Column::Field);
        let set: Vec<String> = fields
            .chain([Column::Version, Column::UpdatedAt])
            .map(|column| format!("{} = ?", name(column)))
            .collect();
        let all = sql::column_list(definition);
        let marks = vec!["?"; sql::columns(definition).len()].join(", ");
        let created_at = name(Column::CreatedAt);
        let version = name(Column::Version);
        let set = set.join(", ");
        let insert = format!("INSERT INTO {table} ({all}) VALUES ({marks})");
        Self {
            version: in_force.version,
            select: format!("SELECT {all} FROM {table} WHERE {key} = ?"),
            look: format!("SELECT {version}, {created_at} FROM {table} WHERE {key} = ?"),
            insert_new: format!("{insert} ON CONFLICT ({key}) DO NOTHING"),
            insert,
            update: format!("UPDATE {table} SET {set} WHERE {key} = ?"),
            delete: format!("DELETE FROM {table} WHERE {key} = ?"),
            meets: AtomicBool::new(false),
        }
    }

    /// Whether the next write probably meets a row.
    pub(super) fn meets(&self) -> bool {
        self.meets.load(Ordering::Relaxed)
    }

    /// Takes note of whether a write has met one.
    pub(super) fn has_met(&self, met: bool) {
        self.meets.store(met, Ordering::Relaxed);
    }
}
