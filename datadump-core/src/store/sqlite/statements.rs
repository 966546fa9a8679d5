//! The SQL of one storage's writes.

use crate::{
    schema::InForce,
    store::{Column, sql},
};

/// The statements of one version of a storage. Their text is constant, so SQLite's own cache of
/// prepared statements serves every row.
#[derive(Debug)]
pub(super) struct Statements {
    pub(super) version: i32,
    pub(super) select: String,
    pub(super) insert: String,
    pub(super) update: String,
    pub(super) delete: String,
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
        Self {
            version: in_force.version,
            select: format!("SELECT {all} FROM {table} WHERE {key} = ?"),
            insert: format!("INSERT INTO {table} ({all}) VALUES ({marks})"),
            update: format!("UPDATE {table} SET {} WHERE {key} = ?", set.join(", ")),
            delete: format!("DELETE FROM {table} WHERE {key} = ?"),
        }
    }
}
