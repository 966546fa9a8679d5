//! Counters of throws, in responses and metrics.

use datadump_core::{Dump, ThrowCounts};
use poem_openapi::Object as ApiObject;
use serde::Serialize;

/// Counters of throws.
#[derive(Debug, Clone, Copy, Default, ApiObject, Serialize)]
pub(crate) struct ThrowCounters {
    /// Number of throws.
    pub(crate) throws: u64,
    /// Number of rows written.
    pub(crate) accepted: u64,
    /// Number of quarantine entries created.
    pub(crate) quarantined: u64,
    /// Number of records dropped by a program or by the settings of the source.
    pub(crate) dropped: u64,
    /// Number of records that were already stored.
    pub(crate) duplicates: u64,
}

impl ThrowCounters {
    /// Returns the counters of all throws.
    pub(crate) fn of(dump: &Dump) -> Self {
        dump.ingest().counted().into()
    }
}

impl From<ThrowCounts> for ThrowCounters {
    fn from(counted: ThrowCounts) -> Self {
        Self {
            throws: counted.throws,
            accepted: counted.accepted,
            quarantined: counted.quarantined,
            dropped: counted.dropped,
            duplicates: counted.duplicates,
        }
    }
}
