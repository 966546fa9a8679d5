//! The configuration of the server.

use std::{net::SocketAddr, time::Duration};

use datadump_core::{Registration, process::vrl::WorkerCommand};

use super::values;
use crate::Error;

/// The configuration of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Database: `sqlite:PATH` or `postgres://…`.
    pub database: String,
    /// Serves clients on other machines if set.
    pub open: bool,
    /// Host names that the server answers to besides addresses and localhost, in lower case.
    pub hosts: Vec<String>,
    /// Maximum size of a request body that is not a throw, in bytes.
    pub max_body: usize,
    /// Maximum size of a throw after decompression, in bytes.
    pub max_throw: usize,
    /// Maximum memory for all throws in progress, from their bodies to their rows, in bytes.
    pub throw_memory: usize,
    /// Maximum number of open connections.
    pub max_connections: usize,
    /// How unknown devices are registered.
    pub registration: Registration,
    /// Maximum number of registered devices.
    pub max_devices: usize,
    /// Maximum number of storages.
    pub max_storages: usize,
    /// Maximum number of readings per second from one device.
    pub device_rate: usize,
    /// Time limit for sending the head of a request.
    pub header_timeout: Duration,
    /// How long a request body may stall.
    pub body_timeout: Duration,
    /// How long a connection may be idle between requests.
    pub idle_timeout: Duration,
    /// How long a client may stop reading before it is disconnected.
    pub blocked_timeout: Duration,
    /// How long shutdown waits for requests in progress.
    pub stop_timeout: Duration,
    /// How long change-log entries are retained for resuming streams.
    pub change_log_time: Duration,
    /// Maximum size of the change log, in bytes.
    pub change_log_size: usize,
    /// Time for which quarantine entries are kept.
    pub quarantine_time: Duration,
    /// Maximum size of the quarantine in bytes.
    pub quarantine_size: usize,
    /// Time for which throws are kept.
    pub kept_throws_time: Duration,
    /// Maximum size of kept throws in bytes.
    pub kept_throws_size: usize,
    /// Format of the logs.
    pub log_format: LogFormat,
    /// Command that starts a worker process for VRL programs. It must run a program that calls
    /// [`program`](crate::program). Without it, VRL programs run in the server process, and one that uses too
    /// much memory brings it down.
    pub worker: Option<WorkerCommand>,
    /// Log level, or directives such as `info,datadump_core=debug`.
    pub log_level: String,
}

/// The format of the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Human-readable lines.
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
            hosts: Vec::new(),
            max_body: 16 << 20,
            max_throw: 64 << 20,
            throw_memory: 416 << 20,
            max_connections: 4096,
            registration: Registration::Open,
            max_devices: 100_000,
            max_storages: 10_000,
            device_rate: 1_000,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(75),
            blocked_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(30),
            change_log_time: Duration::from_hours(30 * 24),
            change_log_size: 10 << 30,
            quarantine_time: Duration::from_hours(30 * 24),
            quarantine_size: 10 << 30,
            kept_throws_time: Duration::from_hours(30 * 24),
            kept_throws_size: 10 << 30,
            log_format: LogFormat::Text,
            worker: None,
            log_level: "info".into(),
        }
    }
}

impl Config {
    /// Checks settings that depend on each other.
    pub fn validate(&self) -> Result<(), Error> {
        if !self.open && !self.listen.ip().is_loopback() {
            return Err(Error::Config(vec![format!(
                "listening on {} would let everyone who can reach this address read and change all data; \
                 listen on 127.0.0.1, or set `open` (--open) to allow it",
                self.listen
            )]));
        }
        if self.throw_memory < self.max_throw {
            let detail = format!(
                "`throw_memory` ({}) must be at least `max_throw` ({}), or the largest throws could never be accepted",
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
