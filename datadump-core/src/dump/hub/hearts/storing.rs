//! What was heard since it was last stored, is stored: a pulse over the version that is known, together with the
//! transition, if it is one.

use std::sync::{Arc, atomic::Ordering};

use futures_util::future;

use super::{Heart, STORED};
use crate::{
    clock::Timestamp,
    dump::{
        Dump,
        hub::{
            Hub,
            rows::{PulseRow, TransitionRow, read},
        },
    },
    error::{Error, Result},
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
};

/// How many pulses are stored with one call.
const AT_ONCE: usize = 1_000;

/// How many transitions are stored at once.
const TOGETHER: usize = 64;

/// How often it is tried to store one pulse that other nodes store as well.
const ATTEMPTS: usize = 5;

/// What is to be stored of one heart.
struct Beat {
    pulse: Write,
    transition: Option<Write>,
    was: Option<&'static str>,
}

impl Dump {
    /// Stores what was heard since it was last stored: what has to be by now, or all of it.
    pub(in crate::dump::hub) async fn store_hearts(&self, all: bool) -> Result<()> {
        let hearts = &self.hub.hearts;
        let _alone = hearts.storing.lock().await;
        let mut stored = Ok(());
        for _ in 0..ATTEMPTS {
            let waiting = hearts.take_due(if all { Timestamp::MAX } else { self.clock.now() });
            if waiting.is_empty() {
                break;
            }
            // Some at a time; what fails for some says nothing of the others.
            for some in waiting.chunks(AT_ONCE) {
                stored = self.store_some(some).await.and(stored);
            }
            if stored.is_err() {
                break;
            }
        }
        stored
    }

    async fn store_some(&self, waiting: &[Arc<Heart>]) -> Result<()> {
        // Whatever does not come to be stored, or is dropped on the way, waits again.
        let (mut plain, mut refreshes, mut transitions) = (Vec::new(), Vec::new(), Vec::new());
        for heart in waiting {
            let beat = match self.beat_of(heart) {
                Ok(Some(beat)) => beat,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(heart = heart.key(), %error, "a pulse cannot be stored");
                    continue;
                }
            };
            let pending = Pending { hub: &self.hub, heart, was: beat.was, is_stored: false };
            match beat.transition {
                None => {
                    refreshes.push(beat.pulse);
                    plain.push(pending);
                }
                Some(transition) => transitions.push((pending, [beat.pulse, transition])),
            }
        }
        if !refreshes.is_empty() {
            let outcomes = self.store.write(WriteBatch::independent(refreshes)).await?;
            for (pending, outcome) in plain.into_iter().zip(outcomes) {
                pending.settle(outcome)?;
            }
        }
        while !transitions.is_empty() {
            let some = transitions.split_off(transitions.len().saturating_sub(TOGETHER));
            let calls = some.into_iter().map(|(pending, writes)| async move {
                let outcomes = self.store.write(WriteBatch::atomic(writes.into())).await?;
                let outcome = outcomes.into_iter().next();
                pending.settle(outcome.ok_or_else(|| Error::internal("a write without an outcome"))?)
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
        (state.is_waiting, state.is_urgent) = (false, false);
        let Some(pulse) = state.pulse.clone().filter(|_| !heart.stopped.load(Ordering::Relaxed)) else {
            return Ok(None);
        };
        let due = pulse.due(period, self.hub.listening);
        state.fresh = Timestamp::from_micros(self.clock.now().micros() + pulse.period(period).min(STORED));
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
        // Heard again before that was stored, it never was silent for anybody.
        let was = state.was.take().filter(|was| *was != pulse.status.name());
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
                Some(self.hub_put(SystemStorage::Transition, &row, Expect::Absent)?)
            }
        };
        Ok(Some(Beat { pulse: self.hub_put(SystemStorage::Liveness, &row, expect)?, transition, was }))
    }
}

/// A pulse that is about to be stored. If nothing comes of that it waits again, with what its status was before.
struct Pending<'h> {
    hub: &'h Hub,
    heart: &'h Arc<Heart>,
    was: Option<&'static str>,
    is_stored: bool,
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if !self.is_stored {
            let mut state = self.heart.state();
            state.was = self.was.or(state.was);
            self.hub.hearts.urge(self.heart, &mut state);
        }
    }
}

impl Pending<'_> {
    /// What became of storing it.
    fn settle(mut self, outcome: Outcome) -> Result<()> {
        let (heart, was) = (self.heart, self.was);
        let mut state = heart.state();
        match outcome {
            Outcome::Created(stored) | Outcome::Updated(stored) | Outcome::Unchanged(stored) => {
                state.version = Some(stored.row.version);
            }
            // Another node has heard it too, or has seen that it is late.
            Outcome::Refused(Some(stored)) => {
                let theirs: PulseRow = read(&stored.in_force, &stored.row)?;
                state.version = Some(stored.row.version);
                if let Some(ours) = &state.pulse {
                    let is_newer = ours.seen > theirs.pulse.seen
                        || (ours.seen == theirs.pulse.seen && ours.status != theirs.pulse.status);
                    if is_newer {
                        let differs = ours.status != theirs.pulse.status;
                        state.was = differs.then(|| theirs.pulse.status.name());
                        self.hub.hearts.urge(heart, &mut state);
                    } else {
                        state.pulse = Some(theirs.pulse);
                        state.was = None;
                    }
                }
            }
            // It was removed meanwhile.
            Outcome::Refused(None) => {
                state.version = None;
                state.was = was;
                self.hub.hearts.urge(heart, &mut state);
            }
            other => return Err(Error::internal(format!("a pulse with the outcome {other:?}"))),
        }
        drop(state);
        self.is_stored = true;
        Ok(())
    }
}
