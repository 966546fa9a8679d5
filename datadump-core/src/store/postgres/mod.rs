//! Storages on PostgreSQL: any number of processes on one database.
//!
//! ```text
//! writes ─► queue ─► a few writers, a connection each ─► batch ─► apply ─► commit ─► answer
//!                       └─ storage is being changed: parked        └─ refused: isolate ─► instead
//! reads  ─► a pool of their own
//! changes of the catalogue, of sources and programs ─► NOTIFY ─► every process reads them
//! migrations ─► a session lock each ─► steps that can be repeated ─► one last transaction
//! ```

mod apply;
mod batch;
mod catalogue;
mod change_log;
mod columns;
mod connect;
mod copy;
mod ddl;
mod declare;
mod error;
mod examine;
mod instead;
mod isolate;
mod locks;
mod migrate;
mod once;
mod parked;
mod read;
mod session;
mod setup;
mod single;
mod text;
mod work;
mod writer;

use std::{
    pin::Pin,
    sync::{Arc, PoisonError},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use sea_orm::{DatabaseConnection, SqlxPostgresConnector};
use tokio::{
    runtime,
    sync::{Mutex, mpsc, watch},
    task::JoinHandle,
};

use self::{
    batch::Stamps,
    catalogue::Mirror,
    connect::Connections,
    migrate::Turns,
    parked::Parked,
    writer::{Met, Shared, Stop, Writer},
};
use super::{
    Catalogue, Commit, Declaration, Examined, Found, Load, Options, Outcome, Page, Progress, Query,
    Retention, Span, Storage, Store, VersionRecord, WriteBatch,
    writer::{Queue, queue},
};
use crate::{
    error::{Error, Result},
    schema::{Definition, Difference, InForce, StorageId, StoredRow, Value},
};

/// How many writers there are: while one waits for the disk, the others gather and send.
const WRITERS: usize = 2;

/// How long the database may take to say that it is there.
const PING: Duration = Duration::from_secs(2);

/// How long a question is waited for: somewhat longer than the database itself lets it run.
const ANSWER: Duration = Duration::from_secs(40);

/// How long closing waits for what is still being written.
const CLOSING: Duration = Duration::from_secs(30);

/// Storages on PostgreSQL.
#[derive(Debug)]
pub struct PostgresStore {
    inner: Arc<Inner>,
    queue: Queue<Stop>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    parked: Arc<Parked>,
    parked_writer: Mutex<Option<JoinHandle<()>>>,
    background: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

/// What tasks in the background need too.
#[derive(Debug)]
struct Inner {
    connections: Connections,
    system: DatabaseConnection,
    mirror: Arc<Mirror>,
    turns: Turns,
    stamps: Arc<Stamps>,
    /// Says that other processes are to be told of commits.
    hints: watch::Sender<()>,
    closing: watch::Sender<bool>,
    /// How much of the feed is kept.
    retention: Retention,
}

impl Inner {
    /// Returns when the store is closed.
    async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        // The sender lives as long as we do.
        let _ = closing.wait_for(|closed| *closed).await;
    }
}

impl PostgresStore {
    /// Opens the database at this address (`postgres://…`), and brings the tables of the system up
    /// to this release.
    pub async fn open(url: &str, options: Options) -> Result<Self> {
        let connections = Connections::open(url).await?;
        let system = SqlxPostgresConnector::from_sqlx_postgres_pool(connections.system.clone());
        setup::upgrade(&system, &options).await?;
        let mirror = Arc::new(Mirror::new(system.clone()));
        mirror.refresh().await?;
        let stamps = Arc::new(Stamps::new(options.clock.clone()));
        let (closing, _) = watch::channel(false);
        let hints = watch::Sender::new(());
        let (queue, intake) = queue(options.queue_rows, options.queue_bytes);
        let parked = Arc::new(Parked::default());
        let shared = Arc::new(Shared {
            connections: connections.clone(),
            mirror: mirror.clone(),
            intake,
            parked: parked.clone(),
            stamps: stamps.clone(),
            reprove: options.reprove,
            hints: hints.clone(),
            met: Met::default(),
        });
        let (writers, parked_writer) = writers(&shared)?;
        let (writers, parked_writer) = (Mutex::new(writers), Mutex::new(Some(parked_writer)));
        let turns = Turns::default();
        let retention = options.change_log;
        let inner = Arc::new(Inner { connections, system, mirror, turns, stamps, hints, closing, retention });
        let background = [follow, adopt, forget, hint].map(|task| task(inner.clone()));
        let background = std::sync::Mutex::new(background.into());
        Ok(Self { inner, queue, writers, parked, parked_writer, background })
    }
}

/// The writers, and that of what was put aside, on a thread of their own: on the threads that serve
/// requests they would stand in line behind those at every answer of the database. It ends with them.
fn writers(shared: &Arc<Shared>) -> Result<(Vec<JoinHandle<()>>, JoinHandle<()>)> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let (working, mut ended) = mpsc::channel::<()>(1);
    let work = |writing: Pin<Box<dyn Future<Output = ()> + Send>>| {
        let working = working.clone();
        runtime.spawn(async move {
            writing.await;
            drop(working);
        })
    };
    let writers = (0..WRITERS).map(|_| work(Box::pin(Writer::new(shared.clone()).run()))).collect();
    let parked_writer = work(Box::pin(Writer::new(shared.clone()).run_parked()));
    drop(working);
    let run = move || {
        runtime.block_on(ended.recv());
    };
    thread::Builder::new().name("postgres-writers".into()).spawn(run).map_err(Error::internal)?;
    Ok((writers, parked_writer))
}

/// Waits for an answer no longer than the database may take for it: one that has frozen, or that is
/// cut off, does not even say that it takes too long.
async fn in_time<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::Unavailable("the database does not answer".into())),
    }
}

/// Keeps the catalogue as other processes leave it.
fn follow(inner: Arc<Inner>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let listening = inner.connections.listener();
        tokio::select! {
            () = inner.mirror.follow(&listening, &inner.connections.system) => {}
            () = inner.closed() => {}
        }
        listening.close().await;
    })
}

/// Goes on with the migrations of processes that died.
fn adopt(inner: Arc<Inner>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = migrate::adopt(&inner) => {}
            () = inner.closed() => {}
        }
    })
}

/// Tells other processes of commits.
fn hint(inner: Arc<Inner>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = change_log::hint(&inner) => {}
            () = inner.closed() => {}
        }
    })
}

/// Removes old entries of the feed.
fn forget(inner: Arc<Inner>) -> JoinHandle<()> {
    tokio::spawn(async move {
        tokio::select! {
            () = change_log::forget(&inner) => {}
            () = inner.closed() => {}
        }
    })
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
        // A row has to fit one page of 8 KiB.
        Some(7_900)
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
        let now = self.inner.stamps.next();
        declare::declare(&self.inner.system, &self.inner.mirror, declaration, now).await
    }

    async fn migrate(&self, storage: StorageId) -> Result<()> {
        migrate::run(&self.inner, storage).await
    }

    async fn progress(&self, storage: StorageId) -> Result<Progress> {
        let progress = declare::progress(&self.inner.system, storage).await?;
        // Whoever is told that a version is applied must find it in force.
        let known = self
            .inner
            .mirror
            .catalogue
            .by_id(storage)
            .map(|known| (known.migration.version, known.migration.state));
        if known != Some((progress.version, progress.state)) {
            self.inner.mirror.refresh_one(storage).await?;
        }
        Ok(progress)
    }

    async fn examine(&self, in_force: &Arc<InForce>, difference: &Difference) -> Result<Vec<Examined>> {
        examine::examine(&self.inner.connections, in_force, difference).await
    }

    fn ddl(
        &self,
        storage: Option<&Arc<InForce>>,
        definition: &Definition,
        difference: &Difference,
    ) -> Vec<String> {
        match storage {
            Some(in_force) => migrate::statements::all(in_force, definition, difference),
            // The number is not given yet.
            None => ddl::create(StorageId(0), definition),
        }
    }

    async fn versions(&self, storage: StorageId) -> Result<Vec<VersionRecord>> {
        declare::versions(&self.inner.system, storage).await
    }

    async fn remove(&self, storage: StorageId) -> Result<()> {
        migrate::remove::remove(&self.inner, storage).await
    }

    async fn write(&self, call: WriteBatch) -> Result<Vec<Outcome>> {
        self.queue.write(call).await
    }

    async fn get(&self, in_force: &Arc<InForce>, key: &Value) -> Result<Option<StoredRow>> {
        in_time(read::get(&self.inner.connections.reads, in_force, key)).await
    }

    async fn page(&self, in_force: &Arc<InForce>, query: &Query) -> Result<Page> {
        in_time(read::page(&self.inner.connections.reads, in_force, query)).await
    }

    async fn rows(&self, in_force: &Arc<InForce>, keys: &[Value], bytes: usize) -> Result<Found> {
        in_time(read::rows(&self.inner.connections.reads, in_force, keys, bytes)).await
    }

    fn config_signal(&self) -> watch::Receiver<u64> {
        self.inner.mirror.config_signal()
    }

    fn commit_signal(&self) -> watch::Receiver<u64> {
        self.inner.mirror.news.subscribe()
    }

    async fn span(&self) -> Result<Span> {
        in_time(change_log::span(&self.inner.connections.reads)).await
    }

    async fn commits(&self, after: i64, most: usize) -> Result<Vec<Commit>> {
        in_time(change_log::commits(&self.inner.connections.reads, after, most)).await
    }

    async fn ping(&self) -> Result<()> {
        let answer = sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&self.inner.connections.system);
        match tokio::time::timeout(PING, answer).await {
            Ok(answer) => answer.map(|_| ()).map_err(error::store),
            Err(_) => Err(Error::Unavailable("the database does not answer".into())),
        }
    }

    fn load(&self) -> Load {
        self.queue.load()
    }

    async fn size(&self) -> Result<u64> {
        let question = "SELECT pg_database_size(current_database())";
        let size = sqlx::query_scalar::<_, i64>(question).fetch_one(&self.inner.connections.system).await;
        u64::try_from(size.map_err(error::store)?).map_err(Error::internal)
    }

    async fn close(&self) {
        // Held to the end: whoever closes at the same time waits for the same.
        let mut writers = self.writers.lock().await;
        // Behind all that is waiting, one for each writer.
        for _ in writers.iter() {
            // A queue that is gone has no writers left.
            let _ = self.queue.other(Stop);
        }
        let drained = tokio::time::timeout(CLOSING, async {
            for writer in writers.drain(..) {
                // A writer has no way to end but to return.
                let _ = writer.await;
            }
            self.parked.close();
            // With the last writer goes the queue, and later calls fail.
            if let Some(writer) = self.parked_writer.lock().await.take() {
                let _ = writer.await;
            }
        });
        if drained.await.is_err() {
            tracing::warn!("some writes were still waiting when the database was let go");
        }
        self.inner.closing.send_replace(true);
        let background = std::mem::take(&mut *self.background.lock().unwrap_or_else(PoisonError::into_inner));
        // They end at once; but a connection that one of them is making is only let go of by then.
        let ended = tokio::time::timeout(CLOSING, async {
            for task in background {
                let _ = task.await;
            }
        });
        if ended.await.is_err() {
            tracing::warn!("a task in the background was still at it when the database was let go");
        }
        self.inner.connections.close().await;
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.inner.closing.send_replace(true);
        self.parked.close();
        let background = self.background.get_mut().unwrap_or_else(PoisonError::into_inner);
        for task in background {
            task.abort();
        }
    }
}
