//! What the server is told: flags, `DATADUMP_*` environment variables and a file, with the same names
//! in all three. Flags win over the environment, the environment over the file.
//!
//! A new setting is a field of [`Config`] and one entry in [`settings`].

mod arguments;
mod check;
mod layer;
mod mask;
mod nearest;
pub(crate) mod settings;
mod values;

use std::{ffi::OsString, net::SocketAddr, path::PathBuf, time::Duration};

use datadump_core::{Registration, process::vrl::WorkerCommand};

pub use self::mask::masked;
pub(crate) use self::values::duration;
use self::{arguments::Arguments, layer::Layer};
use crate::Error;

/// What a process of the server's own is called with, to be a worker.
const WORKER: &str = "worker";

/// Everything the server can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The database: `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Whether it may serve everyone who reaches it.
    pub open: bool,
    /// The most bytes of one request's body, where it is no throw.
    pub max_body: usize,
    /// The most bytes of one throw, decompressed.
    pub max_throw: usize,
    /// The most bytes that all throws under way may have together.
    pub throw_memory: usize,
    /// The most connections at a time.
    pub max_connections: usize,
    /// What becomes of a device that nobody knows.
    pub registration: Registration,
    /// The most devices there may be.
    pub max_devices: usize,
    /// The most readings a second that one device may push.
    pub device_rate: usize,
    /// How long a client may take to send the head of a request.
    pub header_timeout: Duration,
    /// How long a body may stop coming.
    pub body_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub idle_timeout: Duration,
    /// How long a client may take nothing of what is sent to it.
    pub blocked_timeout: Duration,
    /// How long a stop waits for requests that were accepted.
    pub stop_timeout: Duration,
    /// How long it is kept what was committed when, for streams that go on.
    pub change_log_time: Duration,
    /// The most bytes of that.
    pub change_log_size: usize,
    /// How logs are written.
    pub log_format: LogFormat,
    /// What starts a process for programs that people write: a program that calls
    /// [`program`](crate::program) when it is called like this. Without it they run in the server
    /// itself, and one that asks for too much memory takes it down.
    pub worker: Option<WorkerCommand>,
    /// What is logged: a level, or directives like `info,datadump_core=debug`.
    pub log_level: String,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 6050)),
            database: "sqlite:datadump-data/datadump.db".into(),
            open: false,
            max_body: 16 << 20,
            max_throw: 64 << 20,
            throw_memory: 256 << 20,
            max_connections: 4096,
            registration: Registration::Open,
            max_devices: 100_000,
            device_rate: 1_000,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            blocked_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(30),
            change_log_time: Duration::from_hours(30 * 24),
            change_log_size: 10 << 30,
            log_format: LogFormat::Text,
            worker: None,
            log_level: "info".into(),
        }
    }
}

impl Config {
    /// Refuses what no single setting can know to be wrong.
    pub fn validate(&self) -> Result<(), Error> {
        if !self.open && !self.listen.ip().is_loopback() {
            return Err(Error::Config(vec![format!(
                "listening on {} would let everyone who reaches this address read and change everything: \
                 listen on 127.0.0.1, or say `open` (--open) if that is what you want",
                self.listen
            )]));
        }
        if self.throw_memory < self.max_throw {
            let detail = format!(
                "`throw_memory` ({}) is less than `max_throw` ({}), so that the largest throw could never be taken",
                values::show_size(self.throw_memory),
                values::show_size(self.max_throw)
            );
            return Err(Error::Config(vec![detail]));
        }
        datadump_core::Address::parse(&self.database)
            .map_err(|error| Error::Config(vec![format!("`database`: {error}")]))?;
        Ok(())
    }
}

/// What the program is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Serve.
    Run,
    /// Say whether the configuration is right, and what it would do.
    Check,
    /// Print the API document.
    OpenApi,
    /// Run programs for a server that started this process.
    Worker,
}

/// A call of the program.
#[derive(Debug)]
pub struct Invocation {
    /// What it is to do.
    pub command: Command,
    /// With which configuration.
    pub config: Config,
    layers: Vec<Layer>,
}

impl Invocation {
    /// Reads the arguments, the environment, and the file they name.
    pub fn read(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Error> {
        let Arguments { command, flags, file } = arguments::parse(arguments)?;
        if matches!(command, Command::OpenApi | Command::Worker) {
            return Ok(Self { command, config: Config::default(), layers: Vec::new() });
        }
        let (environment, named) = Layer::environment(environment)?;
        let file = Layer::file(file.or(named).map(PathBuf::from))?;
        // Later ones win.
        let layers: Vec<Layer> = file.into_iter().chain([environment, flags]).collect();
        let mut config = layer::resolve(&layers)?;
        config.validate()?;
        config.worker = WorkerCommand::this_program([WORKER]).ok();
        Ok(Self { command, config, layers })
    }

    /// What it would do, for people.
    pub fn report(&self) -> String {
        check::report(&self.config, &self.layers)
    }
}
