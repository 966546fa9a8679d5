//! The SQL on a storage's table. Identifiers come from the catalogue and are always quoted; values are always
//! bound. The text for a version is constant, so that the database prepares it once.

use super::{columns::array_cast, fast_path_sql};
use crate::{
    schema::InForce,
    store::{
        Column,
        sql::{self, Name},
    },
};

/// The statements with which a writer changes the table of one version.
#[derive(Debug)]
pub(super) struct Statements {
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
    /// Replaces rows that are locked.
    pub(super) update: String,
    /// Deletes rows that are locked.
    pub(super) delete: String,
    /// Draws keys that no row has.
    pub(super) draw: String,
}

impl Statements {
    /// Builds the statements for this version. They contain its number, because prepared statements are
    /// cached by their text, and the columns of a different version may have different types.
    pub(super) fn new(in_force: &InForce) -> Self {
        let definition = &in_force.definition;
        let table = sql::table(&definition.name).quoted();
        let key = sql::column(definition, Column::Key).quoted();
        let columns = sql::columns(definition);
        let names = sql::column_list(definition);
        let key_cast = array_cast(&definition.key.kind);
        let (mut arrays, mut numbered, mut sets) = (Vec::new(), Vec::new(), Vec::new());
        for (place, column) in columns.iter().enumerate() {
            arrays.push(format!("${}{}", place + 1, array_cast(&column.kind(definition))));
            numbered.push(format!("c{place}"));
            if *column != Column::Key {
                sets.push(format!("{} = n.c{place}", sql::column(definition, *column).quoted()));
            }
        }
        let (arrays, numbered, sets) = (arrays.join(", "), numbered.join(", "), sets.join(", "));
        let mark = format!("/* {} v{} */", in_force.storage.get(), in_force.version);
        let sequence = Name::sequence(in_force.storage).quoted();
        let insert = format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({arrays})");
        let (id, version) = (in_force.storage.get(), in_force.version);
        Self {
            lock: format!(
                "{mark} SELECT {names} FROM {table} WHERE {key} = ANY($1{key_cast}) ORDER BY {key} FOR UPDATE"
            ),
            insert: format!("{mark} {insert} ON CONFLICT ({key}) DO NOTHING"),
            fast_path: fast_path_sql::statement(&mark, &insert, id, version, columns.len()),
            copy: format!("COPY {table} ({names}) FROM STDIN (FORMAT binary)"),
            sift: format!("{mark} {insert} ON CONFLICT DO NOTHING RETURNING {key}"),
            update: format!(
                "{mark} UPDATE {table} AS t SET {sets} FROM UNNEST({arrays}) AS n({numbered}) \
                 WHERE t.{key} = n.c0"
            ),
            delete: format!("{mark} DELETE FROM {table} WHERE {key} = ANY($1{key_cast})"),
            draw: format!(
                "SELECT d.k FROM (SELECT nextval('{sequence}')::int8 AS k FROM generate_series(1, $1::int8)) AS d \
                 WHERE NOT EXISTS (SELECT FROM {table} AS t WHERE t.{key} = d.k)"
            ),
        }
    }
}
