//! The extent of a storage, and the rows that exceed a capacity.

use super::sql;
use crate::{
    clock::Timestamp,
    schema::{Definition, Kind},
    store::Column,
};

/// Number of rows at each end of a storage, by the time of their last write, whose sizes are read for an estimate.
pub(super) const SAMPLE_ROWS: u64 = 200;

/// Approximate size of a row's header and service columns.
const ROW_BYTES: u64 = 48;

/// Approximate size of a value that is not text, JSON or binary.
const VALUE_BYTES: u64 = 8;

/// Approximate size of a row's entry in an index.
const INDEX_ENTRY_BYTES: u64 = 32;

/// Limits for the rows of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capacity {
    /// Maximum number of rows.
    pub rows: Option<u64>,
    /// Maximum size in bytes.
    pub bytes: Option<u64>,
}

/// The rows of a storage, counted. [`StorageSize`](super::StorageSize) is a quick estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Number of rows.
    pub rows: u64,
    /// Estimated size of the rows with their index entries, in bytes.
    pub bytes: u64,
    /// Time of the last write of the row that has not been written for longest.
    pub oldest: Option<Timestamp>,
    /// The rows last written at or before this moment exceed the capacity; without them the storage holds at least
    /// as much as it may.
    pub excess: Option<Timestamp>,
}

/// The total size of some rows' long values.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SizeSample {
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

impl SizeSample {
    /// Returns the estimated size of this many rows of a storage.
    pub(super) fn estimate(self, definition: &Definition, rows: u64) -> u64 {
        let long = u128::from(self.bytes) * u128::from(rows) / u128::from(self.rows.max(1));
        let fixed = u128::from(fixed_size(definition)) * u128::from(rows);
        u64::try_from(long + fixed).unwrap_or(u64::MAX)
    }
}

impl Capacity {
    /// Returns how many of the rows exceed the capacity, given their total size.
    pub(super) fn excess(self, rows: u64, bytes: u64) -> u64 {
        let by_rows = self.rows.map_or(0, |most| rows.saturating_sub(most));
        let by_bytes = self.bytes.map_or(0, |most| {
            let kept = u128::from(rows) * u128::from(most.min(bytes)) / u128::from(bytes.max(1));
            rows.saturating_sub(u64::try_from(kept).unwrap_or(u64::MAX))
        });
        by_rows.max(by_bytes)
    }
}

/// Returns the moment at or before which the rows that exceed a capacity were written, given when the last of them
/// and the next row were written. Rows that were written at the same moment stay if one of them does.
pub(super) fn excess_until(last: Timestamp, next: Option<Timestamp>) -> Option<Timestamp> {
    if next == Some(last) { Timestamp::from_micros(last.micros() - 1) } else { Some(last) }
}

/// Returns the approximate size of a row without its long values.
fn fixed_size(definition: &Definition) -> u64 {
    let is_fixed = |of: &Column| {
        let kind = of.kind(definition);
        !matches!(kind, Kind::String { .. } | Kind::Text { .. } | Kind::Binary { .. } | Kind::Json | Kind::Id)
    };
    let fixed = sql::columns(definition).iter().filter(|of| is_fixed(of)).count() as u64;
    // One more index than the definition has: the one by the time of the last write.
    let indexes = definition.all_indexes().len() as u64 + 1;
    ROW_BYTES + VALUE_BYTES * fixed + INDEX_ENTRY_BYTES * indexes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_a_capacity_is_the_larger_excess() {
        for (rows, bytes, most_rows, most_bytes, excess) in [
            (10, 1_000, None, None, 0),
            (10, 1_000, Some(10), Some(1_000), 0),
            (10, 1_000, Some(7), None, 3),
            (10, 1_000, None, Some(700), 3),
            (10, 1_000, None, Some(701), 3),
            (10, 1_000, None, Some(699), 4),
            (10, 1_000, Some(9), Some(100), 9),
            (10, 1_000, Some(2), Some(900), 8),
            (0, 0, Some(1), Some(1), 0),
            (u64::MAX, u64::MAX, None, Some(1), u64::MAX - 1),
        ] {
            let capacity = Capacity { rows: most_rows, bytes: most_bytes };
            assert_eq!(capacity.excess(rows, bytes), excess, "{rows} rows, {bytes} bytes, {capacity:?}");
        }
    }
}
