//! The public error of this crate. Each variant is a case that a caller handles differently. Errors are
//! independent of the transport.

mod fault;

use serde_json::Value as Json;

pub use self::fault::{Fault, PathSegment, Place};
use crate::{receipt::Receipt, write_result::FailedWrite};

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An invalid definition.
    #[error("{}", join(.0))]
    Definition(Vec<Fault>),
    /// A valid definition that cannot replace the version in force.
    #[error("{}", join(.0))]
    Incompatible(Vec<Fault>),
    /// A row that does not match the definition of its storage.
    #[error("{}", join(.0))]
    Invalid(Vec<Fault>),
    /// An invalid filter, ordering, page or other query parameter.
    #[error("{}", join(.0))]
    Query(Vec<Fault>),
    /// No storage has this name.
    #[error("storage `{0}` does not exist")]
    UnknownStorage(String),
    /// A change of a storage that belongs to the hub.
    #[error(
        "storage `{0}` belongs to the hub: only the hub can write to it and define it, except for its retention"
    )]
    HubStorage(String),
    /// A position from which changes can no longer be read.
    #[error(
        "the changes after position `{0}` are no longer in the change log: read the storage anew, then continue \
         from the `next` of a page with after=now that was requested before"
    )]
    TooOld(String),
    /// No source has this name.
    #[error("source `{0}` does not exist")]
    UnknownSource(String),
    /// A throw would create a source, but the maximum number of sources exists.
    #[error("the limit of {limit} sources is reached; create the source explicitly before throwing to it")]
    TooManySources {
        /// The limit.
        limit: usize,
    },
    /// A new storage, but the maximum number of storages exists.
    #[error(
        "the limit of {limit} storages is reached; delete storages that are no longer needed, or raise the limit"
    )]
    TooManyStorages {
        /// The limit.
        limit: usize,
    },
    /// No processor has this name.
    #[error("processor `{0}` does not exist")]
    UnknownProcessor(String),
    /// No quarantine entry and no kept throw has this id.
    #[error("quarantine entry `{0}` does not exist")]
    UnknownEntry(String),
    /// No recent throw has this id.
    #[error("throw `{0}` is not among the last throws, which each server keeps in memory")]
    UnknownThrow(String),
    /// Invalid settings, or an invalid request to simulate or replay.
    #[error("{}", join(.0))]
    Settings(Vec<Fault>),
    /// A program that does not compile, with the diagnostics of the compiler.
    #[error("the program does not compile: {0}")]
    Program(String, Vec<Json>),
    /// A processor that cannot be changed or deleted, with the reason.
    #[error("{0}")]
    InUse(String),
    /// A strict throw with invalid records. Nothing was stored; the receipt lists the errors.
    #[error("{} of the records are invalid, so none were stored", .0.errors.len())]
    Strict(Box<Receipt>),
    /// A throw that exceeds the size limit after decompression.
    #[error("the throw exceeds the limit of {limit} bytes after decompression")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// An unsupported content encoding.
    #[error("content encoding `{0}` is not supported: use gzip, deflate, br or zstd")]
    UnknownEncoding(String),
    /// A body that is not valid in its content encoding.
    #[error("{0}")]
    Encoding(String),
    /// No device has this name or number.
    #[error("device `{0}` does not exist")]
    UnknownDevice(String),
    /// No sensor has this name or number.
    #[error("{}", unknown_sensor(.device, .sensor))]
    UnknownSensor {
        /// The device; empty for all devices.
        device: String,
        /// The sensor.
        sensor: String,
    },
    /// No command has this id.
    #[error("command `{0}` does not exist")]
    UnknownCommand(String),
    /// An operation that the state of a command does not allow.
    #[error("the command is {state}, which does not allow this operation")]
    CommandState {
        /// State of the command.
        state: &'static str,
        /// The command.
        current: Json,
    },
    /// A missing or wrong device token.
    #[error("device `{0}` requires its token, which is missing or wrong")]
    DeviceToken(String),
    /// Readings of an unknown device, but the maximum number of devices is registered.
    #[error("the limit of {limit} devices is reached; no further devices are registered")]
    TooManyDevices {
        /// The limit.
        limit: usize,
    },
    /// A device that exceeds its rate limit.
    #[error("device `{device}` exceeds the limit of {rate} readings per second")]
    TooManyReadings {
        /// The device.
        device: String,
        /// Maximum number of readings per second.
        rate: f64,
    },
    /// Too many queued commands for one device.
    #[error("device `{device}` already has {limit} queued commands, the maximum")]
    TooManyCommands {
        /// The device.
        device: String,
        /// The limit.
        limit: usize,
    },
    /// No row has this key.
    #[error("storage `{storage}` has no row with the key `{key}`")]
    UnknownRow {
        /// The storage.
        storage: String,
        /// The key.
        key: String,
    },
    /// The version in the request is not the current version of the row.
    #[error("the row has version {}, not the one in the request", current_version(.current))]
    Conflict {
        /// The current row.
        current: Option<Json>,
    },
    /// A precondition of the write failed: the row must have a given version, or must not exist.
    #[error("{}", precondition(.current))]
    Precondition {
        /// The current row, if it exists.
        current: Option<Json>,
    },
    /// More rows match the filter of a change than it may affect.
    #[error("more than {limit} rows match, the limit that the request sets, so none were changed")]
    TooManyAffected {
        /// The limit.
        limit: u64,
    },
    /// Writes of an all-or-nothing request that failed, so that none took effect.
    #[error("{}", aborted(.0))]
    Aborted(Vec<FailedWrite>),
    /// The storage requires updates to state the row version they are based on.
    #[error("storage `{0}` requires updates to include the row version they are based on")]
    VersionRequired(String),
    /// No import has this id, or its last progress is more than a day old.
    #[error("import `{0}` does not exist; imports are kept for a day after their last progress")]
    UnknownImport(String),
    /// A file that does not continue an import.
    #[error("{0}")]
    ImportMismatch(String),
    /// An import that stops at the first error. Nothing of the chunk with the error was stored.
    #[error("{}", stopped(.0))]
    ImportStopped(Box<Receipt>),
    /// The idempotency key was used for a different request.
    #[error("the idempotency key was already used for another request; keys can be reused after a day")]
    KeyReused,
    /// Another request with the same idempotency key is in progress.
    #[error("another request with this idempotency key is still in progress")]
    StillRunning,
    /// The first version of the storage has not been applied yet.
    #[error("storage `{storage}` is not ready: its first version is {state}")]
    NotReady {
        /// The storage.
        storage: String,
        /// State of the migration.
        state: &'static str,
    },
    /// A migration is in progress; the next version has to wait.
    #[error(
        "storage `{storage}` is being migrated to version {version}; try again when the migration is finished"
    )]
    Migrating {
        /// The storage.
        storage: String,
        /// The version that is being applied.
        version: i32,
    },
    /// Another version came into force during the operation. Retry.
    #[error("the definition of storage `{0}` has just changed; try again")]
    Moved(String),
    /// The plan was made for a different definition or an earlier version.
    #[error(
        "the plan for storage `{0}` does not match this definition and the current version; request a new plan"
    )]
    StalePlan(String),
    /// The write queue is full, or another resource is used up. Nothing was done; retry later.
    #[error("the server is overloaded; try again later")]
    Overloaded,
    /// The database cannot be reached or does not respond. The failure may be temporary.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The disk or database is full.
    #[error("the database is full: {0}")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database was written by a newer release.
    #[error(
        "the database has system version {found}, but this release supports {supported}: use a newer release"
    )]
    NewerDatabase {
        /// System version of the database.
        found: i64,
        /// System version that this release supports.
        supported: i64,
    },
    /// An invalid database URL, or an unsuitable database.
    #[error("{0}")]
    Database(String),
    /// A bug, or a failure of the database.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// Creates an internal error.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// Returns the faults of this error, if it consists of faults.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Self::Definition(faults)
            | Self::Incompatible(faults)
            | Self::Invalid(faults)
            | Self::Query(faults)
            | Self::Settings(faults) => faults,
            _ => &[],
        }
    }
}

fn stopped(receipt: &Receipt) -> String {
    let Some(first) = receipt.errors.first() else { return "a record does not fit".to_owned() };
    let line = first.line.map(|line| format!("line {line}: ")).unwrap_or_default();
    let field = first.field.as_ref().map(|field| format!("field `{field}`: ")).unwrap_or_default();
    format!("{line}{field}{}", first.detail)
}

fn unknown_sensor(device: &str, sensor: &str) -> String {
    match device {
        "" => format!("no device has a sensor `{sensor}`"),
        device => format!("device `{device}` has no sensor `{sensor}`"),
    }
}

fn current_version(current: &Option<Json>) -> String {
    let version = current.as_ref().and_then(|row| row.get("_version").or_else(|| row.get("version")));
    version.map_or_else(|| "unknown".into(), Json::to_string)
}

fn precondition(current: &Option<Json>) -> String {
    match current {
        Some(_) => {
            format!("the precondition failed: the row exists with version {}", current_version(current))
        }
        None => "the precondition failed: the row does not exist".into(),
    }
}

fn aborted(failed: &[FailedWrite]) -> String {
    const SHOWN: usize = 3;
    let texts: Vec<String> =
        failed.iter().take(SHOWN).map(|failed| format!("{}: {}", failed.pointer, failed.detail)).collect();
    let more = match failed.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    format!("nothing was changed, because {} of the writes failed: {}{more}", failed.len(), texts.join("; "))
}

fn join(faults: &[Fault]) -> String {
    let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
    texts.join("; ")
}
