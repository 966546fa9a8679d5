//! Admission control: how many batches may be in flight before more would only make all of them wait.
//!
//! One sync to disk serves thousands of rows, so a queue bounded only by rows would let callers in until each
//! waits for seconds, mostly for a CPU. Admission bounds the expected waiting time instead: the limit is the
//! number of batches that were recently answered within [`TARGET_WAIT`], or on a slow disk within
//! [`LATENCY_FACTOR`] times the minimum latency.

use std::{
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Lower bound of the limit: enough load to measure what the disk can do.
const MIN_LIMIT: usize = 256;

/// Expected waiting time that is acceptable on a fast disk.
const TARGET_WAIT: Duration = Duration::from_millis(50);

/// Acceptable waiting time on a slow disk, as a multiple of the minimum latency (about one sync).
const LATENCY_FACTOR: u32 = 2;

/// Interval at which the limit is recomputed.
const MEASURE_INTERVAL: Duration = Duration::from_millis(200);

/// Share of the last estimate that is kept after an interval with less throughput. Refused clients that retry
/// immediately must not lower the limit.
const ESTIMATE_DECAY: f64 = 0.98;

/// Counts the batches in flight and computes their limit.
#[derive(Debug)]
pub(super) struct Admission {
    in_flight: AtomicUsize,
    limit: AtomicUsize,
    answered: AtomicU64,
    /// Minimum latency in the current interval, in microseconds.
    min_latency: AtomicU64,
    estimate: Mutex<Estimate>,
}

/// Throughput and latency over the past intervals.
#[derive(Debug)]
struct Estimate {
    since: Instant,
    answered: u64,
    /// Batches per second.
    rate: f64,
    /// Minimum latency of a batch, in seconds.
    min_latency: f64,
}

/// A batch in flight, until this is dropped.
#[derive(Debug)]
pub(super) struct InFlight<'a> {
    admission: &'a Admission,
    since: Instant,
}

impl Admission {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            in_flight: AtomicUsize::new(0),
            limit: AtomicUsize::new(MIN_LIMIT),
            answered: AtomicU64::new(0),
            min_latency: AtomicU64::new(u64::MAX),
            estimate: Mutex::new(Estimate { since: now, answered: 0, rate: 0.0, min_latency: 0.0 }),
        }
    }

    /// Counts one more batch, even beyond the limit.
    pub(super) fn enter(&self, now: Instant) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight { admission: self, since: now }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Returns how many batches may be in flight.
    pub(super) fn limit(&self, now: Instant) -> usize {
        // While another thread is computing the limit, the last one is good enough.
        if let Some(mut estimate) = self.estimate.try_lock() {
            let interval = now.saturating_duration_since(estimate.since);
            if interval >= MEASURE_INTERVAL {
                let answered = self.answered.load(Ordering::Relaxed);
                let min_latency = self.min_latency.swap(u64::MAX, Ordering::Relaxed);
                let rate = (answered - estimate.answered) as f64 / interval.as_secs_f64();
                estimate.update(rate, (min_latency < u64::MAX).then_some(min_latency as f64 / 1e6));
                (estimate.since, estimate.answered) = (now, answered);
                self.limit.store(estimate.limit(), Ordering::Relaxed);
            }
        }
        self.limit.load(Ordering::Relaxed)
    }
}

impl Estimate {
    /// Adds the throughput and the minimum latency of an interval.
    fn update(&mut self, rate: f64, min_latency: Option<f64>) {
        self.rate = rate.max(self.rate * ESTIMATE_DECAY);
        if let Some(latency) = min_latency {
            self.min_latency = if self.min_latency == 0.0 {
                latency
            } else {
                latency.min(self.min_latency / ESTIMATE_DECAY)
            };
        }
    }

    fn limit(&self) -> usize {
        let wait = TARGET_WAIT.as_secs_f64().max(self.min_latency * f64::from(LATENCY_FACTOR));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the number is positive, and the cast saturates"
        )]
        let limit = (self.rate * wait) as usize;
        limit.max(MIN_LIMIT)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.admission.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.admission.answered.fetch_add(1, Ordering::Relaxed);
        self.admission.min_latency.fetch_min(micros, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_what_is_answered_within_the_target_wait() {
        for (intervals, limit) in [
            // With little throughput, the lower bound applies.
            (&[(10.0, Some(0.001))][..], 256),
            (&[(0.0, None)], 256),
            // A fast disk and a slow one.
            (&[(30_000.0, Some(0.001))], 1500),
            (&[(6_000.0, Some(0.030))], 360),
            // An idle interval lowers the limit only a little.
            (&[(30_000.0, Some(0.001)), (0.0, None)], 1470),
            // A disk that becomes faster counts at once, one that becomes slower gradually.
            (&[(10_000.0, Some(0.100)), (10_000.0, Some(0.001))], 500),
            (&[(10_000.0, Some(0.030)), (10_000.0, Some(0.100))], 612),
        ] {
            let mut estimate = Estimate { since: Instant::now(), answered: 0, rate: 0.0, min_latency: 0.0 };
            for (rate, min_latency) in intervals {
                estimate.update(*rate, *min_latency);
            }
            assert_eq!(estimate.limit(), limit, "{intervals:?}");
        }
    }

    #[test]
    fn batches_are_counted_while_they_are_in_flight() {
        let now = Instant::now();
        let admission = Admission::new(now);
        assert_eq!((admission.in_flight(), admission.limit(now)), (0, MIN_LIMIT));
        let batches: Vec<InFlight> = (0..20_000).map(|_| admission.enter(now)).collect();
        assert_eq!(admission.in_flight(), 20_000);
        drop(batches);
        assert_eq!(admission.in_flight(), 0);
        assert!(admission.limit(now + MEASURE_INTERVAL) >= 5_000, "20,000 in 200 ms, for at least 50 ms");
    }
}
