//! Readers: connections that cannot write, each used by one question at a time.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, InterruptHandle, OptionalExtension};
use sea_query::{SelectStatement, SqliteQueryBuilder};
use tokio::sync::Semaphore;

use super::{
    DIALECT,
    columns::{Bind, read_row},
    error::map,
    open,
    system::cell,
};
use crate::{
    error::{Error, Result},
    schema::{Definition, StoredRow, Value},
    store::{
        Column, Count, Counted, Page, Paging, Query,
        query::{COUNTED_EXACTLY, Towards},
        sql,
    },
};

/// How many questions are answered at once.
const READERS: usize = 8;

/// How long a question may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// How many rows at each end of a table an estimate looks at.
const SAMPLE: u64 = 10_000;

/// The readers of one file.
#[derive(Debug)]
pub(super) struct Readers {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, idle: Arc::default(), permits: Arc::new(Semaphore::new(READERS)) }
    }

    /// Asks something, for at most the time a question may take.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run_for(TIME_LIMIT, ask).await
    }

    /// Asks something that may take longer. It is given up when nobody waits for it any more.
    pub(super) async fn run_for<T: Send + 'static>(
        &self,
        limit: Duration,
        ask: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let closed = |_| Error::Unavailable("the database is closed".into());
        let permit = self.permits.clone().acquire_owned().await.map_err(closed)?;
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (file, pool) = (self.file.clone(), self.idle.clone());
        let (handle, interrupt) = tokio::sync::oneshot::channel();
        let asked = tokio::task::spawn_blocking(move || {
            let mut connection = match idle {
                Some(connection) => connection,
                None => open::reader(&file)?,
            };
            let _ = handle.send(connection.get_interrupt_handle());
            let answer = ask(&mut connection);
            pool.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            drop(permit);
            answer
        });
        let mut guard = Interrupt(interrupt.await.ok());
        let Ok(answer) = tokio::time::timeout(limit, asked).await else {
            return Err(Error::Unavailable("the question took too long and was given up".into()));
        };
        guard.0 = None;
        answer.map_err(Error::internal)?
    }

    /// Lets go of the connections.
    pub(super) fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// Stops a question that nobody waits for any more.
struct Interrupt(Option<InterruptHandle>);

impl Drop for Interrupt {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.interrupt();
        }
    }
}

/// Whether the database answers.
pub(super) fn ping(connection: &Connection) -> Result<()> {
    connection.query_row("SELECT 1", [], |_| Ok(())).map_err(map)
}

/// One row.
pub(super) fn get(
    connection: &Connection,
    definition: &Definition,
    key: &Value,
) -> Result<Option<StoredRow>> {
    let names = sql::column_list(definition);
    let key_name = sql::column(definition, Column::Key).quoted();
    let table = sql::table(&definition.name).quoted();
    let text = format!("SELECT {names} FROM {table} WHERE {key_name} = ?");
    let mut select = connection.prepare_cached(&text).map_err(map)?;
    select.query_row([Bind(key)], |row| read_row(definition, row)).optional().map_err(map)
}

/// A page, and its count out of the same snapshot.
pub(super) fn page(connection: &mut Connection, definition: &Definition, query: &Query) -> Result<Page> {
    let transaction = connection.transaction().map_err(map)?;
    let mut rows = rows(&transaction, definition, &sql::page(DIALECT, definition, query))?;
    let limit = usize::try_from(query.paging.limit()).map_err(Error::internal)?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    if let Paging::Keyset { towards: Towards::Previous, .. } = query.paging {
        rows.reverse();
    }
    let count = count(&transaction, definition, query)?;
    Ok(Page { rows, more, count })
}

fn rows(
    connection: &Connection,
    definition: &Definition,
    select: &SelectStatement,
) -> Result<Vec<StoredRow>> {
    let (text, values) = select.build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    let rows = statement
        .query_map(rusqlite::params_from_iter(cells), |row| read_row(definition, row))
        .map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}

fn count(connection: &Connection, definition: &Definition, query: &Query) -> Result<Counted> {
    let counted = |cap| number(connection, &sql::count(DIALECT, definition, query, cap));
    match query.count {
        Count::None => Ok(Counted::Unknown),
        Count::Exact => counted(None).map(Counted::Exactly),
        Count::Bounded | Count::Estimated => {
            let found = counted(Some(COUNTED_EXACTLY + 1))?;
            if found <= COUNTED_EXACTLY {
                return Ok(Counted::Exactly(found));
            }
            let about = estimate(connection, definition, query)?;
            Ok(Counted::About(about.max(found)))
        }
    }
}

/// About how many rows match: all rows, times the share that matches at both ends of the table.
fn estimate(connection: &Connection, definition: &Definition, query: &Query) -> Result<u64> {
    let table = sql::table(&definition.name).quoted();
    let total = format!("SELECT count(*) FROM {table}");
    let total: u64 = connection.query_row(&total, [], |row| row.get(0)).map_err(map)?;
    let Some(filter) = &query.filter else { return Ok(total) };
    let key = sql::column(definition, Column::Key).quoted();
    let (mut seen, mut matching) = (0_u64, 0_u64);
    for direction in ["ASC", "DESC"] {
        let names = sql::column_list(definition);
        let text = format!("SELECT {names} FROM {table} ORDER BY {key} {direction} LIMIT {SAMPLE}");
        let mut statement = connection.prepare_cached(&text).map_err(map)?;
        let rows = statement.query_map([], |row| read_row(definition, row)).map_err(map)?;
        for row in rows {
            seen += 1;
            matching += u64::from(filter.matches(&row.map_err(map)?));
        }
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is an estimate, and not negative"
    )]
    let about = (total as f64 * matching as f64 / seen.max(1) as f64) as u64;
    Ok(about)
}

fn number(connection: &Connection, select: &SelectStatement) -> Result<u64> {
    let (text, values) = select.build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    statement.query_row(rusqlite::params_from_iter(cells), |row| row.get(0)).map_err(map)
}
