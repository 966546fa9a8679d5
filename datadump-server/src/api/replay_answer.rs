//! Replays, as the API returns them.

use std::sync::Arc;

use datadump_core::ReplayState;
use poem_openapi::{ApiResponse, Object as ApiObject};
use serde::Serialize;

use crate::answer::{Object, Reply};

/// The progress or outcome of a replay.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Replay")]
pub(crate) struct ReplayAnswer {
    /// ID.
    id: String,
    /// `running`, `done`, `stopped` or `failed`.
    state: String,
    /// True if this is a dry run, which stores nothing.
    dry_run: bool,
    /// Number of entries processed so far.
    done: u64,
    /// Total number of entries to process.
    total: u64,
    /// Number of entries stored as rows.
    stored: u64,
    /// Number of entries that failed again.
    failed: u64,
    /// Number of entries that had already been replayed.
    skipped: u64,
    /// Number of entries that would have overwritten newer rows.
    superseded: u64,
    /// The first entries that failed or were superseded, each with `quarantine`, `code` and `detail`.
    errors: Vec<Object>,
}

/// The response to starting a replay.
#[derive(ApiResponse)]
pub(crate) enum ReplayResponse {
    /// The replay has ended.
    #[oai(status = 200)]
    Ended(Reply<ReplayAnswer>),
    /// The replay continues in the background.
    #[oai(status = 202)]
    Running(Reply<ReplayAnswer>),
}

impl From<Arc<ReplayState>> for ReplayResponse {
    fn from(state: Arc<ReplayState>) -> Self {
        let is_running = state.state == "running";
        let answer = Reply(ReplayAnswer::from(&*state));
        if is_running { Self::Running(answer) } else { Self::Ended(answer) }
    }
}

impl From<&ReplayState> for ReplayAnswer {
    fn from(state: &ReplayState) -> Self {
        Self {
            id: state.id.to_string(),
            state: state.state.clone(),
            dry_run: state.dry_run,
            done: state.done,
            total: state.total,
            stored: state.stored,
            failed: state.failed,
            skipped: state.skipped,
            superseded: state.superseded,
            errors: state.errors.iter().cloned().map(Object).collect(),
        }
    }
}
