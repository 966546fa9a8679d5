//! Reads pages and counts. A page is only read as far as there is memory for it.

use std::{ops::ControlFlow, sync::Arc};

use sea_query::{PostgresQueryBuilder, SelectStatement};
use sea_query_sqlx::{SqlxBinder as _, SqlxValues};
use sqlx::{
    PgPool, Postgres,
    postgres::{PgArguments, PgRow},
};

use super::{
    columns, error,
    read::{fetch, fetch_each, fetch_until, recover},
};
use crate::{
    error::{Error, Result},
    schema::InForce,
    store::{
        Group, GroupQuery, Groups, Page, Paging, Query, ReadMemory, RowCount, page,
        query::Count,
        result_memory::{Read, ResultMemory},
        sql::{self, Dialect},
    },
};

/// Maximum number of rows of which the planner estimates how many match.
const MAX_ESTIMATED: u64 = 1 << 40;

/// Reads a page, once there is memory for it.
pub(super) async fn page(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    query: &Query,
    memory: &ReadMemory,
) -> Result<Page> {
    let definition = &in_force.definition;
    let (bytes, extent) = match page::small_bound(definition, query) {
        Some(bytes) => (bytes, None),
        None => {
            let (statement, arguments) = built(&sql::sizes(Dialect::Postgres, definition, query));
            let sizes: Vec<i64> = fetch(pool, in_force, &statement, &arguments, get).await?;
            let sizes: Result<Vec<usize>, _> = sizes.into_iter().map(usize::try_from).collect();
            let extent = page::extent(definition, query, &sizes.map_err(Error::internal)?);
            (extent.bytes, Some(extent))
        }
    };
    // Twice, because the driver has a copy of the row that is being read.
    let lease = memory.reserve(bytes.saturating_mul(2)).await?;
    // One row more than were found, if these were all: another may have been added since.
    let limit = match extent {
        Some(extent) if extent.more => extent.rows,
        Some(extent) => extent.rows + 1,
        None => query.paging.limit() + 1,
    };
    let (statement, arguments) = built(&sql::page(Dialect::Postgres, definition, query, limit));
    let read = |row: &PgRow| columns::stored_row(row, definition);
    // The rows may have grown since.
    let (mut rows, is_all) =
        fetch_until(pool, in_force, &statement, &arguments, bytes.saturating_add(1), read).await?;
    let more = match extent {
        Some(extent) => {
            let found = usize::try_from(extent.rows).unwrap_or(usize::MAX);
            let is_larger = rows.len() > found;
            rows.truncate(found);
            extent.more || is_larger || !is_all
        }
        None => page::take_next(query, &mut rows),
    };
    let count = count(pool, in_force, query).await?;
    Ok(page::assemble(query, rows, more, count, lease))
}

/// Counts rows by the values of some columns.
pub(super) async fn groups(
    pool: &PgPool,
    in_force: &Arc<InForce>,
    query: &GroupQuery,
    mut memory: ResultMemory,
) -> Result<Read<Groups>> {
    let definition = &in_force.definition;
    let (statement, arguments) = built(&sql::groups(Dialect::Postgres, definition, query));
    let group = |row: &PgRow| {
        let columns = query.columns.iter().enumerate();
        let values = columns.map(|(place, column)| columns::value(row, place, &column.kind(definition)));
        let count: i64 = sqlx::Row::try_get(row, query.columns.len())?;
        let count = u64::try_from(count).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok::<_, sqlx::Error>(Group { values: values.collect::<sqlx::Result<_>>()?, count })
    };
    let mut connection = pool.acquire().await.map_err(error::store)?;
    for attempt in 1.. {
        memory.clear();
        let mut groups = Vec::new();
        let read = fetch_each(&mut connection, in_force, &statement, arguments.clone(), |row| {
            let group = group(row)?;
            if let Err(shortage) = memory.add(group.size()) {
                return Ok(ControlFlow::Break(shortage));
            }
            groups.push(group);
            Ok(ControlFlow::Continue(()))
        });
        match read.await {
            Ok(ControlFlow::Continue(())) => {
                return Ok(Read::Done(Groups::within(query, groups, memory.finish())));
            }
            Ok(ControlFlow::Break(shortage)) => return Read::short(&shortage, "field"),
            Err(failure) => recover(pool, in_force, &mut connection, failure, attempt).await?,
        }
    }
    Err(Error::internal("a query was retried too often"))
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
    let counted: i64 = first(fetch(pool, in_force, &statement, &arguments, get).await?)?;
    u64::try_from(counted).map_err(Error::internal)
}

/// Returns the planner's estimate of the number of rows.
pub(super) async fn about(pool: &PgPool, in_force: &Arc<InForce>, query: &Query) -> Result<u64> {
    let all = Paging::Offset { limit: MAX_ESTIMATED, offset: 0 };
    let whole = Query { order: Vec::new(), paging: all, ..query.clone() };
    let select = sql::page(Dialect::Postgres, &in_force.definition, &whole, MAX_ESTIMATED);
    let (statement, arguments) = built(&select);
    let explain = format!("EXPLAIN (FORMAT JSON) {statement}");
    let plan: serde_json::Value = first(fetch(pool, in_force, &explain, &arguments, get).await?)?;
    plan.pointer("/0/Plan/Plan Rows")
        .and_then(serde_json::Value::as_u64)
        .ok_or_else(|| Error::internal("the plan has no row estimate"))
}

fn get<T>(row: &PgRow) -> sqlx::Result<T>
where
    T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
{
    sqlx::Row::try_get(row, 0)
}

fn first<T>(rows: Vec<T>) -> Result<T> {
    rows.into_iter().next().ok_or_else(|| Error::internal("a count returned no row"))
}

pub(super) fn built(select: &SelectStatement) -> (String, PgArguments) {
    let (statement, values): (String, SqlxValues) = select.build_sqlx(PostgresQueryBuilder);
    (statement, sqlx::IntoArguments::into_arguments(values))
}
