//! Whether the disk takes what is written: noticed by the writer, asked by whoever wants to know
//! whether the database can work.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// The condition of the disk. All clones are one.
#[derive(Debug, Clone, Default)]
pub(super) struct Condition(Arc<AtomicBool>);

impl Condition {
    /// Whether the last that was to be written could not be.
    pub(super) fn is_bad(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Notes that something could not be written; said once.
    pub(super) fn bad(&self, error: &crate::Error) {
        if !self.0.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "the disk does not take what is written");
        }
    }

    /// Notes that something was written and synced.
    pub(super) fn good(&self) {
        if self.0.swap(false, Ordering::AcqRel) {
            tracing::info!("the disk takes again what is written");
        }
    }
}
