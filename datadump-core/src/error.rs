//! The one public error of this crate. Its variants are distinctions a caller acts on; it knows
//! nothing of how an answer travels.

use std::fmt;

use serde_json::Value as Json;

use crate::receipt::Receipt;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done. Unless a variant says otherwise nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A definition that is not one.
    #[error("{}", join(.0))]
    Definition(Vec<Fault>),
    /// A definition that is one, but not a version that may follow the one in force.
    #[error("{}", join(.0))]
    Incompatible(Vec<Fault>),
    /// A row that does not fit its storage.
    #[error("{}", join(.0))]
    Invalid(Vec<Fault>),
    /// A filter, an ordering, a page or another part of a question that cannot be answered.
    #[error("{}", join(.0))]
    Query(Vec<Fault>),
    /// No storage of that name.
    #[error("storage `{0}` does not exist")]
    UnknownStorage(String),
    /// No source of that name.
    #[error("source `{0}` does not exist")]
    UnknownSource(String),
    /// A throw at a source that is not there, when there are as many as there may be.
    #[error("there are {limit} sources, and no more are made by a throw")]
    TooManySources {
        /// The most there may be.
        limit: usize,
    },
    /// No processor of that name.
    #[error("processor `{0}` does not exist")]
    UnknownProcessor(String),
    /// No entry of quarantine, and no kept throw, with that id.
    #[error("there is no entry `{0}` in quarantine")]
    UnknownEntry(String),
    /// Settings, or a request to simulate or replay, that cannot be followed.
    #[error("{}", join(.0))]
    Settings(Vec<Fault>),
    /// A program that does not compile, with the compiler's messages.
    #[error("the program does not compile: {0}")]
    Program(String, Vec<Json>),
    /// A processor that cannot be changed or deleted, and why.
    #[error("{0}")]
    InUse(String),
    /// A throw that was to be stored whole or not at all, and of which a part is wrong. Nothing
    /// was stored; the receipt says what is wrong.
    #[error("{} of the records cannot be stored, so none is", .0.errors.len())]
    Strict(Box<Receipt>),
    /// More bytes than a throw may have, once decompressed.
    #[error("a throw has at most {limit} bytes when it is decompressed")]
    TooLarge {
        /// The most there may be.
        limit: usize,
    },
    /// An encoding nobody here knows.
    #[error("the content encoding `{0}` is not known; gzip, deflate, br and zstd are")]
    UnknownEncoding(String),
    /// Bytes that are not in the encoding they say.
    #[error("{0}")]
    Encoding(String),
    /// No device of that name or number.
    #[error("device `{0}` is not known")]
    UnknownDevice(String),
    /// No sensor of that name or number.
    #[error("{}", unknown_sensor(.device, .sensor))]
    UnknownSensor {
        /// The device that was asked; empty for all of them.
        device: String,
        /// The sensor that was asked for.
        sensor: String,
    },
    /// No command with that id.
    #[error("there is no command `{0}`")]
    UnknownCommand(String),
    /// A step that a command cannot take from where it is.
    #[error("the command is {state}, and cannot take this step")]
    CommandState {
        /// Where it is.
        state: &'static str,
        /// The command as it is.
        current: Json,
    },
    /// Whoever speaks for a device has to show its token.
    #[error("device `{0}` has a token, and this is not it")]
    DeviceToken(String),
    /// Readings of a device that nobody knows, when there are as many as there may be.
    #[error("there are {limit} devices, and no more are registered")]
    TooManyDevices {
        /// The most there may be.
        limit: usize,
    },
    /// A device that pushes more than it may.
    #[error("device `{device}` pushes more than {rate} readings a second")]
    TooManyReadings {
        /// The device.
        device: String,
        /// The most readings a second.
        rate: f64,
    },
    /// More commands than may wait for one device.
    #[error("{limit} commands wait for device `{device}` already")]
    TooManyCommands {
        /// The device.
        device: String,
        /// The most there may be.
        limit: usize,
    },
    /// No row with that key.
    #[error("storage `{storage}` has no row with the key `{key}`")]
    UnknownRow {
        /// The storage that was asked.
        storage: String,
        /// The key that was asked for.
        key: String,
    },
    /// The version sent in the row is not the row's current one.
    #[error("the row has moved on: its version is {}, not the one that was sent", current_version(.current))]
    Conflict {
        /// The row as it is now.
        current: Option<Json>,
    },
    /// A condition put on the write (a version it must match, or that no row may exist) fails.
    #[error("{}", precondition(.current))]
    Precondition {
        /// The row as it is now; none when there is none.
        current: Option<Json>,
    },
    /// The storage takes no change of a row without the version it is based on.
    #[error("storage `{0}` takes a change only with the version it is based on")]
    VersionRequired(String),
    /// The idempotency key was used for another request.
    #[error("the idempotency key was used for another request, and its answer is kept for a day")]
    KeyReused,
    /// Another request with the same idempotency key has not ended.
    #[error("another request with this idempotency key is still under way")]
    StillRunning,
    /// The storage's first version is not applied yet.
    #[error("storage `{storage}` is not ready: its first version is {state}")]
    NotReady {
        /// The storage that was asked.
        storage: String,
        /// What its migration is doing.
        state: &'static str,
    },
    /// A version of the storage is being applied; the next one has to wait.
    #[error("storage `{storage}` is being migrated to version {version}; try again when it is done")]
    Migrating {
        /// The storage.
        storage: String,
        /// The version that is being applied.
        version: i32,
    },
    /// Another version came into force while the question was being answered. Ask again.
    #[error("storage `{0}` has just been changed; ask again")]
    Moved(String),
    /// The plan was made for another definition, or the storage has moved on since.
    #[error("the plan for storage `{0}` is not for this definition on its present version; make a new plan")]
    StalePlan(String),
    /// More is asked than the database can do. Nothing was done; try again later.
    #[error("too much is waiting for the database")]
    Overloaded,
    /// The database cannot be reached or does not answer. It may come back.
    #[error("the database is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// There is no room left to write to.
    #[error("the database has no room left: {0}")]
    Full(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The database was written by a newer release.
    #[error("the database has system version {found}, this release knows {supported}: use a newer release")]
    NewerDatabase {
        /// What the database says.
        found: i64,
        /// What this release knows.
        supported: i64,
    },
    /// The address of a database that is none, or one that cannot serve.
    #[error("{0}")]
    Database(String),
    /// A defect of ours, or of the database.
    #[error("internal error: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An internal error that says what happened.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }

    /// The faults this error is made of, when it is made of faults.
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
            format!("the condition on the row fails: it exists with version {}", current_version(current))
        }
        None => "the condition on the row fails: it does not exist".into(),
    }
}

fn join(faults: &[Fault]) -> String {
    let texts: Vec<String> = faults.iter().map(Fault::to_string).collect();
    texts.join("; ")
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where it is.
    pub at: Place,
    /// What kind of fault it is, for programs: lowercase words with hyphens.
    pub code: &'static str,
    /// What is wrong, for people.
    pub detail: String,
}

impl Fault {
    /// A fault at this place.
    pub fn new(at: Place, code: &'static str, detail: impl Into<String>) -> Self {
        Self { at, code, detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.at.to_string();
        if place.is_empty() { f.write_str(&self.detail) } else { write!(f, "{place}: {}", self.detail) }
    }
}

/// A place in what was sent: a path into a JSON document, or a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A path into the JSON body; empty for the whole of it.
    Body(Vec<PathSegment>),
    /// A query parameter, by name.
    Parameter(String),
}

/// One step of a path into JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathSegment {
    /// A member of an object.
    Name(String),
    /// An item of an array.
    Index(usize),
}

impl Place {
    /// The whole body.
    pub fn body() -> Self {
        Self::Body(Vec::new())
    }

    /// A member of the body.
    pub fn field(name: impl Into<String>) -> Self {
        Self::body().name(name)
    }

    /// This place, one member deeper.
    #[must_use]
    pub fn name(&self, name: impl Into<String>) -> Self {
        self.join(PathSegment::Name(name.into()))
    }

    /// This place, one array item deeper.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(PathSegment::Index(index))
    }

    fn join(&self, segment: PathSegment) -> Self {
        match self {
            Self::Body(steps) => Self::Body(steps.iter().cloned().chain([segment]).collect()),
            Self::Parameter(name) => Self::Parameter(name.clone()),
        }
    }

    /// As a JSON pointer (RFC 6901); `None` for a parameter.
    ///
    /// ```
    /// use datadump_core::Place;
    /// let place = Place::field("fields").index(2).name("max_length");
    /// assert_eq!(place.pointer().unwrap(), "/fields/2/max_length");
    /// assert_eq!(place.to_string(), "fields[2].max_length");
    /// ```
    pub fn pointer(&self) -> Option<String> {
        let Self::Body(steps) = self else { return None };
        let mut pointer = String::new();
        for step in steps {
            pointer.push('/');
            match step {
                PathSegment::Name(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
                PathSegment::Index(index) => pointer.push_str(&index.to_string()),
            }
        }
        Some(pointer)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = match self {
            Self::Parameter(name) => return f.write_str(name),
            Self::Body(steps) => steps,
        };
        for (position, step) in steps.iter().enumerate() {
            match step {
                PathSegment::Name(name) if position == 0 => f.write_str(name)?,
                PathSegment::Name(name) => write!(f, ".{name}")?,
                PathSegment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
