//! Removes old rows of a storage.
//!
//! A step must not remove a row whose time lies in its range and that is committed later, and must remove every one
//! that was committed before. So it looks again once it holds the lock of the change log, when everything that
//! comes before it is visible; if there is a row that it has not removed, it is rolled back. Steps of several nodes
//! exclude each other, and never wait for rows that a writer has locked.

use std::{sync::Arc, time::Instant};

use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::{
    change_log, error,
    error::ErrorClass,
    extent::{literal, moment, number},
    inner::Inner,
    locks,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::InForce,
    store::{
        StepLimit, Trim, TrimStep,
        change_log::Packer,
        extent::StepEnd,
        sql::{Dialect, TrimSql},
        system_storages::SystemStorage,
    },
};

/// Removes the rows of a range of time, up to about a limit, in one transaction. Returns `None` if there are
/// none, or if they cannot be removed now.
pub(super) async fn trim(
    inner: &Inner,
    in_force: &Arc<InForce>,
    range: (Timestamp, Timestamp),
    limit: StepLimit,
) -> Result<Option<TrimStep>> {
    let began = Instant::now();
    let mut slot = inner.trimming.lock().await;
    // If this is cancelled, the connection is closed, which ends its transaction.
    let mut connection = match slot.take() {
        Some(connection) => connection,
        None => inner.connections.trimming().await.map_err(error::store)?,
    };
    let done = step(inner, &mut connection, in_force, range, limit).await;
    let is_usable =
        matches!(done, Ok(Some(_))) || sqlx::raw_sql("ROLLBACK").execute(&mut connection).await.is_ok();
    *slot = is_usable.then_some(connection);
    match done {
        Ok(Some(trim)) => {
            inner.notify_commit();
            if in_force.storage == SystemStorage::Quarantine.id() {
                inner.mirror.notify_quarantine();
            }
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
    limit: StepLimit,
) -> Result<Option<Trim>, StepError> {
    let id = in_force.storage;
    let sql = TrimSql::new(Dialect::Postgres, &in_force.definition);
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
    let range = |until| sql.range(&literal(after), &literal(until));
    let oldest = sql.oldest(&range(until), limit.rows.clamp(1, i64::MAX.cast_unsigned()));
    let oldest = sqlx::raw_sql(AssertSqlSafe(oldest)).fetch_all(&mut *connection).await?;
    let (mut end, mut last) = (StepEnd::new(limit), None);
    for row in &oldest {
        if end.is_reached(number(row, 1)?) {
            last = Some(moment(row, 0)?);
            break;
        }
    }
    // Rows that were written at the same moment are removed together.
    let until = last.unwrap_or(until);
    // A row that is locked stays where it is.
    let delete = format!(
        "DELETE FROM {} WHERE ctid = ANY (ARRAY (SELECT ctid {} FOR UPDATE SKIP LOCKED))",
        sql.table(),
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
