//! The retention of a storage, in the status.

use datadump_core::{NextRemoval, RetentionStatus};
use poem_openapi::Object as ApiObject;
use serde::Serialize;

use crate::answer::Object;

/// The retention of a storage: its limits, its size, and the next removal.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "RetentionStatus")]
pub(super) struct RetentionAnswer {
    /// Name of the storage; `_quarantine` for quarantine entries, `_throw` for kept throws.
    storage: String,
    /// The limits `age`, `rows` and `bytes`, as in the definition.
    limits: Object,
    /// Time of the last measurement.
    #[oai(nullable)]
    measured_at: Option<String>,
    /// Number of rows at that time, without those removed since.
    #[oai(nullable)]
    rows: Option<u64>,
    /// Estimated size of these rows in bytes.
    #[oai(nullable)]
    bytes: Option<u64>,
    /// Time of the last write of the row that has not been written for longest.
    #[oai(nullable)]
    oldest: Option<String>,
    /// Number of rows that this process has removed since it started.
    removed: u64,
    /// The next removal; null while the storage is within its limits.
    #[oai(nullable)]
    next: Option<RemovalAnswer>,
}

/// Rows to be removed.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "NextRemoval")]
pub(super) struct RemovalAnswer {
    /// Time of the removal.
    at: String,
    /// They were last written at or before this moment.
    until: String,
}

impl RetentionAnswer {
    pub(super) fn of(status: RetentionStatus) -> Self {
        let RetentionStatus { storage, policy, measured, removed, next } = status;
        let removal =
            |NextRemoval { at, until }| RemovalAnswer { at: at.to_string(), until: until.to_string() };
        Self {
            storage,
            limits: Object(policy.to_json()),
            measured_at: measured.map(|measured| measured.at.to_string()),
            rows: measured.map(|measured| measured.rows),
            bytes: measured.map(|measured| measured.bytes),
            oldest: measured.and_then(|measured| measured.oldest).map(|oldest| oldest.to_string()),
            removed,
            next: next.map(removal),
        }
    }
}
