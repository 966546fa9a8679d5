//! Applies the writes of a transaction a part at a time. While a write is decided, its plan and the state of its row
//! take as much memory as the row; for a throw of half a million rows that would be hundreds of megabytes.

use super::{
    apply::{Failure, ReadRows, apply},
    batch::{plan, roll_back},
    call_state::{PendingBatch, count, writes},
    isolate::Isolation,
};
use crate::store::{Atomicity, Outcome, Reprove, Write, queue::write_size};

/// Maximum number of writes in a part, and their size in bytes from which a part ends.
const MAX_WRITES: usize = 32_768;
const MAX_BYTES: usize = 8 << 20;

/// Size of the stored values that are read for a part, unless it is a single write or a batch that cannot be cut.
pub(super) const MAX_READ_BYTES: usize = 16 << 20;

/// Size that a write counts for when it needs values of its row, which are not known before they are read.
const STORED_BYTES: usize = 8 << 10;

/// Applies all writes. A part sees what the parts before it have written, as it would see the writes of another
/// transaction.
pub(super) async fn apply_all(
    isolation: &mut Isolation<'_>,
    pending: &[PendingBatch<'_>],
    reprove: Reprove,
    read_rows: ReadRows,
) -> Result<Vec<Outcome>, Failure> {
    let can_be_cut = pending.iter().all(|pending| pending.batch.atomicity != Atomicity::AllOrNothing);
    let (total, mut max_writes) = (count(pending), MAX_WRITES);
    let mut outcomes = Vec::with_capacity(total);
    while outcomes.len() < total {
        let rest = || writes(pending).skip(outcomes.len());
        let length = match can_be_cut {
            true => part_length(rest().map(|(_, write)| part_size(write)), max_writes),
            false => total,
        };
        let mut planned = plan(rest().take(length), isolation.targets, reprove)?;
        let read_rows = match read_rows {
            ReadRows::UpTo(_) if !can_be_cut || length == 1 => ReadRows::ALL,
            read_rows => read_rows,
        };
        let (session, stamps) = (&mut *isolation.session, isolation.stamps);
        let mut applied = match apply(session, isolation.targets, &mut planned, stamps, read_rows).await {
            Err(Failure::PartTooLarge) => {
                // The next rows are probably large, too.
                max_writes = length.div_ceil(2);
                continue;
            }
            applied => applied?,
        };
        isolation.complete(&mut planned, &mut applied).await?;
        outcomes.append(&mut applied);
        if end_at_failure(pending, &mut outcomes) {
            break;
        }
    }
    Ok(outcomes)
}

/// Finds the first write that the database refuses, in a batch that ends there.
pub(super) async fn isolate_failure(
    isolation: &mut Isolation<'_>,
    pending: &[PendingBatch<'_>],
    reprove: Reprove,
) -> Result<Vec<Outcome>, Failure> {
    let mut outcomes = Vec::with_capacity(count(pending));
    while outcomes.len() < count(pending) {
        let rest = || writes(pending).skip(outcomes.len());
        let length = part_length(rest().map(|(_, write)| part_size(write)), MAX_WRITES);
        let mut planned = plan(rest().take(length), isolation.targets, reprove)?;
        outcomes.append(&mut isolation.run(&mut planned).await?);
        if end_at_failure(pending, &mut outcomes) {
            break;
        }
    }
    Ok(outcomes)
}

/// If a write has failed in a batch that ends there, marks all others as rolled back.
fn end_at_failure(pending: &[PendingBatch<'_>], outcomes: &mut Vec<Outcome>) -> bool {
    let stops = pending.iter().any(|pending| pending.batch.atomicity == Atomicity::StopAtFailure);
    if !stops || !outcomes.iter().any(Outcome::is_failure) {
        return false;
    }
    outcomes.resize_with(count(pending), || Outcome::RolledBack);
    roll_back(outcomes.iter_mut());
    true
}

/// Returns the size of a write with what has to be read for it.
fn part_size(write: &Write) -> usize {
    let stored = if write.needs_values() { STORED_BYTES } else { 0 };
    write_size(write) + stored
}

/// Returns the number of writes in the next part, given the sizes of those that are left.
fn part_length(sizes: impl Iterator<Item = usize>, max_writes: usize) -> usize {
    let mut bytes = 0;
    let fits = |size: &usize| {
        let fits = bytes < MAX_BYTES;
        bytes += size;
        fits
    };
    sizes.take(max_writes).take_while(fits).count()
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
            assert_eq!(part_length(sizes.into_iter(), MAX_WRITES), length);
        }
    }
}
