//! Checks that rows fit the new definition: all of them while writes go on, and in the final transaction
//! those changed since.

use sqlx::{
    AssertSqlSafe, PgConnection,
    postgres::{PgArguments, PgRow},
};

use super::{
    plan::Plan,
    progress::MigrationProgress,
    session::{Halt, MigrationSession},
};
use crate::{
    schema::{Definition, Value},
    store::{
        migrate::{FieldCheck, violations},
        postgres::columns,
        sql::{self, Dialect, Name},
    },
};

/// Number of rows read at once.
const BATCH_ROWS: usize = 5_000;

/// Returns the query for the key and the checked columns.
fn select(old: &Definition, checks: &[FieldCheck<'_>]) -> String {
    let columns = checks.iter().map(|check| Name::field(Dialect::Postgres, &check.before().name).quoted());
    let columns: Vec<String> =
        [Name::field(Dialect::Postgres, &old.key.name).quoted()].into_iter().chain(columns).collect();
    format!("SELECT {} FROM {}", columns.join(", "), sql::table(&old.name).quoted())
}

/// Reads the next rows after a key, in key order.
pub(in crate::store::postgres) async fn page(
    connection: &mut PgConnection,
    old: &Definition,
    checks: &[FieldCheck<'_>],
    after: Option<&Value>,
) -> sqlx::Result<Vec<PgRow>> {
    let (select, key) = (select(old, checks), Name::field(Dialect::Postgres, &old.key.name).quoted());
    let mut arguments = PgArguments::default();
    let beyond = match after {
        Some(after) => {
            columns::bind(&mut arguments, &old.key.kind, std::iter::once(after))?;
            format!("WHERE {key} > ($1{})[1]", columns::array_cast(&old.key.kind))
        }
        None => String::new(),
    };
    let page = format!("{select} {beyond} ORDER BY {key} LIMIT {BATCH_ROWS}");
    sqlx::query_with(AssertSqlSafe(page), arguments).fetch_all(connection).await
}

/// Checks rows. Returns the key of the last one if there may be more.
pub(in crate::store::postgres) fn check_rows(
    old: &Definition,
    checks: &mut [FieldCheck<'_>],
    rows: &[PgRow],
) -> sqlx::Result<Option<Value>> {
    let mut last = None;
    for row in rows {
        let key = columns::value(row, 0, &old.key.kind)?;
        for (place, check) in checks.iter_mut().enumerate() {
            let value = columns::value(row, place + 1, &check.before().kind)?;
            check.check(&key, &value);
        }
        last = Some(key);
    }
    Ok(last.filter(|_| rows.len() >= BATCH_ROWS))
}

/// Checks all rows.
pub(super) async fn all(
    session: &mut MigrationSession,
    plan: &Plan,
    progress: &mut MigrationProgress,
) -> Result<(), Halt> {
    let old = &plan.old.definition;
    let mut checks = FieldCheck::all(old, &plan.new, &plan.difference);
    if checks.is_empty() {
        return Ok(());
    }
    let mut after: Option<Value> = None;
    loop {
        let rows = page(&mut session.connection, old, &checks, after.as_ref()).await?;
        after = check_rows(old, &mut checks, &rows)?;
        progress.advance(session, rows.len() as u64).await?;
        if after.is_none() {
            return verdict(&checks);
        }
    }
}

/// Returns the oldest transaction whose changes the scan that follows may miss.
pub(super) async fn horizon(session: &mut MigrationSession) -> Result<String, Halt> {
    let oldest = "SELECT (txid_snapshot_xmin(txid_current_snapshot()) & 4294967295)::text";
    Ok(sqlx::query_scalar(oldest).fetch_one(&mut session.connection).await?)
}

/// Checks the rows changed since the first scan, while writes wait.
pub(super) async fn changed(session: &mut MigrationSession, plan: &Plan, horizon: &str) -> Result<(), Halt> {
    let old = &plan.old.definition;
    let mut checks = FieldCheck::all(old, &plan.new, &plan.difference);
    if checks.is_empty() {
        return Ok(());
    }
    // Transaction ids wrap around; their age does not.
    let sql = format!("{} WHERE age(xmin) <= age('{horizon}'::xid)", select(old, &checks));
    // With a cursor, because the whole table may have changed.
    session.execute(&format!("DECLARE latest NO SCROLL CURSOR FOR {sql}")).await?;
    loop {
        let rows = session.fetch(&format!("FETCH {BATCH_ROWS} FROM latest")).await?;
        check_rows(old, &mut checks, &rows)?;
        if rows.len() < BATCH_ROWS {
            break;
        }
    }
    session.execute("CLOSE latest").await?;
    verdict(&checks)
}

fn verdict(checks: &[FieldCheck<'_>]) -> Result<(), Halt> {
    violations(checks).map_or(Ok(()), |reason| Err(Halt::Refused(reason)))
}
