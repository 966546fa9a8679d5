//! What the writer's thread owns.

use std::{collections::HashMap, fmt, sync::Arc};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::watch;

use super::{error::map, open, statements::Statements};
use crate::{
    clock::Timestamp,
    error::Result,
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

/// What the writer's thread owns.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) options: Options,
    pub(super) statements: HashMap<StorageId, Arc<Statements>>,
    /// Grows when sources or programs have changed.
    pub(super) changes: watch::Sender<u64>,
    last_stamp: Timestamp,
}

impl Writer {
    /// A writer that goes on after the time of the last row there is.
    pub(super) fn new(
        connection: Connection,
        catalogue: Arc<Catalogue>,
        options: Options,
        changes: watch::Sender<u64>,
        last_stamp: Timestamp,
    ) -> Self {
        Self { connection, catalogue, options, statements: HashMap::new(), changes, last_stamp }
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
        let (pages, set) = match pace {
            Pace::Rows => (1000, open::step_on(&self.connection)),
            Pace::Migration => (0, open::step_aside(&self.connection)),
        };
        set?;
        self.connection.pragma_update(None, "wal_autocheckpoint", pages).map_err(map)
    }

    /// Runs something in one transaction: all of it or nothing.
    pub(super) fn transact<T>(&mut self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
        let done = run(&transaction)?;
        transaction.commit().map_err(map)?;
        Ok(done)
    }
}

/// How the writer's statements are run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// As fast as can be; a commit that leaves the log long also empties it into the file.
    Rows,
    /// Stepping aside for readers. The log is left as long as it gets: emptying it must not stand
    /// between the commit, which readers see at once, and the catalogue, which they ask by.
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
