//! How many calls may be under way before more would only make all of them wait.
//!
//! Rows wait for a sync, and one sync is enough for thousands: a queue that is bounded by rows alone
//! lets calls in until all wait for seconds, most of that for a processor. So what is bounded is how
//! long a call may be expected to wait: as many are let in as were lately answered in that time. How
//! long that is depends on the disk: a few times what a call takes at least.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// So many may always be under way: enough to find out what can be done.
const LEAST_CALLS: usize = 256;

/// How long a call may be expected to wait on a disk that is fast.
const WAIT: Duration = Duration::from_millis(50);

/// And on a disk that is slow: so many times what a call takes at least, which is about one sync.
const TIMES: u32 = 2;

/// How often that is worked out.
const WINDOW: Duration = Duration::from_millis(200);

/// How much of what was last found is still believed after a window that found less: those who ask
/// again at once when they are refused must not make it believe that less can be done.
const MEMORY: f64 = 0.98;

/// Calls under way, and how many there may be.
#[derive(Debug)]
pub(super) struct Pressure {
    calls: AtomicUsize,
    most: AtomicUsize,
    answered: AtomicU64,
    /// Microseconds; of the calls of this window.
    quickest: AtomicU64,
    lately: Mutex<Lately>,
}

/// What the last windows have shown.
#[derive(Debug)]
struct Lately {
    since: Instant,
    answered: u64,
    /// Calls in a second.
    rate: f64,
    /// What a call takes at least, in seconds.
    least: f64,
}

/// A call that is under way, until this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'p> {
    pressure: &'p Pressure,
    since: Instant,
}

impl Pressure {
    /// None under way at this moment.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            calls: AtomicUsize::new(0),
            most: AtomicUsize::new(LEAST_CALLS),
            answered: AtomicU64::new(0),
            quickest: AtomicU64::new(u64::MAX),
            lately: Mutex::new(Lately { since: now, answered: 0, rate: 0.0, least: 0.0 }),
        }
    }

    /// One more, whether it is too many or not.
    pub(super) fn enter(&self, now: Instant) -> Turn<'_> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Turn { pressure: self, since: now }
    }

    /// How many there are.
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }

    /// How many there may be.
    pub(super) fn most(&self, now: Instant) -> usize {
        // Whoever comes while another works it out takes what was found before.
        if let Ok(mut lately) = self.lately.try_lock() {
            let window = now.saturating_duration_since(lately.since);
            if window >= WINDOW {
                let answered = self.answered.load(Ordering::Relaxed);
                let quickest = self.quickest.swap(u64::MAX, Ordering::Relaxed);
                let of_window = (answered - lately.answered) as f64 / window.as_secs_f64();
                lately.note(of_window, (quickest < u64::MAX).then_some(quickest as f64 / 1e6));
                (lately.since, lately.answered) = (now, answered);
                self.most.store(lately.most(), Ordering::Relaxed);
            }
        }
        self.most.load(Ordering::Relaxed)
    }
}

impl Lately {
    /// What a window has shown: a rate, and what its quickest call took.
    fn note(&mut self, rate: f64, quickest: Option<f64>) {
        self.rate = rate.max(self.rate * MEMORY);
        if let Some(quickest) = quickest {
            self.least = if self.least == 0.0 { quickest } else { quickest.min(self.least / MEMORY) };
        }
    }

    fn most(&self) -> usize {
        let wait = WAIT.as_secs_f64().max(self.least * f64::from(TIMES));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive number, which is cut where it is too large"
        )]
        let most = (self.rate * wait) as usize;
        most.max(LEAST_CALLS)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.pressure.calls.fetch_sub(1, Ordering::Relaxed);
        self.pressure.answered.fetch_add(1, Ordering::Relaxed);
        self.pressure.quickest.fetch_min(micros, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_are_let_in_as_are_answered_in_time() {
        for (windows, most) in [
            // Little is done: what may be under way is what always may.
            (&[(10.0, Some(0.001))][..], 256),
            (&[(0.0, None)], 256),
            // A fast disk, and a slow one.
            (&[(30_000.0, Some(0.001))], 1500),
            (&[(6_000.0, Some(0.030))], 360),
            // A window in which nothing was asked takes little away.
            (&[(30_000.0, Some(0.001)), (0.0, None)], 1470),
            // A disk that becomes fast is believed at once, one that becomes slow by and by.
            (&[(10_000.0, Some(0.100)), (10_000.0, Some(0.001))], 500),
            (&[(10_000.0, Some(0.030)), (10_000.0, Some(0.100))], 612),
        ] {
            let mut lately = Lately { since: Instant::now(), answered: 0, rate: 0.0, least: 0.0 };
            for (rate, quickest) in windows {
                lately.note(*rate, *quickest);
            }
            assert_eq!(lately.most(), most, "{windows:?}");
        }
    }

    #[test]
    fn calls_are_counted_while_they_are_under_way() {
        let now = Instant::now();
        let pressure = Pressure::new(now);
        assert_eq!((pressure.calls(), pressure.most(now)), (0, LEAST_CALLS));
        let turns: Vec<Turn> = (0..20_000).map(|_| pressure.enter(now)).collect();
        assert_eq!(pressure.calls(), 20_000);
        drop(turns);
        assert_eq!(pressure.calls(), 0);
        assert!(pressure.most(now + WINDOW) >= 5_000, "20,000 in a fifth of a second, for 50 ms at least");
    }
}
