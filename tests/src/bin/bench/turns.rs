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
    let mut both = <(Tally, Tally)>::default();
    for number in 0..TURNS {
        turn(number, time / TURNS, &mut theirs, &mut ours, &mut both).await;
    }
    both
}

/// One turn of each, for so long, and what came of it beside what came of those before. Each is as often the first:
/// what one leaves to be done, it leaves to both.
pub(crate) async fn turn(
    number: u32,
    time: Duration,
    mut theirs: impl AsyncFnMut(Duration) -> Tally,
    mut ours: impl AsyncFnMut(Duration) -> Tally,
    (of_theirs, of_ours): &mut (Tally, Tally),
) {
    if number.is_multiple_of(2) {
        of_theirs.then(&theirs(time).await.all_answered());
        of_ours.then(&ours(time).await.all_answered());
    } else {
        of_ours.then(&ours(time).await.all_answered());
        of_theirs.then(&theirs(time).await.all_answered());
    }
}
