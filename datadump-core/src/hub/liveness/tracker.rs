//! Trackers keep in memory when each device and sensor was last seen, and whether that has to be stored.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use parking_lot::{Mutex, MutexGuard};

use crate::{
    clock::Timestamp,
    hub::{
        rows::{LastValue, LivenessRow},
        rules::{LivenessState, Status},
    },
};

/// Minimum time before a state in which only the time has changed is stored again, in microseconds. If the
/// usual interval of the device is shorter, that is used, so that other nodes do not mistake the device for
/// late.
pub(super) const MAX_STALENESS: i64 = 2_000_000;

/// Difference in microseconds beyond which a device's clock is reported as wrong.
const CLOCK_TOLERANCE: i64 = 60_000_000;

/// Tracks when a device or a sensor was last seen.
#[derive(Debug)]
pub(in crate::hub) struct Tracker {
    pub(in crate::hub) key: String,
    pub(super) device: i64,
    pub(super) sensor: Option<i64>,
    state: Mutex<TrackerState>,
    pub(super) stopped: AtomicBool,
}

#[derive(Debug, Default)]
pub(super) struct TrackerState {
    pub(super) known: TrackerSnapshot,
    /// The version of the stored row.
    pub(super) version: Option<i32>,
    /// The status before a change that is not stored yet.
    pub(super) was: Option<&'static str>,
    /// True if it is in the flush queue.
    pub(super) is_queued: bool,
    /// True if anything other than the time has changed.
    pub(super) is_urgent: bool,
    /// Time until which it need not be stored again.
    pub(super) fresh_until: Option<Timestamp>,
}

/// State of a tracker.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::hub) struct TrackerSnapshot {
    /// None if it was never seen.
    pub(in crate::hub) liveness: Option<LivenessState>,
    pub(in crate::hub) last: Option<LastValue>,
    pub(in crate::hub) clock_off: Option<f64>,
}

/// The trackers whose state has to be stored.
#[derive(Debug, Default)]
pub(in crate::hub) struct FlushQueue {
    queue: Mutex<Vec<Arc<Tracker>>>,
    pub(super) flushing: tokio::sync::Mutex<()>,
}

impl Tracker {
    pub(in crate::hub) fn for_device(id: i64) -> Self {
        Self::new(format!("d{id}"), id, None)
    }

    pub(in crate::hub) fn for_sensor(device: i64, id: i64) -> Self {
        Self::new(format!("s{id}"), device, Some(id))
    }

    fn new(key: String, device: i64, sensor: Option<i64>) -> Self {
        Self { key, device, sensor, state: Mutex::default(), stopped: AtomicBool::new(false) }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, TrackerState> {
        self.state.lock()
    }

    /// Stops storing the state, because the device is removed.
    pub(in crate::hub) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(in crate::hub) fn snapshot(&self) -> TrackerSnapshot {
        self.state().known.clone()
    }

    /// Loads a stored state, unless the tracker has a newer one.
    pub(in crate::hub) fn load(&self, row: LivenessRow, version: i32) {
        let mut state = self.state();
        let is_newer = |known: &LivenessState| known.seen > row.state.seen;
        if !state.known.liveness.as_ref().is_some_and(is_newer) && !state.is_queued {
            let (liveness, last, clock_off) = (Some(row.state), row.last, row.clock_off_s);
            state.known = TrackerSnapshot { liveness, last, clock_off };
            state.version = Some(version);
        }
    }
}

impl TrackerState {
    /// Returns whether it has to be stored now.
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
    pub(super) fn push_urgent(&self, tracker: &Arc<Tracker>, state: &mut TrackerState) {
        state.is_urgent = true;
        self.push(tracker, state);
    }

    /// Marks a device, or a sensor with this value, as seen. `at` is the time by its own clock.
    pub(in crate::hub) fn mark_seen(
        &self,
        tracker: &Arc<Tracker>,
        now: Timestamp,
        last: Option<LastValue>,
        at: Option<Timestamp>,
    ) {
        let mut state = tracker.state();
        let was = match &mut state.known.liveness {
            Some(liveness) => liveness.mark_seen(now).map(Status::name),
            none => {
                *none = Some(LivenessState::first(now));
                Some("never")
            }
        };
        state.was = state.was.or(was);
        // A value that arrives late does not replace a later one, unless that one claims to be from the
        // future.
        if let Some(last) = last
            && state
                .known
                .last
                .as_ref()
                .is_none_or(|before| before.timestamp <= last.timestamp || before.timestamp > now)
        {
            state.known.last = Some(last);
        }
        let off = at.map(|at| at.micros() - now.micros());
        #[expect(clippy::cast_precision_loss, reason = "a difference in microseconds is far below 2^53")]
        let off = off.map(|off| if off.abs() > CLOCK_TOLERANCE { Some(off as f64 / 1e6) } else { None });
        state.known.clock_off = off.unwrap_or(state.known.clock_off);
        self.push(tracker, &mut state);
    }

    /// Marks it as seen at a time in the past, unless a later time is known.
    pub(in crate::hub) fn recover(&self, tracker: &Arc<Tracker>, then: Timestamp, last: Option<LastValue>) {
        if tracker.snapshot().liveness.is_none_or(|liveness| liveness.seen < then) {
            self.mark_seen(tracker, then, last, None);
        }
    }

    /// Recomputes the next timeout after the period has changed.
    pub(in crate::hub) fn reschedule(&self, tracker: &Arc<Tracker>) {
        let mut state = tracker.state();
        if state.known.liveness.is_some() {
            self.push_urgent(tracker, &mut state);
        }
    }

    /// Takes the trackers that have to be stored by `now`.
    pub(super) fn take_due(&self, now: Timestamp) -> Vec<Arc<Tracker>> {
        let all = std::mem::take(&mut *self.queue.lock());
        // The queue must not be locked here: `mark_seen` locks a tracker first and the queue second.
        let (due, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|tracker| tracker.state().is_due(now));
        self.queue.lock().extend(rest);
        due
    }
}

/// Returns whether a device's clock is so far off that its times may be wrong.
pub(in crate::hub) fn is_clock_off(at: Timestamp, now: Timestamp) -> bool {
    const DAY: i64 = 86_400 * 1_000_000;
    !(-366 * DAY..=DAY).contains(&(at.micros() - now.micros()))
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
            let (known, fresh_until) = (std::mem::take(&mut state.known), Some(at(now + 2.0)));
            *state = TrackerState { known, fresh_until, ..TrackerState::default() };
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
