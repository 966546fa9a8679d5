//! Readers: connections that cannot write, each used by one question at a time.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::open;
use crate::error::{Error, Result};

/// How many questions that may take long are answered at once.
const MAX_READERS: usize = 4;

/// How many quick ones, which must not wait for those: a row by its key, whether anybody is there.
const MAX_QUICK_READERS: usize = 4;

/// How long a question waits for its turn.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a question may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// How long closing waits for answers under way.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The readers of one file.
#[derive(Debug)]
pub(super) struct Readers {
    general: Pool,
    quick: Pool,
}

/// Connections, and how many of them may be in use.
#[derive(Debug)]
struct Pool {
    file: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(file: &Path) -> Self {
        Self { general: Pool::new(file, MAX_READERS), quick: Pool::new(file, MAX_QUICK_READERS) }
    }

    /// Asks something, for at most the time a question may take.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.general.run(QUERY_TIMEOUT, run).await
    }

    /// Asks something that may take longer.
    pub(super) async fn run_with_timeout<T: Send + 'static>(
        &self,
        timeout: Duration,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.general.run(timeout, run).await
    }

    /// Asks something that takes hardly any time, however busy the others are.
    pub(super) async fn quick<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.quick.run(QUERY_TIMEOUT, run).await
    }

    /// Asks for so little that another thread would cost more than the answer: a row by its key is a
    /// few pages away. Where it is, when a connection is free; else like any other question.
    pub(super) async fn run_inline<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        match self.quick.take() {
            Some((mut connection, permit)) => {
                let answer = run(&mut connection);
                self.quick.give_back(connection, permit);
                answer
            }
            None => self.quick(run).await,
        }
    }

    /// Lets go of the connections, when they have answered what they were asked.
    pub(super) async fn close(&self) {
        self.general.close(MAX_READERS).await;
        self.quick.close(MAX_QUICK_READERS).await;
    }
}

impl Pool {
    fn new(file: &Path, size: usize) -> Self {
        Self { file: file.to_owned(), idle: Arc::default(), permits: Arc::new(Semaphore::new(size)) }
    }

    /// Asks something. It is given up when its time is over, or when nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        timeout: Duration,
        run: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = tokio::time::timeout(ACQUIRE_TIMEOUT, self.permits.clone().acquire_owned()).await;
        let permit = turn.map_err(|_| Error::Overloaded)?;
        let permit = permit.map_err(|_| Error::Unavailable("the database is closed".into()))?;
        let idle = self.idle.lock().pop();
        let (file, pool) = (self.file.clone(), self.idle.clone());
        let interrupt = Arc::new(Interrupt::default());
        let _interrupt = InterruptOnDrop(interrupt.clone());
        let running = tokio::task::spawn_blocking(move || {
            let mut connection = match idle {
                Some(connection) => connection,
                None => open::reader(&file)?,
            };
            interrupt.begin(connection.get_interrupt_handle());
            let answer = run(&mut connection);
            // Nobody may interrupt whoever has the connection next.
            interrupt.end();
            keep(&pool, connection);
            drop(permit);
            answer
        });
        match tokio::time::timeout(timeout, running).await {
            Ok(answer) => answer.map_err(Error::internal)?,
            Err(_) => Err(Error::Unavailable("the query took too long and was stopped".into())),
        }
    }

    /// A connection, when one is idle.
    fn take(&self) -> Option<(Connection, OwnedSemaphorePermit)> {
        let permit = self.permits.clone().try_acquire_owned().ok()?;
        let connection = self.idle.lock().pop()?;
        Some((connection, permit))
    }

    fn give_back(&self, connection: Connection, permit: OwnedSemaphorePermit) {
        keep(&self.idle, connection);
        drop(permit);
    }

    async fn close(&self, size: usize) {
        let all = u32::try_from(size).unwrap_or(u32::MAX);
        // Whoever takes longer keeps its connection to its end.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, self.permits.acquire_many(all)).await;
        self.permits.close();
        self.idle.lock().clear();
    }
}

/// Keeps a connection for the next question. RowWriter whose end of a transaction was interrupted would go on to see
/// what there was then.
fn keep(idle: &Mutex<Vec<Connection>>, connection: Connection) {
    if connection.is_autocommit() {
        idle.lock().push(connection);
    }
}

/// The way to stop a question while it is being answered.
#[derive(Default)]
struct Interrupt(Mutex<Option<InterruptHandle>>);

impl Interrupt {
    fn begin(&self, handle: InterruptHandle) {
        *self.0.lock() = Some(handle);
    }

    fn end(&self) {
        self.0.lock().take();
    }
}

/// Stops a question when nobody waits for it any more.
struct InterruptOnDrop(Arc<Interrupt>);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = &*self.0.0.lock() {
            handle.interrupt();
        }
    }
}
