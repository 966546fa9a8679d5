//! Progress and impact of a migration, as both backends report them.

use super::catalogue::State;

/// Progress of a migration.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The version being applied.
    pub version: i32,
    /// Its state.
    pub state: State,
    /// Rows read or rewritten so far.
    pub rows_done: u64,
    /// Rows to read or rewrite in total.
    pub rows_total: u64,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// Impact of one change on the rows that exist.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangeImpact {
    /// Rows examined; 0 if the change does not depend on rows.
    pub scanned: u64,
    /// Rows that violate the change.
    pub violating: u64,
    /// Keys of the first violating rows, as JSON.
    pub examples: Vec<serde_json::Value>,
    /// Estimated time that writers have to wait for the change, in milliseconds.
    pub writers_wait_ms: u64,
}
