//! Removes the values of columns that no field uses any more, in slices, after a migration.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;

use super::{
    super::{
        columns::{self, DIALECT},
        error::map,
        inner::Inner,
        writer::Writer,
    },
    running::Migrations,
    slices::{self, Patch},
    table::TableColumns,
};
use crate::{
    error::{Error, Result},
    schema::{Definition, StorageId, Value},
    store::{
        Column,
        sql::{self, Name},
    },
};

/// Maximum number of rows per chunk.
const CHUNK_ROWS: usize = 2_000;

/// Timeout of a chunk, which may have to read many rows without values to find those with values.
const CHUNK_TIMEOUT: Duration = Duration::from_mins(10);

/// Removes all such values of a storage. After an interruption, the next call continues.
pub(in crate::store::sqlite) async fn reclaim(
    inner: &Inner,
    migrations: &Migrations,
    id: StorageId,
) -> Result<()> {
    let running = migrations.of(id);
    let _alone = running.reclaim.lock().await;
    loop {
        let Some(storage) = inner.catalogue.by_id(id) else { return Ok(()) };
        let Some(in_force) = storage.in_force.clone() else { return Ok(()) };
        let read = in_force.clone();
        let table = inner.readers.quick(move |connection| TableColumns::read(connection, &read.definition));
        let leftovers = Arc::new(table.await?.leftovers());
        if leftovers.is_empty() {
            return Ok(());
        }
        let sets: Vec<String> = leftovers.iter().map(|name| format!("{} = NULL", name.quoted())).collect();
        let (table, key) =
            (sql::table(&storage.name).quoted(), sql::column(DIALECT, &in_force.definition, Column::Key));
        let update = format!("UPDATE {table} SET {} WHERE {} = ?", sets.join(", "), key.quoted());
        let update: Arc<str> = update.into();
        let mut after = None;
        loop {
            let (in_force, names, from) = (in_force.clone(), leftovers.clone(), after.take());
            let chunk = inner.readers.run(CHUNK_TIMEOUT, move |connection| {
                keys(connection, &in_force.definition, &names, from.as_ref())
            });
            let keys = chunk.await?;
            let is_last = keys.len() < CHUNK_ROWS;
            after = keys.last().cloned();
            let patches = keys.into_iter().map(|key| Patch { key, values: Vec::new() });
            slices::apply(inner, &update, patches.collect(), move |writer| check_exists(writer, id)).await?;
            if is_last {
                break;
            }
        }
        inner.on_writer(move |writer| release(writer, id, &leftovers)).await?;
    }
}

/// Returns the keys of the next rows with values in these columns, in key order.
fn keys(
    connection: &Connection,
    definition: &Definition,
    columns: &[Name],
    after: Option<&Value>,
) -> Result<Vec<Value>> {
    let key = sql::column(DIALECT, definition, Column::Key).quoted();
    let present: Vec<String> = columns.iter().map(|name| format!("{} IS NOT NULL", name.quoted())).collect();
    let beyond = if after.is_some() { format!("{key} > ? AND ") } else { String::new() };
    let text = format!(
        "SELECT {key} FROM {} WHERE {beyond}({}) ORDER BY {key} LIMIT {CHUNK_ROWS}",
        sql::table(&definition.name).quoted(),
        present.join(" OR ")
    );
    let mut select = connection.prepare(&text).map_err(map)?;
    let keys = select.query_map(rusqlite::params_from_iter(after.map(columns::Bind)), |row| {
        columns::read(&definition.key.kind, row, 0)
    });
    keys.map_err(map)?.collect::<Result<_, _>>().map_err(map)
}

/// Fails if the storage was removed.
fn check_exists(writer: &Writer, id: StorageId) -> Result<()> {
    match writer.catalogue.by_id(id) {
        Some(_) => Ok(()),
        None => Err(Error::UnknownStorage(id.get().to_string())),
    }
}

/// Makes these columns available to new fields.
fn release(writer: &mut Writer, id: StorageId, leftovers: &[Name]) -> Result<()> {
    let storage = writer.catalogue.by_id(id).and_then(|storage| storage.in_force.clone());
    let Some(in_force) = storage else { return Ok(()) };
    writer.transact(|connection| {
        let mut table = TableColumns::read(connection, &in_force.definition)?;
        table.release(leftovers);
        table.store(connection, &in_force.definition)
    })
}
