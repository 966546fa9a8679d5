//! Fills growing columns in batches by key, while a trigger copies concurrent writes.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Row as _, postgres::PgArguments};

use super::{
    plan::{FillMethod, Plan},
    progress::MigrationProgress,
    session::{BY_ANY, BY_KEY, Halt, MigrationSession},
};
use crate::{
    schema::{Kind, Value},
    store::postgres::{columns, error::ErrorClass},
};

/// Number of rows per transaction.
pub(super) const BATCH_ROWS: usize = 2_500;

/// Pause between two transactions, for other sessions.
pub(super) const BATCH_PAUSE: Duration = Duration::from_millis(2);

/// Fills all growing columns.
pub(super) async fn fill(
    session: &mut MigrationSession,
    plan: &Plan,
    progress: &mut MigrationProgress,
) -> Result<(), Halt> {
    if plan.copies("").is_empty() {
        return Ok(());
    }
    let kind = &plan.old.definition.key.kind;
    // The final transaction is synced to disk, and all earlier ones with it. Rows whose filling a crash
    // undoes are filled again.
    session.execute(&format!("SET synchronous_commit = off; {BY_KEY}")).await?;
    let mut after = first_missing(session, plan).await?;
    while let Some(key) = after {
        let (rows, last) = batch(session, plan, kind, &key).await?;
        progress.advance(session, rows).await?;
        after =
            last.filter(|_| rows >= BATCH_ROWS as u64).map(|last| Position { key: last, inclusive: false });
        tokio::time::sleep(BATCH_PAUSE).await;
    }
    session.execute(&format!("SET synchronous_commit = on; {BY_ANY}")).await?;
    progress.passed(1);
    Ok(())
}

struct Position {
    key: Value,
    inclusive: bool,
}

/// Returns where to start or resume: at the first row that is not filled.
async fn first_missing(session: &mut MigrationSession, plan: &Plan) -> Result<Option<Position>, Halt> {
    let (table, key, missing) = (&plan.table, plan.key(), missing(plan));
    let sql = format!("SELECT {key} FROM {table} AS t WHERE {missing} ORDER BY {key} LIMIT 1");
    let rows = session.fetch(&sql).await?;
    let key = rows.first().map(|row| columns::value(row, 0, &plan.old.definition.key.kind)).transpose()?;
    Ok(key.map(|key| Position { key, inclusive: true }))
}

async fn batch(
    session: &mut MigrationSession,
    plan: &Plan,
    kind: &Kind,
    from: &Position,
) -> Result<(u64, Option<Value>), Halt> {
    let (table, key, missing) = (&plan.table, plan.key(), missing(plan));
    let than = if from.inclusive { ">=" } else { ">" };
    let (cast, copies) = (columns::array_cast(kind), plan.copies("").join(", "));
    // Finds the end of the range first, so that the update is of one range of keys: a join with the keys is
    // planned badly while nothing is known about the new column.
    let page = format!(
        "SELECT {key}, count(*) OVER () FROM (SELECT {key} FROM {table} \
         WHERE {key} {than} ($1{cast})[1] ORDER BY {key} LIMIT {BATCH_ROWS}) AS page ORDER BY {key} DESC LIMIT 1"
    );
    let mut arguments = PgArguments::default();
    columns::bind(&mut arguments, kind, std::iter::once(&from.key))?;
    let query = sqlx::query_with(AssertSqlSafe(page), arguments);
    let Some(row) = query.fetch_optional(&mut session.connection).await? else { return Ok((0, None)) };
    let (last, rows): (Value, i64) = (columns::value(&row, 0, kind)?, row.try_get(1)?);
    let fill = format!(
        "UPDATE {table} AS t SET {copies} \
         WHERE {key} {than} ($1{cast})[1] AND {key} <= ($1{cast})[2] AND ({missing})"
    );
    loop {
        let mut arguments = PgArguments::default();
        columns::bind(&mut arguments, kind, [&from.key, &last].into_iter())?;
        let query = sqlx::query_with(AssertSqlSafe(fill.as_str()), arguments);
        match query.execute(&mut session.connection).await {
            Ok(_) => return Ok((u64::try_from(rows).unwrap_or(0), Some(last))),
            // A writer holds a row; it goes first.
            Err(error) if ErrorClass::of(&error) == ErrorClass::Again => {
                tokio::time::sleep(BATCH_PAUSE).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Returns the condition for rows that are not filled.
fn missing(plan: &Plan) -> String {
    let growing = plan.moved.iter().filter(|moved| moved.how == FillMethod::Grow);
    let each: Vec<String> = growing
        .filter_map(|moved| Some((plan.temporary(moved)?, plan.source(moved)?)))
        .map(|(new, old)| format!("(t.{new} IS NULL AND t.{old} IS NOT NULL)"))
        .collect();
    each.join(" OR ")
}
