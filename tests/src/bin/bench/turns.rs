//! Two that are compared, in short turns: what disturbs the machine for a while disturbs both.

use std::time::Duration;

use datadump_tests::load::Tally;

/// How many turns each takes in one measurement.
const TURNS: u32 = 8;

/// Has both under load for so long in all: what came of theirs, and of ours.
pub(crate) async fn in_turns(
    time: Duration,
    mut theirs: impl AsyncFnMut(Duration) -> Tally,
    mut ours: impl AsyncFnMut(Duration) -> Tally,
) -> (Tally, Tally) {
    let (mut of_theirs, mut of_ours, time) = (Tally::default(), Tally::default(), time / TURNS);
    for turn in 0..TURNS {
        // Each is as often the first: what one leaves to be done, it leaves to both.
        if turn % 2 == 0 {
            of_theirs.then(&theirs(time).await.all_answered());
            of_ours.then(&ours(time).await.all_answered());
        } else {
            of_ours.then(&ours(time).await.all_answered());
            of_theirs.then(&theirs(time).await.all_answered());
        }
    }
    (of_theirs, of_ours)
}
