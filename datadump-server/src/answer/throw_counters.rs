//! Counters of throws, in responses and metrics.

use datadump_core::{Counted, Dump};
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
    /// Returns the sums over all sources.
    pub(crate) fn of(dump: &Dump) -> Self {
        dump.sources().all().into_iter().map(|source| Self::from(source.counted)).fold(
            Self::default(),
            |sum, one| Self {
                throws: sum.throws + one.throws,
                accepted: sum.accepted + one.accepted,
                quarantined: sum.quarantined + one.quarantined,
                dropped: sum.dropped + one.dropped,
                duplicates: sum.duplicates + one.duplicates,
            },
        )
    }
}

impl From<Counted> for ThrowCounters {
    fn from(counted: Counted) -> Self {
        Self {
            throws: counted.throws,
            accepted: counted.accepted,
            quarantined: counted.quarantined,
            dropped: counted.dropped,
            duplicates: counted.duplicates,
        }
    }
}
