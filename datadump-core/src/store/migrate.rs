//! What both backends say about a migration.

use super::catalogue::State;

/// How far a migration is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The version it leads to.
    pub version: i32,
    /// Its state.
    pub state: State,
    /// Rows read or rewritten so far.
    pub rows_done: u64,
    /// Rows there are to read or rewrite.
    pub rows_total: u64,
    /// Why it failed, when it did.
    pub error: Option<String>,
}

/// What the rows say to one change.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examined {
    /// Rows that were looked at; none when the change concerns no row.
    pub scanned: u64,
    /// Rows that stand in its way.
    pub violating: u64,
    /// Keys of the first few of them, as JSON.
    pub examples: Vec<serde_json::Value>,
    /// About how long writers have to wait while it is made, in milliseconds; 0 when they need not.
    pub writers_wait_ms: u64,
}
