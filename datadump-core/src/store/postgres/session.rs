//! A writer's connection and its transactions. `BEGIN` is sent together with the statements that take locks
//! and read versions, in one round trip.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, postgres::PgArguments};

use super::{catalogue::notification, fast_path_sql, locks, statements::Statements};
use crate::schema::{InForce, StorageId};

/// Idle time after which a connection is tested before use: a transaction on the fast path cannot be retried
/// when the connection turns out to be dead.
const PING_AFTER_IDLE: Duration = Duration::from_millis(100);

/// Timeout of that test.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum number of storages whose statements a connection caches.
const MAX_CACHED_STATEMENTS: usize = 1_000;

/// A connection, with the statements of the storages it has written.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: PgConnection,
    pub(super) has_fast_path: bool,
    /// True from a `BEGIN` until the transaction has ended.
    in_transaction: bool,
    statements: HashMap<StorageId, (i32, Arc<Statements>)>,
    used: Instant,
}

/// The versions and locks that a transaction found at its beginning.
#[derive(Debug, Default)]
pub(super) struct TransactionStart {
    /// The version in force of every storage that may be written.
    pub(super) versions: BTreeMap<StorageId, i64>,
    /// The storages that may not be written now.
    pub(super) blocked: BTreeSet<StorageId>,
}

impl Session {
    pub(super) async fn new(mut connection: PgConnection) -> Self {
        let has_fast_path = fast_path_sql::prepare(&mut connection).await;
        let (statements, used) = (HashMap::new(), Instant::now());
        Self { connection, has_fast_path, in_transaction: false, statements, used }
    }

    /// Returns whether the connection works. Only tests it after some idle time: a firewall may have dropped
    /// it, and then a response would never arrive.
    pub(super) async fn is_alive(&mut self) -> bool {
        let rested = self.used.elapsed() > PING_AFTER_IDLE;
        self.used = Instant::now();
        !rested || matches!(tokio::time::timeout(PING_TIMEOUT, self.connection.ping()).await, Ok(Ok(())))
    }

    /// Begins a transaction that may write these storages. A storage in neither part of the result does not
    /// exist.
    pub(super) async fn begin(&mut self, storages: &BTreeSet<StorageId>) -> sqlx::Result<TransactionStart> {
        // System storages always exist at version 1.
        let (system, others): (Vec<StorageId>, Vec<StorageId>) =
            storages.iter().partition(|id| id.is_system());
        let mut start = TransactionStart::default();
        self.in_transaction = true;
        start.versions.extend(system.into_iter().map(|id| (id, 1)));
        if others.is_empty() {
            return self.execute("BEGIN").await.map(|()| start);
        }
        let list =
            |one: fn(StorageId) -> String| others.iter().map(|id| one(*id)).collect::<Vec<_>>().join(",");
        let locked = list(|id| {
            let may_be_written = locks::try_writing(id);
            format!("({}::bigint, CASE WHEN {may_be_written} THEN -1 ELSE -2 END::bigint)", id.get())
        });
        // Three statements: the last one has its own snapshot, taken after the locks.
        let begin = format!(
            "BEGIN; VALUES {locked}; SELECT id, version FROM datadump_storage WHERE id IN ({})",
            list(|id| id.get().to_string())
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(begin)).fetch_all(&mut self.connection).await?;
        for row in rows {
            let id = StorageId(row.try_get(0)?);
            match row.try_get(1)? {
                -1_i64 => {}
                -2 => {
                    start.blocked.insert(id);
                }
                version => {
                    start.versions.insert(id, version);
                }
            }
        }
        Ok(start)
    }

    /// Commits, with a change log entry, and notifies all processes that these storages have changed.
    pub(super) async fn commit(
        &mut self,
        changed: &BTreeSet<StorageId>,
        entry: Option<String>,
    ) -> sqlx::Result<()> {
        let mut statements: Vec<String> = changed.iter().map(|id| notification(*id)).collect();
        statements.extend(entry);
        statements.push("COMMIT".into());
        let commit = statements.join("; ");
        sqlx::raw_sql(AssertSqlSafe(commit)).execute(&mut self.connection).await?;
        self.in_transaction = false;
        Ok(())
    }

    /// Rolls back the transaction, if there is one. The fast path has none: a statement that fails is rolled
    /// back by itself.
    pub(super) async fn rollback(&mut self) -> sqlx::Result<()> {
        if self.in_transaction {
            self.execute("ROLLBACK").await?;
            self.in_transaction = false;
        }
        Ok(())
    }

    /// Runs statements without parameters or results.
    pub(super) async fn execute(&mut self, statements: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(statements).execute(&mut self.connection).await.map(|_| ())
    }

    /// Runs a statement; returns the number of affected rows.
    pub(super) async fn run(&mut self, statement: &str, arguments: PgArguments) -> sqlx::Result<u64> {
        let query = sqlx::query_with(AssertSqlSafe(statement), arguments);
        query.execute(&mut self.connection).await.map(|done| done.rows_affected())
    }

    /// Returns the statements for this version of a storage.
    pub(super) fn statements(&mut self, in_force: &Arc<InForce>) -> Arc<Statements> {
        match self.statements.get(&in_force.storage) {
            Some((version, statements)) if *version == in_force.version => statements.clone(),
            _ => {
                let statements = Arc::new(Statements::new(in_force.clone()));
                if self.statements.len() >= MAX_CACHED_STATEMENTS {
                    self.statements.clear();
                }
                self.statements.insert(in_force.storage, (in_force.version, statements.clone()));
                statements
            }
        }
    }
}
