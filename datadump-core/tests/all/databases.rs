//! A separate database for each test, and the conformance suite's bench on it.

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use datadump_core::{
    Error, Ids, Result, SystemClock, SystemRandom,
    schema::{InForce, Row},
    store::{
        ChangeLogRetention, Options, Store, conformance::Bench, postgres::PostgresStore, sqlite::SqliteStore,
    },
    validate,
};
use serde_json::Value as Json;
use sqlx::{Connection, Executor, PgConnection};

/// The database that a test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// A database that is removed on drop.
pub(crate) struct Database {
    place: Place,
}

enum Place {
    File(PathBuf, #[expect(dead_code, reason = "it deletes the folder when it goes")] tempfile::TempDir),
    Server { admin: String, url: String, name: String },
}

impl Database {
    /// Creates an empty database.
    pub(crate) async fn new(backend: Backend) -> Self {
        Self::made(backend, "").await
    }

    /// Creates an empty database with these options of `CREATE DATABASE`.
    pub(crate) async fn made(backend: Backend, manner: &str) -> Self {
        let place = match backend {
            Backend::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                Place::File(folder.path().join("test.db"), folder)
            }
            Backend::Postgres => {
                let admin = std::env::var("DATADUMP_TEST_POSTGRES")
                    .expect("DATADUMP_TEST_POSTGRES is not set: run the tests with tests/run");
                let name = format!("core_{}", uuid::Uuid::now_v7().simple());
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                let create = format!("CREATE DATABASE {name} {manner}");
                connection.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
                let (server, _) = admin.rsplit_once('/').unwrap();
                let query = admin.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
                Place::Server { url: format!("{server}/{name}{query}"), admin, name }
            }
        };
        Self { place }
    }

    /// Returns which database it is.
    pub(crate) fn backend(&self) -> Backend {
        match &self.place {
            Place::File(..) => Backend::Sqlite,
            Place::Server { .. } => Backend::Postgres,
        }
    }

    /// Returns the URL of a database on a server.
    pub(crate) fn url(&self) -> &str {
        match &self.place {
            Place::File(..) => panic!("a file has no address"),
            Place::Server { url, .. } => url,
        }
    }

    /// Returns its address, as in the server's settings.
    pub(crate) fn address(&self) -> String {
        match &self.place {
            Place::File(file, _) => format!("sqlite:{}", file.display()),
            Place::Server { url, .. } => url.clone(),
        }
    }

    /// Opens a store on it.
    pub(crate) async fn store(&self) -> Result<Arc<dyn Store>> {
        self.store_with(options()).await
    }

    /// Opens a store on it with these options.
    pub(crate) async fn store_with(&self, options: Options) -> Result<Arc<dyn Store>> {
        Ok(match &self.place {
            Place::File(file, _) => Arc::new(SqliteStore::open(Some(file.clone()), options).await?),
            Place::Server { url, .. } => Arc::new(PostgresStore::open(url, options).await?),
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Place::Server { admin, name, .. } = &self.place else { return };
        let (admin, name) = (admin.clone(), name.clone());
        // On a separate thread: this may run inside a runtime, which must not block on another.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&admin).await.unwrap();
                let drop = format!("DROP DATABASE {name} WITH (FORCE)");
                connection.execute(sqlx::AssertSqlSafe(drop)).await.unwrap();
            });
        });
        let _ = dropped.join();
    }
}

/// Returns the options that stores are opened with.
pub(crate) fn options() -> Options {
    Options {
        clock: Arc::new(SystemClock),
        ids: ids(),
        change_log: ChangeLogRetention::default(),
        max_storages: 10_000,
        queue_rows: 16_384,
        queue_bytes: 64 << 20,
        reprove: validate::revalidate,
    }
}

/// Returns ids made from the real clock and real randomness.
pub(crate) fn ids() -> Ids {
    Ids::new(Arc::new(SystemClock), Arc::new(SystemRandom::default()))
}

#[async_trait]
impl Bench for Database {
    async fn open(&self) -> Result<Arc<dyn Store>> {
        self.store().await
    }

    fn prove(&self, in_force: &Arc<InForce>, record: &Json) -> Result<Row> {
        validate::changes(in_force, record.as_object().unwrap().clone(), &ids()).map_err(Error::Invalid)
    }
}
