//! SQLite as somebody who writes to it directly would use it: one connection, cached prepared
//! statements, the same journal, the same durability, the same table as the service makes.

use std::path::Path;

use rusqlite::{Connection, types::Value};

/// A database of its own with the tables of another.
pub(crate) struct Direct {
    pub(crate) connection: Connection,
    _folder: tempfile::TempDir,
}

impl Direct {
    /// An empty database, set up as the service sets up its own; its log is copied as SQLite does it by itself.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let connection = Connection::open(folder.path().join("direct.db")).expect("it can be opened");
        connection
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000")
            .expect("it can be set");
        Self { connection, _folder: folder }
    }

    /// The table of a storage as the service has made it, with its indexes.
    pub(crate) fn with_table_of(file: &Path, storage: &str) -> Self {
        let direct = Self::new();
        let service = Connection::open(file).expect("the service's file can be opened");
        let mut statements = service
            .prepare(
                "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC",
            )
            .expect("it can be asked");
        let texts = statements.query_map([format!("storage_{storage}")], |row| row.get::<_, String>(0));
        for text in texts.expect("it answers") {
            direct.connection.execute_batch(&text.expect("it is a text")).expect("the table can be made");
        }
        direct
    }

    /// The columns of a table.
    pub(crate) fn columns(&self, table: &str) -> Vec<String> {
        let mut question =
            self.connection.prepare("SELECT name FROM pragma_table_info(?1)").expect("it can be asked");
        let names = question.query_map([table], |row| row.get(0)).expect("it answers");
        names.map(|name| name.expect("a column has a name")).collect()
    }

    /// An insert of whole rows into a table.
    pub(crate) fn insert(&self, table: &str) -> String {
        let columns = self.columns(table);
        let names: Vec<String> = columns.iter().map(|name| format!("\"{name}\"")).collect();
        let places = vec!["?"; columns.len()].join(", ");
        format!("INSERT INTO \"{table}\" ({}) VALUES ({places})", names.join(", "))
    }

    /// Runs a statement for each of these rows, in one transaction.
    pub(crate) fn transaction(&mut self, statement: &str, rows: &[Vec<Value>]) {
        let transaction = self.connection.transaction().expect("a transaction begins");
        {
            let mut statement = transaction.prepare_cached(statement).expect("it can be prepared");
            for row in rows {
                let changed = statement.execute(rusqlite::params_from_iter(row)).expect("it can be written");
                assert_eq!(changed, 1);
            }
        }
        transaction.commit().expect("it can be committed");
    }
}
