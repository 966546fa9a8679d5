//! Examines the impact of changes on existing rows: read-only, without blocking anyone.

use std::{sync::Arc, time::Instant};

use serde_json::Value as Json;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::{columns, connect::Connections, error, migrate::check};
use crate::{
    error::{Error, Result},
    schema::{Definition, Difference, InForce, Index, Task, Value},
    store::{
        ChangeImpact,
        migrate::{self, FieldCheck, MAX_EXAMPLES},
        sql::{self, Dialect, Name},
    },
};

/// Factor by which the final transaction of a migration takes longer than one search of the table: it makes up to two.
const FINAL_FACTOR: u64 = 2;

/// Counts the rows that violate each change.
pub(super) async fn examine(
    connections: &Connections,
    in_force: &Arc<InForce>,
    difference: &Difference,
) -> Result<Vec<ChangeImpact>> {
    let Some(new) = &difference.target else {
        return Ok(vec![ChangeImpact::default(); difference.changes.len()]);
    };
    let old = &in_force.definition;
    let mut connection = connections.migrator().await.map_err(error::store)?;
    // One snapshot, so that the counts are consistent.
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    connection.execute(begin).await.map_err(error::store)?;
    let mut checks = FieldCheck::all(old, new, difference);
    if !checks.is_empty() {
        let mut after: Option<Value> = None;
        loop {
            let rows = check::page(&mut connection, old, &checks, after.as_ref()).await;
            let rows = rows.map_err(error::store)?;
            after = check::check_rows(old, &mut checks, &rows).map_err(error::store)?;
            if after.is_none() {
                break;
            }
        }
    }
    let scan_ms = if checks.is_empty() { 0 } else { scan_ms(&mut connection, old).await? };
    let mut examined = Vec::with_capacity(difference.changes.len());
    for change in &difference.changes {
        examined.push(match &change.task {
            Task::AddIndex(index) => index_impact(&mut connection, old, new, index).await?,
            task => {
                let mut impact = migrate::impact(&checks, task);
                if let Task::ConvertColumn { .. } | Task::CheckRows { .. } = task {
                    impact.writers_wait_ms = scan_ms * FINAL_FACTOR;
                }
                impact
            }
        });
    }
    Ok(examined)
}

/// Measures how long it takes to find rows that a recent transaction has written, in milliseconds.
async fn scan_ms(connection: &mut PgConnection, old: &Definition) -> Result<u64> {
    /// The first time includes planning. That matters for a small table, where measuring again costs little.
    const SHORT_MS: u64 = 100;
    let statement = format!("SELECT count(*) FROM {} WHERE age(xmin) < 0", sql::table(&old.name).quoted());
    let mut measured = u64::MAX;
    for _ in 0..2 {
        let began = Instant::now();
        count(connection, statement.clone()).await?;
        measured = measured.min(u64::try_from(began.elapsed().as_millis()).map_err(Error::internal)?);
        if measured > SHORT_MS {
            break;
        }
    }
    Ok(measured)
}

/// Counts the rows to index, and for a unique index those that are duplicates.
async fn index_impact(
    connection: &mut PgConnection,
    old: &Definition,
    new: &Definition,
    index: &Index,
) -> Result<ChangeImpact> {
    let table = sql::table(&old.name).quoted();
    let scanned = count(connection, format!("SELECT count(*) FROM {table}")).await?;
    let mut impact = ChangeImpact { scanned, ..ChangeImpact::default() };
    let Some(columns) = migrate::unique_columns(Dialect::Postgres, old, new, index) else {
        return Ok(impact);
    };
    let key = Name::field(Dialect::Postgres, &old.key.name).quoted();
    let same = if columns.is_empty() {
        format!("SELECT {key} AS k, count(*) OVER () AS same FROM {table}")
    } else {
        let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
        let (present, group) = (present.join(" AND "), columns.join(", "));
        format!(
            "SELECT {key} AS k, count(*) OVER (PARTITION BY {group}) AS same FROM {table} WHERE {present}"
        )
    };
    impact.violating =
        count(connection, format!("SELECT count(*) FROM ({same}) AS s WHERE same > 1")).await?;
    if impact.violating > 0 {
        let examples = format!("SELECT k FROM ({same}) AS s WHERE same > 1 ORDER BY k LIMIT {MAX_EXAMPLES}");
        let rows = sqlx::query(AssertSqlSafe(examples)).fetch_all(connection).await.map_err(error::store)?;
        let keys = rows.iter().map(|row| columns::value(row, 0, &old.key.kind));
        let keys: Result<Vec<Json>, _> = keys.map(|key| key.map(|key| key.to_json(&old.key.kind))).collect();
        impact.examples = keys.map_err(error::store)?;
    }
    Ok(impact)
}

async fn count(connection: &mut PgConnection, sql: String) -> Result<u64> {
    let count: i64 =
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection).await.map_err(error::store)?;
    u64::try_from(count).map_err(Error::internal)
}
