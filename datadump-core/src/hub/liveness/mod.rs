//! When devices and sensors were heard. A push beats in memory; every two seconds what has changed is stored, and
//! what is silent for too long is found. Each node stores what it has heard itself; which of them sees first
//! that something is late does not matter, because a pulse is only stored over the version that is known.

mod judging;
mod storing;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use super::rows::{Last, PulseRow};
use crate::{
    clock::Timestamp,
    dump::Dump,
    hub::{Pulse, Status},
};

/// How often pulses are stored and judged.
const BEAT: Duration = Duration::from_millis(500);

/// How long a pulse that says nothing new but when is not stored again, in microseconds: or for its usual
/// interval, if that is shorter, so that it is not late for who knows it only as it is stored.
const STORED: i64 = 2_000_000;

/// A clock that is further off than this is told, in microseconds.
const CLOCK_OFF: i64 = 60_000_000;

/// What beats whenever a device, or one of its sensors, is heard.
#[derive(Debug)]
pub(in crate::dump::hub) struct Heart {
    key: String,
    device: i64,
    sensor: Option<i64>,
    state: Mutex<State>,
    stopped: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// None of one that never was heard.
    pulse: Option<Pulse>,
    last: Option<Last>,
    clock_off: Option<f64>,
    /// The version of the stored pulse that is known.
    version: Option<i32>,
    /// Another status that is not stored yet: how it was before.
    was: Option<&'static str>,
    /// Whether it waits to be stored.
    is_waiting: bool,
    /// Whether it does so for more than that it was heard again.
    is_urgent: bool,
    /// Until when it need not be stored again.
    fresh: Option<Timestamp>,
}

/// What a heart shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::dump::hub) struct Shown {
    pub(in crate::dump::hub) pulse: Option<Pulse>,
    pub(in crate::dump::hub) last: Option<Last>,
    pub(in crate::dump::hub) clock_off: Option<f64>,
}

/// Those that wait to be stored.
#[derive(Debug, Default)]
pub(in crate::dump::hub) struct Hearts {
    waiting: Mutex<Vec<Arc<Heart>>>,
    storing: tokio::sync::Mutex<()>,
}

impl Heart {
    pub(in crate::dump::hub) fn of_device(id: i64) -> Self {
        Self::new(format!("d{id}"), id, None)
    }

    pub(in crate::dump::hub) fn of_sensor(device: i64, id: i64) -> Self {
        Self::new(format!("s{id}"), device, Some(id))
    }

    fn new(key: String, device: i64, sensor: Option<i64>) -> Self {
        Self { key, device, sensor, state: Mutex::default(), stopped: AtomicBool::new(false) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::dump::hub) fn key(&self) -> &str {
        &self.key
    }

    /// Its device is gone: nothing of it is stored any more.
    pub(in crate::dump::hub) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(in crate::dump::hub) fn shown(&self) -> Shown {
        let state = self.state();
        Shown { pulse: state.pulse.clone(), last: state.last.clone(), clock_off: state.clock_off }
    }

    /// Takes over what is stored, unless more is known.
    pub(in crate::dump::hub) fn take(&self, row: PulseRow, version: i32) {
        let mut state = self.state();
        if state.pulse.as_ref().is_none_or(|known| known.seen <= row.pulse.seen) && !state.is_waiting {
            state.pulse = Some(row.pulse);
            state.last = row.last;
            state.clock_off = row.clock_off_s;
            state.version = Some(version);
        }
    }
}

impl State {
    /// Whether it is to be stored now.
    fn is_due(&self, now: Timestamp) -> bool {
        // A clock that was set back must not keep it waiting.
        let is_fresh = |fresh: Timestamp| (1..=STORED).contains(&(fresh.micros() - now.micros()));
        self.is_urgent || self.was.is_some() || !self.fresh.is_some_and(is_fresh)
    }
}

impl Hearts {
    fn wait(&self, heart: &Arc<Heart>, state: &mut State) {
        if !state.is_waiting {
            state.is_waiting = true;
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(heart.clone());
        }
    }

    /// It waits to be stored as soon as can be.
    fn urge(&self, heart: &Arc<Heart>, state: &mut State) {
        state.is_urgent = true;
        self.wait(heart, state);
    }

    /// A device, or a sensor with this, was heard.
    pub(in crate::dump::hub) fn beat(
        &self,
        heart: &Arc<Heart>,
        now: Timestamp,
        last: Option<Last>,
        by: Option<Timestamp>,
    ) {
        let mut state = heart.state();
        let was = match &mut state.pulse {
            Some(pulse) => pulse.beat(now).map(Status::name),
            none => {
                *none = Some(Pulse::first(now));
                Some("never")
            }
        };
        state.was = state.was.or(was);
        // What was said late is not the last that was measured; but nothing was measured in the future.
        if let Some(last) = last
            && state
                .last
                .as_ref()
                .is_none_or(|before| before.timestamp <= last.timestamp || before.timestamp > now)
        {
            state.last = Some(last);
        }
        let off = by.map(|by| by.micros() - now.micros());
        #[expect(clippy::cast_precision_loss, reason = "it is a number of microseconds")]
        let off = off.map(|off| if off.abs() > CLOCK_OFF { Some(off as f64 / 1e6) } else { None });
        state.clock_off = off.unwrap_or(state.clock_off);
        self.wait(heart, &mut state);
    }

    /// It was heard at a time that may be known already.
    pub(in crate::dump::hub) fn recall(&self, heart: &Arc<Heart>, then: Timestamp, last: Option<Last>) {
        if heart.shown().pulse.is_none_or(|pulse| pulse.seen < then) {
            self.beat(heart, then, last, None);
        }
    }

    /// What is usual for it is another now.
    pub(in crate::dump::hub) fn retime(&self, heart: &Arc<Heart>) {
        let mut state = heart.state();
        if state.pulse.is_some() {
            self.urge(heart, &mut state);
        }
    }

    /// Those that are to be stored by now; all of them at the end of time.
    fn take_due(&self, now: Timestamp) -> Vec<Arc<Heart>> {
        let lock = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let all = std::mem::take(&mut *lock());
        // Not while the list is locked: who beats has locked a heart when it locks the list.
        let (due, rest): (Vec<_>, Vec<_>) = all.into_iter().partition(|heart| heart.state().is_due(now));
        lock().extend(rest);
        due
    }
}

/// Whether a clock says something that may be wrong.
pub(in crate::dump::hub) fn is_off(by: Timestamp, now: Timestamp) -> bool {
    const DAY: i64 = 86_400 * 1_000_000;
    !(-366 * DAY..=DAY).contains(&(by.micros() - now.micros()))
}

impl Dump {
    /// Stores and judges until the hub is closed.
    pub(in crate::dump::hub) fn beat_in_background(&self) {
        let weak = self.downgrade();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                let Some(dump) = weak.upgrade() else { return };
                if dump.hub.is_closed() {
                    return;
                }
                let (stored, judged) = (dump.store_hearts(false).await, dump.judge_hearts().await);
                if let Err(error) = stored.and(judged).and(dump.store_hearts(false).await) {
                    tracing::debug!(%error, "pulses could not be stored or judged; it is tried again");
                }
            }
        });
    }

    /// The period that was set for it, and the names of its device and its sensor; none when it is gone.
    fn about(&self, heart: &Heart) -> (Option<f64>, Option<(String, Option<String>)>) {
        let Some(device) = self.hub.known.numbered(heart.device) else { return (None, None) };
        let name = device.row.device.clone();
        match heart.sensor {
            None => (device.row.period_s, Some((name, None))),
            Some(id) => match self.hub.known.sensor(id) {
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
    fn a_pulse_that_says_nothing_new_waits_for_two_seconds() {
        let (hearts, heart) = (Hearts::default(), Arc::new(Heart::of_device(1)));
        let due = |now| hearts.take_due(at(now)).len();
        hearts.beat(&heart, at(0.0), None, None);
        assert_eq!((due(0.0), due(0.0)), (1, 0), "it was never heard before");
        let stored = |now: f64| {
            let mut state = heart.state();
            *state = State { pulse: state.pulse.take(), fresh: Some(at(now + 2.0)), ..State::default() };
        };
        stored(0.0);
        hearts.beat(&heart, at(0.1), None, None);
        assert_eq!((due(0.1), due(1.9), due(2.0)), (0, 0, 1));
        stored(2.0);
        hearts.beat(&heart, at(2.1), None, None);
        hearts.urge(&heart, &mut heart.state());
        assert_eq!(due(2.1), 1, "what is urged is stored at once");
        stored(2.1);
        hearts.beat(&heart, at(2.2), None, None);
        assert_eq!(due(-3_600.0), 1, "a clock that is set back keeps nothing waiting");
        stored(2.2);
        hearts.beat(&heart, at(2.3), None, None);
        assert_eq!(hearts.take_due(Timestamp::MAX).len(), 1, "at the end all are stored");
    }
}
