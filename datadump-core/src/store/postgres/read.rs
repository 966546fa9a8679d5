//! Reads, on connections of their own, so that they never wait for writes.

use std::sync::Arc;

use futures_util::{Stream, TryStreamExt as _};
use sea_query::{PostgresQueryBuilder, SelectStatement};
use sea_query_sqlx::{SqlxBinder as _, SqlxValues};
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
        Column, FoundRows, Group, GroupQuery, Groups, Page, Paging, Query, RowCount, page,
        query::Count,
        sql::{self, Dialect},
    },
};

/// Maximum number of attempts for a read whose connection is dead or whose prepared statement is outdated.
const MAX_TRIES: usize = 3;

pub(super) async fn get(pool: &PgPool, in_force: &Arc<InForce>, key: &Value) -> Result<Option<StoredRow>> {
    let definition = &in_force.definition;
    let (select, key_name) = (
        sql::select_all(Dialect::Postgres, definition),
        sql::column(Dialect::Postgres, definition, Column::Key).quoted(),
    );
    let statement = format!("{select} WHERE {key_name} = ANY($1)");
    let mut arguments = PgArguments::default();
    columns::bind(&mut arguments, &definition.key.kind, std::iter::once(key)).map_err(error::store)?;
    let rows = fetch(pool, in_force, &statement, &arguments).await?;
    let row = rows.first().map(|row| columns::stored_row(row, definition));
    row.transpose().map_err(|error| unreadable(in_force, error))
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
    let (rows, is_all) = fetch_until(pool, in_force, &statement, &arguments, bytes).await?;
    let last: Option<i64> = match rows.last() {
        Some(row) if !is_all => Some(sqlx::Row::try_get(row, names.len()).map_err(error::store)?),
        _ => None,
    };
    let rows: Result<Vec<StoredRow>, _> =
        rows.iter().map(|row| columns::stored_row(row, definition)).collect();
    let keys = match last {
        Some(number) => usize::try_from(number).map_err(Error::internal)?,
        None => keys.len(),
    };
    Ok(FoundRows { rows: rows.map_err(|error| unreadable(in_force, error))?, keys })
}

pub(super) async fn page(pool: &PgPool, in_force: &Arc<InForce>, query: &Query) -> Result<Page> {
    let definition = &in_force.definition;
    let select = sql::page(Dialect::Postgres, definition, query);
    let (statement, arguments) = built(&select);
    let rows = fetch(pool, in_force, &statement, &arguments).await?;
    let rows: Result<Vec<StoredRow>, _> =
        rows.iter().map(|row| columns::stored_row(row, definition)).collect();
    let rows = rows.map_err(|error| unreadable(in_force, error))?;
    Ok(page::assemble(query, rows, count(pool, in_force, query).await?))
}

/// Counts rows by the values of some columns.
pub(super) async fn groups(pool: &PgPool, in_force: &Arc<InForce>, query: &GroupQuery) -> Result<Groups> {
    let definition = &in_force.definition;
    let (statement, arguments) = built(&sql::groups(Dialect::Postgres, definition, query));
    let rows = fetch(pool, in_force, &statement, &arguments).await?;
    let group = |row: &PgRow| {
        let columns = query.columns.iter().enumerate();
        let values = columns.map(|(place, column)| columns::value(row, place, &column.kind(definition)));
        let count: i64 = sqlx::Row::try_get(row, query.columns.len())?;
        let count = u64::try_from(count).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Group { values: values.collect::<sqlx::Result<_>>()?, count })
    };
    let groups: sqlx::Result<Vec<Group>> = rows.iter().map(group).collect();
    Ok(Groups::within(query, groups.map_err(|error| unreadable(in_force, error))?))
}

async fn count(pool: &PgPool, in_force: &Arc<InForce>, query: &Query) -> Result<RowCount> {
    match query.count {
        Count::None => Ok(RowCount::Unknown),
        Count::Exact => exactly(pool, in_force, query, None).await.map(RowCount::Exactly),
        Count::Estimated => about(pool, in_force, query).await.map(RowCount::About),
        Count::Bounded => {
            let counted = exactly(pool, in_force, query, Some(page::COUNT_CAP)).await?;
            match page::exact(counted) {
                Some(count) => Ok(count),
                None => Ok(page::estimated(counted, about(pool, in_force, query).await?)),
            }
        }
    }
}

async fn exactly(pool: &PgPool, in_force: &Arc<InForce>, query: &Query, cap: Option<u64>) -> Result<u64> {
    let select = sql::count(Dialect::Postgres, &in_force.definition, query, cap);
    let (statement, arguments) = built(&select);
    let rows = fetch(pool, in_force, &statement, &arguments).await?;
    let counted: i64 = first(&rows)?;
    u64::try_from(counted).map_err(Error::internal)
}

/// Returns the planner's estimate of the number of rows.
async fn about(pool: &PgPool, in_force: &Arc<InForce>, query: &Query) -> Result<u64> {
    let all = Paging::Offset { limit: 1 << 40, offset: 0 };
    let whole = Query { order: Vec::new(), paging: all, ..query.clone() };
    let select = sql::page(Dialect::Postgres, &in_force.definition, &whole);
    let (statement, arguments) = built(&select);
    let rows = fetch(pool, in_force, &format!("EXPLAIN (FORMAT JSON) {statement}"), &arguments).await?;
    let plan: serde_json::Value = first(&rows)?;
    plan.pointer("/0/Plan/Plan Rows")
        .and_then(serde_json::Value::as_u64)
        .ok_or_else(|| Error::internal("the plan has no row estimate"))
}

fn first<T>(rows: &[PgRow]) -> Result<T>
where
    T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    let row = rows.first().ok_or_else(|| Error::internal("a count returned no row"))?;
    sqlx::Row::try_get(row, 0).map_err(error::store)
}

fn built(select: &SelectStatement) -> (String, PgArguments) {
    let (statement, values): (String, SqlxValues) = select.build_sqlx(PostgresQueryBuilder);
    (statement, sqlx::IntoArguments::into_arguments(values))
}

/// Runs a query, retrying where that can help.
async fn fetch(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    statement: &str,
    arguments: &PgArguments,
) -> Result<Vec<PgRow>> {
    fetch_until(pool, in_force, statement, arguments, usize::MAX).await.map(|(rows, _)| rows)
}

/// Runs a query until its rows reach this many bytes; also returns whether these are all.
async fn fetch_until(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    statement: &str,
    arguments: &PgArguments,
    bytes: usize,
) -> Result<(Vec<PgRow>, bool)> {
    // Prepared statements are cached by their text, and the columns of a different version may have different
    // types.
    let statement = format!("/* {} v{} */ {statement}", in_force.storage.get(), in_force.version);
    let mut connection = pool.acquire().await.map_err(error::store)?;
    for attempt in 1.. {
        let query = sqlx::query_with(AssertSqlSafe(statement.as_str()), arguments.clone());
        let failure = match taken(query.fetch(&mut *connection), bytes).await {
            Ok(rows) => return Ok(rows),
            Err(failure) => failure,
        };
        match ErrorClass::of(&failure) {
            ErrorClass::Lost if attempt < MAX_TRIES => {
                connection = living(pool).await.map_err(error::store)?;
            }
            ErrorClass::Moved if attempt < MAX_TRIES => {
                connection.clear_cached_statements().await.map_err(error::store)?;
            }
            ErrorClass::Moved => return Err(moved(in_force)),
            _ => return Err(error::store(failure)),
        }
    }
    Err(Error::internal("a query was retried too often"))
}

/// Collects rows until they reach this many bytes; also returns whether these are all. The connection
/// discards the rest.
async fn taken(
    mut rows: impl Stream<Item = sqlx::Result<PgRow>> + Unpin,
    bytes: usize,
) -> sqlx::Result<(Vec<PgRow>, bool)> {
    let (mut found, mut read) = (Vec::new(), 0);
    while let Some(row) = rows.try_next().await? {
        for place in 0..sqlx::Row::len(&row) {
            let value = sqlx::Row::try_get_raw(&row, place)?;
            read += if value.is_null() { 0 } else { value.as_bytes().map_or(0, <[u8]>::len) };
        }
        found.push(row);
        if read >= bytes {
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

/// Maps the error of a row that does not match its definition, which nearly always means that a new version
/// has just come into force.
fn unreadable(in_force: &InForce, error: sqlx::Error) -> Error {
    match error {
        sqlx::Error::Decode(_) => moved(in_force),
        error => error::store(error),
    }
}

/// The table no longer matches the version that the query was made for.
fn moved(in_force: &InForce) -> Error {
    Error::Moved(in_force.definition.name.to_string())
}
