//! Opening a database.

use std::{sync::Arc, time::Duration};

use super::{
    Dump,
    capture::Capture,
    hub::{Hub, HubOptions},
    live::Live,
};
use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Result},
    id::{Ids, Random, SystemRandom},
    process::{
        Processor, Registry, Room,
        vrl::{Limits, WorkerCommand, Workers},
    },
    store::{Options, Retention, Store, postgres::PostgresStore, sqlite::SqliteStore},
    validate,
};

/// Says how to open a [`Dump`].
#[derive(Debug)]
pub struct Builder {
    database: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    queue_rows: usize,
    queue_bytes: usize,
    max_throw: usize,
    record_memory: usize,
    feed: Retention,
    processors: Vec<Arc<dyn Processor>>,
    workers: Option<WorkerCommand>,
    limits: Limits,
    hub: HubOptions,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            database: "sqlite:datadump-data/datadump.db".into(),
            clock: Arc::new(SystemClock),
            random: Arc::new(SystemRandom::default()),
            queue_rows: 131_072,
            queue_bytes: 64 << 20,
            max_throw: 64 << 20,
            record_memory: 512 << 20,
            feed: Retention::default(),
            processors: Vec::new(),
            workers: None,
            limits: Limits::default(),
            hub: HubOptions::default(),
        }
    }
}

impl Builder {
    /// Which database: `sqlite:PATH` (or just a path), `sqlite::memory:`, `postgres://…`.
    #[must_use]
    pub fn database(mut self, address: impl Into<String>) -> Self {
        self.database = address.into();
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where randomness comes from.
    #[must_use]
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// The most writes, and the most bytes, that may wait to be committed.
    #[must_use]
    pub fn queue(mut self, rows: usize, bytes: usize) -> Self {
        self.queue_rows = rows;
        self.queue_bytes = bytes;
        self
    }

    /// The most bytes a throw may have, decompressed.
    #[must_use]
    pub fn max_throw(mut self, bytes: usize) -> Self {
        self.max_throw = bytes;
        self
    }

    /// The most bytes that the records of all throws under way may take together. A throw for whose
    /// records there is no room beside others is told [`Overloaded`](Error::Overloaded).
    #[must_use]
    pub fn record_memory(mut self, bytes: usize) -> Self {
        self.record_memory = bytes;
        self
    }

    /// How long it is kept what was committed when, for those who [subscribe](Dump::subscribe) from an earlier
    /// position on.
    #[must_use]
    pub fn change_log_time(mut self, time: Duration) -> Self {
        self.feed.time = time;
        self
    }

    /// How many bytes of that are kept. The oldest go first.
    #[must_use]
    pub fn change_log_size(mut self, bytes: usize) -> Self {
        self.feed.bytes = bytes;
        self
    }

    /// A processor of the program's own: throws can ask for it by its name.
    #[must_use]
    pub fn processor(mut self, processor: impl Processor) -> Self {
        self.processors.push(Arc::new(processor));
        self
    }

    /// Several of them.
    #[must_use]
    pub fn processors(mut self, processors: impl IntoIterator<Item = Arc<dyn Processor>>) -> Self {
        self.processors.extend(processors);
        self
    }

    /// The command that starts a process in which programs that people wrote are run. Without it
    /// they run in this process, where one that asks for too much memory takes it down: only for
    /// programs that are trusted.
    #[must_use]
    pub fn workers(mut self, command: WorkerCommand) -> Self {
        self.workers = Some(command);
        self
    }

    /// How far a program may go.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How the hub of devices is to be.
    #[must_use]
    pub fn hub(mut self, options: HubOptions) -> Self {
        self.hub = options;
        self
    }

    /// Opens the database, brings its system tables up to this release, and takes up migrations
    /// that were under way when it was last closed.
    pub async fn open(self) -> Result<Dump> {
        let ids = Ids::new(self.clock.clone(), self.random);
        let options = Options {
            clock: self.clock.clone(),
            ids: ids.clone(),
            change_log: self.feed,
            queue_rows: self.queue_rows,
            queue_bytes: self.queue_bytes,
            reprove: validate::again,
        };
        let store: Arc<dyn Store> = match Address::parse(&self.database)? {
            Address::Sqlite(path) => Arc::new(SqliteStore::open(path, options).await?),
            Address::Postgres(url) => Arc::new(PostgresStore::open(&url, options).await?),
        };
        let native = self.processors.iter().map(|processor| processor.name().to_owned()).collect();
        let mut registry = Registry::built_in();
        for processor in self.processors {
            registry = registry.with(processor).map_err(Error::Database)?;
        }
        let workers = match self.workers {
            Some(command) => Workers::new(command, self.limits),
            None => Workers::in_process(self.limits),
        };
        let capture =
            Arc::new(Capture::new(registry, native, workers, self.max_throw, Room::new(self.record_memory)));
        let live = Arc::new(Live::new());
        let hub = Arc::new(Hub::new(self.hub, self.clock.now()));
        let dump = Dump { store, clock: self.clock, ids, capture, live, hub };
        dump.reload_programs().await?;
        dump.reload_sources().await?;
        dump.follow_changes();
        dump.forget_in_background();
        dump.wake_hub().await?;
        for storage in dump.storages().iter().filter(|storage| storage.is_migrating()) {
            dump.apply_in_background(storage.id);
        }
        Ok(dump)
    }
}

/// What an address of a database names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A file, or none for a private temporary one.
    Sqlite(Option<std::path::PathBuf>),
    /// A server.
    Postgres(String),
}

impl Address {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").unwrap_or(path);
        match path {
            ":memory:" => Ok(Self::Sqlite(None)),
            "" => Err(Error::Database("the address of the database is empty".into())),
            _ if path.contains("://") => {
                Err(Error::Database("a database is `sqlite:PATH` or `postgres://…`".into()))
            }
            _ => Ok(Self::Sqlite(Some(path.into()))),
        }
    }
}
