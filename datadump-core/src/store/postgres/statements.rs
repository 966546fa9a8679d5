//! The SQL on a storage's table. Identifiers come from the catalogue and are always quoted; values are always
//! bound. The text for a version is constant, so that the database prepares it once.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use super::{columns::array_cast, fast_path_sql};
use crate::{
    schema::{FieldSet, InForce},
    store::{
        Column,
        sql::{self, Dialect, Name},
    },
};

/// Maximum number of sets of fields whose statements are cached for a storage.
const MAX_CACHED_SETS: usize = 32;

/// The statements with which a writer changes the table of one version.
#[derive(Debug)]
pub(super) struct Statements {
    in_force: Arc<InForce>,
    /// A comment with the number of the version. Prepared statements are cached by their text, and the columns
    /// of a different version may have different types.
    mark: String,
    table: String,
    key: String,
    key_cast: &'static str,
    /// Deletes rows that are locked.
    pub(super) delete: String,
    /// Draws keys that no row has.
    pub(super) draw: String,
    by_fields: Mutex<HashMap<FieldSet, Arc<FieldStatements>>>,
}

/// The statements that read or write some fields, with the key and the service columns.
#[derive(Debug)]
pub(super) struct FieldStatements {
    /// Reads and locks the rows with these keys.
    pub(super) lock: String,
    /// Inserts new rows, except those whose key another session has inserted since.
    pub(super) insert: String,
    /// Inserts new rows and appends a change log entry, as a whole transaction. Fails if a key exists.
    pub(super) fast_path: String,
    /// Inserts many new rows. Fails if a key exists.
    pub(super) copy: String,
    /// Inserts the new rows that violate no unique index, in the given order; returns their keys.
    pub(super) sift: String,
    /// Updates rows that are locked.
    pub(super) update: String,
}

impl Statements {
    /// Builds the statements for this version.
    pub(super) fn new(in_force: Arc<InForce>) -> Self {
        let definition = &in_force.definition;
        let table = sql::table(&definition.name).quoted();
        let key = sql::column(Dialect::Postgres, definition, Column::Key).quoted();
        let key_cast = array_cast(&definition.key.kind);
        let mark = format!("/* {} v{} */", in_force.storage.get(), in_force.version);
        let sequence = Name::sequence(in_force.storage).quoted();
        Self {
            delete: format!("{mark} DELETE FROM {table} WHERE {key} = ANY($1{key_cast})"),
            draw: format!(
                "SELECT d.k FROM (SELECT nextval('{sequence}')::int8 AS k FROM generate_series(1, $1::int8)) AS d \
                 WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE t.{key} = d.k)"
            ),
            mark,
            table,
            key,
            key_cast,
            by_fields: Mutex::default(),
            in_force,
        }
    }

    /// Returns the statements for these fields. Senders usually send the same few sets of fields.
    pub(super) fn of(&self, fields: &FieldSet) -> Arc<FieldStatements> {
        let mut by_fields = self.by_fields.lock();
        if let Some(known) = by_fields.get(fields) {
            return known.clone();
        }
        if by_fields.len() >= MAX_CACHED_SETS {
            by_fields.clear();
        }
        by_fields.entry(fields.clone()).or_insert_with(|| Arc::new(self.build(fields))).clone()
    }

    fn build(&self, fields: &FieldSet) -> FieldStatements {
        let Self { in_force, mark, table, key, key_cast, .. } = self;
        let definition = &in_force.definition;
        let service = [Column::Version, Column::CreatedAt, Column::UpdatedAt];
        let columns = [Column::Key].into_iter().chain(fields.iter().map(Column::Field)).chain(service);
        let (mut names, mut arrays, mut numbered, mut sets) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, column) in columns.enumerate() {
            let name = sql::column(Dialect::Postgres, definition, column).quoted();
            arrays.push(format!("${}{}", place + 1, array_cast(&column.kind(definition))));
            numbered.push(format!("c{place}"));
            if column != Column::Key {
                sets.push(format!("{name} = n.c{place}"));
            }
            names.push(name);
        }
        let count = names.len();
        let (names, arrays, numbered, sets) =
            (names.join(", "), arrays.join(", "), numbered.join(", "), sets.join(", "));
        let insert = format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({arrays})");
        let (id, version) = (in_force.storage.get(), in_force.version);
        FieldStatements {
            lock: format!(
                "{mark} SELECT {names} FROM {table} WHERE {key} = ANY($1{key_cast}) ORDER BY {key} FOR UPDATE"
            ),
            insert: format!("{mark} {insert} ON CONFLICT ({key}) DO NOTHING"),
            fast_path: fast_path_sql::statement(mark, &insert, id, version, count),
            copy: format!("COPY {table} ({names}) FROM STDIN (FORMAT binary)"),
            sift: format!("{mark} {insert} ON CONFLICT DO NOTHING RETURNING {key}"),
            update: format!(
                "{mark} UPDATE {table} AS t SET {sets} FROM UNNEST({arrays}) AS n({numbered}) \
                 WHERE t.{key} = n.c0"
            ),
        }
    }
}
