//! Throws, from their bytes to the stored rows, on both databases.

mod concurrency;
mod idempotency;
mod inference;
mod memory;
mod programs;
mod quarantine;
mod sources;

use datadump_core::{Dump, Incoming, Receipt, Result, SourceName};
use serde_json::Value as Json;

use crate::databases::{Backend, Database};

/// Defines a test on each database.
macro_rules! on_both {
    ($($(#[$attribute:meta])* $name:ident),* $(,)?) => {$(
        mod $name {
            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                super::$name(super::Fixture::open(super::Backend::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() {
                super::$name(super::Fixture::open(super::Backend::Postgres).await).await;
            }
        }
    )*};
}
pub(crate) use on_both;

/// An open database, deleted when dropped.
pub(crate) struct Fixture {
    pub(crate) dump: Dump,
    database: Database,
}

impl Fixture {
    pub(crate) async fn open(backend: Backend) -> Self {
        let database = Database::new(backend).await;
        let dump = Dump::builder().database(database.address()).open().await.unwrap();
        Self { dump, database }
    }

    /// Closes the database and opens it again.
    pub(crate) async fn reopen(self) -> Self {
        self.dump.close().await;
        drop(self.dump);
        let dump = Box::pin(Dump::builder().database(self.database.address()).open()).await.unwrap();
        Self { dump, database: self.database }
    }

    pub(crate) async fn throw(&self, source: &str, body: impl AsRef<[u8]>) -> Receipt {
        self.try_throw(source, body, Incoming::default()).await.unwrap()
    }

    pub(crate) async fn try_throw(
        &self,
        source: &str,
        body: impl AsRef<[u8]>,
        incoming: Incoming,
    ) -> Result<Receipt> {
        let body = body.as_ref().to_vec().into();
        self.dump.throw(&name(source), Incoming { body, ..incoming }).await
    }

    /// Declares a storage and waits until it is ready.
    pub(crate) async fn declare(&self, definition: Json) {
        self.dump.declare(&definition, datadump_core::Consent::default()).await.unwrap();
        self.dump.definitions().settled(definition["name"].as_str().unwrap()).await.unwrap();
    }

    /// Returns all rows of a storage, oldest first.
    pub(crate) async fn rows(&self, storage: &str) -> Vec<Json> {
        let parameters = [("limit".to_owned(), "1000".to_owned())];
        let mut rows = self.dump.storage(storage).unwrap().list(&parameters).await.unwrap().rows;
        rows.reverse();
        rows
    }

    /// Returns the quarantined entries.
    pub(crate) async fn waiting(&self) -> Vec<Json> {
        let parameters = [("state".to_owned(), "waiting".to_owned())];
        self.dump.quarantine().list(&parameters).await.unwrap().rows
    }

    /// Returns the fields of a storage as `name kind`.
    pub(crate) fn fields(&self, storage: &str) -> Vec<String> {
        let storage = self.dump.definitions().find(storage).unwrap();
        let definition = &storage.ready().unwrap().definition;
        definition.own_fields().map(|field| format!("{} {}", field.name, field.kind)).collect()
    }
}

pub(crate) fn name(text: &str) -> SourceName {
    SourceName::parse(text).unwrap()
}
