//! Timestamps of rows: those of the clock, and rising while the clock does, so that ordering rows by time gives
//! the order in which they were written.

use crate::clock::Timestamp;

/// Maximum time by which a timestamp may be ahead of the clock, in microseconds. Rows that are written faster
/// than the clock ticks stay far below it; if the last timestamp exceeds it, the clock has been set back.
const MAX_LEAD: i64 = 1_000_000;

/// Returns the timestamp after `last`: the next one, or that of the clock if it is later, or was set back.
pub(super) fn after(last: Timestamp, now: Timestamp) -> Timestamp {
    let next = last.next();
    if (1..=MAX_LEAD).contains(&(next.micros() - now.micros())) { next } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_rise_with_the_clock_and_follow_it_back() {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        for (last, now, expected) in [
            (at(5), at(9), at(9)),
            (at(9), at(9), at(10)),
            (at(1_000_000), at(9), at(1_000_001)),
            (at(1_000_009), at(9), at(9)),
            (Timestamp::MIN, at(9), at(9)),
            (Timestamp::MAX, at(9), at(9)),
        ] {
            assert_eq!(after(last, now), expected, "after {last} at {now}");
        }
    }
}
