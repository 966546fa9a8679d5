//! Opening a database.

use std::sync::Arc;

use super::Dump;
use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Result},
    id::{Ids, Random, SystemRandom},
    store::{Options, Store, postgres::PostgresStore, sqlite::SqliteStore},
    validate,
};

/// Says how to open a [`Dump`].
#[derive(Debug)]
pub struct Builder {
    database: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    queue_rows: usize,
    queue_bytes: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            database: "sqlite:datadump-data/datadump.db".into(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom),
            queue_rows: 16_384,
            queue_bytes: 64 << 20,
        }
    }
}

impl Builder {
    /// Which database: `sqlite:PATH` (or just a path), `sqlite::memory:`, `postgres://…`.
    #[must_use]
    pub fn database(mut self, address: impl Into<String>) -> Self {
        self.database = address.into();
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where randomness comes from.
    #[must_use]
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// The most writes, and the most bytes, that may wait to be committed.
    #[must_use]
    pub fn queue(mut self, rows: usize, bytes: usize) -> Self {
        self.queue_rows = rows;
        self.queue_bytes = bytes;
        self
    }

    /// Opens the database, brings its system tables up to this release, and takes up migrations
    /// that were under way when it was last closed.
    pub async fn open(self) -> Result<Dump> {
        let ids = Ids::new(self.clock.clone(), self.random);
        let options = Options {
            clock: self.clock.clone(),
            queue_rows: self.queue_rows,
            queue_bytes: self.queue_bytes,
            reprove: validate::again,
        };
        let store: Arc<dyn Store> = match Address::parse(&self.database)? {
            Address::Sqlite(path) => Arc::new(SqliteStore::open(path, options).await?),
            Address::Postgres(url) => Arc::new(PostgresStore::open(&url, options).await?),
        };
        let dump = Dump { store, clock: self.clock, ids };
        for storage in dump.storages().iter().filter(|storage| storage.locked()) {
            dump.apply_in_background(storage.id);
        }
        Ok(dump)
    }
}

/// What an address of a database names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A file, or none for a private temporary one.
    Sqlite(Option<std::path::PathBuf>),
    /// A server.
    Postgres(String),
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").unwrap_or(path);
        match path {
            ":memory:" => Ok(Self::Sqlite(None)),
            "" => Err(Error::Database("the address of the database is empty".into())),
            _ if path.contains("://") => {
                Err(Error::Database("a database is `sqlite:PATH` or `postgres://…`".into()))
            }
            _ => Ok(Self::Sqlite(Some(path.into()))),
        }
    }
}
