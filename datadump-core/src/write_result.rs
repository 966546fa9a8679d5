//! Results of requests that write many rows: one per write, in order.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::error::{Fault, Place};

/// The result of one write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteResult {
    /// The row was inserted.
    Created(WrittenRow),
    /// The row was replaced or changed.
    Updated(WrittenRow),
    /// The row was deleted; this is the version it had.
    Deleted(WrittenRow),
    /// There was a row with this key, which was left as it is.
    Ignored(WrittenRow),
    /// Nothing was written.
    Failed(FailedWrite),
}

/// A row after a write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WrittenRow {
    /// Its key.
    pub key: Json,
    /// Its version.
    pub version: i32,
}

/// A write that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FailedWrite {
    /// JSON pointer to the write in the request.
    pub pointer: String,
    /// Name of the storage.
    pub storage: String,
    /// Key of the row, if it is known.
    pub key: Option<Json>,
    /// The failure.
    pub reason: FailureReason,
    /// Explanation for people.
    pub detail: String,
    /// The individual faults of an invalid row.
    pub faults: Vec<WriteFault>,
    /// The row as it is now, if it did not meet the condition; null if there is none. `None` if it was not read.
    #[serde(skip)]
    pub current: Option<Json>,
}

/// The failure of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureReason {
    /// The row has another version than the expected one, or does not exist.
    Conflict,
    /// There is a row with this key, but there must be none.
    Exists,
    /// There is no row with this key.
    Missing,
    /// The storage requires each change to name the version it is based on.
    VersionRequired,
    /// The row is not valid.
    Invalid,
}

/// One fault of an invalid row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteFault {
    /// JSON pointer to its place in the request.
    pub pointer: String,
    /// Error code for programs.
    pub code: String,
    /// Description for people.
    pub detail: String,
}

impl FailureReason {
    /// Returns the error code for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::Conflict => "conflict",
            Self::Exists => "exists",
            Self::Missing => "unknown-row",
            Self::VersionRequired => "version-required",
            Self::Invalid => "invalid",
        }
    }
}

impl FailedWrite {
    /// Returns the failure of a row with these faults, which is at `place` in the request.
    pub(crate) fn invalid(place: &Place, storage: &str, key: Option<Json>, faults: &[Fault]) -> Self {
        let details: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let faults = faults.iter().map(|fault| WriteFault {
            pointer: place.within(&fault.at).pointer().unwrap_or_default(),
            code: fault.code.to_owned(),
            detail: fault.to_string(),
        });
        Self {
            pointer: place.pointer().unwrap_or_default(),
            storage: storage.to_owned(),
            key,
            reason: FailureReason::Invalid,
            detail: details.join("; "),
            faults: faults.collect(),
            current: None,
        }
    }

    /// Returns the error code for programs: that of the faults if they all have the same, else that of the reason.
    pub fn code(&self) -> &str {
        match self.faults.split_first() {
            Some((first, rest)) if rest.iter().all(|fault| fault.code == first.code) => &first.code,
            _ => self.reason.code(),
        }
    }
}
