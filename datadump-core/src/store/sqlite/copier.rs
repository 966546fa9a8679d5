//! Copies the log into the database beside the writer, so that hardly any answer waits for it.
//!
//! A log begins anew when all of it was copied and the database was synced, which only the writer can
//! bring about: while it writes there is always a rest. So this thread copies what is there and syncs
//! it, again and again until little is left; the writer then copies that, between two transactions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, SyncSender},
    },
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;

use super::log::Log;
use crate::error::{Error, Result};

/// How many frames the writer may be left with.
const FEW: u32 = 128;

/// How often it is tried to leave so few: a writer that is faster is left with more.
const ROUNDS: usize = 6;

/// How long the log is left as it is after it could not be copied into the database.
const PAUSE: Duration = Duration::from_secs(1);

/// The thread. It ends when this is [closed](Self::close) or dropped.
#[derive(Debug)]
pub(super) struct Copier {
    wake: SyncSender<()>,
    is_done: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Copier {
    /// Starts it, with a connection of its own.
    pub(super) fn start(connection: Connection, log: Arc<Log>) -> Result<Self> {
        let (wake, woken) = mpsc::sync_channel(1);
        let is_done = Arc::new(AtomicBool::new(false));
        let done = is_done.clone();
        let thread = thread::Builder::new()
            .name("sqlite-copier".into())
            .spawn(move || run(&connection, &log, &woken, &done))
            .map_err(Error::internal)?;
        Ok(Self { wake, is_done, thread })
    }

    /// Has the log copied, unless it is being copied already.
    pub(super) fn wake(&self) {
        let _ = self.wake.try_send(());
    }

    /// Whether it has copied the log but for a rest, since this was last asked.
    pub(super) fn is_done(&self) -> bool {
        self.is_done.swap(false, Ordering::AcqRel)
    }

    /// Ends it, after what it is about.
    pub(super) fn close(self) {
        drop(self.wake);
        if self.thread.join().is_err() {
            tracing::error!("what copies the log had panicked");
        }
    }
}

fn run(connection: &Connection, log: &Log, woken: &Receiver<()>, is_done: &AtomicBool) {
    let mut not_before = Instant::now();
    while woken.recv().is_ok() {
        if is_done.load(Ordering::Acquire) || !log.is_long() || Instant::now() < not_before {
            continue;
        }
        match copy(connection, log) {
            Ok(()) => is_done.store(true, Ordering::Release),
            Err(error) => {
                tracing::warn!(%error, "the log could not be copied into the database; it is tried again");
                not_before = Instant::now() + PAUSE;
            }
        }
    }
}

fn copy(connection: &Connection, log: &Log) -> Result<()> {
    for _ in 0..ROUNDS {
        log.copy_ahead(connection)?;
        if log.rest() <= FEW {
            break;
        }
    }
    Ok(())
}
