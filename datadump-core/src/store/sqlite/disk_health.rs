//! Health of the disk and of the database file: reported by the writer and the readers, read by health
//! checks.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::error::Damaged;
use crate::error::{Error, Result};

/// The health of the disk, shared by all clones.
#[derive(Debug, Clone, Default)]
pub(super) struct DiskHealth(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    is_failing: AtomicBool,
    is_damaged: AtomicBool,
}

impl DiskHealth {
    /// Returns whether the last write failed.
    pub(super) fn is_failing(&self) -> bool {
        self.0.is_failing.load(Ordering::Acquire)
    }

    /// Records a failed write; only the first one is logged.
    pub(super) fn mark_failing(&self, error: &Error) {
        if !self.0.is_failing.swap(true, Ordering::AcqRel) {
            tracing::error!(%error, "the disk refuses writes");
        }
    }

    /// Records a write that was synced.
    pub(super) fn mark_healthy(&self) {
        if self.0.is_failing.swap(false, Ordering::AcqRel) {
            tracing::info!("the disk accepts writes again");
        }
    }

    /// Fails if the file was found to be damaged since the start.
    pub(super) fn check_intact(&self) -> Result<()> {
        match self.0.is_damaged.load(Ordering::Acquire) {
            true => Err(Damaged::new("an earlier access found the damage").into()),
            false => Ok(()),
        }
    }

    /// Remembers it if an access found that the file is damaged: it stays so until it is replaced.
    pub(super) fn observe<T>(&self, done: Result<T>) -> Result<T> {
        if let Err(Error::Unavailable(cause)) = &done
            && cause.is::<Damaged>()
            && !self.0.is_damaged.swap(true, Ordering::AcqRel)
        {
            tracing::error!(error = %cause, "restore a backup");
        }
        done
    }
}
