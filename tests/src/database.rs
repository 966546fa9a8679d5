//! A database of a test's own.

use std::{
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;

/// An empty database, gone when this is dropped.
#[derive(Debug)]
pub enum Database {
    /// A file in a folder of its own.
    Sqlite(TempDir),
    /// A database on a server of the test's own, which it goes away with.
    Foreign {
        /// Its address.
        url: String,
    },
    /// A database on the server that the tests were given.
    Postgres {
        /// Its name.
        name: String,
        /// Its address, with user and password.
        url: String,
    },
}

impl Database {
    /// A file that does not exist yet.
    pub fn sqlite() -> Self {
        Self::Sqlite(folder())
    }

    /// A file that does not exist yet, in a new folder below this one.
    pub fn sqlite_in(folder: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("datadump-").tempdir_in(folder);
        Self::Sqlite(folder.expect("a folder can be made"))
    }

    /// A new database on the PostgreSQL that `DATADUMP_TEST_POSTGRES` names.
    pub async fn postgres() -> Self {
        Self::created("").await
    }

    /// Another database with the same in it. Nobody may be connected to this one.
    pub async fn copy(&self) -> Self {
        match self {
            Self::Sqlite(_) => {
                let copy = Self::sqlite();
                let log = self.file().with_extension("db-wal");
                assert!(!log.exists(), "a database that was closed is one file");
                std::fs::copy(self.file(), copy.file()).expect("the file can be copied");
                copy
            }
            Self::Postgres { name, .. } => Self::created(&format!("TEMPLATE {name}")).await,
            Self::Foreign { .. } => panic!("only databases of our own are copied"),
        }
    }

    async fn created(how: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        administer(&format!("CREATE DATABASE {name} {how}")).await;
        let server = server();
        let (before, _) = server.rsplit_once('/').expect("an address ends with a database");
        Self::Postgres { url: format!("{before}/{name}"), name }
    }

    /// What `--database` takes.
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite(_) => format!("sqlite:{}", self.file().display()),
            Self::Postgres { url, .. } | Self::Foreign { url } => url.clone(),
        }
    }

    /// The file of SQLite.
    pub fn file(&self) -> PathBuf {
        match self {
            Self::Sqlite(folder) => folder.path().join("test.db"),
            Self::Postgres { .. } | Self::Foreign { .. } => panic!("PostgreSQL is not a file"),
        }
    }

    /// Whether it is PostgreSQL.
    pub fn is_postgres(&self) -> bool {
        !matches!(self, Self::Sqlite(_))
    }

    /// Runs statements on it, behind the server's back.
    pub async fn execute(&self, statements: &str) {
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file can be opened");
                connection.execute_batch(statements).expect(statements);
            }
            Self::Postgres { url, .. } | Self::Foreign { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(statements))).await.expect(statements);
            }
        }
    }

    /// The texts that a question is answered with, asked behind the server's back.
    pub async fn texts(&self, question: &str) -> Vec<String> {
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file can be opened");
                let mut statement = connection.prepare(question).expect(question);
                let texts = statement.query_map([], |row| row.get(0)).expect(question);
                texts.collect::<Result<_, _>>().expect(question)
            }
            Self::Postgres { url, .. } | Self::Foreign { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                let question = sqlx::AssertSqlSafe(question);
                sqlx::query_scalar(question).fetch_all(&mut connection).await.expect("it can be asked")
            }
        }
    }

    /// The version of its system tables.
    pub async fn system_version(&self) -> i64 {
        let question = "SELECT system_version FROM datadump_info";
        match self {
            Self::Sqlite(_) => {
                let connection = rusqlite::Connection::open(self.file()).expect("the file can be opened");
                connection.query_row(question, [], |row| row.get(0)).expect(question)
            }
            Self::Postgres { url, .. } | Self::Foreign { url } => {
                let mut connection = PgConnection::connect(url).await.expect("PostgreSQL answers");
                sqlx::query_scalar(question).fetch_one(&mut connection).await.expect(question)
            }
        }
    }

    /// Makes many rows of the one row that a storage has: `columns` gives each column but the
    /// service's own an expression over `n`, which goes from `first` to `last`. Rows of the same
    /// moment as the one, written in seconds where requests would take minutes.
    pub async fn multiply(&self, storage: &str, columns: &[(&str, &str)], first: u64, last: u64) {
        let names: String = columns.iter().map(|(name, _)| format!("\"{name}\", ")).collect();
        let values: String = columns.iter().map(|(_, value)| format!("{value}, ")).collect();
        let numbers = match self {
            Self::Sqlite(_) => {
                format!(
                    "(WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) \
                     SELECT n FROM c) AS s"
                )
            }
            Self::Postgres { .. } | Self::Foreign { .. } => {
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
        // On a thread of its own, because the runtime of the test cannot be waited on from here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administer(&statement));
        });
        if dropped.join().is_err() && !std::thread::panicking() {
            panic!("the database {name} could not be dropped");
        }
    }
}

/// A temporary folder.
pub(crate) fn folder() -> TempDir {
    tempfile::Builder::new().prefix("datadump-").tempdir().expect("there is a temporary folder")
}

fn server() -> String {
    std::env::var("DATADUMP_TEST_POSTGRES")
        .expect("DATADUMP_TEST_POSTGRES names no PostgreSQL: use tests/run, which starts one")
}

async fn administer(statement: &str) {
    let mut connection = PgConnection::connect(&server()).await.expect("PostgreSQL answers");
    connection.execute(sqlx::AssertSqlSafe(statement)).await.expect(statement);
    connection.close().await.expect("PostgreSQL says goodbye");
}
