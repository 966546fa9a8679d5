//! The façade: one handle that runs all stages. Everything a program or the server does goes
//! through here.

mod builder;
mod capture;
mod factory;
mod hub;
pub mod live;
mod once;
mod rows;
mod settings;
mod throwing;

use std::sync::Arc;

use crate::{
    clock::{Clock, Timestamp},
    error::Result,
    id::Ids,
    store::{Load, Storage, Store},
};
pub use builder::{Address, Builder};
pub use capture::{Counted, ProcessorInfo, ReplayRequest, ReplayState, SourceInfo};
pub use factory::{Consent, Declared, Plan, PlannedChange};
pub use hub::{Answered, Asked, CommandsFor, DeviceInfo, HubOptions, Queued, Registration};
pub use once::{Begun, Once, Pending};
pub use rows::{Listing, Rows, Saved};
pub use throwing::{Incoming, Push, Pushed, Stream};

/// An open database of storages. Cheap to clone; all clones are one.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
/// use datadump_core::{Consent, Dump, Expect};
/// use serde_json::json;
///
/// let dump = Dump::builder().database("sqlite::memory:").open().await?;
/// let dog = json!({
///     "name": "dog",
///     "key": {"name": "chip_id", "type": "string", "max_length": 16},
///     "fields": [{"name": "color", "type": "string", "max_length": 32, "db_index": true},
///                {"name": "collar_size", "type": "integer"}],
/// });
/// dump.declare(&dog, Consent::default()).await?;
/// dump.settled("dog").await?;
///
/// let dogs = dump.storage("dog")?;
/// let rex = json!({"chip_id": "CHIP1", "color": "black", "collar_size": 40});
/// dogs.save(&rex, Expect::Anything).await?;
/// let black = dogs.list(&[("color".into(), "black".into())]).await?;
/// assert_eq!(black.rows[0]["chip_id"], "CHIP1");
/// dump.close().await;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Dump {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    capture: Arc<capture::Capture>,
    live: Arc<live::Live>,
    hub: Arc<hub::Hub>,
}

impl Dump {
    /// Says how to open one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// All storages, by name.
    pub fn storages(&self) -> Vec<Arc<Storage>> {
        self.store.catalogue().all()
    }

    /// A storage and its state.
    pub fn find(&self, name: &str) -> Result<Arc<Storage>> {
        self.store.catalogue().find(name)
    }

    /// The rows of a storage.
    pub fn storage(&self, name: &str) -> Result<Rows> {
        let storage = self.find(name)?;
        storage.ready()?;
        Ok(Rows::new(self.store.clone(), self.ids.clone(), name.to_owned()))
    }

    /// The present moment, by the clock it was opened with.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The database it is kept in, in one word: `sqlite`, `postgres`.
    pub fn backend(&self) -> &'static str {
        self.store.backend()
    }

    /// What in the database's own settings puts at risk what was committed, for people to read.
    pub fn warnings(&self) -> &[String] {
        self.store.warnings()
    }

    /// Answers when the database answers, and takes what is written.
    pub async fn ping(&self) -> Result<()> {
        self.store.ping().await
    }

    /// What the write path is doing.
    pub fn load(&self) -> Load {
        self.store.load()
    }

    /// Whether so much is being written that more would only make everyone wait. Whoever can tell a
    /// caller to come again does so; what is written all the same takes its turn.
    pub fn is_busy(&self) -> bool {
        let load = self.store.load();
        load.batches >= load.max_batches
    }

    /// Bytes the whole database takes.
    pub async fn size(&self) -> Result<u64> {
        self.store.size().await
    }

    /// Finishes what was accepted and lets go of the database. Later calls fail.
    pub async fn close(&self) {
        self.close_hub().await;
        self.live.close();
        self.store.close().await;
    }
}
