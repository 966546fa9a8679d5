//! The answer to a request with many writes.

use datadump_core::{FailureReason, WriteResult};
use poem_openapi::Object as ApiObject;
use serde::Serialize;
use serde_json::Value as Json;

use crate::{error::failed_write, problem::FaultAnswer};

/// The result of one write.
#[derive(Debug, Default, ApiObject, Serialize)]
#[oai(rename = "WriteResult")]
pub(crate) struct WriteResultAnswer {
    /// 201 (inserted), 200 (changed or ignored), 204 (deleted), 400 (invalid), 404 (no such row), 409 (the row exists, or
    /// does not have the version) or 428 (the version is required).
    status: u16,
    /// Key of the row; absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Json>,
    /// Version of the row; of a deleted row, its last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    /// True if there was a row with this key, which was left as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    ignored: Option<bool>,
    /// Machine-readable reason of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// Human-readable explanation of a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The individual errors of an invalid row and their locations in the request.
    #[oai(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FaultAnswer>,
    /// The row as it is now, if it did not meet the condition; null if there is none. Absent if it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Json>,
}

/// Numbers of writes by result.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) created: u64,
    pub(crate) updated: u64,
    pub(crate) deleted: u64,
    pub(crate) ignored: u64,
    pub(crate) failed: u64,
}

impl Counts {
    pub(crate) fn of(results: &[WriteResult]) -> Self {
        let mut counts = Self::default();
        for result in results {
            *match result {
                WriteResult::Created(_) => &mut counts.created,
                WriteResult::Updated(_) => &mut counts.updated,
                WriteResult::Deleted(_) => &mut counts.deleted,
                WriteResult::Ignored(_) => &mut counts.ignored,
                WriteResult::Failed(_) => &mut counts.failed,
            } += 1;
        }
        counts
    }
}

impl From<WriteResult> for WriteResultAnswer {
    fn from(result: WriteResult) -> Self {
        let ignored = matches!(result, WriteResult::Ignored(_)).then_some(true);
        let (status, row) = match result {
            WriteResult::Created(row) => (201, row),
            WriteResult::Updated(row) | WriteResult::Ignored(row) => (200, row),
            WriteResult::Deleted(row) => (204, row),
            WriteResult::Failed(failed) => {
                return Self {
                    status: status(failed.reason),
                    code: Some(failed.code().to_owned()),
                    errors: if failed.faults.is_empty() { Vec::new() } else { failed_write(&failed) },
                    key: failed.key,
                    detail: Some(failed.detail),
                    current: failed.current,
                    ..Self::default()
                };
            }
        };
        Self { status, key: Some(row.key), version: Some(row.version), ignored, ..Self::default() }
    }
}

fn status(reason: FailureReason) -> u16 {
    match reason {
        FailureReason::Conflict | FailureReason::Exists => 409,
        FailureReason::Missing => 404,
        FailureReason::VersionRequired => 428,
        FailureReason::Invalid => 400,
    }
}
