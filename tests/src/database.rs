//! A new database for each test.

use std::{
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

/// A database that is deleted when dropped.
#[derive(Debug)]
pub enum Database {
    /// A file in a temporary folder.
    Sqlite(TempDir),
    /// An external database, which is not dropped here.
    External {
        /// Its URL.
        url: String,
    },
    /// A database on the server in `DATADUMP_TEST_POSTGRES`.
    Postgres {
        /// Its name.
        name: String,
        /// Its URL, with user and password.
        url: String,
    },
}

impl Database {
    /// Returns the path of a new SQLite database.
    pub fn sqlite() -> Self {
        Self::Sqlite(folder())
    }

    /// Returns the path of a new SQLite database, in a new folder below `folder`.
    pub fn sqlite_in(folder: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("datadump-").tempdir_in(folder);
        Self::Sqlite(folder.expect("a temporary folder can be created"))
    }

    /// Creates a database on the server in `DATADUMP_TEST_POSTGRES`.
    pub async fn postgres() -> Self {
        Self::create("").await
    }

    /// Copies the database. No connection to it may be open.
    pub async fn copy(&self) -> Self {
        match self {
            Self::Sqlite(_) => {
                let copy = Self::sqlite();
                let wal = self.file().with_extension("db-wal");
                assert!(!wal.exists(), "the database has not been closed: its WAL exists");
                std::fs::copy(self.file(), copy.file()).expect("the file can be copied");
                copy
            }
            Self::Postgres { name, .. } => Self::create(&format!("TEMPLATE {name}")).await,
            Self::External { .. } => panic!("external databases cannot be copied"),
        }
    }

    async fn create(options: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        administer(&format!("CREATE DATABASE {name} {options}")).await;
        let server = server();
        let (before, _) = server.rsplit_once('/').expect("the URL ends with a database");
        Self::Postgres { url: format!("{before}/{name}"), name }
    }

    /// Returns the value for `--database`.
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Self::Postgres { url, .. } | Self::External { url } => url.clone(),
        }
    }

    /// Returns the path of the SQLite file.
    pub fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("test.db"),
            Self::Postgres { .. } | Self::External { .. } => panic!("a PostgreSQL database has no file"),
        }
    }

    /// Returns whether the database is on PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        !matches!(self, Self::Sqlite(_))
    }

    /// Runs statements directly on the database, bypassing the server.
    pub async fn execute(&self, statements: &str) {
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file can be opened");
                connection.execute_batch(statements).expect(statements);
            }
            Self::Postgres { url, .. } | Self::External { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(statements))).await.expect(statements);
            }
        }
    }

    /// Runs a query directly on the database, and returns its only column, which is text.
    pub async fn query_texts(&self, query: &str) -> Vec<String> {
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file can be opened");
                let mut statement = connection.prepare(query).expect(query);
                let texts = statement.query_map([], |row| row.get(0)).expect(query);
                texts.collect::<Result<_, _>>().expect(query)
            }
            Self::Postgres { url, .. } | Self::External { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                let safe = sqlx::AssertSqlSafe(query);
                sqlx::query_scalar(safe).fetch_all(&mut connection).await.expect(query)
            }
        }
    }

    /// Returns the version of the system tables.
    pub async fn system_version(&self) -> i64 {
        let query = "SELECT system_version FROM datadump_info";
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file can be opened");
                connection.query_row(query, [], |row| row.get(0)).expect(query)
            }
            Self::Postgres { url, .. } | Self::External { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                sqlx::query_scalar(query).fetch_one(&mut connection).await.expect(query)
            }
        }
    }

    /// Copies the only row of a storage for every `n` from `first` to `last`. `columns` gives every column except the
    /// system columns an SQL expression over `n`. Takes seconds where requests would take minutes.
    pub async fn insert_copies(&self, storage: &str, columns: &[(&str, &str)], first: u64, last: u64) {
        let names: String = columns.iter().map(|(name, _)| format!("\"{name}\", ")).collect();
        let values: String = columns.iter().map(|(_, value)| format!("{value}, ")).collect();
        let numbers = match self {
            Self::Sqlite(_) => {
                format!(
                    "(WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) \
                     SELECT n FROM c) AS s"
                )
            }
            Self::Postgres { .. } | Self::External { .. } => {
                format!("generate_series({first}, {last}) AS s(n)")
            }
        };
        self.execute(&format!(
            "INSERT INTO \"storage_{storage}\" ({names}version, created_at, updated_at) \
             SELECT {values}t.version, t.created_at, t.updated_at \
             FROM (SELECT version, created_at, updated_at FROM \"storage_{storage}\" LIMIT 1) AS t, {numbers}"
        ))
        .await;
        self.execute(&format!("ANALYZE \"storage_{storage}\"")).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { name, .. } = self else { return };
        let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        // On a separate thread, because `drop` cannot block on the test's runtime.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administer(&statement));
        });
        if dropped.join().is_err() && !std::thread::panicking() {
            panic!("the database {name} could not be dropped");
        }
    }
}

/// Creates a temporary folder.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("datadump-").tempdir().expect("a temporary folder can be created")
}

fn server() -> String {
    std::env::var("DATADUMP_TEST_POSTGRES")
        .expect("DATADUMP_TEST_POSTGRES is not set: run tests/run, which starts a PostgreSQL server")
}

async fn administer(statement: &str) {
    let mut connection = PgConnection::connect(&server()).await.expect("PostgreSQL answers");
    connection.execute(sqlx::AssertSqlSafe(statement)).await.expect(statement);
    connection.close().await.expect("the connection can be closed");
}
