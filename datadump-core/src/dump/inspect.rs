//! Reads what is known about a database before it is opened.

use super::builder::Address;
use crate::{
    error::{Error, Result},
    store::{postgres, sqlite, system},
};

/// The effects that opening a database would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The version of its system tables; `None` if it has none yet.
    pub version: Option<i64>,
    /// The version that this release creates, and to which it upgrades older databases.
    pub supported: i64,
    /// Human-readable warnings about settings of the database.
    pub warnings: Vec<String>,
}

impl Address {
    /// Reads a database without changing it, also while a server uses it. Fails if it could not be opened.
    pub async fn inspect(&self) -> Result<Inspection> {
        let (version, warnings) = match self {
            Self::Sqlite(None) => (None, Vec::new()),
            Self::Sqlite(Some(file)) => {
                let file = file.clone();
                let read = tokio::task::spawn_blocking(move || sqlite::inspect::system_version(&file));
                (read.await.map_err(Error::internal)??, Vec::new())
            }
            Self::Postgres(url) => postgres::inspect::system_version(url).await?,
        };
        match version {
            Some(found) if found > system::VERSION => {
                Err(Error::NewerDatabase { found, supported: system::VERSION })
            }
            version => Ok(Inspection { version, supported: system::VERSION, warnings }),
        }
    }
}
