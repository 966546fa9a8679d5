//! The extent of a storage, and the rows that exceed a capacity.
//!
//! A sample tells whether a storage may be larger than its capacity. Rows are removed only once the sizes of the newer
//! ones have been added up: rows of one time may be a thousand times larger than those of another.

use std::sync::Arc;

use super::{Store, sql};
use crate::{
    clock::Timestamp,
    error::Result,
    schema::{Definition, InForce, Kind},
    store::Column,
};

/// Number of rows whose sizes are added up in one transaction.
const WALK_ROWS: u64 = 10_000;

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

/// The rows that were last written at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenRows {
    /// The moment.
    pub at: Timestamp,
    /// Their size with their index entries, in bytes.
    pub bytes: u64,
    /// The size of the smallest one.
    pub smallest: u64,
}

/// Limits for the rows that a step of retention removes. At least one is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepLimit {
    /// Number of rows after which it ends.
    pub rows: u64,
    /// Size of the rows' long values, in bytes, after which it ends.
    pub bytes: u64,
}

/// The total size of some rows' long values.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SizeSample {
    pub(super) rows: u64,
    pub(super) bytes: u64,
}

/// Finds the end of a step of retention, given the oldest rows one after another.
#[derive(Debug)]
pub(super) struct StepEnd {
    left: StepLimit,
}

impl SizeSample {
    /// Returns the estimated size of this many rows of a storage, with their index entries.
    pub(super) fn estimate(self, definition: &Definition, rows: u64) -> u64 {
        self.scaled(rows).saturating_add(rows.saturating_mul(row_bytes(definition) + index_bytes(definition)))
    }

    /// Returns their estimated size in the table.
    pub(super) fn in_table(self, definition: &Definition, rows: u64) -> u64 {
        self.scaled(rows).saturating_add(rows.saturating_mul(row_bytes(definition)))
    }

    fn scaled(self, rows: u64) -> u64 {
        let long = u128::from(self.bytes) * u128::from(rows) / u128::from(self.rows.max(1));
        u64::try_from(long).unwrap_or(u64::MAX)
    }
}

impl WrittenRows {
    /// Adds to the sizes of long values those of the other values and of index entries.
    pub(super) fn new(
        definition: &Definition,
        at: Timestamp,
        rows: u64,
        (long, shortest): (u64, u64),
    ) -> Self {
        let fixed = row_bytes(definition) + index_bytes(definition);
        Self { at, bytes: long.saturating_add(rows.saturating_mul(fixed)), smallest: shortest + fixed }
    }
}

impl Extent {
    /// Creates the extent of a storage with this many rows, given a sample and the time of the oldest row.
    pub(super) fn estimated(
        definition: &Definition,
        rows: u64,
        sample: SizeSample,
        oldest: Option<Timestamp>,
    ) -> Self {
        Self { rows, bytes: sample.estimate(definition, rows), oldest, excess: None }
    }
}

impl StepEnd {
    pub(super) fn new(limit: StepLimit) -> Self {
        Self { left: limit }
    }

    /// Takes the size of the next row's long values; returns whether the step ends with it.
    pub(super) fn is_reached(&mut self, bytes: u64) -> bool {
        self.left.rows = self.left.rows.saturating_sub(1);
        self.left.bytes = self.left.bytes.saturating_sub(bytes);
        self.left.rows == 0 || self.left.bytes == 0
    }
}

/// Measures a storage, and finds the rows that exceed a capacity.
pub(super) async fn measure<S: Store + ?Sized>(
    store: &S,
    in_force: &Arc<InForce>,
    capacity: Capacity,
) -> Result<Extent> {
    let mut extent = store.count_extent(in_force, capacity.rows).await?;
    let Some(most) = capacity.bytes.filter(|most| *most < extent.bytes) else { return Ok(extent) };
    let (mut sum, mut before) = (0_u64, Timestamp::MAX);
    loop {
        let moments = store.written_before(in_force, before, WALK_ROWS).await?;
        let Some(last) = moments.last() else {
            // All rows together.
            extent.bytes = sum;
            return Ok(extent);
        };
        before = last.at;
        for moment in &moments {
            if let Some(excess) = moment.excess(most.saturating_sub(sum)) {
                extent.excess = extent.excess.max(Some(excess));
                return Ok(extent);
            }
            sum = sum.saturating_add(moment.bytes);
        }
    }
}

impl WrittenRows {
    /// Returns the moment at or before which rows exceed what may be kept of these and older ones; `None` if these do
    /// not.
    fn excess(&self, bytes: u64) -> Option<Timestamp> {
        if self.bytes <= bytes {
            None
        } else if self.smallest <= bytes {
            // They were written together, so they stay together.
            Timestamp::from_micros(self.at.micros() - 1)
        } else {
            Some(self.at)
        }
    }
}

/// Returns the moment at or before which the rows that exceed a number were written, given when the last of them
/// and the next row were written. Rows that were written at the same moment stay if one of them does.
pub(super) fn excess_until(last_and_next: &[Timestamp]) -> Option<Timestamp> {
    match last_and_next {
        [last, next] if next == last => Timestamp::from_micros(last.micros() - 1),
        [last, ..] => Some(*last),
        [] => None,
    }
}

/// Returns the approximate size of a row in its table, without its long values.
fn row_bytes(definition: &Definition) -> u64 {
    let is_fixed = |of: &Column| {
        let kind = of.kind(definition);
        !matches!(kind, Kind::String { .. } | Kind::Text { .. } | Kind::Binary { .. } | Kind::Json | Kind::Id)
    };
    let fixed = sql::columns(definition).iter().filter(|of| is_fixed(of)).count() as u64;
    ROW_BYTES + VALUE_BYTES * fixed
}

/// Returns the approximate size of a row's index entries.
fn index_bytes(definition: &Definition) -> u64 {
    // One more index than the definition has: the one by the time of the last write.
    INDEX_ENTRY_BYTES * (definition.all_indexes().len() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn rows_that_were_written_together_stay_together() {
        let moment = WrittenRows { at: at(10), bytes: 300, smallest: 50 };
        for (may_be_kept, excess) in
            [(300, None), (299, Some(9)), (50, Some(9)), (49, Some(10)), (0, Some(10))]
        {
            assert_eq!(moment.excess(may_be_kept), excess.map(at), "{may_be_kept}");
        }
        for (last_and_next, excess) in
            [(vec![], None), (vec![5], Some(5)), (vec![5, 6], Some(5)), (vec![6, 6], Some(5))]
        {
            let moments: Vec<Timestamp> = last_and_next.iter().copied().map(at).collect();
            assert_eq!(excess_until(&moments), excess.map(at), "{last_and_next:?}");
        }
    }

    #[test]
    fn a_step_ends_at_a_number_of_rows_or_bytes() {
        for (sizes, rows, bytes, ends) in [
            (vec![1, 1, 1], 2, 100, Some(2)),
            (vec![1, 1, 1], 3, 100, Some(3)),
            (vec![1, 1, 1], 4, 100, None),
            (vec![60, 60, 60], 10, 100, Some(2)),
            (vec![1000, 1], 10, 100, Some(1)),
            (vec![0, 0], 0, 0, Some(1)),
        ] {
            let mut end = StepEnd::new(StepLimit { rows, bytes });
            let found = sizes.iter().position(|size| end.is_reached(*size)).map(|place| place + 1);
            assert_eq!(found, ends, "{sizes:?}, at most {rows} rows and {bytes} bytes");
        }
    }
}
