//! Read-only connections, each used by one read at a time.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{disk_health::DiskHealth, open};
use crate::error::{Error, Result};

/// Maximum number of concurrent reads that may be slow.
const MAX_READERS: usize = 4;

/// Maximum number of concurrent quick reads, such as lookups by key and health checks. They do not wait for
/// long ones.
const MAX_QUICK_READERS: usize = 4;

/// Maximum time that a read waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

pub(super) const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum time that closing waits for reads in progress.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The read-only connections to one file. All are opened with the database, because later there may be no
/// more files to open.
#[derive(Debug)]
pub(super) struct Readers {
    general: Pool,
    quick: Pool,
}

#[derive(Debug)]
struct Pool {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    health: DiskHealth,
}

impl Readers {
    pub(super) fn open(file: &Path, health: &DiskHealth) -> Result<Self> {
        Ok(Self {
            general: Pool::open(file, MAX_READERS, health)?,
            quick: Pool::open(file, MAX_QUICK_READERS, health)?,
        })
    }

    pub(super) async fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.general.run(timeout, run).await
    }

    /// Runs a read that takes hardly any time, however busy the other readers are.
    pub(super) async fn quick<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.quick.run(QUERY_TIMEOUT, run).await
    }

    /// Runs a read on the current thread if a connection is idle: for a lookup by key, switching threads
    /// would cost more than the read. Otherwise runs it as a quick read.
    pub(super) async fn run_inline<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Some((mut connection, _permit)) = self.quick.take() else { return self.quick(run).await };
        let result = self.quick.health.observe(run(&mut connection));
        keep(&self.quick.idle, connection);
        result
    }

    /// Closes the connections after the reads in progress.
    pub(super) async fn close(&self) {
        self.general.close(MAX_READERS).await;
        self.quick.close(MAX_QUICK_READERS).await;
    }
}

impl Pool {
    fn open(file: &Path, size: usize, health: &DiskHealth) -> Result<Self> {
        let connections: Result<Vec<_>> = (0..size).map(|_| open::reader(file)).collect();
        Ok(Self {
            file: file.to_owned(),
            idle: Arc::new(Mutex::new(connections?)),
            permits: Arc::new(Semaphore::new(size)),
            health: health.clone(),
        })
    }

    /// Runs a read on a blocking thread. It is interrupted on timeout or when the caller is cancelled.
    async fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = tokio::time::timeout(ACQUIRE_TIMEOUT, self.permits.clone().acquire_owned()).await;
        let permit = permit.map_err(|_| Error::Overloaded)?;
        let permit = permit.map_err(|_| Error::Unavailable("the database is closed".into()))?;
        let idle = self.idle.lock().pop();
        let (file, pool, health) = (self.file.clone(), self.idle.clone(), self.health.clone());
        let on_drop = InterruptOnDrop::default();
        let interrupt = on_drop.0.clone();
        let running = tokio::task::spawn_blocking(move || {
            let mut connection = match idle {
                Some(connection) => connection,
                // Dropped because a read was interrupted.
                None => health.observe(open::reader(&file)).map_err(|error| match error {
                    error @ Error::Unavailable(_) => error,
                    other => Error::Unavailable(other.into()),
                })?,
            };
            *interrupt.lock() = Some(connection.get_interrupt_handle());
            let result = health.observe(run(&mut connection));
            // Before the connection is reused: the interrupt must not hit the next read.
            interrupt.lock().take();
            keep(&pool, connection);
            drop(permit);
            result
        });
        match tokio::time::timeout(timeout, running).await {
            Ok(result) => result.map_err(Error::internal)?,
            Err(_) => Err(Error::Unavailable("the query took too long and was stopped".into())),
        }
    }

    fn take(&self) -> Option<(Connection, OwnedSemaphorePermit)> {
        let permit = self.permits.clone().try_acquire_owned().ok()?;
        let connection = self.idle.lock().pop()?;
        Some((connection, permit))
    }

    async fn close(&self, size: usize) {
        let all = u32::try_from(size).unwrap_or(u32::MAX);
        // A read that takes longer keeps its connection until it ends.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.permits.acquire_many(all)).await;
        self.permits.close();
        self.idle.lock().clear();
    }
}

/// Returns a connection to the pool. If ending its transaction was interrupted, it is dropped, because it
/// would keep its old snapshot.
fn keep(idle: &Mutex<Vec<Connection>>, connection: Connection) {
    if connection.is_autocommit() {
        idle.lock().push(connection);
    }
}

/// Interrupts the read in progress on drop, when its caller is cancelled.
#[derive(Default)]
struct InterruptOnDrop(Arc<Mutex<Option<InterruptHandle>>>);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = &*self.0.lock() {
            handle.interrupt();
        }
    }
}
