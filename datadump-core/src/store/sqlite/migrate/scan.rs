//! The pass over all rows before the final transaction. A reader reads and converts them in chunks; the writer
//! stores the converted values in slices.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rusqlite::Connection;

use super::{
    super::{
        columns::{Bind, DIALECT},
        error::map,
        inner::Inner,
        read,
    },
    pending::check_pending,
    plan::Plan,
    running::RunningMigration,
    slices::{self, Patch},
};
use crate::{
    error::{Error, Result},
    schema::Value,
    store::{Column, migrate::violations, sql},
};

/// Maximum number of rows per chunk.
const CHUNK_ROWS: usize = 2_000;

/// Size of the values of a chunk in bytes after which it ends.
const CHUNK_BYTES: usize = 4 << 20;

/// Timeout of a chunk.
const CHUNK_TIMEOUT: Duration = Duration::from_mins(1);

/// Timeout of counting all rows.
const COUNT_TIMEOUT: Duration = Duration::from_mins(10);

/// Delay before a chunk is read again when all readers are busy.
const BUSY_DELAY: Duration = Duration::from_millis(500);

/// Rows that were read together.
struct Chunk {
    patches: Vec<Patch>,
    rows: u64,
    /// The key of the last row, if there may be more.
    last: Option<Value>,
}

/// Checks all rows, and fills the columns of moved fields. Stops at the first chunk with a violation.
pub(super) async fn all(
    inner: &Inner,
    plan: &Arc<Plan>,
    version: i32,
    running: &RunningMigration,
) -> Result<()> {
    for count in [&running.rows_done, &running.rows_total] {
        count.store(0, Ordering::Relaxed);
    }
    if plan.difference.scans().is_empty() {
        return Ok(());
    }
    let counted = plan.clone();
    let total = inner
        .readers
        .run(COUNT_TIMEOUT, move |connection| read::count_rows(connection, &counted.old.definition));
    running.rows_total.store(total.await?, Ordering::Relaxed);
    let (update, id) = (Arc::from(plan.update()), plan.old.storage);
    let mut after: Option<Value> = None;
    loop {
        let chunk = chunk(inner, plan, after.as_ref()).await?;
        slices::apply(inner, &update, chunk.patches, move |writer| check_pending(writer, id, version))
            .await?;
        let done = running.rows_done.fetch_add(chunk.rows, Ordering::Relaxed) + chunk.rows;
        // Rows inserted since the start were not counted.
        running.rows_total.fetch_max(done, Ordering::Relaxed);
        inner.catalogue.progressed(id);
        match chunk.last {
            Some(last) => after = Some(last),
            None => return Ok(()),
        }
    }
}

/// Reads the rows after a key. Waits while all readers are busy.
async fn chunk(inner: &Inner, plan: &Arc<Plan>, after: Option<&Value>) -> Result<Chunk> {
    loop {
        let (plan, after) = (plan.clone(), after.cloned());
        let read =
            inner.readers.run(CHUNK_TIMEOUT, move |connection| read_chunk(connection, &plan, after.as_ref()));
        match read.await {
            Err(Error::Overloaded) => tokio::time::sleep(BUSY_DELAY).await,
            chunk => return chunk,
        }
    }
}

fn read_chunk(connection: &Connection, plan: &Plan, after: Option<&Value>) -> Result<Chunk> {
    let key = sql::column(DIALECT, &plan.old.definition, Column::Key).quoted();
    let beyond = if after.is_some() { format!("WHERE {key} > ?") } else { String::new() };
    let text = plan.select(&format!("{beyond} ORDER BY {key} LIMIT {CHUNK_ROWS}"));
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    let mut rows = statement.query(rusqlite::params_from_iter(after.map(Bind))).map_err(map)?;
    let mut checks = plan.checks();
    let (mut chunk, mut bytes) = (Chunk { patches: Vec::new(), rows: 0, last: None }, 0);
    while let Some(row) = rows.next().map_err(map)? {
        let checked = plan.check(&mut checks, row).map_err(map)?;
        chunk.patches.extend(checked.patch);
        chunk.rows += 1;
        bytes += checked.size;
        if chunk.rows >= CHUNK_ROWS as u64 || bytes >= CHUNK_BYTES {
            chunk.last = Some(checked.key);
            break;
        }
    }
    violations(&checks).map_or(Ok(chunk), |reason| Err(Error::internal(reason)))
}
