//! Runs two measurements in short alternating rounds, so that a disturbance of the machine affects both.

use std::time::Duration;

use datadump_tests::load::Tally;

/// Number of rounds in one measurement.
pub(crate) const ROUNDS: u32 = 8;

/// Loads both for `time` in total, and returns the tallies of theirs and of ours.
pub(crate) async fn alternate_load(
    time: Duration,
    mut theirs: impl AsyncFnMut(Duration) -> Tally,
    mut ours: impl AsyncFnMut(Duration) -> Tally,
) -> (Tally, Tally) {
    let time = time / ROUNDS;
    let (mut their_tally, mut our_tally) = (Tally::default(), Tally::default());
    for (theirs, ours) in alternate(ROUNDS, async || theirs(time).await, async || ours(time).await).await {
        their_tally.append(&theirs.assert_all_answered());
        our_tally.append(&ours.assert_all_answered());
    }
    (their_tally, our_tally)
}

/// Returns the results of all rounds, as pairs of theirs and ours. Each goes first in half of the rounds, because the
/// first one may leave work to the second, such as a checkpoint.
pub(crate) async fn alternate<T>(
    count: u32,
    mut theirs: impl AsyncFnMut() -> T,
    mut ours: impl AsyncFnMut() -> T,
) -> Vec<(T, T)> {
    let mut all = Vec::new();
    for round in 0..count {
        all.push(if round % 2 == 0 {
            let first = theirs().await;
            (first, ours().await)
        } else {
            let first = ours().await;
            (theirs().await, first)
        });
    }
    all
}
