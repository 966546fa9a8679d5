//! The scan of all rows before the final transaction: by a reader, in chunks, while writes go on.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rusqlite::Connection;

use super::{
    super::{
        SqliteStore,
        columns::{Bind, DIALECT, read_row},
        error::map,
        read,
    },
    running::RunningMigration,
};
use crate::{
    error::Result,
    schema::{Definition, StoredRow, Value, evolve},
    store::{Column, Storage, migrate::check_rows, sql},
};

/// Number of rows per chunk.
const BATCH_ROWS: usize = 2_000;

/// Timeout of a chunk.
const BATCH_TIMEOUT: Duration = Duration::from_secs(60);

/// Checks all current rows. Stops at the first chunk with a violation.
pub(super) async fn all(
    store: &SqliteStore,
    storage: &Arc<Storage>,
    running: &RunningMigration,
) -> Result<()> {
    let Some(in_force) = storage.in_force.clone() else { return Ok(()) };
    let new = storage.migration.definition.clone();
    let difference = Arc::new(evolve::difference(&in_force.definition, &new, &storage.dropped));
    running.rows_done.store(0, Ordering::Relaxed);
    if difference.scans().is_empty() {
        return Ok(());
    }
    let counted = in_force.clone();
    let total =
        store.readers.run(BATCH_TIMEOUT, move |connection| read::count_rows(connection, &counted.definition));
    running.rows_total.store(total.await?, Ordering::Relaxed);
    let mut after: Option<Value> = None;
    loop {
        let (old, new, difference) = (in_force.clone(), new.clone(), difference.clone());
        let last = store.readers.run(BATCH_TIMEOUT, move |connection| {
            let rows = chunk(connection, &old.definition, after.as_ref())?;
            check_rows(&old.definition, &new, &difference, &rows)?;
            Ok((rows.len(), rows.last().map(|row| row.key.clone())))
        });
        let (read, last) = last.await?;
        running.rows_done.fetch_add(read as u64, Ordering::Relaxed);
        if read < BATCH_ROWS {
            return Ok(());
        }
        after = last;
    }
}

/// Returns the rows after a key, in key order, up to the size of a chunk.
fn chunk(connection: &Connection, definition: &Definition, after: Option<&Value>) -> Result<Vec<StoredRow>> {
    let (select, key) =
        (sql::select_all(DIALECT, definition), sql::column(DIALECT, definition, Column::Key).quoted());
    let beyond = if after.is_some() { format!("WHERE {key} > ?") } else { String::new() };
    let text = format!("{select} {beyond} ORDER BY {key} LIMIT {BATCH_ROWS}");
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    let rows = statement
        .query_map(rusqlite::params_from_iter(after.map(Bind)), |row| read_row(definition, row))
        .map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}
