//! Removes old rows of a storage, and measures how much it holds.
//!
//! A step must not remove a row whose time lies in its range and that is committed later, and must remove every one
//! that was committed before. So it looks again once it holds the lock of the change log, when everything that
//! comes before it is visible; if there is a row that it has not removed, it is rolled back. Steps of several nodes
//! exclude each other, and never wait for rows that a writer has locked.

use std::{sync::Arc, time::Instant};

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::{change_log, columns, error, error::ErrorClass, inner::Inner, locks};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, InForce, Kind, Value},
    store::{
        Capacity, Column, Extent, Trim, TrimStep,
        change_log::Packer,
        extent::{SAMPLE_ROWS, SizeSample, excess_until},
        sql::{self, Dialect},
    },
};

/// Settings of a transaction that measures a storage: counting its rows takes as long as it is large.
const EXTENT_SETTINGS: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
                               SET LOCAL statement_timeout = '10min'";

/// Removes the rows of a range of time, at most about this many, in one transaction. Returns `None` if there are
/// none, or if they cannot be removed now.
pub(super) async fn trim(
    inner: &Inner,
    in_force: &Arc<InForce>,
    range: (Timestamp, Timestamp),
    rows: u64,
) -> Result<Option<TrimStep>> {
    let began = Instant::now();
    let mut slot = inner.trimming.lock().await;
    // If this is cancelled, the connection is closed, which ends its transaction.
    let mut connection = match slot.take() {
        Some(connection) => connection,
        None => inner.connections.trimming().await.map_err(error::store)?,
    };
    let done = step(inner, &mut connection, in_force, range, rows).await;
    let is_usable =
        matches!(done, Ok(Some(_))) || sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.is_ok();
    *slot = is_usable.then_some(connection);
    match done {
        Ok(Some(trim)) => {
            inner.notify_commit();
            Ok(Some(TrimStep { trim, took: began.elapsed() }))
        }
        Ok(None) => Ok(None),
        Err(StepError::Core(error)) => Err(error),
        // A row was committed meanwhile, or another transaction was in the way.
        Err(StepError::Sql(cause)) if is_conflict(&cause) => Ok(None),
        Err(StepError::Sql(cause)) => Err(error::store(cause)),
    }
}

enum StepError {
    Sql(sqlx::Error),
    Core(Error),
}

impl From<sqlx::Error> for StepError {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

fn is_conflict(error: &sqlx::Error) -> bool {
    /// The SQLSTATE of a division by zero: see [`unless_exists`].
    const DIVISION_BY_ZERO: &str = "22012";
    error::code(error) == Some(DIVISION_BY_ZERO) || ErrorClass::of(error) == ErrorClass::Again
}

async fn step(
    inner: &Inner,
    connection: &mut PgConnection,
    in_force: &InForce,
    (after, until): (Timestamp, Timestamp),
    rows: u64,
) -> Result<Option<Trim>, StepError> {
    let id = in_force.storage;
    let Names { table, key, updated_at } = Names::of(&in_force.definition);
    // Three statements: the last one has its own snapshot, taken after the locks.
    let exists = if id.is_system() {
        "SELECT true".to_owned()
    } else {
        format!("SELECT EXISTS (SELECT FROM datadump_storage WHERE id = {} AND version > 0)", id.get())
    };
    let begin = format!("BEGIN; SELECT {} AND {}; {exists}", locks::try_trimming(id), locks::try_writing(id));
    let answers = sqlx::raw_sql(AssertSqlSafe(begin)).fetch_all(&mut *connection).await?;
    let answers: Vec<bool> = answers.iter().map(|row| row.try_get(0)).collect::<sqlx::Result<_>>()?;
    match answers.as_slice() {
        [true, true] => {}
        [true, _] => {
            let name = in_force.definition.name.to_string();
            return Err(StepError::Core(Error::UnknownStorage(name)));
        }
        // Another node removes rows, or the storage is being migrated.
        _ => return Ok(None),
    }
    let range = |until| {
        format!("FROM {table} WHERE {updated_at} > {} AND {updated_at} <= {}", literal(after), literal(until))
    };
    let offset = rows.saturating_sub(1);
    let last =
        format!("SELECT {updated_at} {} ORDER BY {updated_at}, {key} LIMIT 1 OFFSET {offset}", range(until));
    let last = sqlx::raw_sql(AssertSqlSafe(last)).fetch_optional(&mut *connection).await?;
    // Rows that were written at the same moment are removed together.
    let until = last.map(|row| moment(&row, 0)).transpose()?.flatten().unwrap_or(until);
    // A row that is locked stays where it is.
    let delete = format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY (SELECT ctid {} FOR UPDATE SKIP LOCKED))",
        range(until)
    );
    let deleted = sqlx::raw_sql(AssertSqlSafe(delete)).execute(&mut *connection).await?.rows_affected();
    if deleted == 0 {
        return Ok(None);
    }
    let trim = Trim { storage: id, after, until, rows: deleted };
    let mut packer = Packer::default();
    packer.trim(&trim);
    let mut commit = String::new();
    if let Some(changes) = packer.finish() {
        commit = change_log::append_if(&unless_exists(&range(until)), inner.stamps.next(), &changes);
        commit.push_str("; ");
    }
    commit.push_str("COMMIT");
    sqlx::raw_sql(AssertSqlSafe(commit)).execute(&mut *connection).await?;
    Ok(Some(trim))
}

/// Returns the statement that fails if there is such a row, so that the rest of its message is not executed.
fn unless_exists(rows: &str) -> String {
    format!("SELECT 1 / CASE WHEN EXISTS (SELECT {rows}) THEN 0 ELSE 1 END")
}

/// Measures a storage in one snapshot.
pub(super) async fn extent(inner: &Inner, in_force: &Arc<InForce>, capacity: Capacity) -> Result<Extent> {
    let mut transaction = inner.connections.system.begin().await.map_err(error::store)?;
    let extent = measured(&mut transaction, in_force, capacity).await;
    // A table that does not match: the storage was just removed.
    let extent = extent.map_err(|cause| match ErrorClass::of(&cause) {
        ErrorClass::Moved => Error::Moved(in_force.definition.name.to_string()),
        _ => error::store(cause),
    });
    transaction.rollback().await.map_err(error::store)?;
    extent
}

async fn measured(
    connection: &mut PgConnection,
    in_force: &InForce,
    capacity: Capacity,
) -> sqlx::Result<Extent> {
    let definition = &in_force.definition;
    let Names { table, key, updated_at } = Names::of(definition);
    let mut ends = Vec::new();
    for direction in ["ASC", "DESC"] {
        ends.push(format!(
            "(SELECT {} AS size FROM {table} ORDER BY {updated_at} {direction}, {key} {direction} \
             LIMIT {SAMPLE_ROWS})",
            sql::row_size(Dialect::Postgres, definition)
        ));
    }
    sqlx::raw_sql(EXTENT_SETTINGS).execute(&mut *connection).await?;
    let text = format!(
        "SELECT (SELECT count(*) FROM {table}), count(*), coalesce(sum(size), 0)::bigint FROM ({}) AS ends",
        ends.join(" UNION ALL ")
    );
    let row = sqlx::raw_sql(AssertSqlSafe(text)).fetch_one(&mut *connection).await?;
    let number = |place| -> sqlx::Result<u64> {
        u64::try_from(row.try_get::<i64, _>(place)?).map_err(|error| sqlx::Error::Decode(error.into()))
    };
    let (rows, sample) = (number(0)?, SizeSample { rows: number(1)?, bytes: number(2)? });
    let bytes = sample.estimate(definition, rows);
    let mut nth = async |offset: u64| -> sqlx::Result<Option<Timestamp>> {
        let text =
            format!("SELECT {updated_at} FROM {table} ORDER BY {updated_at}, {key} LIMIT 1 OFFSET {offset}");
        let row = sqlx::raw_sql(AssertSqlSafe(text)).fetch_optional(&mut *connection).await?;
        Ok(row.map(|row| moment(&row, 0)).transpose()?.flatten())
    };
    let excess = match capacity.excess(rows, bytes) {
        0 => None,
        excess => {
            let last = nth(excess - 1).await?;
            let next = nth(excess).await?;
            last.and_then(|last| excess_until(last, next))
        }
    };
    Ok(Extent { rows, bytes, oldest: nth(0).await?, excess })
}

/// The quoted names of a table and of the columns that order it by time.
struct Names {
    table: String,
    key: String,
    updated_at: String,
}

impl Names {
    fn of(definition: &Definition) -> Self {
        let column = |of| sql::column(Dialect::Postgres, definition, of).quoted();
        let (key, updated_at) = (column(Column::Key), column(Column::UpdatedAt));
        Self { table: sql::table(&definition.name).quoted(), key, updated_at }
    }
}

/// Returns a moment as SQL. Its text consists of digits and punctuation.
fn literal(moment: Timestamp) -> String {
    format!("'{moment}'::timestamptz")
}

fn moment(row: &sqlx::postgres::PgRow, place: usize) -> sqlx::Result<Option<Timestamp>> {
    match columns::value(row, place, &Kind::Timestamp)? {
        Value::Timestamp(at) => Ok(Some(at)),
        _ => Ok(None),
    }
}
