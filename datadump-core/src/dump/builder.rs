//! Opens a database and builds the services on it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use super::Dump;
use crate::{
    background::Background,
    clock::{Clock, SystemClock},
    context::{Context, FilteredWrites},
    definitions::Definitions,
    error::{Error, Result},
    hub::{self, Hub, HubOptions},
    id::{Ids, Random, SystemRandom},
    idempotency::Idempotency,
    imports::Imports,
    ingest::{Ingest, IngestOptions},
    live::Live,
    memory::MemoryBudget,
    notices::Notices,
    process::{
        Processor, Registry,
        vrl::{Limits, WorkerCommand, Workers},
    },
    quarantine::Quarantine,
    replay::Replays,
    retention::{Retention, RetentionOptions},
    store::{self, Options, ReadMemory, Store, postgres::PostgresStore, sqlite::SqliteStore},
    validate,
};

/// Configures and opens a [`Dump`].
#[derive(Debug)]
pub struct Builder {
    database: String,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    max_storages: usize,
    queue_rows: usize,
    queue_bytes: usize,
    max_throw: usize,
    throw_memory: usize,
    read_memory: usize,
    change_log: store::ChangeLogRetention,
    retention: RetentionOptions,
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
            max_storages: 10_000,
            queue_rows: 131_072,
            queue_bytes: 64 << 20,
            max_throw: 64 << 20,
            throw_memory: 416 << 20,
            read_memory: 128 << 20,
            change_log: store::ChangeLogRetention::default(),
            retention: RetentionOptions::default(),
            processors: Vec::new(),
            workers: None,
            limits: Limits::default(),
            hub: HubOptions::default(),
        }
    }
}

impl Builder {
    /// Sets the database: `sqlite:PATH` (or just a path), `sqlite::memory:`, `postgres://…`.
    #[must_use]
    pub fn database(mut self, address: impl Into<String>) -> Self {
        self.database = address.into();
        self
    }

    /// Sets the clock; the system's by default.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sets the source of randomness; the system's by default.
    #[must_use]
    pub fn random(mut self, random: impl Random) -> Self {
        self.random = Arc::new(random);
        self
    }

    /// Sets the maximum number of storages. Records for further ones go to quarantine.
    #[must_use]
    pub fn max_storages(mut self, number: usize) -> Self {
        self.max_storages = number;
        self
    }

    /// Sets the maximum number of rows, and of bytes, that wait to be committed.
    #[must_use]
    pub fn queue(mut self, rows: usize, bytes: usize) -> Self {
        self.queue_rows = rows;
        self.queue_bytes = bytes;
        self
    }

    /// Sets the maximum size of a decompressed throw in bytes.
    #[must_use]
    pub fn max_throw(mut self, bytes: usize) -> Self {
        self.max_throw = bytes;
        self
    }

    /// Sets the maximum memory for all throws in progress, in bytes. A throw that needs more than is available at
    /// the moment fails with [`Overloaded`](Error::Overloaded), and one that needs more than all of it goes to
    /// quarantine. Whoever passes bodies to [`Dump::throw`] counts them in [`Ingest::memory`].
    #[must_use]
    pub fn throw_memory(mut self, bytes: usize) -> Self {
        self.throw_memory = bytes;
        self
    }

    /// Sets the maximum memory for the rows of all pages in progress, in bytes. Reading a page waits for its
    /// memory, and fails with [`Overloaded`](Error::Overloaded) if it is not released in time.
    #[must_use]
    pub fn read_memory(mut self, bytes: usize) -> Self {
        self.read_memory = bytes;
        self
    }

    /// Sets how long change-log entries are retained for [subscriptions](Dump::subscribe) that resume.
    #[must_use]
    pub fn change_log_time(mut self, time: Duration) -> Self {
        self.change_log.time = time;
        self
    }

    /// Sets the maximum size of the change log in bytes. The oldest entries are removed first.
    #[must_use]
    pub fn change_log_size(mut self, bytes: usize) -> Self {
        self.change_log.bytes = bytes;
        self
    }

    /// Sets how long quarantine entries are kept after they were last changed.
    #[must_use]
    pub fn quarantine_time(mut self, time: Duration) -> Self {
        self.retention.quarantine.age = Some(time);
        self
    }

    /// Sets the maximum size of the quarantine in bytes. The oldest entries are removed first.
    #[must_use]
    pub fn quarantine_size(mut self, bytes: usize) -> Self {
        self.retention.quarantine.bytes = Some(bytes as u64);
        self
    }

    /// Sets how long throws are kept of sources with `keep_raw`.
    #[must_use]
    pub fn kept_throws_time(mut self, time: Duration) -> Self {
        self.retention.kept_throws.age = Some(time);
        self
    }

    /// Sets the maximum size of kept throws in bytes. The oldest ones are removed first.
    #[must_use]
    pub fn kept_throws_size(mut self, bytes: usize) -> Self {
        self.retention.kept_throws.bytes = Some(bytes as u64);
        self
    }

    /// Adds a processor of the embedding program, which throws can name as their format.
    #[must_use]
    pub fn processor(mut self, processor: impl Processor) -> Self {
        self.processors.push(Arc::new(processor));
        self
    }

    /// Adds several processors.
    #[must_use]
    pub fn processors(mut self, processors: impl IntoIterator<Item = Arc<dyn Processor>>) -> Self {
        self.processors.extend(processors);
        self
    }

    /// Sets the command that starts a worker process for user-written programs. Without it they run in this
    /// process, which a program that allocates too much memory aborts; that is only for trusted programs.
    #[must_use]
    pub fn workers(mut self, command: WorkerCommand) -> Self {
        self.workers = Some(command);
        self
    }

    /// Sets the limits for programs.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the options of the hub.
    #[must_use]
    pub fn hub(mut self, options: HubOptions) -> Self {
        self.hub = options;
        self
    }

    /// Opens the database, upgrades its system tables, and resumes migrations that were interrupted.
    pub async fn open(self) -> Result<Dump> {
        let ids = Ids::new(self.clock.clone(), self.random);
        let options = Options {
            clock: self.clock.clone(),
            ids: ids.clone(),
            change_log: self.change_log,
            max_storages: self.max_storages,
            queue_rows: self.queue_rows,
            queue_bytes: self.queue_bytes,
            reprove: validate::revalidate,
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
        let background = Background::default();
        let guard = Arc::new(background.guard());
        let read_memory = ReadMemory::new(self.read_memory);
        let context = Context {
            store,
            clock: self.clock,
            ids,
            background,
            read_memory,
            filtered_writes: Arc::new(FilteredWrites::default()),
            notices: Notices::default(),
        };
        let definitions = Definitions::new(context.clone());
        let idempotency = Idempotency::new(context.clone());
        let memory = MemoryBudget::new(self.throw_memory);
        let options = IngestOptions { registry, native, workers, max_throw: self.max_throw, memory };
        let ingest =
            Box::pin(Ingest::open(context.clone(), definitions.clone(), idempotency.clone(), options))
                .await?;
        let live = Live::new(context.clone(), ingest.sources().clone(), &hub::EVENTS);
        // Boxed, because the future is large.
        let hub = Box::pin(Hub::open(
            context.clone(),
            definitions.clone(),
            idempotency.clone(),
            ingest.clone(),
            live.clone(),
            self.hub,
        ))
        .await?;
        let quarantine = Quarantine::new(context.clone());
        let retention = Retention::new(context.clone(), self.retention);
        let replays = Replays::new(context.clone(), ingest.clone(), hub.clone());
        let imports = Arc::new(Imports::new(context.clone(), ingest.clone(), idempotency.clone()));
        Ok(Dump {
            context,
            definitions,
            idempotency,
            quarantine,
            retention,
            ingest,
            imports,
            live,
            hub,
            replays,
            _guard: guard,
        })
    }
}

/// The address of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// An SQLite file; `None` for a private temporary one.
    Sqlite(Option<PathBuf>),
    /// The URL of a PostgreSQL server.
    Postgres(String),
}

impl Address {
    /// Parses an address.
    pub fn parse(text: &str) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = match text.split_once(':') {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            // A path may contain a colon, but one that begins like a URL is more likely a mistake.
            Some((scheme, rest))
                if rest.starts_with("//")
                    || scheme.len() > 1 && scheme.bytes().all(|b| b.is_ascii_alphabetic()) =>
            {
                let detail = "the database must be a path, `sqlite:PATH` or `postgres://…`";
                return Err(Error::Database(detail.into()));
            }
            _ => text,
        };
        match path {
            ":memory:" => Ok(Self::Sqlite(None)),
            "" => Err(Error::Database("the address of the database is empty".into())),
            _ => Ok(Self::Sqlite(Some(path.into()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_a_path_or_a_url() {
        let file = |path: &str| Some(Address::Sqlite(Some(path.into())));
        for (text, expected) in [
            ("data.db", file("data.db")),
            ("./x/y.db", file("./x/y.db")),
            ("/var/lib/data.db", file("/var/lib/data.db")),
            ("a:1/b c.db", file("a:1/b c.db")),
            ("sqlite:data.db", file("data.db")),
            ("sqlite:/var/lib/data.db", file("/var/lib/data.db")),
            ("sqlite:///var/lib/data.db", file("/var/lib/data.db")),
            ("sqlite://data.db", file("data.db")),
            ("sqlite::memory:", Some(Address::Sqlite(None))),
            (":memory:", Some(Address::Sqlite(None))),
            ("postgres://db/x", Some(Address::Postgres("postgres://db/x".into()))),
            ("postgresql://db/x", Some(Address::Postgres("postgresql://db/x".into()))),
            ("", None),
            ("sqlite:", None),
            ("mysql://db/x", None),
            ("postgres:x", None),
            ("mysql:x", None),
        ] {
            assert_eq!(Address::parse(text).ok(), expected, "{text}");
        }
    }
}
