//! Applies the writes of a transaction a part at a time. While a write is decided, its plan and the state of its row
//! take as much memory as the row; for a throw of half a million rows that would be hundreds of megabytes.

use super::{
    apply::{Failure, ReadRows, apply},
    batch::plan,
    call_state::{PendingBatch, count, writes},
    isolate::Isolation,
};
use crate::store::{Atomicity, Outcome, Reprove, queue::write_size};

/// Maximum number of writes in a part, and their size in bytes from which a part ends.
const MAX_WRITES: usize = 32_768;
const MAX_BYTES: usize = 8 << 20;

/// Applies all writes. A part sees what the parts before it have written, as it would see the writes of another
/// transaction.
pub(super) async fn apply_all(
    isolation: &mut Isolation<'_>,
    pending: &[PendingBatch<'_>],
    reprove: Reprove,
    read_rows: ReadRows,
) -> Result<Vec<Outcome>, Failure> {
    let can_be_cut = pending.iter().all(|pending| pending.batch.atomicity == Atomicity::Independent);
    let total = count(pending);
    let mut outcomes = Vec::with_capacity(total);
    while outcomes.len() < total {
        let rest = || writes(pending).skip(outcomes.len());
        let length = if can_be_cut { part_length(rest().map(|(_, write)| write_size(write))) } else { total };
        let mut planned = plan(rest().take(length), isolation.targets, reprove)?;
        let stamps = isolation.stamps;
        let mut applied =
            apply(isolation.session, isolation.targets, &mut planned, stamps, read_rows).await?;
        isolation.complete(&mut planned, &mut applied).await?;
        outcomes.append(&mut applied);
    }
    Ok(outcomes)
}

/// Returns the number of writes in the next part, given the sizes of those that are left.
fn part_length(sizes: impl Iterator<Item = usize>) -> usize {
    let mut bytes = 0;
    let fits = |size: &usize| {
        let fits = bytes < MAX_BYTES;
        bytes += size;
        fits
    };
    sizes.take(MAX_WRITES).take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_when_it_is_large() {
        for (sizes, length) in [
            (vec![], 0),
            (vec![1; 10], 10),
            (vec![1; 2 * MAX_WRITES], MAX_WRITES),
            (vec![10 * MAX_BYTES, 1], 1),
            (vec![MAX_BYTES / 2; 10], 2),
        ] {
            assert_eq!(part_length(sizes.into_iter()), length);
        }
    }
}
