//! Connections: one kind for each purpose, so that none waits behind another's work.

use std::{fmt, str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{error, setup};
use crate::error::Result;

/// Statement timeout of reads, in seconds.
const READ_TIMEOUT_SECONDS: u32 = 30;

/// Maximum time to wait for a connection.
pub(super) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Number of prepared statements cached per connection. The driver's default of 100 is exhausted by 30
/// storages.
const STATEMENT_CACHE_SIZE: usize = 400;

/// Settings of every session. Committed means synced to disk, whatever the server's default is; JIT
/// compilation takes longer than these statements run; and a client that is frozen within a transaction must
/// not hold its locks forever.
const SESSION: &str = "SET synchronous_commit = on; SET jit = off; \
                       SET idle_in_transaction_session_timeout = '60s'; \
                       SET client_min_messages = warning";

/// Settings of sessions that only read.
const READER: &str = "SET default_transaction_read_only = on";

/// Settings of sessions that write rows. Their statements all find rows by key, so one generic plan is right
/// for every execution, and a plan made while the table was small must not become a scan of the large table.
const WRITER: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                      SET enable_hashjoin = off; SET enable_mergejoin = off";

/// Settings of the session that removes old rows: it finds them by index, however small the table was when it was
/// analyzed. It waits for no other session for long.
const TRIMMING: &str = "SET enable_seqscan = off; SET lock_timeout = '1s'";

/// Settings of sessions that migrate, whose statements take as long as the table is large. The role may have
/// limits for other purposes.
const MIGRATOR: &str = "SET statement_timeout = 0; SET lock_timeout = 0";

#[derive(Clone)]
pub(super) struct Connections {
    options: PgConnectOptions,
    /// For reads of storages. Connections are not tested before each use; a read that finds one dead is
    /// retried.
    pub(super) reads: PgPool,
    /// For the system tables.
    pub(super) system: PgPool,
    /// Warnings about settings of the server.
    pub(super) warnings: Vec<String>,
}

impl fmt::Debug for Connections {
    /// Leaves out the options, which contain the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Connections {
    /// Connects to this URL, so that a wrong one fails at once.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(error::opening)?;
        let options = options
            .application_name("datadump")
            .statement_cache_capacity(STATEMENT_CACHE_SIZE)
            .disable_statement_logging();
        // Without the pool at first, which would report a rejected password as a timeout.
        let first = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options));
        let first = first.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let warnings = setup::check(first.map_err(error::opening)?).await?;
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let timeout = format!("SET statement_timeout = '{READ_TIMEOUT_SECONDS}s'");
        let reads = pool(8, format!("{SESSION}; {READER}; {timeout}")).test_before_acquire(false);
        let reads = reads.connect_lazy_with(options.clone());
        let system = pool(4, SESSION.to_owned()).connect_lazy_with(options.clone());
        Ok(Self { options, reads, system, warnings })
    }

    pub(super) async fn writer(&self) -> sqlx::Result<PgConnection> {
        self.alone(&format!("{SESSION}; {WRITER}")).await
    }

    pub(super) async fn trimming(&self) -> sqlx::Result<PgConnection> {
        self.alone(&format!("{SESSION}; {TRIMMING}")).await
    }

    /// Opens a connection for one migration. It holds session locks, so it is not shared.
    pub(super) async fn migrator(&self) -> sqlx::Result<PgConnection> {
        let mut connection = self.alone(&format!("{SESSION}; {MIGRATOR}")).await?;
        // From version 14 on, the server notices during a long statement that this process has died, and
        // releases the migration's lock.
        let notice = "SELECT set_config(name, '1s', false) FROM pg_settings \
                      WHERE name = 'client_connection_check_interval'";
        connection.execute(notice).await?;
        Ok(connection)
    }

    /// Returns a pool of one connection for listening; the listener reconnects through it.
    pub(super) fn listener(&self) -> PgPool {
        pool(1, SESSION.to_owned()).idle_timeout(None).connect_lazy_with(self.options.clone())
    }

    pub(super) async fn close(&self) {
        self.reads.close().await;
        self.system.close().await;
    }

    async fn alone(&self, settings: &str) -> sqlx::Result<PgConnection> {
        let mut connection = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&self.options))
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)??;
        connection.execute(AssertSqlSafe(settings)).await?;
        Ok(connection)
    }
}

/// Returns the options of a pool whose connections begin with these settings.
fn pool(max_connections: u32, settings: String) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(3600))
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move { connection.execute(AssertSqlSafe(settings)).await.map(|_| ()) })
        })
        .after_release(|connection, _| {
            // They grow to the size of the largest row.
            connection.shrink_buffers();
            Box::pin(async { Ok(true) })
        })
}
