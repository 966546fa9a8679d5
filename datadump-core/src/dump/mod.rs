//! The façade: one handle that opens a database and gives access to the services on it. It only composes them.

mod builder;
mod inspect;

use std::sync::Arc;

use serde_json::{Value as Json, json};
use tokio_util::sync::DropGuard;

pub use self::builder::{Address, Builder};
pub use self::inspect::Inspection;
use crate::{
    batch,
    clock::Timestamp,
    context::Context,
    definitions::{Consent, Declared, Definitions},
    error::Result,
    hub::{DeviceInfo, Hub},
    idempotency::{Idempotency, RequestKey},
    imports::Imports,
    ingest::{Incoming, Ingest, programs::Programs, sources::Sources},
    live::{Live, Subscription, SubscriptionRequest},
    quarantine::Quarantine,
    receipt::Receipt,
    replay::{ReplayRequest, Replays},
    retention::Retention,
    rows::{BulkOptions, Rows, Saved, WriteResults, bulk, keyed},
    store::{CommitTimes, Expect, Load},
    throw::SourceName,
};

/// An open database of storages. Clones are cheap and share one database.
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
/// dump.definitions().settled("dog").await?;
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
    context: Context,
    definitions: Definitions,
    idempotency: Idempotency,
    quarantine: Quarantine,
    retention: Retention,
    ingest: Ingest,
    imports: Arc<Imports>,
    live: Live,
    hub: Hub,
    replays: Replays,
    /// Ends the background tasks when the last clone is dropped.
    _guard: Arc<DropGuard>,
}

impl Dump {
    /// Returns a builder that configures and opens a database.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Processes a throw at a source. When this returns, its rows and quarantine entries are committed.
    ///
    /// With `strict`, any error fails the throw with [`Error::Strict`](crate::Error::Strict), and nothing is
    /// stored.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, Incoming, SourceName};
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let inbox = SourceName::parse("inbox").unwrap();
    /// let body = r#"{"speed": "1.75"}"#.into();
    /// let receipt = dump.throw(&inbox, Incoming { body, ..Incoming::default() }).await?;
    /// assert_eq!((receipt.format.as_str(), receipt.accepted), ("json", 1));
    /// let rows = dump.storage("inbox")?.list(&[]).await?.rows;
    /// assert_eq!(rows[0]["speed"], "1.75");
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn throw(&self, source: &SourceName, incoming: Incoming) -> Result<Receipt> {
        self.ingest.throw(source, incoming).await
    }

    /// Returns the rows of a storage. Fails while its first version is not in force.
    pub fn storage(&self, name: &str) -> Result<Rows> {
        Rows::open(&self.context, name)
    }

    /// Declares a storage or its next version; see [`Definitions::declare`].
    pub async fn declare(&self, definition: &Json, consent: Consent) -> Result<Declared> {
        self.definitions.declare(definition, consent).await
    }

    /// Subscribes to commits from now on, or from a given position: every change of a row in commit order,
    /// including those made by other nodes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, Incoming, SourceName, live::{Delivery, SubscriptionRequest}};
    /// use futures_util::StreamExt as _;
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let subscription = dump.subscribe(SubscriptionRequest::default()).await?;
    /// let mut deliveries = Box::pin(subscription.stream());
    /// let inbox = SourceName::parse("inbox").unwrap();
    /// dump.throw(&inbox, Incoming { body: r#"{"speed": 1.75}"#.into(), ..Incoming::default() }).await?;
    /// while let Some(delivery) = deliveries.next().await {
    ///     if let Delivery::Event(event) = delivery {
    ///         assert!(event.data().contains("1.75"));
    ///         break;
    ///     }
    /// }
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn subscribe(&self, request: SubscriptionRequest) -> Result<Subscription> {
        let devices = self.hub.device_filter(request.device.as_deref(), request.sensor.as_deref()).await?;
        self.live.subscribe(request, devices).await
    }

    /// Saves a row like [`Rows::save`], once per idempotency key: a repeated request gets the first answer.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Consent, Dump, Expect, IdempotencyKey};
    /// use serde_json::json;
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let note = json!({"name": "note", "key": {"name": "id", "type": "uuid", "generated": true},
    ///                   "fields": [{"name": "text", "type": "text"}]});
    /// dump.declare(&note, Consent::default()).await?;
    /// dump.definitions().settled("note").await?;
    ///
    /// let key = IdempotencyKey::parse("note-1").unwrap();
    /// let row = json!({"text": "fine"});
    /// let save = || dump.save_with_key("note", &row, Expect::Anything, key.clone().into());
    /// let (first, second) = (save().await?, save().await?);
    /// assert!(first.row == second.row && second.replayed);
    /// assert_eq!(dump.storage("note")?.list(&[]).await?.rows.len(), 1);
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn save_with_key(
        &self,
        storage: &str,
        record: &Json,
        expect: Expect,
        key: RequestKey,
    ) -> Result<Saved> {
        keyed::save_with_key(&self.context, &self.idempotency, storage, record, expect, key).await
    }

    /// Saves rows of one storage, in order and in one transaction: the result of each says what became of it. With an
    /// idempotency key the request takes effect once, and a repeated one gets the first answer.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{BulkOptions, Consent, Dump, WriteResult};
    /// use serde_json::json;
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let dog = json!({"name": "dog", "key": {"name": "id", "type": "integer"},
    ///                  "fields": [{"name": "size", "type": "integer"}]});
    /// dump.declare(&dog, Consent::default()).await?;
    /// dump.definitions().settled("dog").await?;
    ///
    /// let rows = vec![json!({"id": 1, "size": 40}), json!({"id": 2, "size": "large"})];
    /// let saved = dump.save_many("dog", rows, BulkOptions::default(), None).await?;
    /// assert!(matches!(saved.results[0], WriteResult::Created(_)));
    /// assert!(matches!(saved.results[1], WriteResult::Failed(_)));
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn save_many(
        &self,
        storage: &str,
        records: Vec<Json>,
        options: BulkOptions,
        key: Option<RequestKey>,
    ) -> Result<WriteResults> {
        bulk::save_many(&self.context, &self.idempotency, storage, records, options, key).await
    }

    /// Saves the rows of a JSON array, or one row per line, as [`save_many`](Self::save_many) does. They take their memory
    /// from that of throws.
    pub async fn save_many_of(
        &self,
        storage: &str,
        body: Vec<u8>,
        options: BulkOptions,
        key: Option<RequestKey>,
    ) -> Result<WriteResults> {
        let mut memory = self.ingest.memory().share(0);
        let records = bulk::parse(&body, &mut memory)?;
        drop(body);
        self.save_many(storage, records, options, key).await
    }

    /// Carries out operations on rows of several storages: `{"operations": [{"op": "save", "storage": "dog", "row":
    /// {…}}, …], "atomic": true}`, as the guide describes them. With an idempotency key the request takes effect once.
    ///
    /// # Errors
    ///
    /// [`Aborted`](crate::Error::Aborted) if an operation of an atomic batch failed, so that none took effect.
    pub async fn batch(&self, request: &Json, key: Option<RequestKey>) -> Result<WriteResults> {
        batch::run(&self.context, &self.idempotency, request, key).await
    }

    /// Changes a device. `expect` is the version it must have. When a device is adopted, its readings in
    /// quarantine are replayed, and the replay is returned too.
    pub async fn change_device(
        &self,
        device: &str,
        change: &Json,
        expect: Option<i32>,
    ) -> Result<DeviceInfo> {
        let (mut info, is_adopted) = self.hub.change_device(device, change, expect).await?;
        if is_adopted {
            // Waiting readings are found by the device's name.
            let name = info.device["device"].as_str().unwrap_or_default().to_owned();
            let filters = [("code__eq", "device-waiting".to_owned()), ("field__eq", name)];
            let filters = filters.map(|(name, value)| (name.to_owned(), value)).to_vec();
            let request = ReplayRequest { filters, ..ReplayRequest::default() };
            info.device["replay"] = json!(self.replays.start(request).await?.id);
        }
        Ok(info)
    }

    /// Returns the storages, with their definitions and versions.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Returns the pipeline that processes throws: streams, simulation, and receipts of earlier throws.
    pub fn ingest(&self) -> &Ingest {
        &self.ingest
    }

    /// Returns the imports of files.
    pub fn imports(&self) -> &Imports {
        &self.imports
    }

    /// Returns the sources and their settings.
    pub fn sources(&self) -> &Sources {
        self.ingest.sources()
    }

    /// Returns the processors and programs.
    pub fn programs(&self) -> &Programs {
        self.ingest.programs()
    }

    /// Returns the quarantine, which holds data that could not be stored.
    pub fn quarantine(&self) -> &Quarantine {
        &self.quarantine
    }

    /// Returns the retention of rows, quarantine entries and kept throws.
    pub fn retention(&self) -> &Retention {
        &self.retention
    }

    /// Returns the replays of quarantine entries and kept throws.
    pub fn replays(&self) -> &Replays {
        &self.replays
    }

    /// Returns the recorded answers to requests with an idempotency key.
    pub fn idempotency(&self) -> &Idempotency {
        &self.idempotency
    }

    /// Returns the hub: devices, their readings, and commands to them.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Returns live subscriptions and the change log.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Returns the current time, according to the clock the database was opened with.
    pub fn now(&self) -> Timestamp {
        self.context.now()
    }

    /// Returns the kind of database: `sqlite` or `postgres`.
    pub fn backend(&self) -> &'static str {
        self.context.store.backend()
    }

    /// Returns warnings about database settings that put committed data at risk.
    pub fn warnings(&self) -> &[String] {
        self.context.store.warnings()
    }

    /// Returns once the database responds and accepts writes.
    pub async fn ping(&self) -> Result<()> {
        self.context.store.ping().await
    }

    /// Returns the load of the write path.
    pub fn load(&self) -> Load {
        self.context.store.load()
    }

    /// Returns how long commits took.
    pub fn commit_times(&self) -> CommitTimes {
        self.context.store.commit_times()
    }

    /// Returns whether so many writes are in progress that more would only wait. Callers that can ask their
    /// clients to retry should do so; further writes are still queued.
    pub fn is_busy(&self) -> bool {
        let load = self.context.store.load();
        load.batches >= load.max_batches
    }

    /// Returns the memory in use for pages in progress, in bytes.
    pub fn read_memory_used(&self) -> usize {
        self.context.read_memory.used()
    }

    /// Returns the size of the database in bytes.
    pub async fn size(&self) -> Result<u64> {
        self.context.store.size().await
    }

    /// Finishes everything that was accepted and closes the database. Later calls fail.
    pub async fn close(&self) {
        self.hub.stop_waiting();
        self.context.background.close().await;
        self.hub.close().await;
        self.live.close();
        self.context.store.close().await;
    }
}
