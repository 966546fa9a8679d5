//! The SQL on a storage's table. Identifiers come from the catalogue and are always quoted; values are always
//! bound. The text for a version is constant, so that the database prepares it once.

use std::fmt::Write as _;

use super::{columns::array_cast, fast_path};
use crate::{
    schema::{Definition, InForce, Kind, StorageId, StorageName},
    store::sql,
};

/// Returns a name in quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the quoted table of a storage.
pub(super) fn table(name: &StorageName) -> String {
    sql::table(name).quoted()
}

/// Returns the quoted sequence that generates a storage's keys.
pub(super) fn sequence(storage: StorageId) -> String {
    quoted(&format!("dd_seq_{}", storage.get()))
}

/// Returns all columns with their kinds, in the order in which rows are read and bound.
pub(super) fn columns(definition: &Definition) -> Vec<(&str, &Kind)> {
    let fields = definition.fields.iter().map(|field| (field.name.as_str(), &field.kind));
    let service = definition.service();
    std::iter::once((definition.key.name.as_str(), &definition.key.kind))
        .chain(fields)
        .chain([
            (service.version, &Kind::Integer),
            (service.created_at, &Kind::Timestamp),
            (service.updated_at, &Kind::Timestamp),
        ])
        .collect()
}

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
        let table = table(&definition.name);
        let key = quoted(definition.key.name.as_str());
        let columns = columns(definition);
        let key_cast = array_cast(&definition.key.kind);
        let (mut names, mut arrays, mut numbered, mut sets) =
            (String::new(), String::new(), String::new(), String::new());
        for (place, (name, kind)) in columns.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            let (name, cast, number) = (quoted(name), array_cast(kind), place + 1);
            // Writing to a String cannot fail.
            let _ = write!(names, "{comma}{name}");
            let _ = write!(arrays, "{comma}${number}{cast}");
            let _ = write!(numbered, "{comma}c{place}");
            if place > 0 {
                let comma = if place == 1 { "" } else { ", " };
                let _ = write!(sets, "{comma}{name} = n.c{place}");
            }
        }
        let mark = format!("/* {} v{} */", in_force.storage.get(), in_force.version);
        let sequence = sequence(in_force.storage);
        let insert = format!("INSERT INTO {table} ({names}) SELECT * FROM UNNEST({arrays})");
        let (id, version) = (in_force.storage.get(), in_force.version);
        Self {
            lock: format!(
                "{mark} SELECT {names} FROM {table} WHERE {key} = ANY($1{key_cast}) ORDER BY {key} FOR UPDATE"
            ),
            insert: format!("{mark} {insert} ON CONFLICT ({key}) DO NOTHING"),
            fast_path: fast_path::statement(&mark, &insert, id, version, columns.len()),
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

/// Suffix of an index while it is built on a column that will replace an existing one.
pub(super) const GROWN_SUFFIX: &str = "_grown";
