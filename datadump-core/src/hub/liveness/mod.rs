//! When devices and sensors were last seen. A push updates this in memory; twice a second what has changed is
//! flushed and overdue devices are marked late or offline. Every node flushes what it has seen itself. A state
//! is stored only over the version that is known here, so it does not matter which node sees first that a
//! device is late.

mod flush;
mod timeouts;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use parking_lot::{Mutex, MutexGuard};

use super::{
    Hub,
    rows::{LastValue, LivenessRow},
    rules::{LivenessState, Status},
};
use crate::clock::Timestamp;

/// Pause between two flushes.
const FLUSH_INTERVAL: Duration = Duration::from_millis(500);

/// How long a state in which only the time has changed is not stored again, in microseconds. The usual interval
/// of the device counts if it is shorter, so that other nodes do not take the device for late.
const MAX_STALENESS: i64 = 2_000_000;

/// A clock that is off by more than this is reported, in microseconds.
const CLOCK_TOLERANCE: i64 = 60_000_000;

/// Tracks when a device or a sensor was last seen.
#[derive(Debug)]
pub(super) struct Tracker {
    key: String,
    device: i64,
    sensor: Option<i64>,
    state: Mutex<TrackerState>,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct TrackerState {
    /// None if it was never seen.
    liveness: Option<LivenessState>,
    last: Option<LastValue>,
    clock_off: Option<f64>,
    /// The version of the stored row.
    version: Option<i32>,
    /// The status before a change that is not stored yet.
    was: Option<&'static str>,
    /// Whether it is in the flush queue.
    is_queued: bool,
    /// Whether more than the time has changed.
    is_urgent: bool,
    /// Until when it need not be stored again.
    fresh_until: Option<Timestamp>,
}

/// A copy of what a tracker knows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct TrackerSnapshot {
    pub(super) liveness: Option<LivenessState>,
    pub(super) last: Option<LastValue>,
    pub(super) clock_off: Option<f64>,
}

/// The trackers whose state has to be stored.
#[derive(Debug, Default)]
pub(super) struct FlushQueue {
    queue: Mutex<Vec<Arc<Tracker>>>,
    flushing: tokio::sync::Mutex<()>,
}

impl Tracker {
    pub(super) fn for_device(id: i64) -> Self {
        Self::new(format!("d{id}"), id, None)
    }

    pub(super) fn for_sensor(device: i64, id: i64) -> Self {
        Self::new(format!("s{id}"), device, Some(id))
    }

    fn new(key: String, device: i64, sensor: Option<i64>) -> Self {
        Self { key, device, sensor, state: Mutex::default(), stopped: AtomicBool::new(false) }
    }

    fn state(&self) -> MutexGuard<'_, TrackerState> {
        self.state.lock()
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Stops storing the state, because the device is removed.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> TrackerSnapshot {
        let state = self.state();
        TrackerSnapshot {
            liveness: state.liveness.clone(),
            last: state.last.clone(),
            clock_off: state.clock_off,
        }
    }

    /// Takes over a stored state, unless a newer one is here.
    pub(super) fn load(&self, row: LivenessRow, version: i32) {
        let mut state = self.state();
        if state.liveness.as_ref().is_none_or(|known| known.seen <= row.state.seen) && !state.is_queued {
            state.liveness = Some(row.state);
            state.last = row.last;
            state.clock_off = row.clock_off_s;
            state.version = Some(version);
        }
    }
}

impl TrackerState {
    /// Whether it has to be stored now.
    fn is_due(&self, now: Timestamp) -> bool {
        // The lower bound: a clock that was set back must not delay it.
        let is_fresh = |until: Timestamp| (1..=MAX_STALENESS).contains(&(until.micros() - now.micros()));
        self.is_urgent || self.was.is_some() || !self.fresh_until.is_some_and(is_fresh)
    }
}

impl FlushQueue {
    fn push(&self, tracker: &Arc<Tracker>, state: &mut TrackerState) {
        if !state.is_queued {
            state.is_queued = true;
            self.queue.lock().push(tracker.clone());
        }
    }

    /// Queues a tracker for the next flush.
    fn push_urgent(&self, tracker: &Arc<Tracker>, state: &mut TrackerState) {
        state.is_urgent = true;
        self.push(tracker, state);
    }

    /// Notes that a device, or a sensor with this value, was seen. `at` is the time by its own clock.
    pub(super) fn mark_seen(
        &self,
        tracker: &Arc<Tracker>,
        now: Timestamp,
        last: Option<LastValue>,
        at: Option<Timestamp>,
    ) {
        let mut state = tracker.state();
        let was = match &mut state.liveness {
            Some(liveness) => liveness.mark_seen(now).map(Status::name),
            none => {
                *none = Some(LivenessState::first(now));
                Some("never")
            }
        };
        state.was = state.was.or(was);
        // A value that arrives late is not the last one; but no value is from the future.
        if let Some(last) = last
            && state
                .last
                .as_ref()
                .is_none_or(|before| before.timestamp <= last.timestamp || before.timestamp > now)
        {
            state.last = Some(last);
        }
        let off = at.map(|at| at.micros() - now.micros());
        #[expect(clippy::cast_precision_loss, reason = "a difference in microseconds is far below 2^53")]
        let off = off.map(|off| if off.abs() > CLOCK_TOLERANCE { Some(off as f64 / 1e6) } else { None });
        state.clock_off = off.unwrap_or(state.clock_off);
        self.push(tracker, &mut state);
    }

    /// Notes that it was seen at a time in the past, unless a later time is known.
    pub(super) fn recover(&self, tracker: &Arc<Tracker>, then: Timestamp, last: Option<LastValue>) {
        if tracker.snapshot().liveness.is_none_or(|liveness| liveness.seen < then) {
            self.mark_seen(tracker, then, last, None);
        }
    }

    /// Computes the next timeout again, after the period was changed.
    pub(super) fn reschedule(&self, tracker: &Arc<Tracker>) {
        let mut state = tracker.state();
        if state.liveness.is_some() {
            self.push_urgent(tracker, &mut state);
        }
    }

    /// Takes the trackers that have to be stored by `now`.
    fn take_due(&self, now: Timestamp) -> Vec<Arc<Tracker>> {
        let all = std::mem::take(&mut *self.queue.lock());
        // Without the lock on the queue: `mark_seen` locks a tracker first and the queue second.
        let (due, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|tracker| tracker.state().is_due(now));
        self.queue.lock().extend(rest);
        due
    }
}

/// Whether a device's clock is so far off that its times may be wrong.
pub(super) fn is_clock_off(at: Timestamp, now: Timestamp) -> bool {
    const DAY: i64 = 86_400 * 1_000_000;
    !(-366 * DAY..=DAY).contains(&(at.micros() - now.micros()))
}

impl Hub {
    /// Flushes and checks timeouts until the database is closed.
    pub(super) fn flush_in_background(&self) {
        let hub = self.clone();
        self.context.background.every(FLUSH_INTERVAL, "flush liveness", move || {
            let hub = hub.clone();
            async move {
                let (flushed, checked) = (hub.flush_liveness(false).await, hub.check_timeouts().await);
                flushed.and(checked).and(hub.flush_liveness(false).await)
            }
        });
    }

    /// The period that was set for a tracker, and the names of its device and sensor; none if it is removed.
    fn tracked(&self, tracker: &Tracker) -> (Option<f64>, Option<(String, Option<String>)>) {
        let Some(device) = self.state.cache.by_id(tracker.device) else { return (None, None) };
        let name = device.row.device.clone();
        match tracker.sensor {
            None => (device.row.period_s, Some((name, None))),
            Some(id) => match self.state.cache.sensor_by_id(id) {
                Some((_, sensor)) => {
                    let period = sensor.row.period_s.or(device.row.period_s);
                    (period, Some((name, Some(sensor.row.sensor_type.clone()))))
                }
                None => (None, None),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "it is a short time")]
        Timestamp::from_micros(1_800_000_000_000_000 + (seconds * 1e6) as i64).unwrap()
    }

    #[test]
    fn a_state_in_which_only_the_time_changed_is_stored_after_two_seconds() {
        let (queue, tracker) = (FlushQueue::default(), Arc::new(Tracker::for_device(1)));
        let due = |now| queue.take_due(at(now)).len();
        queue.mark_seen(&tracker, at(0.0), None, None);
        assert_eq!((due(0.0), due(0.0)), (1, 0), "it was never seen before");
        let stored = |now: f64| {
            let mut state = tracker.state();
            let (liveness, fresh_until) = (state.liveness.take(), Some(at(now + 2.0)));
            *state = TrackerState { liveness, fresh_until, ..TrackerState::default() };
        };
        stored(0.0);
        queue.mark_seen(&tracker, at(0.1), None, None);
        assert_eq!((due(0.1), due(1.9), due(2.0)), (0, 0, 1));
        stored(2.0);
        queue.mark_seen(&tracker, at(2.1), None, None);
        queue.push_urgent(&tracker, &mut tracker.state());
        assert_eq!(due(2.1), 1, "an urgent one is stored at once");
        stored(2.1);
        queue.mark_seen(&tracker, at(2.2), None, None);
        assert_eq!(due(-3_600.0), 1, "a clock that is set back delays nothing");
        stored(2.2);
        queue.mark_seen(&tracker, at(2.3), None, None);
        assert_eq!(queue.take_due(Timestamp::MAX).len(), 1, "on close everything is stored");
    }
}
