//! The connection of a migration, and why a migration stops before its end.

use std::{sync::Arc, time::Duration};

use sea_orm::Statement;
use sea_query::Values;
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, PgConnection, postgres::PgRow};

use crate::{
    schema::StorageId,
    store::{
        Catalogue, State, declare as rules,
        postgres::{catalogue::notification, error::ErrorClass, inner::Inner},
        sql::Dialect,
    },
};

/// Lock timeout of a change of the table. While it waits, every later statement waits behind it, readers
/// included, so the timeout is short and the change is retried.
const LOCK_WAIT: &str = "SET LOCAL lock_timeout = '300ms'";

/// Planner settings for statements that change a range of rows. The planner knows nothing about a column that
/// is being filled; it must find rows by key, and in key order, because writers lock them in that order too.
pub(super) const BY_KEY: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off";

pub(super) const BY_ANY: &str = "RESET enable_seqscan; RESET enable_bitmapscan; \
    RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material";

/// Delay before the next attempt to take a lock.
const LOCK_RETRY_DELAY: Duration = Duration::from_millis(200);

/// Maximum number of attempts to take a lock before the whole step is repeated.
const MAX_LOCK_TRIES: u32 = 300;

/// Why a migration stops.
#[derive(Debug)]
pub(super) enum Halt {
    /// The rows or the database do not allow it; it fails for this reason.
    Refused(String),
    Sql(sqlx::Error),
    /// It is no longer pending: another process has ended it.
    Over,
}

impl From<sqlx::Error> for Halt {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

/// A connection, and the migration it is for.
#[derive(Debug)]
pub(super) struct MigrationSession {
    pub(super) connection: PgConnection,
    pub(super) id: StorageId,
    pub(super) version: i32,
    /// Told of the progress.
    catalogue: Arc<Catalogue>,
    in_transaction: bool,
}

impl MigrationSession {
    pub(super) fn new(inner: &Inner, connection: PgConnection, id: StorageId, version: i32) -> Self {
        let catalogue = inner.mirror.catalogue.clone();
        Self { connection, id, version, catalogue, in_transaction: false }
    }

    /// Begins a transaction with these statements.
    pub(super) async fn begin(&mut self, statements: &str) -> sqlx::Result<()> {
        self.in_transaction = true;
        self.execute(&format!("BEGIN; {statements}")).await
    }

    pub(super) async fn commit(&mut self) -> sqlx::Result<()> {
        self.execute("COMMIT").await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Rolls back the transaction, if there is one.
    pub(super) async fn rollback(&mut self) -> sqlx::Result<()> {
        if self.in_transaction {
            self.execute("ROLLBACK").await?;
            self.in_transaction = false;
        }
        Ok(())
    }

    /// Runs statements without parameters or results.
    pub(super) async fn execute(&mut self, statements: &str) -> sqlx::Result<()> {
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut self.connection).await.map(|_| ())
    }

    /// Runs a query without parameters.
    pub(super) async fn fetch(&mut self, sql: &str) -> sqlx::Result<Vec<PgRow>> {
        sqlx::query(AssertSqlSafe(sql)).fetch_all(&mut self.connection).await
    }

    /// Changes the table in one short transaction, retried until it gets the lock without making others wait.
    pub(super) async fn change(&mut self, statements: &[String]) -> sqlx::Result<()> {
        let all = format!("{LOCK_WAIT}; {}", statements.join("; "));
        let mut blocked = sqlx::Error::PoolTimedOut;
        for _ in 0..MAX_LOCK_TRIES {
            match self.begin(&all).await {
                Ok(()) => return self.commit().await,
                Err(error) if ErrorClass::of(&error) == ErrorClass::Again => {
                    blocked = error;
                    self.rollback().await?;
                }
                Err(error) => {
                    self.rollback().await?;
                    return Err(error);
                }
            }
            tokio::time::sleep(LOCK_RETRY_DELAY).await;
        }
        Err(blocked)
    }

    /// Takes an exclusive lock on the table within a transaction, without making readers wait behind it for
    /// more than a moment.
    pub(super) async fn lock_table(&mut self, table: &str) -> sqlx::Result<()> {
        let mut blocked = sqlx::Error::PoolTimedOut;
        for _ in 0..MAX_LOCK_TRIES {
            let lock = format!("SAVEPOINT take; {LOCK_WAIT}; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
            match self.execute(&lock).await {
                Ok(()) => return self.execute("RELEASE SAVEPOINT take").await,
                Err(error) if ErrorClass::of(&error) == ErrorClass::Again => {
                    blocked = error;
                    self.execute("ROLLBACK TO SAVEPOINT take; RELEASE SAVEPOINT take").await?;
                }
                Err(error) => return Err(error),
            }
            tokio::time::sleep(LOCK_RETRY_DELAY).await;
        }
        Err(blocked)
    }

    /// Records the number of processed rows, which is shown to users.
    pub(super) async fn progress(&mut self, done: u64, total: u64) -> Result<(), Halt> {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let updated = sqlx::query(
            "UPDATE datadump_version SET rows_done = $3, rows_total = $4 WHERE storage_id = $1 AND version = $2",
        )
        .bind(self.id.get())
        .bind(i64::from(self.version))
        .bind(count(done))
        .bind(count(total))
        .execute(&mut self.connection)
        .await?;
        if updated.rows_affected() == 0 {
            return Err(Halt::Over);
        }
        self.catalogue.progressed(self.id);
        Ok(())
    }

    /// Runs a statement; returns the number of affected rows.
    pub(super) async fn run(&mut self, statement: Statement) -> sqlx::Result<u64> {
        let values = SqlxValues(statement.values.unwrap_or(Values(Vec::new())));
        let query = sqlx::query_with(AssertSqlSafe(statement.sql), values);
        query.execute(&mut self.connection).await.map(|done| done.rows_affected())
    }

    /// Records a state, and notifies all processes.
    pub(super) async fn state(&mut self, state: State, reason: Option<String>) -> Result<(), Halt> {
        let record = rules::record_state(Dialect::Postgres, self.id, self.version, state, reason);
        if self.run(record).await? == 0 {
            return Err(Halt::Over);
        }
        self.execute(&notification(self.id)).await?;
        Ok(())
    }
}
