//! What was heard since it was last stored, is stored: a pulse over the version that is known, together with the
//! transition, if it is one.

use std::sync::{Arc, atomic::Ordering};

use futures_util::future;

use super::Heart;
use crate::{
    dump::{
        Dump,
        hub::rows::{PulseRow, TransitionRow, read},
    },
    error::{Error, Result},
    store::{Call, Expect, Outcome, Write, own::Own},
};

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
    /// Stores what was heard since it was last stored.
    pub(in crate::dump::hub) async fn store_hearts(&self) -> Result<()> {
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
}
