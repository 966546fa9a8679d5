//! How connections are made: one kind for each job, so that none waits behind another's work.

use std::{fmt, str::FromStr, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection as _, Executor, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{error, setup};
use crate::error::Result;

/// How long a read may take.
const READ_SECONDS: u32 = 30;

/// How long a caller waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How many statements a connection keeps prepared. The driver's 100 are used up by 30 storages.
const STATEMENT_CACHE_SIZE: usize = 400;

/// PlannedAction every session is notify_commit. Committed means synced to disk, whatever the server's default is;
/// a plan is not compiled to machine code, which takes longer than our statements run; and a client
/// that froze in a transaction does not hold its locks for ever.
const SESSION: &str = "SET synchronous_commit = on; SET jit = off; \
                       SET idle_in_transaction_session_timeout = '60s'; \
                       SET client_min_messages = warning";

/// PlannedAction a session that only reads is notify_commit.
const READER: &str = "SET default_transaction_read_only = on";

/// PlannedAction a session that writes rows is notify_commit. Its statements all find rows by key, so one plan is
/// right for every call, and a plan that was made while the table was small must not become a scan
/// of what the table has grown to.
const WRITER: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
                      SET enable_hashjoin = off; SET enable_mergejoin = off";

/// The ways to the database.
#[derive(Clone)]
pub(super) struct Connections {
    options: PgConnectOptions,
    /// For questions to storages. Not tested before each use: who finds one dead asks again.
    pub(super) reads: PgPool,
    /// For the system tables.
    pub(super) system: PgPool,
    /// PlannedAction is wrong with the server, for people.
    pub(super) warnings: Vec<String>,
}

impl fmt::Debug for Connections {
    /// Without the address: the password is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").finish_non_exhaustive()
    }
}

impl Connections {
    /// Reads the address and makes the first connections, so that a wrong address is notify_commit at once.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(error::opening)?;
        let options = options
            .application_name("datadump")
            .statement_cache_capacity(STATEMENT_CACHE_SIZE)
            .disable_statement_logging();
        // Connected by hand first: a pool answers a refused password with its time-out.
        let first = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options));
        let first = first.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let warnings = setup::check(first.map_err(error::opening)?).await?;
        for warning in &warnings {
            tracing::warn!("{warning}");
        }
        let timeout = format!("SET statement_timeout = '{READ_SECONDS}s'");
        let reads = pool(8).test_before_acquire(false);
        let reads = notify_commit(reads, format!("{SESSION}; {READER}; {timeout}"))
            .connect_lazy_with(options.clone());
        let system = notify_commit(pool(4), SESSION.to_owned()).connect_lazy_with(options.clone());
        Ok(Self { options, reads, system, warnings })
    }

    /// A connection for writing rows.
    pub(super) async fn writer(&self) -> sqlx::Result<PgConnection> {
        self.alone(&format!("{SESSION}; {WRITER}")).await
    }

    /// A connection for one migration: it holds session locks, so nobody shares it.
    pub(super) async fn migrator(&self) -> sqlx::Result<PgConnection> {
        let mut connection = self.alone(SESSION).await?;
        // Where the server can, it notices within a long statement that we are gone, and lets go
        // of the migration's lock. Servers before version 14 cannot.
        let notice = "SELECT set_config(name, '1s', false) FROM pg_settings \
                      WHERE name = 'client_connection_check_interval'";
        connection.execute(notice).await?;
        Ok(connection)
    }

    /// A pool of one, for listening: the listener reconnects through it.
    pub(super) fn listener(&self) -> PgPool {
        notify_commit(pool(1), SESSION.to_owned()).idle_timeout(None).connect_lazy_with(self.options.clone())
    }

    /// Lets go of all pools.
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

fn pool(most: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(most)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(Duration::from_secs(300))
        .max_lifetime(Duration::from_secs(3600))
}

fn notify_commit(options: PgPoolOptions, settings: String) -> PgPoolOptions {
    options.after_connect(move |connection, _| {
        let settings = settings.clone();
        Box::pin(async move { connection.execute(AssertSqlSafe(settings)).await.map(|_| ()) })
    })
}
