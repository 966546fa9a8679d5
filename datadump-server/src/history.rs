//! The counters of this process by minute, for the last hour. They are kept in memory.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use datadump_core::{Dump, Timestamp};
use parking_lot::Mutex;

use crate::metrics::Metrics;

/// Number of minutes that are kept, besides the current one.
const MINUTES: usize = 60;

/// Length of a minute in microseconds.
const MINUTE: i64 = 60_000_000;

/// Counters, from the start or of one minute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Requests answered.
    pub(crate) requests: u64,
    /// Requests answered with a status from 400 to 499.
    pub(crate) client_errors: u64,
    /// Requests answered with a status of 500 or more.
    pub(crate) server_errors: u64,
    /// Throws.
    pub(crate) throws: u64,
    /// Bytes thrown.
    pub(crate) bytes: u64,
    /// Rows written by throws.
    pub(crate) accepted: u64,
    /// Quarantine entries created.
    pub(crate) quarantined: u64,
    /// Rows written or deleted.
    pub(crate) rows: u64,
    /// Transactions committed.
    pub(crate) commits: u64,
}

/// The counters of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Minute {
    /// Beginning of the minute.
    pub(crate) at: Timestamp,
    /// The counts of this minute.
    pub(crate) counts: Counts,
}

/// Records the counters at the end of each minute.
#[derive(Debug)]
pub(crate) struct History {
    dump: Dump,
    metrics: Arc<Metrics>,
    minutes: Mutex<Minutes>,
}

impl History {
    /// Creates a history that begins now.
    pub(crate) fn new(dump: &Dump, metrics: &Arc<Metrics>) -> Self {
        let minutes = Mutex::new(Minutes::new(dump.now()));
        Self { dump: dump.clone(), metrics: metrics.clone(), minutes }
    }

    /// Records each minute when it has ended, until the task is aborted.
    pub(crate) async fn record(self: Arc<Self>) {
        loop {
            let now = self.dump.now();
            let left = u64::try_from(MINUTE - now.micros().rem_euclid(MINUTE)).unwrap_or_default();
            tokio::time::sleep(Duration::from_micros(left)).await;
            self.minutes.lock().observe(self.dump.now(), self.counts());
        }
    }

    /// Returns the recorded minutes, oldest first, and the current one so far.
    pub(crate) fn minutes(&self) -> Vec<Minute> {
        let (now, counts) = (self.dump.now(), self.counts());
        let mut minutes = self.minutes.lock();
        minutes.observe(now, counts);
        minutes.all(counts)
    }

    fn counts(&self) -> Counts {
        let (load, throws) = (self.dump.load(), self.dump.ingest().counted());
        let responses = self.metrics.responses();
        let [_, _, _, client_errors, server_errors] = responses;
        Counts {
            requests: responses.iter().sum(),
            client_errors,
            server_errors,
            throws: throws.throws,
            bytes: self.dump.ingest().received_bytes(),
            accepted: throws.accepted,
            quarantined: throws.quarantined,
            rows: load.rows,
            commits: load.commits,
        }
    }
}

#[derive(Debug)]
struct Minutes {
    past: VecDeque<Minute>,
    /// The current minute.
    now: Timestamp,
    /// The counters at its beginning.
    at_start: Counts,
}

impl Minutes {
    fn new(now: Timestamp) -> Self {
        Self { past: VecDeque::new(), now: minute_of(now), at_start: Counts::default() }
    }

    /// Ends the current minute if another one has begun. Nothing is added for minutes in which this process did not
    /// run, or when the clock was set.
    fn observe(&mut self, now: Timestamp, counts: Counts) {
        let now = minute_of(now);
        if now == self.now {
            return;
        }
        if self.past.len() == MINUTES {
            self.past.pop_front();
        }
        self.past.push_back(Minute { at: self.now, counts: counts.since(self.at_start) });
        (self.now, self.at_start) = (now, counts);
    }

    fn all(&self, counts: Counts) -> Vec<Minute> {
        let current = Minute { at: self.now, counts: counts.since(self.at_start) };
        self.past.iter().copied().chain([current]).collect()
    }
}

impl Counts {
    fn since(self, before: Self) -> Self {
        let since = |of: fn(&Self) -> u64| of(&self).saturating_sub(of(&before));
        Self {
            requests: since(|counts| counts.requests),
            client_errors: since(|counts| counts.client_errors),
            server_errors: since(|counts| counts.server_errors),
            throws: since(|counts| counts.throws),
            bytes: since(|counts| counts.bytes),
            accepted: since(|counts| counts.accepted),
            quarantined: since(|counts| counts.quarantined),
            rows: since(|counts| counts.rows),
            commits: since(|counts| counts.commits),
        }
    }
}

fn minute_of(now: Timestamp) -> Timestamp {
    Timestamp::from_micros(now.micros().div_euclid(MINUTE) * MINUTE).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    fn throws(throws: u64) -> Counts {
        Counts { throws, ..Counts::default() }
    }

    #[test]
    fn counters_are_kept_by_minute() {
        let mut minutes = Minutes::new(at(90));
        for (seconds, count) in [(100, 1), (119, 2), (120, 5), (179, 7), (185, 9), (400, 20)] {
            minutes.observe(at(seconds), throws(count));
        }
        let shown: Vec<_> =
            minutes.all(throws(21)).iter().map(|minute| (minute.at, minute.counts.throws)).collect();
        assert_eq!(shown, [(at(60), 5), (at(120), 4), (at(180), 11), (at(360), 1)]);
    }

    #[test]
    fn the_last_hour_is_kept() {
        let mut minutes = Minutes::new(at(0));
        for minute in 1..=200 {
            minutes.observe(at(60 * minute), throws(10 * u64::try_from(minute).unwrap()));
        }
        let all = minutes.all(throws(2000));
        assert_eq!((all.len(), all[0].at, all[60].at), (61, at(60 * 140), at(60 * 200)));
        assert!(all[..60].iter().all(|minute| minute.counts.throws == 10));
        assert_eq!(all[60].counts, Counts::default());
    }
}
