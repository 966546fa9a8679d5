//! The baseline on SQLite: one connection with cached prepared statements, and the same journal mode, durability and
//! tables as the server's.

use std::path::Path;

use rusqlite::{Connection, types::Value};

/// A separate database that is written without the server.
pub(crate) struct Direct {
    pub(crate) connection: Connection,
    _folder: tempfile::TempDir,
}

impl Direct {
    /// Creates an empty database with the server's settings, except that SQLite checkpoints automatically.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be created");
        let connection =
            Connection::open(folder.path().join("direct.db")).expect("the database can be opened");
        connection
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000")
            .expect("the settings are valid");
        Self { connection, _folder: folder }
    }

    /// Creates a database with the server's table for a storage, including its indexes.
    pub(crate) fn with_table_of(file: &Path, storage: &str) -> Self {
        let direct = Self::new();
        let server = Connection::open(file).expect("the server's database can be opened");
        let mut statements = server
            .prepare(
                "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC",
            )
            .expect("the schema can be read");
        let texts = statements.query_map([format!("storage_{storage}")], |row| row.get::<_, String>(0));
        for text in texts.expect("the schema can be read") {
            direct
                .connection
                .execute_batch(&text.expect("the schema is text"))
                .expect("the table can be created");
        }
        direct
    }

    /// Returns the columns of a table.
    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        let mut query = self
            .connection
            .prepare("SELECT name FROM pragma_table_info(?1)")
            .expect("the columns can be listed");
        let names = query.query_map([table], |row| row.get(0)).expect("the columns can be listed");
        names.map(|name| name.expect("a column has a name")).collect()
    }

    /// Returns the statement that inserts a row with all columns.
    pub(crate) fn insert(&self, table: &str) -> String {
        let columns = self.columns(table);
        let names: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let placeholders = vec!["?"; columns.len()].join(", ");
        format!("INSERT INTO \"{table}\" ({}) VALUES ({placeholders})", names.join(", "))
    }

    /// Runs a statement for each row, in one transaction.
    pub(crate) fn transaction(&mut self, statement: &str, rows: &[Vec<Value>]) {
        let transaction = self.connection.transaction().expect("a transaction begins");
        {
            let mut statement = transaction.prepare_cached(statement).expect("the statement can be prepared");
            for row in rows {
                let changed =
                    statement.execute(rusqlite::params_from_iter(row)).expect("the row can be written");
                assert_eq!(changed, 1);
            }
        }
        transaction.commit().expect("the transaction commits");
    }
}
