//! A replay, as the API shows it.

use std::sync::Arc;

use datadump_core::ReplayState;
use poem_openapi::{ApiResponse, Object as ApiObject};
use serde::Serialize;

use crate::answer::{Object, Reply};

/// How far a replay is, or how it ended.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Replay")]
pub(crate) struct ReplayAnswer {
    /// Its id.
    id: String,
    /// `running`, `done`, `stopped` or `failed`.
    state: String,
    /// Whether nothing is stored.
    dry_run: bool,
    /// Entries looked at.
    done: u64,
    /// Entries there are to look at.
    total: u64,
    /// Entries that became rows now.
    stored: u64,
    /// Entries that still fail.
    failed: u64,
    /// Entries that were replayed before.
    skipped: u64,
    /// The first failures: `quarantine`, `code` and `detail`.
    errors: Vec<Object>,
}

/// A replay that was started.
#[derive(ApiResponse)]
pub(crate) enum Replayed {
    /// It has ended already.
    #[oai(status = 200)]
    Ended(Reply<ReplayAnswer>),
    /// It goes on by itself.
    #[oai(status = 202)]
    Running(Reply<ReplayAnswer>),
}

impl From<Arc<ReplayState>> for Replayed {
    fn from(state: Arc<ReplayState>) -> Self {
        let runs = state.state == "running";
        let answer = Reply(ReplayAnswer::from(&*state));
        if runs { Self::Running(answer) } else { Self::Ended(answer) }
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
            errors: state.errors.iter().cloned().map(Object).collect(),
        }
    }
}
