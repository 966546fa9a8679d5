//! When devices and sensors were heard. A push beats in memory; within a second what has changed is stored, and
//! what is silent for too long is found. Each node stores what it has heard itself; which of them sees first
//! that something is late does not matter, because a pulse is only stored over the version that is known.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future;

use super::rows::{Last, PulseRow, TransitionRow, read};
use crate::{
    clock::Timestamp,
    dump::Dump,
    error::{Error, Result},
    hub::{Pulse, Status},
    schema::{StoredRow, Value},
    store::{
        Call, Column, Count, Expect, Filter, Order, Outcome, Paging, Query, Test, Write, own::Own,
        query::Direction,
    },
};

/// How often pulses are stored and judged.
const BEAT: Duration = Duration::from_millis(500);

/// How many overdue pulses are judged at a time.
const JUDGED: u64 = 500;

/// How many transitions are stored at once.
const TOGETHER: usize = 64;

/// How often it is tried to store one pulse that other nodes store as well.
const ATTEMPTS: usize = 5;

/// A clock that is further off than this is told, in microseconds.
const CLOCK_OFF: i64 = 60_000_000;

/// What beats whenever a device, or one of its sensors, is heard.
#[derive(Debug)]
pub(super) struct Heart {
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
}

/// What a heart shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Shown {
    pub(super) pulse: Option<Pulse>,
    pub(super) last: Option<Last>,
    pub(super) clock_off: Option<f64>,
}

/// Those that wait to be stored.
#[derive(Debug, Default)]
pub(super) struct Hearts {
    waiting: Mutex<Vec<Arc<Heart>>>,
    storing: tokio::sync::Mutex<()>,
}

impl Heart {
    pub(super) fn of_device(id: i64) -> Self {
        Self::new(format!("d{id}"), id, None)
    }

    pub(super) fn of_sensor(device: i64, id: i64) -> Self {
        Self::new(format!("s{id}"), device, Some(id))
    }

    fn new(key: String, device: i64, sensor: Option<i64>) -> Self {
        Self { key, device, sensor, state: Mutex::default(), stopped: AtomicBool::new(false) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Its device is gone: nothing of it is stored any more.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn shown(&self) -> Shown {
        let state = self.state();
        Shown { pulse: state.pulse.clone(), last: state.last.clone(), clock_off: state.clock_off }
    }

    /// Takes over what is stored, unless more is known.
    pub(super) fn take(&self, row: PulseRow, version: i32) {
        let mut state = self.state();
        if state.pulse.as_ref().is_none_or(|known| known.seen <= row.pulse.seen) && !state.is_waiting {
            state.pulse = Some(row.pulse);
            state.last = row.last;
            state.clock_off = row.clock_off_s;
            state.version = Some(version);
        }
    }
}

impl Hearts {
    fn wait(&self, heart: &Arc<Heart>, state: &mut State) {
        if !state.is_waiting {
            state.is_waiting = true;
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(heart.clone());
        }
    }

    /// A device, or a sensor with this, was heard.
    pub(super) fn beat(&self, heart: &Arc<Heart>, now: Timestamp, last: Option<Last>, by: Option<Timestamp>) {
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
    pub(super) fn recall(&self, heart: &Arc<Heart>, then: Timestamp, last: Option<Last>) {
        if heart.shown().pulse.is_none_or(|pulse| pulse.seen < then) {
            self.beat(heart, then, last, None);
        }
    }

    /// What is usual for it is another now.
    pub(super) fn retime(&self, heart: &Arc<Heart>) {
        let mut state = heart.state();
        if state.pulse.is_some() {
            self.wait(heart, &mut state);
        }
    }

    fn all_waiting(&self) -> Vec<Arc<Heart>> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether a clock says something that may be wrong.
pub(super) fn is_off(by: Timestamp, now: Timestamp) -> bool {
    const DAY: i64 = 86_400 * 1_000_000;
    !(-366 * DAY..=DAY).contains(&(by.micros() - now.micros()))
}

impl Dump {
    /// Stores and judges until the hub is closed.
    pub(super) fn beat_in_background(&self) {
        let weak = self.downgrade();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(BEAT).await;
                let Some(dump) = weak.upgrade() else { return };
                if dump.hub.is_closed() {
                    return;
                }
                let done = async {
                    dump.store_hearts().await?;
                    dump.judge_hearts().await?;
                    dump.store_hearts().await
                };
                if let Err(error) = done.await {
                    tracing::debug!(%error, "pulses could not be stored or judged; it is tried again");
                }
            }
        });
    }

    /// Stores what was heard since it was last stored.
    pub(super) async fn store_hearts(&self) -> Result<()> {
        let hearts = &self.hub.hearts;
        let _alone = hearts.storing.lock().await;
        for _ in 0..ATTEMPTS {
            let waiting = hearts.all_waiting();
            if waiting.is_empty() {
                return Ok(());
            }
            let stored = self.store_some(&waiting).await;
            if stored.is_err() {
                for heart in &waiting {
                    let mut state = heart.state();
                    state.is_waiting = false;
                    hearts.wait(heart, &mut state);
                }
                return stored;
            }
        }
        Ok(())
    }

    async fn store_some(&self, waiting: &[Arc<Heart>]) -> Result<()> {
        let (mut plain, mut refreshes, mut transitions) = (Vec::new(), Vec::new(), Vec::new());
        for heart in waiting {
            let Some(beat) = self.beat_of(heart)? else { continue };
            match beat.transition {
                None => {
                    refreshes.push(beat.pulse);
                    plain.push((heart, beat.was));
                }
                Some(transition) => transitions.push((heart, beat.was, [beat.pulse, transition])),
            }
        }
        if !refreshes.is_empty() {
            let outcomes = self.store.write(Call::each(refreshes)).await?;
            for ((heart, was), outcome) in plain.into_iter().zip(outcomes) {
                self.settle(heart, was, outcome)?;
            }
        }
        while !transitions.is_empty() {
            let some = transitions.split_off(transitions.len().saturating_sub(TOGETHER));
            let calls = some.into_iter().map(|(heart, was, writes)| async move {
                let stored = async {
                    let outcomes = self.store.write(Call::together(writes.into())).await?;
                    let outcome = outcomes.into_iter().next();
                    let outcome = outcome.ok_or_else(|| Error::internal("a write without an outcome"))?;
                    self.settle(heart, was, outcome)
                };
                stored.await.inspect_err(|_| {
                    let mut state = heart.state();
                    state.was = was.or(state.was);
                })
            });
            // All of them, before one that failed is told.
            future::join_all(calls).await.into_iter().collect::<Result<()>>()?;
        }
        Ok(())
    }

    /// What is to be stored of a heart.
    fn beat_of(&self, heart: &Arc<Heart>) -> Result<Option<Beat>> {
        let (period, names) = self.about(heart);
        let Some((device, sensor)) = names else { return Ok(None) };
        let mut state = heart.state();
        state.is_waiting = false;
        let Some(pulse) = state.pulse.clone().filter(|_| !heart.stopped.load(Ordering::Relaxed)) else {
            return Ok(None);
        };
        let due = pulse.due(period, self.hub.listening);
        let row = PulseRow {
            id: heart.key.clone(),
            device_id: heart.device,
            sensor_id: heart.sensor,
            pulse: pulse.clone(),
            last: state.last.clone(),
            clock_off_s: state.clock_off,
            due,
        };
        let expect = state.version.map_or(Expect::Absent, Expect::Exactly);
        let was = state.was.take();
        drop(state);
        let transition = match was {
            None => None,
            Some(was) => {
                let row = TransitionRow {
                    id: self.ids.next(),
                    device_id: heart.device,
                    device,
                    sensor_id: heart.sensor,
                    sensor_type: sensor,
                    status: pulse.status,
                    was,
                    at: pulse.since,
                    seen: pulse.seen,
                };
                Some(self.hub_put(Own::Transition, &row, Expect::Absent)?)
            }
        };
        Ok(Some(Beat { pulse: self.hub_put(Own::Pulse, &row, expect)?, transition, was }))
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

    /// What became of storing a pulse.
    fn settle(&self, heart: &Arc<Heart>, was: Option<&'static str>, outcome: Outcome) -> Result<()> {
        let mut state = heart.state();
        match outcome {
            Outcome::Created(stored) | Outcome::Updated(stored) | Outcome::Same(stored) => {
                state.version = Some(stored.row.version);
            }
            // Another node has heard it too, or has seen that it is late.
            Outcome::Refused(Some(stored)) => {
                let theirs: PulseRow = read(&stored.in_force, &stored.row)?;
                state.version = Some(stored.row.version);
                let Some(ours) = &state.pulse else { return Ok(()) };
                let is_newer = ours.seen > theirs.pulse.seen
                    || (ours.seen == theirs.pulse.seen && ours.status != theirs.pulse.status);
                if is_newer {
                    let differs = ours.status != theirs.pulse.status;
                    state.was = differs.then(|| theirs.pulse.status.name());
                    self.hub.hearts.wait(heart, &mut state);
                } else {
                    state.pulse = Some(theirs.pulse);
                    state.was = None;
                }
            }
            // It was removed meanwhile.
            Outcome::Refused(None) => {
                state.version = None;
                state.was = was;
                self.hub.hearts.wait(heart, &mut state);
            }
            other => return Err(Error::internal(format!("a pulse with the outcome {other:?}"))),
        }
        Ok(())
    }

    /// Finds those that are silent for too long.
    async fn judge_hearts(&self) -> Result<()> {
        let now = self.clock.now();
        let in_force = self.hub_storage(Own::Pulse)?;
        let Some(due) = Column::named(&in_force.definition, "due") else {
            return Err(Error::internal("pulses are never due"));
        };
        let query = Query {
            filter: Some(Filter::Column(due, Test::Lte(Value::Timestamp(now)))),
            order: vec![
                Order { column: due, direction: Direction::Ascending },
                Order { column: Column::Key, direction: Direction::Ascending },
            ],
            paging: Paging::Offset { limit: JUDGED, offset: 0 },
            count: Count::None,
            fields: None,
            identity: String::new(),
        };
        let page = self.store.page(&in_force, &query).await?;
        let mut orphans = Vec::new();
        for row in page.rows {
            if !self.judge(read(&in_force, &row)?, &row, now) {
                orphans.push(Write::delete(in_force.clone(), row.key, Expect::Exactly(row.version)));
            }
        }
        if !orphans.is_empty() {
            self.store.write(Call::each(orphans)).await?;
        }
        Ok(())
    }

    /// Whether it is anybody's.
    fn judge(&self, found: PulseRow, row: &StoredRow, now: Timestamp) -> bool {
        let device = self.hub.known.numbered(found.device_id);
        let heart = match (device, found.sensor_id) {
            (Some(device), None) => Some(device.heart.clone()),
            (Some(_), Some(id)) => self.hub.known.sensor(id).map(|(_, sensor)| sensor.heart.clone()),
            (None, _) => None,
        };
        let Some(heart) = heart else { return false };
        let (period, _) = self.about(&heart);
        let (key, seen) = (heart.key.clone(), found.pulse.seen);
        heart.take(found, row.version);
        let mut state = heart.state();
        if state.is_waiting {
            return true;
        }
        let Some(pulse) = &mut state.pulse else { return true };
        if pulse.seen > seen {
            return true;
        }
        let before = pulse.status;
        let status = pulse.judge(period, self.hub.listening, now);
        if status != before {
            tracing::debug!(heart = key, status = status.name(), "it is silent");
            (pulse.status, pulse.since) = (status, now);
            state.was = state.was.or(Some(before.name()));
        }
        // When it has to be judged again has changed in any case.
        self.hub.hearts.wait(&heart, &mut state);
        true
    }
}

/// What is to be stored of one heart.
struct Beat {
    pulse: Write,
    transition: Option<Write>,
    was: Option<&'static str>,
}
