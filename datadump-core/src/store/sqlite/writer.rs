//! What the writer's thread owns, and what it does about a disk that fails.

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

use super::{
    change_log::{Head, Tidying},
    condition::Condition,
    error::map,
    late::{self, Behind},
    log::Log,
    open,
    statements::Statements,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
    store::{Catalogue, Options},
};

/// What the writer is told beside rows.
pub(super) enum Command {
    /// To do something between two batches.
    Do(Task),
    /// To end.
    Stop,
}

/// Something the writer does.
pub(super) type Task = Box<dyn FnOnce(&mut Writer) + Send>;

/// How long the log is left as it is after it could not be copied into the database.
const COPY_PAUSE: Duration = Duration::from_secs(1);

/// What the writer's thread owns.
pub(super) struct Writer {
    pub(super) connection: Connection,
    log: Log,
    pub(super) condition: Condition,
    /// How many frames the log had when something could not be written.
    bad_at: u32,
    /// When the log may be copied again, after it could not be.
    copy_at: Option<Instant>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) options: Options,
    pub(super) statements: HashMap<StorageId, Arc<Statements>>,
    /// Grows when sources or programs have changed.
    pub(super) changes: watch::Sender<u64>,
    last_stamp: Timestamp,
    /// The newest entry of the feed.
    pub(super) head: Head,
    tidying: Tidying,
    /// What is not in late indexes yet.
    pub(super) behind: Behind,
    /// Grows when there is more in the feed.
    pub(super) news: watch::Sender<u64>,
}

impl Writer {
    /// A writer that goes on after the time of the last row there is.
    pub(super) fn new(
        connection: Connection,
        log: Log,
        catalogue: Arc<Catalogue>,
        options: Options,
        changes: watch::Sender<u64>,
        last_stamp: Timestamp,
    ) -> Result<Self> {
        Ok(Self {
            head: Head::read(&connection)?,
            tidying: Tidying::new(&options.change_log),
            behind: Behind::default(),
            news: watch::Sender::new(0),
            connection,
            log,
            condition: Condition::default(),
            bad_at: 0,
            copy_at: None,
            catalogue,
            options,
            statements: HashMap::new(),
            changes,
            last_stamp,
        })
    }

    /// So many times for rows: each later than every one before it, whatever the clock says, so
    /// that the order of rows by it is the order in which they were written.
    pub(super) fn stamps(&mut self, count: usize) -> Stamps {
        let first = self.options.clock.now().max(self.last_stamp.next());
        self.last_stamp = first.after(count);
        Stamps(first)
    }

    /// The time of the last row that was written.
    pub(super) fn last_stamp(&self) -> Timestamp {
        self.last_stamp
    }

    /// How the statements that follow are run.
    pub(super) fn pace(&self, pace: Pace) -> Result<()> {
        match pace {
            Pace::Rows => open::step_on(&self.connection),
            Pace::Migration => open::step_aside(&self.connection),
        }
    }

    /// Runs something in one transaction: all of it or nothing.
    pub(super) fn transact<T>(&mut self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let done = self.attempt(run);
        self.after(done)
    }

    fn attempt<T>(&mut self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
        let done = run(&transaction)?;
        transaction.commit().map_err(map)?;
        Ok(done)
    }

    /// What is to be done after every transaction, whatever came of it.
    pub(super) fn after<T>(&mut self, done: Result<T>) -> Result<T> {
        match &done {
            Ok(_) => {
                // A transaction that wrote nothing says nothing about the disk.
                if self.condition.is_bad() && self.log.frames().is_ok_and(|frames| frames != self.bad_at) {
                    self.condition.good();
                }
            }
            Err(error) => {
                self.undo();
                if let Error::Full(_) | Error::Unavailable(_) = error {
                    self.condition.bad(error);
                    self.bad_at = self.log.frames().unwrap_or(self.bad_at);
                    if let Err(error) = self.log.cut() {
                        tracing::error!(%error, "what could not be committed could not be taken out of the log");
                    }
                }
            }
        }
        done
    }

    /// Leaves a transaction that could not even be undone when it failed.
    fn undo(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be undone");
        }
    }

    /// Writes something that changes nothing, to see whether the disk takes it.
    pub(super) fn probe(&mut self) -> Result<()> {
        self.transact(|connection| {
            let version: i64 =
                connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(map)?;
            connection.pragma_update(None, "user_version", version).map_err(map)
        })
    }

    /// What nobody waits for: removes old entries of the feed, puts rows into late indexes (fewer at once when
    /// nobody waits for the writer either), and copies a long log into the database.
    pub(super) fn tidy(&mut self, is_lull: bool) {
        self.forget();
        self.catch_up(is_lull);
        if !self.log.is_long() || self.copy_at.is_some_and(|at| Instant::now() < at) {
            return;
        }
        self.copy_at = None;
        if let Err(error) = self.log.copy(&self.connection) {
            tracing::warn!(%error, "the log could not be copied into the database; it is tried again");
            self.copy_at = Some(Instant::now() + COPY_PAUSE);
        }
    }

    fn forget(&mut self) {
        if !self.tidying.is_due() || self.condition.is_bad() {
            return;
        }
        let (head, retention, now) = (self.head, self.options.change_log, self.options.clock.now());
        let more = self.transact(|connection| head.remove_old(connection, &retention, now));
        if let Err(error) = &more {
            tracing::warn!(%error, "old entries of the feed could not be removed; it is tried again");
        }
        self.tidying.done(more.unwrap_or(false));
    }

    fn catch_up(&mut self, is_lull: bool) {
        while !self.condition.is_bad()
            && let Some(id) = self.behind.due(is_lull)
        {
            let storage = self.catalogue.by_id(id).and_then(|storage| storage.in_force.clone());
            let in_force = storage.filter(|in_force| late::has(&in_force.definition));
            let caught_up = in_force
                .map_or(Ok(0), |in_force| self.transact(|connection| late::catch_up(connection, &in_force)));
            match caught_up {
                Ok(left) => self.behind.done(id, left),
                Err(error) => {
                    tracing::warn!(%error, "new rows could not be put into a late index; it is tried again");
                    self.behind.failed();
                }
            }
        }
    }

    /// The last that is done: all of the log goes into the file, which is then the whole database.
    pub(super) fn finish(self) {
        if let Err(error) = self.log.empty(&self.connection) {
            tracing::warn!(%error, "the log could not be emptied into the file; it is read at the next start");
        }
    }
}

/// How the writer's statements are run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// As fast as can be.
    Rows,
    /// Stepping aside for readers.
    Migration,
}

/// Times for rows, one after the other.
pub(super) struct Stamps(Timestamp);

impl Stamps {
    pub(super) fn next(&mut self) -> Timestamp {
        let stamp = self.0;
        self.0 = stamp.next();
        stamp
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Do(_) => "Do",
            Self::Stop => "Stop",
        })
    }
}
