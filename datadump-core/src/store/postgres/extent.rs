//! Measures how much a storage holds, and when it was written.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};

use super::{columns, error, error::ErrorClass, inner::Inner};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{InForce, Kind, Value},
    store::{
        Extent, WrittenRows,
        extent::{SizeSample, excess_until},
        sql::{Dialect, TrimSql},
    },
};

/// Settings of a transaction that measures a storage: counting its rows takes as long as it is large.
const EXTENT_SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
                               SET LOCAL statement_timeout = '10min'";

/// Counts the rows of a storage in one snapshot, and estimates their size.
pub(super) async fn count(inner: &Inner, in_force: &Arc<InForce>, capacity: Option<u64>) -> Result<Extent> {
    let mut transaction = inner.connections.system.begin().await.map_err(error::store)?;
    let extent = counted(&mut transaction, in_force, capacity).await;
    let extent = extent.map_err(|cause| moved(in_force, cause));
    transaction.rollback().await.map_err(error::store)?;
    extent
}

async fn counted(
    connection: &mut PgConnection,
    in_force: &InForce,
    capacity: Option<u64>,
) -> sqlx::Result<Extent> {
    let sql = TrimSql::new(Dialect::Postgres, &in_force.definition);
    sqlx::raw_sql(EXTENT_SETTINGS).execute(&mut *connection).await?;
    let row = sqlx::raw_sql(AssertSqlSafe(sql.count())).fetch_one(&mut *connection).await?;
    let rows = number(&row, 0)?;
    let row = sqlx::raw_sql(AssertSqlSafe(sql.sample())).fetch_one(&mut *connection).await?;
    let sample = SizeSample { rows: number(&row, 0)?, bytes: number(&row, 1)? };
    let mut two_after = async |rows: u64| -> sqlx::Result<Vec<Timestamp>> {
        let found = sqlx::raw_sql(AssertSqlSafe(sql.two_after(rows))).fetch_all(&mut *connection).await?;
        found.iter().map(|row| moment(row, 0)).collect()
    };
    let oldest = two_after(0).await?.first().copied();
    let mut extent = Extent::estimated(&in_force.definition, rows, sample, oldest);
    if let Some(exceeding) = capacity.and_then(|most| rows.checked_sub(most)).filter(|rows| *rows > 0) {
        extent.excess = excess_until(&two_after(exceeding - 1).await?);
    }
    Ok(extent)
}

/// Returns the moments before a moment at which rows were last written, latest first.
pub(super) async fn written_before(
    inner: &Inner,
    in_force: &Arc<InForce>,
    before: Timestamp,
    rows: u64,
) -> Result<Vec<WrittenRows>> {
    let definition = &in_force.definition;
    let sql = TrimSql::new(Dialect::Postgres, definition);
    let text = sql.moments(&literal(before), rows, &literal(Timestamp::MIN));
    let found = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&inner.connections.system).await;
    let read = |row: &PgRow| -> sqlx::Result<WrittenRows> {
        Ok(WrittenRows::new(definition, moment(row, 0)?, number(row, 1)?, (number(row, 2)?, number(row, 3)?)))
    };
    let moments = found.and_then(|found| found.iter().map(read).collect());
    moments.map_err(|cause| moved(in_force, cause))
}

/// Converts an error of a read. A table that does not match is that of a storage that was just changed or removed.
fn moved(in_force: &InForce, cause: sqlx::Error) -> Error {
    match ErrorClass::of(&cause) {
        ErrorClass::Moved => Error::Moved(in_force.definition.name.to_string()),
        _ => error::store(cause),
    }
}

/// Returns a moment as SQL. Its text consists of digits and punctuation.
pub(super) fn literal(moment: Timestamp) -> String {
    format!("'{moment}'::timestamptz")
}

pub(super) fn moment(row: &PgRow, place: usize) -> sqlx::Result<Timestamp> {
    match columns::value(row, place, &Kind::Timestamp)? {
        Value::Timestamp(at) => Ok(at),
        _ => Err(sqlx::Error::Decode("a row has no time".into())),
    }
}

pub(super) fn number(row: &PgRow, place: usize) -> sqlx::Result<u64> {
    u64::try_from(row.try_get::<i64, _>(place)?).map_err(|error| sqlx::Error::Decode(error.into()))
}
