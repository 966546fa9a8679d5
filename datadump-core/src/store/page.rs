//! Builds pages and counts from what a backend's SQL returns, in the same way on both databases.

use super::query::{MAX_EXACT_COUNT, Page, Paging, Query, RowCount, Towards};
use crate::schema::StoredRow;

/// Cap of a bounded count: one more than is counted exactly, to know whether there are more.
pub(super) const COUNT_CAP: u64 = MAX_EXACT_COUNT + 1;

/// Builds a page from the rows of [`sql::page`](super::sql::page), which selects one row more than the limit
/// and reads backwards towards the previous page.
pub(super) fn assemble(query: &Query, mut rows: Vec<StoredRow>, count: RowCount) -> Page {
    let limit = usize::try_from(query.paging.limit()).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    if matches!(query.paging, Paging::Keyset { towards: Towards::Previous, .. }) {
        rows.reverse();
    }
    Page { rows, more, count }
}

/// Returns the exact count, unless counting stopped at [`COUNT_CAP`].
pub(super) fn exact(counted: u64) -> Option<RowCount> {
    (counted < COUNT_CAP).then_some(RowCount::Exactly(counted))
}

/// Returns an estimate, which is never less than what was counted.
pub(super) fn estimated(counted: u64, estimate: u64) -> RowCount {
    RowCount::About(estimate.max(counted))
}
