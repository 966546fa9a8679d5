//! Durations of commits, most of which is the sync to disk: since the start, and in the last minutes.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Upper bounds of the durations that are counted since the start, in seconds.
const BOUNDS: [f64; 13] = [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Number of minutes that are recent, the current one included.
const RECENT_MINUTES: u64 = 5;

/// Durations of a minute are counted in classes, of which this many make a factor of two: percentiles are exact to 9 %.
const CLASSES_PER_OCTAVE: u32 = 8;

/// Number of classes. The first ends at [`SHORTEST`], the last takes what is longer.
const CLASSES: usize = 180;

/// Upper bound of the first class.
const SHORTEST: Duration = Duration::from_micros(10);

/// Durations of commits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CommitTimes {
    /// Upper bounds in seconds, each with the number of commits since the start that took no longer.
    pub counts: Vec<(f64, u64)>,
    /// Number of commits since the start.
    pub count: u64,
    /// Their durations together.
    pub total: Duration,
    /// The commits of the last minutes.
    pub recent: RecentCommits,
}

/// The commits of the last minutes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecentCommits {
    /// The time they cover at most.
    pub period: Duration,
    /// Number of commits.
    pub count: u64,
    /// Mean duration.
    pub mean: Duration,
    /// Median duration.
    pub p50: Duration,
    /// The duration that 99 % of the commits did not exceed.
    pub p99: Duration,
    /// The longest duration.
    pub max: Duration,
}

/// Counts durations of commits.
#[derive(Debug)]
pub(super) struct CommitRecorder {
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    counts: [u64; BOUNDS.len()],
    count: u64,
    total: Duration,
    minutes: VecDeque<Minute>,
}

/// The commits of one minute.
#[derive(Debug)]
struct Minute {
    number: u64,
    classes: [u32; CLASSES],
    count: u64,
    total: Duration,
    max: Duration,
}

impl Default for CommitRecorder {
    fn default() -> Self {
        Self { started: Instant::now(), state: Mutex::default() }
    }
}

impl CommitRecorder {
    /// Counts a commit that took this long.
    pub(super) fn record(&self, now: Instant, took: Duration) {
        let number = self.minute(now);
        let mut state = self.state.lock();
        let seconds = took.as_secs_f64();
        if let Some(count) =
            BOUNDS.iter().position(|bound| seconds <= *bound).and_then(|at| state.counts.get_mut(at))
        {
            *count += 1;
        }
        state.count += 1;
        state.total += took;
        if state.minutes.back().is_none_or(|minute| minute.number < number) {
            state.minutes.retain(|minute| minute.number + RECENT_MINUTES > number);
            state.minutes.push_back(Minute::new(number));
        }
        if let Some(minute) = state.minutes.back_mut() {
            minute.add(took);
        }
    }

    /// Returns what was counted.
    pub(super) fn read(&self, now: Instant) -> CommitTimes {
        let number = self.minute(now);
        let state = self.state.lock();
        let mut below = 0;
        let counts = BOUNDS.iter().zip(&state.counts).map(|(bound, count)| {
            below += count;
            (*bound, below)
        });
        let recent = state.minutes.iter().filter(|minute| minute.number + RECENT_MINUTES > number);
        CommitTimes {
            counts: counts.collect(),
            count: state.count,
            total: state.total,
            recent: RecentCommits::of(recent),
        }
    }

    fn minute(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.started).as_secs() / 60
    }
}

impl Minute {
    fn new(number: u64) -> Self {
        Self { number, classes: [0; CLASSES], count: 0, total: Duration::ZERO, max: Duration::ZERO }
    }

    fn add(&mut self, took: Duration) {
        if let Some(class) = self.classes.get_mut(class(took)) {
            *class = class.saturating_add(1);
        }
        self.count += 1;
        self.total += took;
        self.max = self.max.max(took);
    }
}

impl RecentCommits {
    fn of<'m>(minutes: impl Iterator<Item = &'m Minute>) -> Self {
        let period = Duration::from_secs(60 * RECENT_MINUTES);
        let (mut recent, mut classes, mut total) =
            (Self { period, ..Self::default() }, [0; CLASSES], Duration::ZERO);
        for minute in minutes {
            recent.count += minute.count;
            total += minute.total;
            recent.max = recent.max.max(minute.max);
            for (sum, count) in classes.iter_mut().zip(&minute.classes) {
                *sum += u64::from(*count);
            }
        }
        // The bound of a class may be above the longest duration in it.
        let percentile = |hundredths: u64| {
            let (rank, mut below) = ((recent.count * hundredths).div_ceil(100), 0);
            let class = classes.iter().position(|count| {
                below += count;
                below >= rank
            });
            class.map_or(recent.max, |class| bound(class).min(recent.max))
        };
        recent.p50 = percentile(50);
        recent.p99 = percentile(99);
        recent.mean = total.checked_div(u32::try_from(recent.count).unwrap_or(u32::MAX)).unwrap_or_default();
        recent
    }
}

/// Returns the class of a duration.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is at least 0 and at most `CLASSES`"
)]
fn class(took: Duration) -> usize {
    let octaves = (took.as_secs_f64() / SHORTEST.as_secs_f64()).log2();
    (octaves * f64::from(CLASSES_PER_OCTAVE)).ceil().clamp(0.0, (CLASSES - 1) as f64) as usize
}

/// Returns the longest duration of a class.
fn bound(class: usize) -> Duration {
    let octaves = class as f64 / f64::from(CLASSES_PER_OCTAVE);
    SHORTEST.mul_f64(octaves.exp2())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn durations_are_summarized() {
        let recorder = CommitRecorder::default();
        let start = recorder.started;
        assert_eq!(
            recorder.read(start).recent,
            RecentCommits { period: micros(300_000_000), ..Default::default() }
        );
        for took in 1..=1000 {
            recorder.record(start, micros(took * 100));
        }
        let times = recorder.read(start);
        assert_eq!((times.count, times.recent.count, times.recent.max), (1000, 1000, micros(100_000)));
        assert_eq!((times.total, times.recent.mean), (micros(50_050_000), micros(50_050)));
        for (found, expected) in [(times.recent.p50, 50_000.0), (times.recent.p99, 99_000.0)] {
            let error = (found.as_secs_f64() * 1e6 / expected - 1.0).abs();
            assert!(error < 0.1, "{found:?} instead of {expected} µs");
        }
        assert_eq!(times.counts[2], (0.001, 10));
        assert_eq!(times.counts[8], (0.1, 1000));
    }

    #[test]
    fn only_the_last_minutes_are_recent() {
        let recorder = CommitRecorder::default();
        let at = |seconds| recorder.started + Duration::from_secs(seconds);
        for (seconds, took) in [(0, 900), (70, 500), (299, 100)] {
            recorder.record(at(seconds), micros(took));
        }
        for (seconds, count, max) in [(299, 3, 900), (300, 2, 500), (360, 1, 100), (539, 1, 100), (540, 0, 0)]
        {
            let times = recorder.read(at(seconds));
            assert_eq!((times.recent.count, times.recent.max), (count, micros(max)), "{seconds}");
            assert_eq!(times.count, 3);
        }
        recorder.record(at(10_000), micros(5));
        assert_eq!(recorder.state.lock().minutes.len(), 1);
    }

    #[test]
    fn every_duration_has_a_class() {
        for took in [0, 1, 10, 11, 1_000_000, u64::MAX / 1_000_000] {
            let class = class(micros(took));
            assert!(class < CLASSES && (bound(class) >= micros(took) || class == CLASSES - 1), "{took}");
        }
    }
}
