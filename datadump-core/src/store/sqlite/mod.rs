//! The SQLite backend: one file, one writer thread that owns the writing connection, and readers that never
//! wait for it (WAL mode).

mod aggregate;
mod change_log;
mod columns;
mod declare;
mod disk_health;
mod effect;
mod error;
mod examine;
mod extent;
mod functions;
mod idempotency;
mod inner;
pub(crate) mod inspect;
mod integrity;
mod migrate;
mod open;
mod order_functions;
mod page;
mod prepared;
mod read;
mod readers;
mod row_writer;
mod statements;
mod storage_size;
mod system;
mod thread;
mod trim;
mod wal;
mod write;
mod writer;

use std::{path::PathBuf, sync::Arc};

use async_trait::async_trait;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::watch;

use super::{
    AggregateQuery, AggregatedGroups, Catalogue, ChangeImpact, Commit, CommitTimes, Declaration, Extent,
    FoundRows, GroupQuery, Groups, Load, Options, Outcome, Page, Progress, Query, ReadMemory, Span,
    StepLimit, Storage, StorageSize, Store, TrimStep, VersionPage, Write, WriteBatch, WrittenRows,
    change_log::MAX_READ_BYTES,
    result_memory::{self, Read, ResultMemory},
    sql,
    system::version_range,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, Difference, InForce, StorageId, StoredRow, Value},
};
use columns::DIALECT;
use disk_health::DiskHealth;
use inner::Inner;
use integrity::IntegrityCheck;
use open::{Lock, OpenDatabase};
use page::PageRead;
use readers::QUERY_TIMEOUT;
use wal::with_suffix;
use writer::{Command, Writer};

/// A store in an SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    inner: Inner,
    /// Dropped after the connections are closed.
    integrity: Arc<IntegrityCheck>,
    config_signal: watch::Sender<u64>,
    quarantine_signal: watch::Sender<u64>,
    commit_signal: watch::Sender<u64>,
    disk_health: DiskHealth,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    migrations: migrate::running::Migrations,
    file: PathBuf,
    /// Held until the store is closed, so that no other process opens the file.
    lock: Mutex<Option<Lock>>,
    temporary: Mutex<Option<tempfile::TempDir>>,
}

impl SqliteStore {
    /// Opens a file, or a temporary one that is deleted on close.
    pub async fn open(file: Option<PathBuf>, options: Options) -> Result<Self> {
        let (queue, receiver) = super::queue::queue(options.queue_rows, options.queue_bytes);
        let opened = tokio::task::spawn_blocking(move || open::open(file, options)).await;
        let OpenDatabase { file, writer, readers, integrity, lock, temporary } =
            opened.map_err(Error::internal)??;
        Ok(Self {
            inner: Inner { catalogue: writer.catalogue.clone(), queue, readers },
            integrity,
            config_signal: writer.config_signal.clone(),
            quarantine_signal: writer.quarantine_signal.clone(),
            commit_signal: writer.commit_signal.clone(),
            disk_health: writer.disk_health.clone(),
            writer: Mutex::new(Some(thread::start(writer, receiver)?)),
            migrations: migrate::running::Migrations::default(),
            file,
            lock: Mutex::new(Some(lock)),
            temporary: Mutex::new(temporary),
        })
    }

    /// Reads results whose size is not known before, as far as there is memory for them.
    async fn read_results<Q: Clone + Send + 'static, T: Send + 'static>(
        &self,
        in_force: &Arc<InForce>,
        query: &Q,
        memory: &ReadMemory,
        read: fn(&mut Connection, &InForce, &Q, ResultMemory) -> Result<Read<T>>,
    ) -> Result<T> {
        result_memory::within(memory, |memory| {
            let (in_force, query) = (in_force.clone(), query.clone());
            let read = move |connection: &mut _| read(connection, &in_force, &query, memory);
            self.inner.readers.run(QUERY_TIMEOUT, read)
        })
        .await
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn backend(&self) -> &'static str {
        "sqlite"
    }

    fn widest_row(&self) -> Option<usize> {
        None
    }

    fn write_memory(&self, row: usize) -> usize {
        /// SQLite copies a large value when it is bound, and again into its record.
        const LARGE_BYTES: usize = 64 << 10;
        let copies = if row > LARGE_BYTES { 3 } else { 1 };
        size_of::<Write>() + 2 * size_of::<Outcome>() + copies * row + row / 8
    }

    fn catalogue(&self) -> &Arc<Catalogue> {
        &self.inner.catalogue
    }

    async fn declare(&self, declaration: Declaration) -> Result<Arc<Storage>> {
        self.inner.on_writer(move |writer| declare::declare(writer, &declaration)).await
    }

    async fn migrate(&self, storage: StorageId) -> Result<()> {
        migrate::run(&self.inner, &self.migrations, storage).await
    }

    async fn reclaim(&self, storage: StorageId) -> Result<()> {
        migrate::reclaim::reclaim(&self.inner, &self.migrations, storage).await
    }

    async fn progress(&self, storage: StorageId) -> Result<Progress> {
        let storage =
            self.inner.catalogue.by_id(storage).ok_or_else(|| Error::internal("no such storage"))?;
        Ok(self.migrations.progress(&storage))
    }

    async fn examine(&self, in_force: &Arc<InForce>, difference: &Difference) -> Result<Vec<ChangeImpact>> {
        let (in_force, difference) = (in_force.clone(), difference.clone());
        self.inner
            .readers
            .run(PLAN_TIMEOUT, move |connection| examine::examine(connection, &in_force, &difference))
            .await
    }

    fn ddl(
        &self,
        storage: Option<&Arc<InForce>>,
        definition: &Definition,
        difference: &Difference,
    ) -> Vec<String> {
        match storage {
            None => sql::create_table(DIALECT, StorageId(0), definition),
            Some(in_force) => {
                let (old, new) = (in_force.clone(), Arc::new(definition.clone()));
                migrate::plan::Plan::new(old, new, difference.clone()).statements()
            }
        }
    }

    async fn versions(
        &self,
        storage: StorageId,
        skip: u64,
        limit: u64,
        memory: &ReadMemory,
    ) -> Result<VersionPage> {
        let sizes =
            self.inner.readers.quick(move |connection| system::version_sizes(connection, storage)).await?;
        let (range, bytes) = version_range(&sizes, skip, limit);
        let memory = memory.reserve(bytes).await?;
        let versions =
            self.inner.readers.quick(move |connection| system::versions(connection, storage, range)).await?;
        Ok(VersionPage { count: sizes.len() as u64, versions, memory })
    }

    async fn remove(&self, storage: StorageId) -> Result<()> {
        self.inner.on_writer(move |writer| declare::remove(writer, storage)).await
    }

    async fn write(&self, batch: WriteBatch) -> Result<Vec<Outcome>> {
        self.inner.queue.write(batch).await
    }

    async fn get(&self, in_force: &Arc<InForce>, key: &Value) -> Result<Option<StoredRow>> {
        let (in_force, key) = (in_force.clone(), key.clone());
        self.inner.readers.run_inline(move |connection| read::get(connection, &in_force, &key)).await
    }

    async fn get_short(
        &self,
        in_force: &Arc<InForce>,
        key: &Value,
        bytes: usize,
    ) -> Result<Option<StoredRow>> {
        let (in_force, key) = (in_force.clone(), key.clone());
        self.inner
            .readers
            .run_inline(move |connection| Ok(read::find(connection, &in_force, &key, bytes)))
            .await
    }

    async fn page_within(&self, in_force: &Arc<InForce>, query: &Query, memory: &ReadMemory) -> Result<Page> {
        let mut reserved = None;
        for _ in 0..MAX_PAGE_ATTEMPTS {
            let (in_force, query, memory_of) = (in_force.clone(), query.clone(), memory.clone());
            let read =
                move |connection: &mut _| page::read(connection, &in_force, &query, &memory_of, reserved);
            match self.inner.readers.run(QUERY_TIMEOUT, read).await? {
                PageRead::Done(page) => return Ok(page),
                // Waits without a connection and without a snapshot.
                PageRead::NeedsMemory(bytes) => reserved = Some((bytes, memory.reserve(bytes).await?)),
            }
        }
        Err(Error::Overloaded)
    }

    async fn groups(
        &self,
        in_force: &Arc<InForce>,
        query: &GroupQuery,
        memory: &ReadMemory,
    ) -> Result<Groups> {
        self.read_results(in_force, query, memory, page::groups).await
    }

    async fn aggregate(
        &self,
        in_force: &Arc<InForce>,
        query: &AggregateQuery,
        memory: &ReadMemory,
    ) -> Result<AggregatedGroups> {
        self.read_results(in_force, query, memory, aggregate::aggregate).await
    }

    async fn storage_size(&self, in_force: &Arc<InForce>) -> Result<StorageSize> {
        let in_force = in_force.clone();
        self.inner
            .readers
            .run(QUERY_TIMEOUT, move |connection| storage_size::storage_size(connection, &in_force))
            .await
    }

    async fn rows(&self, in_force: &Arc<InForce>, keys: &[Value], bytes: usize) -> Result<FoundRows> {
        let (in_force, keys) = (in_force.clone(), keys.to_vec());
        self.inner
            .readers
            .run(QUERY_TIMEOUT, move |connection| read::rows(connection, &in_force, &keys, bytes))
            .await
    }

    async fn count_extent(&self, in_force: &Arc<InForce>, capacity: Option<u64>) -> Result<Extent> {
        let in_force = in_force.clone();
        self.inner
            .readers
            .run(PLAN_TIMEOUT, move |connection| extent::count(connection, &in_force, capacity))
            .await
    }

    async fn written_before(
        &self,
        in_force: &Arc<InForce>,
        before: Timestamp,
        rows: u64,
    ) -> Result<Vec<WrittenRows>> {
        let in_force = in_force.clone();
        self.inner
            .readers
            .run(PLAN_TIMEOUT, move |connection| extent::written_before(connection, &in_force, before, rows))
            .await
    }

    async fn trim(
        &self,
        in_force: &Arc<InForce>,
        range: (Timestamp, Timestamp),
        limit: StepLimit,
    ) -> Result<Option<TrimStep>> {
        let in_force = in_force.clone();
        self.inner.on_writer(move |writer| trim::trim(writer, &in_force, range, limit)).await
    }

    fn config_signal(&self) -> watch::Receiver<u64> {
        self.config_signal.subscribe()
    }

    fn quarantine_signal(&self) -> watch::Receiver<u64> {
        self.quarantine_signal.subscribe()
    }

    fn commit_signal(&self) -> watch::Receiver<u64> {
        self.commit_signal.subscribe()
    }

    async fn span(&self) -> Result<Span> {
        self.inner.readers.quick(|connection| change_log::span(connection)).await
    }

    async fn commits(&self, after: i64, limit: usize) -> Result<Vec<Commit>> {
        self.inner
            .readers
            .run(QUERY_TIMEOUT, move |connection| {
                change_log::commits(connection, after, limit, MAX_READ_BYTES)
            })
            .await
    }

    async fn ping(&self) -> Result<()> {
        let integrity = self.integrity.clone();
        tokio::task::spawn_blocking(move || integrity.run()).await.map_err(Error::internal)??;
        // Only a write shows whether the disk has recovered.
        if self.disk_health.is_failing() { self.inner.on_writer(Writer::probe).await } else { Ok(()) }
    }

    fn load(&self) -> Load {
        self.inner.queue.load()
    }

    fn commit_times(&self) -> CommitTimes {
        self.inner.queue.commit_times()
    }

    async fn size(&self) -> Result<u64> {
        let wal = with_suffix(&self.file, "-wal");
        let mut bytes = 0;
        for file in [&self.file, &wal] {
            bytes += tokio::fs::metadata(file).await.map_or(0, |found| found.len());
        }
        Ok(bytes)
    }

    async fn close(&self) {
        // Before the writer: only the last connection to close removes the WAL, and readers cannot.
        self.inner.readers.close().await;
        self.integrity.close();
        // Behind everything that is queued. Fails if the writer has ended already.
        let _ = self.inner.queue.command(Command::Stop);
        let thread = self.writer.lock().take();
        let ended = tokio::task::spawn_blocking(move || thread.map(std::thread::JoinHandle::join)).await;
        if let Ok(Some(Err(_))) = ended {
            tracing::error!("the writer thread panicked");
        }
        drop(self.lock.lock().take());
        let temporary = self.temporary.lock().take();
        if let Some(temporary) = temporary {
            let _ = tokio::task::spawn_blocking(move || temporary.close()).await;
        }
    }
}

/// Maximum attempts to read a page whose rows grow while it waits for memory.
const MAX_PAGE_ATTEMPTS: usize = 10;

/// Timeout of reading all rows, for a plan or to count them.
const PLAN_TIMEOUT: std::time::Duration = std::time::Duration::from_mins(10);
