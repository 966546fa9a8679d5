//! Two that are compared, in short turns: what disturbs the machine for a while disturbs both.

use std::time::Duration;

use datadump_tests::load::Tally;

/// How many turns each takes in one measurement.
pub(crate) const TURNS: u32 = 8;

/// Has both under load for so long in all: what came of theirs, and of ours.
pub(crate) async fn in_turns(
    time: Duration,
    mut theirs: impl AsyncFnMut(Duration) -> Tally,
    mut ours: impl AsyncFnMut(Duration) -> Tally,
) -> (Tally, Tally) {
    let time = time / TURNS;
    let (mut of_theirs, mut of_ours) = (Tally::default(), Tally::default());
    for (theirs, ours) in turns(TURNS, async || theirs(time).await, async || ours(time).await).await {
        of_theirs.then(&theirs.all_answered());
        of_ours.then(&ours.all_answered());
    }
    (of_theirs, of_ours)
}

/// What each turn came to, of theirs and of ours. Each is as often the first: what one leaves to be done, it leaves
/// to both.
pub(crate) async fn turns<T>(
    count: u32,
    mut theirs: impl AsyncFnMut() -> T,
    mut ours: impl AsyncFnMut() -> T,
) -> Vec<(T, T)> {
    let mut all = Vec::new();
    for turn in 0..count {
        all.push(if turn % 2 == 0 {
            let first = theirs().await;
            (first, ours().await)
        } else {
            let first = ours().await;
            (theirs().await, first)
        });
    }
    all
}
