//! Reads, on connections of their own, so that they never wait for writes.

use std::{fmt::Write as _, ops::ControlFlow, sync::Arc, time::Duration};

use futures_util::{Stream, TryStreamExt as _};
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool, Postgres, ValueRef as _,
    pool::PoolConnection,
    postgres::{PgArguments, PgRow},
};

use super::{
    columns,
    error::{self, ErrorClass},
};
use crate::{
    error::{Error, Result},
    schema::{InForce, StoredRow, Value},
    store::{
        Column, FoundRows,
        sql::{self, Dialect},
    },
};

/// Maximum number of attempts for a read whose connection is dead or whose prepared statement is outdated.
const MAX_TRIES: usize = 3;

/// Timeout of a read. A little longer than the server's own statement timeout, it covers a server that is
/// frozen or unreachable and cannot even report that.
const READ_TIMEOUT: Duration = Duration::from_secs(40);

/// Fails with [`Error::Unavailable`] when a read exceeds [`READ_TIMEOUT`].
pub(super) async fn in_time<T>(read: impl Future<Output = Result<T>>) -> Result<T> {
    let in_time = tokio::time::timeout(READ_TIMEOUT, read).await;
    in_time.unwrap_or_else(|_| Err(Error::Unavailable("the database does not respond".into())))
}

/// Returns a row, unless its long values have more than this many bytes.
pub(super) async fn get(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    key: &Value,
    bytes: Option<usize>,
) -> Result<Option<StoredRow>> {
    let definition = &in_force.definition;
    let (select, key_name) = (
        sql::select_all(Dialect::Postgres, definition),
        sql::column(Dialect::Postgres, definition, Column::Key).quoted(),
    );
    let mut statement = format!("{select} WHERE {key_name} = ANY($1)");
    if let Some(bytes) = bytes {
        let _ = write!(statement, " AND {} <= {bytes}", sql::row_size(Dialect::Postgres, definition));
    }
    let mut arguments = PgArguments::default();
    columns::bind(&mut arguments, &definition.key.kind, std::iter::once(key)).map_err(error::store)?;
    let rows =
        fetch(pool, in_force, &statement, &arguments, |row| columns::stored_row(row, definition)).await?;
    Ok(rows.into_iter().next())
}

/// Looks up rows by key until they reach this many bytes.
pub(super) async fn rows(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    keys: &[Value],
    bytes: usize,
) -> Result<FoundRows> {
    let definition = &in_force.definition;
    let names = sql::columns(definition)
        .into_iter()
        .map(|of| sql::column(Dialect::Postgres, definition, of).quoted());
    let names: Vec<String> = names.map(|name| format!("t.{name}")).collect();
    // Ordered by position in `keys`: keys after that of the last row were not looked up.
    let statement = format!(
        "SELECT {}, k.number FROM unnest($1{}) WITH ORDINALITY AS k(key, number) \
         JOIN {} AS t ON t.{} = k.key ORDER BY k.number",
        names.join(", "),
        columns::array_cast(&definition.key.kind),
        sql::table(&definition.name).quoted(),
        sql::column(Dialect::Postgres, definition, Column::Key).quoted()
    );
    let mut arguments = PgArguments::default();
    columns::bind(&mut arguments, &definition.key.kind, keys.iter()).map_err(error::store)?;
    let read = |row: &PgRow| {
        Ok((columns::stored_row(row, definition)?, sqlx::Row::try_get::<i64, _>(row, names.len())?))
    };
    let (rows, is_all) = fetch_until(pool, in_force, &statement, &arguments, bytes, read).await?;
    let keys = match rows.last() {
        Some((_, number)) if !is_all => usize::try_from(*number).map_err(Error::internal)?,
        _ => keys.len(),
    };
    Ok(FoundRows { rows: rows.into_iter().map(|(row, _)| row).collect(), keys })
}

/// Runs a query, retrying where that can help, and reads each row as it arrives.
pub(super) async fn fetch<T>(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    statement: &str,
    arguments: &PgArguments,
    read: impl Fn(&PgRow) -> sqlx::Result<T>,
) -> Result<Vec<T>> {
    fetch_until(pool, in_force, statement, arguments, usize::MAX, read).await.map(|(rows, _)| rows)
}

/// Runs a query until its rows reach this many bytes; also returns whether these are all.
pub(super) async fn fetch_until<T>(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    statement: &str,
    arguments: &PgArguments,
    bytes: usize,
    read: impl Fn(&PgRow) -> sqlx::Result<T>,
) -> Result<(Vec<T>, bool)> {
    let statement = marked(in_force, statement);
    let mut connection = pool.acquire().await.map_err(error::store)?;
    for attempt in 1.. {
        let query = sqlx::query_with(AssertSqlSafe(statement.as_str()), arguments.clone());
        match taken(query.fetch(&mut *connection), bytes, &read).await {
            Ok(rows) => return Ok(rows),
            Err(failure) => recover(pool, in_force, &mut connection, failure, attempt).await?,
        }
    }
    Err(Error::internal("a query was retried too often"))
}

/// Prepares a connection for the next attempt, if that can help after this failure.
pub(super) async fn recover(
    pool: &PgPool,
    in_force: &InForce,
    connection: &mut PoolConnection<Postgres>,
    failure: sqlx::Error,
    attempt: usize,
) -> Result<()> {
    // A row that does not match its definition, which nearly always means that a new version has just come into
    // force.
    if matches!(failure, sqlx::Error::Decode(_)) {
        return Err(moved(in_force));
    }
    match ErrorClass::of(&failure) {
        ErrorClass::Lost if attempt < MAX_TRIES => *connection = living(pool).await.map_err(error::store)?,
        ErrorClass::Moved if attempt < MAX_TRIES => {
            connection.clear_cached_statements().await.map_err(error::store)?;
        }
        ErrorClass::Moved => return Err(moved(in_force)),
        _ => return Err(error::store(failure)),
    }
    Ok(())
}

/// Reads the rows of a query one by one, until one of them ends it.
pub(super) async fn fetch_each<S>(
    connection: &mut PgConnection,
    in_force: &InForce,
    statement: &str,
    arguments: PgArguments,
    mut each: impl FnMut(&PgRow) -> sqlx::Result<ControlFlow<S>>,
) -> sqlx::Result<ControlFlow<S>> {
    let statement = marked(in_force, statement);
    let mut rows = sqlx::query_with(AssertSqlSafe(statement.as_str()), arguments).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        if let ControlFlow::Break(end) = each(&row)? {
            return Ok(ControlFlow::Break(end));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// Returns a statement with a mark of the version that it was made for. Prepared statements are cached by their text, and
/// the columns of a different version may have different types.
fn marked(in_force: &InForce, statement: &str) -> String {
    format!("/* {} v{} */ {statement}", in_force.storage.get(), in_force.version)
}

/// Reads rows until they reach this many bytes; also returns whether these are all. The connection discards
/// the rest.
async fn taken<T>(
    mut rows: impl Stream<Item = sqlx::Result<PgRow>> + Unpin,
    bytes: usize,
    read: impl Fn(&PgRow) -> sqlx::Result<T>,
) -> sqlx::Result<(Vec<T>, bool)> {
    let (mut found, mut taken) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        for place in 0..sqlx::Row::len(&row) {
            let value = sqlx::Row::try_get_raw(&row, place)?;
            taken += if value.is_null() { 0 } else { value.as_bytes().map_or(0, <[u8]>::len) };
        }
        found.push(read(&row)?);
        if taken >= bytes {
            return Ok((found, false));
        }
    }
    Ok((found, true))
}

/// Returns a connection that works. The pool does not test its connections, so after a restart of the
/// database all are dead.
async fn living(pool: &PgPool) -> sqlx::Result<PoolConnection<Postgres>> {
    for _ in 0..=pool.options().get_max_connections() {
        let mut connection = pool.acquire().await?;
        if answers(&mut connection).await {
            return Ok(connection);
        }
    }
    pool.acquire().await
}

async fn answers(connection: &mut PgConnection) -> bool {
    connection.ping().await.is_ok() && connection.execute("SELECT 1").await.is_ok()
}

/// The table no longer matches the version that the query was made for.
fn moved(in_force: &InForce) -> Error {
    Error::Moved(in_force.definition.name.to_string())
}
