//! The PostgreSQL backend: any number of processes on one database.
//!
//! ```text
//! writes ─► queue ─► a few writers, a connection each ─► decide ─► apply ─► commit ─► answer
//!                       └─ storage is being migrated: blocked        └─ refused: isolate ─► on failure
//! reads  ─► a pool of their own
//! changes of the catalogue, sources and programs ─► NOTIFY ─► every process reads them
//! migrations ─► a session lock each ─► repeatable steps ─► one final transaction
//! ```

mod aggregate;
mod apply;
mod batch;
mod blocked;
mod call_state;
mod catalogue;
mod change_log;
mod change_log_tasks;
mod columns;
mod connect;
mod copy;
mod declare;
mod error;
mod examine;
mod extent;
mod fast_path;
mod fast_path_sql;
mod idempotency;
mod inner;
pub(crate) mod inspect;
mod isolate;
mod locks;
mod migrate;
mod on_failure;
mod page;
mod parts;
mod read;
mod rows;
mod session;
mod setup;
mod shutdown;
mod statements;
mod storage_size;
mod targets;
mod trim;
mod writer;

use std::{sync::Arc, thread, time::Duration};

use async_trait::async_trait;
use sea_orm::SqlxPostgresConnector;
use tokio::{runtime, sync::watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    batch::Stamps,
    blocked::BlockedJobs,
    catalogue::CatalogueMirror,
    connect::Connections,
    inner::Inner,
    migrate::running::MigrationLocks,
    read::in_time,
    writer::{ExistingRows, Shared, Stop, Writer},
};
use super::{
    AggregateQuery, AggregatedGroups, Catalogue, ChangeImpact, Commit, CommitTimes, Declaration, Extent,
    FoundRows, GroupQuery, Groups, Load, Options, Outcome, Page, Progress, Query, ReadMemory, Span,
    StepLimit, Storage, StorageSize, Store, TrimStep, VersionPage, Write, WriteBatch, WrittenRows,
    queue::{Queue, queue},
    result_memory::within,
    sql::{self, Dialect},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, Difference, InForce, StorageId, StoredRow, Value},
};

/// Number of writers: while one waits for the disk, the others take jobs and send them.
const WRITER_COUNT: usize = 2;

/// Maximum size of a row in bytes: it must fit a page of 8 KiB.
const MAX_ROW_BYTES: usize = 7_900;

/// Timeout of a health check.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum time that closing waits for queued writes.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Storages on PostgreSQL.
#[derive(Debug)]
pub struct PostgresStore {
    inner: Arc<Inner>,
    queue: Queue<Stop>,
    writers: Writers,
    blocked: Arc<BlockedJobs>,
    background: TaskTracker,
}

#[derive(Debug, Clone)]
struct Writers {
    /// The writers of queued jobs.
    queued: TaskTracker,
    /// The writer that retries blocked jobs.
    blocked: TaskTracker,
}

impl PostgresStore {
    /// Opens the database at this URL (`postgres://…`), and upgrades its system tables to this release.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        let connections = Connections::open(url).await?;
        let system = SqlxPostgresConnector::from_sqlx_postgres_pool(connections.system.clone());
        setup::prepare(&system, &options).await?;
        let mirror = CatalogueMirror::new(system.clone());
        mirror.refresh().await?;
        let (queue, receiver) = queue(options.queue_rows, options.queue_bytes);
        let blocked = Arc::new(BlockedJobs::default());
        let inner = Arc::new(Inner {
            connections,
            system,
            mirror,
            migrations: MigrationLocks::default(),
            stamps: Stamps::new(options.clock),
            trimming: tokio::sync::Mutex::default(),
            notify: watch::Sender::new(()),
            closing: CancellationToken::new(),
            retention: options.change_log,
            max_storages: options.max_storages,
        });
        let shared = Shared {
            inner: inner.clone(),
            receiver,
            blocked: blocked.clone(),
            reprove: options.reprove,
            existing: ExistingRows::default(),
        };
        let writers = Writers::start(Arc::new(shared))?;
        let background = background(&inner);
        Ok(Self { inner, queue, writers, blocked, background })
    }
}

impl Writers {
    /// Starts the writers on a thread of their own, which ends with them. On the threads that serve requests,
    /// they would have to wait behind requests after every response of the database.
    fn start(shared: Arc<Shared>) -> Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        let writers = Self { queued: TaskTracker::new(), blocked: TaskTracker::new() };
        for _ in 0..WRITER_COUNT {
            writers.queued.spawn_on(Writer::new(shared.clone()).run(), runtime.handle());
        }
        writers.blocked.spawn_on(Writer::new(shared).run_blocked(), runtime.handle());
        writers.queued.close();
        writers.blocked.close();
        let running = writers.clone();
        let run = move || {
            runtime.block_on(async {
                running.queued.wait().await;
                running.blocked.wait().await;
            });
        };
        thread::Builder::new().name("postgres-writers".into()).spawn(run).map_err(Error::internal)?;
        Ok(writers)
    }
}

/// Starts the background tasks, which run until the store is closed.
fn background(inner: &Arc<Inner>) -> TaskTracker {
    let (tracker, closing) = (TaskTracker::new(), || inner.closing.clone());
    tracker.spawn(follow(inner.clone()));
    tracker.spawn(closing().run_until_cancelled_owned(migrate::adopt(inner.clone())));
    tracker.spawn(closing().run_until_cancelled_owned(change_log_tasks::notify_nodes(inner.clone())));
    tracker.spawn(closing().run_until_cancelled_owned(change_log_tasks::prune(inner.clone())));
    tracker.close();
    tracker
}

/// Keeps the catalogue up to date with other processes, until the store is closed.
async fn follow(inner: Arc<Inner>) {
    let listener = inner.connections.listener();
    let following = inner.mirror.follow(&listener, &inner.connections.system);
    inner.closing.run_until_cancelled(following).await;
    listener.close().await;
}

#[async_trait]
impl Store for PostgresStore {
    fn backend(&self) -> &'static str {
        "postgres"
    }

    fn warnings(&self) -> &[String] {
        &self.inner.connections.warnings
    }

    fn widest_row(&self) -> Option<usize> {
        Some(MAX_ROW_BYTES)
    }

    fn write_memory(&self, row: usize) -> usize {
        /// A large value is copied into the arguments of a statement, and into the buffer of the connection.
        const LARGE_BYTES: usize = 64 << 10;
        let copies = if row > LARGE_BYTES { 3 } else { 1 };
        size_of::<Write>() + 2 * size_of::<Outcome>() + copies * row + row / 8
    }

    fn catalogue(&self) -> &Arc<Catalogue> {
        &self.inner.mirror.catalogue
    }

    async fn storage(&self, id: StorageId) -> Result<Option<Arc<Storage>>> {
        match self.inner.mirror.catalogue.by_id(id) {
            Some(storage) if storage.in_force.is_some() => Ok(Some(storage)),
            _ => in_time(self.inner.mirror.refresh_one(id)).await,
        }
    }

    async fn declare(&self, declaration: Declaration) -> Result<Arc<Storage>> {
        declare::declare(&self.inner, declaration, self.inner.stamps.next()).await
    }

    async fn migrate(&self, storage: StorageId) -> Result<()> {
        migrate::run(&self.inner, storage).await
    }

    async fn progress(&self, storage: StorageId) -> Result<Progress> {
        let progress = declare::progress(&self.inner.system, storage).await?;
        // A caller that sees a version as applied must find it in force.
        let known = self.catalogue().by_id(storage).map(|of| (of.migration.version, of.migration.state));
        if known != Some((progress.version, progress.state)) {
            self.inner.mirror.refresh_one(storage).await?;
        }
        Ok(progress)
    }

    async fn examine(&self, in_force: &Arc<InForce>, difference: &Difference) -> Result<Vec<ChangeImpact>> {
        examine::examine(&self.inner.connections, in_force, difference).await
    }

    fn ddl(
        &self,
        storage: Option<&Arc<InForce>>,
        definition: &Definition,
        difference: &Difference,
    ) -> Vec<String> {
        match storage {
            Some(in_force) => migrate::ddl::statements(in_force, definition, difference),
            // The storage has no number yet.
            None => sql::create_table(Dialect::Postgres, StorageId(0), definition),
        }
    }

    async fn versions(
        &self,
        storage: StorageId,
        skip: u64,
        limit: u64,
        memory: &ReadMemory,
    ) -> Result<VersionPage> {
        declare::versions(&self.inner.system, storage, (skip, limit), memory).await
    }

    async fn remove(&self, storage: StorageId) -> Result<()> {
        migrate::remove::remove(&self.inner, storage).await
    }

    async fn write(&self, batch: WriteBatch) -> Result<Vec<Outcome>> {
        self.queue.write(batch).await
    }

    async fn get(&self, in_force: &Arc<InForce>, key: &Value) -> Result<Option<StoredRow>> {
        in_time(read::get(&self.inner.connections.reads, in_force, key, None)).await
    }

    async fn get_short(
        &self,
        in_force: &Arc<InForce>,
        key: &Value,
        bytes: usize,
    ) -> Result<Option<StoredRow>> {
        in_time(read::get(&self.inner.connections.reads, in_force, key, Some(bytes))).await
    }

    async fn page_within(&self, in_force: &Arc<InForce>, query: &Query, memory: &ReadMemory) -> Result<Page> {
        in_time(page::page(&self.inner.connections.reads, in_force, query, memory)).await
    }

    async fn groups(
        &self,
        in_force: &Arc<InForce>,
        query: &GroupQuery,
        memory: &ReadMemory,
    ) -> Result<Groups> {
        let pool = &self.inner.connections.reads;
        within(memory, |memory| in_time(page::groups(pool, in_force, query, memory))).await
    }

    async fn aggregate(
        &self,
        in_force: &Arc<InForce>,
        query: &AggregateQuery,
        memory: &ReadMemory,
    ) -> Result<AggregatedGroups> {
        let pool = &self.inner.connections.reads;
        within(memory, |memory| in_time(aggregate::aggregate(pool, in_force, query, memory))).await
    }

    async fn storage_size(&self, in_force: &Arc<InForce>) -> Result<StorageSize> {
        in_time(storage_size::storage_size(&self.inner.connections.reads, in_force)).await
    }

    async fn rows(&self, in_force: &Arc<InForce>, keys: &[Value], bytes: usize) -> Result<FoundRows> {
        in_time(read::rows(&self.inner.connections.reads, in_force, keys, bytes)).await
    }

    async fn count_extent(&self, in_force: &Arc<InForce>, capacity: Option<u64>) -> Result<Extent> {
        extent::count(&self.inner, in_force, capacity).await
    }

    async fn written_before(
        &self,
        in_force: &Arc<InForce>,
        before: Timestamp,
        rows: u64,
    ) -> Result<Vec<WrittenRows>> {
        extent::written_before(&self.inner, in_force, before, rows).await
    }

    async fn trim(
        &self,
        in_force: &Arc<InForce>,
        range: (Timestamp, Timestamp),
        limit: StepLimit,
    ) -> Result<Option<TrimStep>> {
        in_time(trim::trim(&self.inner, in_force, range, limit)).await
    }

    fn config_signal(&self) -> watch::Receiver<u64> {
        self.inner.mirror.config_signal.subscribe()
    }

    fn quarantine_signal(&self) -> watch::Receiver<u64> {
        self.inner.mirror.quarantine_signal.subscribe()
    }

    fn commit_signal(&self) -> watch::Receiver<u64> {
        self.inner.mirror.commit_signal.subscribe()
    }

    async fn span(&self) -> Result<Span> {
        in_time(change_log::span(&self.inner.connections.reads)).await
    }

    async fn commits(&self, after: i64, limit: usize) -> Result<Vec<Commit>> {
        in_time(change_log::commits(&self.inner.connections.reads, after, limit)).await
    }

    async fn ping(&self) -> Result<()> {
        let ping = sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&self.inner.connections.system);
        let pinged = tokio::time::timeout(PING_TIMEOUT, ping).await;
        let pinged = pinged.map_err(|_| Error::Unavailable("the database does not respond".into()))?;
        pinged.map(drop).map_err(error::store)
    }

    fn load(&self) -> Load {
        self.queue.load()
    }

    fn commit_times(&self) -> CommitTimes {
        self.queue.commit_times()
    }

    async fn size(&self) -> Result<u64> {
        let sql = "SELECT pg_database_size(current_database())";
        let size = sqlx::query_scalar::<_, i64>(sql).fetch_one(&self.inner.connections.system).await;
        u64::try_from(size.map_err(error::store)?).map_err(Error::internal)
    }

    async fn close(&self) {
        self.shut_down().await;
    }
}
