//! Whether the disk accepts writes: set by the writer, read by health checks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::error::Error;

/// The health of the disk, shared by all clones.
#[derive(Debug, Clone, Default)]
pub(super) struct DiskHealth(Arc<AtomicBool>);

impl DiskHealth {
    /// Returns whether the last write failed.
    pub(super) fn is_failing(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Records a failed write; only the first one is logged.
    pub(super) fn mark_failing(&self, error: &Error) {
        if !self.0.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "the disk refuses writes");
        }
    }

    /// Records a write that was synced.
    pub(super) fn mark_healthy(&self) {
        if self.0.swap(false, Ordering::AcqRel) {
            tracing::info!("the disk accepts writes again");
        }
    }
}
