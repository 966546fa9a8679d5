//! Counters of throws and their outcomes.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use crate::receipt::Receipt;

/// Counters of throws, from the start of the process.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    throws: AtomicU64,
    accepted: AtomicU64,
    quarantined: AtomicU64,
    dropped: AtomicU64,
    duplicates: AtomicU64,
}

/// The values of the counters of throws.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct ThrowCounts {
    /// Throws received.
    pub throws: u64,
    /// Rows written.
    pub accepted: u64,
    /// Quarantine entries created.
    pub quarantined: u64,
    /// Records dropped.
    pub dropped: u64,
    /// Records identical to the stored row.
    pub duplicates: u64,
}

impl Counters {
    /// Adds the outcomes of a throw. `throws` is 0 if they are further outcomes of a throw that was counted
    /// before.
    pub(crate) fn add(&self, throws: u64, receipt: &Receipt) {
        self.throws.fetch_add(throws, Ordering::Relaxed);
        self.accepted.fetch_add(receipt.accepted, Ordering::Relaxed);
        self.quarantined.fetch_add(receipt.quarantined, Ordering::Relaxed);
        self.dropped.fetch_add(receipt.dropped, Ordering::Relaxed);
        self.duplicates.fetch_add(receipt.duplicates, Ordering::Relaxed);
    }

    /// Returns their values.
    pub(crate) fn read(&self) -> ThrowCounts {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        ThrowCounts {
            throws: load(&self.throws),
            accepted: load(&self.accepted),
            quarantined: load(&self.quarantined),
            dropped: load(&self.dropped),
            duplicates: load(&self.duplicates),
        }
    }
}
