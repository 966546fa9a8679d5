//! Builds pages and counts from what a backend's SQL returns, in the same way on both databases.

use super::{
    ReadLease,
    query::{MAX_EXACT_COUNT, MAX_PAGE_BYTES, Page, Paging, Query, RowCount, Towards},
    read_memory::MAX_SMALL,
    sql,
};
use crate::schema::{Definition, StoredRow, Value};

/// Cap of a bounded count: one more than is counted exactly, to know whether there are more.
pub(super) const COUNT_CAP: u64 = MAX_EXACT_COUNT + 1;

/// The number of rows on a page, and the memory that they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    /// Number of rows to read.
    pub(super) rows: u64,
    /// Maximum number of bytes they take.
    pub(super) bytes: usize,
    /// True if more rows follow.
    pub(super) more: bool,
}

/// Returns the memory that the rows of a page take at most, if that is so little that their sizes need not be
/// looked up.
pub(super) fn small_bound(definition: &Definition, query: &Query) -> Option<usize> {
    let mut long = sql::long_columns(definition).filter(|(of, _)| !sql::is_left_out(definition, query, *of));
    let widest = long.try_fold(fixed_size(definition), |sum, (_, longest)| sum.checked_add(longest?))?;
    let rows = usize::try_from(query.paging.limit() + 1).ok()?;
    widest.checked_mul(rows).filter(|bytes| *bytes <= MAX_SMALL)
}

/// Returns the extent of a page from the sizes of its rows' long values, which include the first row after it.
pub(super) fn extent(definition: &Definition, query: &Query, sizes: &[usize]) -> Extent {
    let (fixed, limit) =
        (fixed_size(definition), usize::try_from(query.paging.limit()).unwrap_or(usize::MAX));
    let (mut rows, mut bytes) = (0, 0_usize);
    for size in sizes.iter().take(limit) {
        let next = bytes.saturating_add(fixed).saturating_add(*size);
        if rows > 0 && next > MAX_PAGE_BYTES {
            break;
        }
        (rows, bytes) = (rows + 1, next);
    }
    Extent { rows: rows as u64, bytes, more: sizes.len() > rows }
}

/// Returns the size of a row without its long values.
fn fixed_size(definition: &Definition) -> usize {
    size_of::<StoredRow>() + (definition.fields.len() + 1) * size_of::<Value>()
}

/// Builds a page from its rows, and from whether more follow. They were read backwards towards the previous
/// page.
pub(super) fn assemble(
    query: &Query,
    mut rows: Vec<StoredRow>,
    more: bool,
    count: RowCount,
    mut memory: ReadLease,
) -> Page {
    if matches!(query.paging, Paging::Keyset { towards: Towards::Previous, .. }) {
        rows.reverse();
    }
    memory.shrink_to(rows.iter().map(StoredRow::size).sum());
    Page { rows, more, count, memory }
}

/// Removes the row after the page, which was read to know whether there is one.
pub(super) fn take_next(query: &Query, rows: &mut Vec<StoredRow>) -> bool {
    let limit = usize::try_from(query.paging.limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}

/// Returns the exact count, unless counting stopped at [`COUNT_CAP`].
pub(super) fn exact(counted: u64) -> Option<RowCount> {
    (counted < COUNT_CAP).then_some(RowCount::Exactly(counted))
}

/// Returns an estimate, which is never less than what was counted.
pub(super) fn estimated(counted: u64, estimate: u64) -> RowCount {
    RowCount::About(estimate.max(counted))
}
