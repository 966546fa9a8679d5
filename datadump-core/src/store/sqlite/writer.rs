//! The state of the writer's thread, and how it handles a failing disk.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

use super::{change_log::Head, disk_health::DiskHealth, error::map, statements::Statements, wal::Wal};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
    store::{Catalogue, Options, Storage, stamps},
};

/// A command in the writer's queue.
pub(super) enum Command {
    /// Run a function between two transactions.
    Run(WriterFn<'static>),
    Stop,
}

/// A function run on the writer's thread.
pub(super) type WriterFn<'f> = Box<dyn FnOnce(&mut Writer) + Send + 'f>;

/// Delay before the next checkpoint after one has failed.
const CHECKPOINT_RETRY_DELAY: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    pub(super) connection: Connection,
    wal: Wal,
    pub(super) disk_health: DiskHealth,
    /// Number of committed WAL frames when the last write failed.
    frames_at_failure: u32,
    /// Time before which no checkpoint is attempted, after one has failed.
    next_checkpoint: Option<Instant>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) options: Options,
    pub(super) statements: HashMap<StorageId, Arc<Statements>>,
    /// Raised when sources or programs have changed.
    pub(super) config_signal: watch::Sender<u64>,
    /// Raised when quarantine entries have changed.
    pub(super) quarantine_signal: watch::Sender<u64>,
    /// Raised when the change log has new entries.
    pub(super) commit_signal: watch::Sender<u64>,
    /// Timestamp of the last row written.
    pub(super) last_stamp: Timestamp,
    /// The newest entry of the change log.
    pub(super) head: Head,
    next_prune: Instant,
    /// Positions of the change log after which migrations need all entries.
    pub(super) log_pins: BTreeMap<StorageId, i64>,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        wal: Wal,
        storages: Vec<Storage>,
        options: Options,
    ) -> Result<Self> {
        let catalogue = Arc::new(Catalogue::default());
        catalogue.replace(storages);
        Ok(Self {
            head: Head::read(&connection)?,
            log_pins: BTreeMap::new(),
            next_prune: Instant::now() + options.change_log.prune_interval(),
            config_signal: watch::Sender::new(0),
            quarantine_signal: watch::Sender::new(0),
            commit_signal: watch::Sender::new(0),
            connection,
            wal,
            disk_health: DiskHealth::default(),
            frames_at_failure: 0,
            next_checkpoint: None,
            catalogue,
            options,
            statements: HashMap::new(),
            last_stamp: Timestamp::MIN,
        })
    }

    /// Returns the [timestamps](stamps) of a transaction's rows.
    pub(super) fn stamps(&self) -> Stamps {
        Stamps(stamps::after(self.last_stamp, self.options.clock.now()))
    }

    pub(super) fn transact<T>(&mut self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let done = self.try_transact(run);
        self.after(done)
    }

    fn try_transact<T>(&mut self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
        let done = run(&transaction)?;
        transaction.commit().map_err(map)?;
        Ok(done)
    }

    /// Updates the health of the disk after a transaction. If the disk failed, removes the uncommitted frames
    /// that SQLite left in the WAL.
    pub(super) fn after<T>(&mut self, done: Result<T>) -> Result<T> {
        let done = self.disk_health.observe(done);
        match &done {
            Ok(_) => {
                // A transaction that wrote nothing proves nothing about the disk.
                if self.disk_health.is_failing()
                    && self.wal.frames().is_ok_and(|frames| frames != self.frames_at_failure)
                {
                    self.disk_health.mark_healthy();
                }
            }
            Err(error) => {
                self.roll_back();
                if let Error::Full(_) | Error::Unavailable(_) = error {
                    self.disk_health.mark_failing(error);
                    self.frames_at_failure = self.wal.frames().unwrap_or(self.frames_at_failure);
                    if let Err(error) = self.wal.truncate_uncommitted() {
                        tracing::error!(%error, "cannot remove the frames of a failed commit from the WAL");
                    }
                }
            }
        }
        done
    }

    /// Rolls back a transaction that SQLite did not roll back when it failed.
    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "cannot roll back a transaction");
        }
    }

    /// Commits a transaction that changes nothing, to see whether the disk accepts writes.
    pub(super) fn probe(&mut self) -> Result<()> {
        self.transact(|connection| {
            let version: i64 =
                connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(map)?;
            connection.pragma_update(None, "user_version", version).map_err(map)
        })
    }

    /// Runs maintenance between transactions: prunes the change log and checkpoints a long WAL.
    pub(super) fn maintain(&mut self) {
        self.prune_change_log();
        if !self.wal.needs_checkpoint() || self.next_checkpoint.is_some_and(|at| Instant::now() < at) {
            return;
        }
        self.next_checkpoint = None;
        if let Err(error) = self.wal.checkpoint(&self.connection) {
            tracing::warn!(%error, "checkpoint failed; retrying");
            self.next_checkpoint = Some(Instant::now() + CHECKPOINT_RETRY_DELAY);
        }
    }

    fn prune_change_log(&mut self) {
        if Instant::now() < self.next_prune || self.disk_health.is_failing() {
            return;
        }
        let (head, retention, now) = (self.head, self.options.change_log, self.options.clock.now());
        let needed = self.log_pins.values().min().copied();
        let more = self.transact(|connection| head.prune(connection, &retention, now, needed));
        if let Err(error) = &more {
            tracing::warn!(%error, "cannot prune the change log; retrying");
        }
        if !more.unwrap_or(false) {
            self.next_prune = Instant::now() + retention.prune_interval();
        }
    }

    /// Checkpoints the whole WAL before the connection is closed, so that the main file is the whole
    /// database.
    pub(super) fn finish(self) {
        if let Err(error) = self.wal.checkpoint_and_truncate(&self.connection) {
            tracing::warn!(%error, "final checkpoint failed; the WAL is recovered at the next start");
        }
    }
}

/// Consecutive timestamps for rows.
pub(super) struct Stamps(Timestamp);

impl Stamps {
    /// Returns the last timestamp that may have been used.
    pub(super) fn last(&self) -> Timestamp {
        self.0
    }

    pub(super) fn next(&mut self) -> Timestamp {
        let stamp = self.0;
        self.0 = stamp.next();
        stamp
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Run(_) => "Run",
            Self::Stop => "Stop",
        })
    }
}
