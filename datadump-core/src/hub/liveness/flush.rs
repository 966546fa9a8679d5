//! Flushes changed liveness states: each is stored if the row still has the known version, together with the
//! transition if the status has changed.

use std::sync::{Arc, atomic::Ordering};

use futures_util::future;

use super::tracker::{MAX_STALENESS, Tracker};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    hub::{
        Hub, HubState,
        rows::{LivenessRow, TransitionRow, read},
    },
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
};

/// States stored by one write batch.
const BATCH_ROWS: usize = 1_000;

/// Transitions that are written concurrently.
const MAX_CONCURRENT: usize = 64;

/// Maximum attempts to store a state while other nodes store it too.
const MAX_ATTEMPTS: usize = 5;

struct TrackerWrites {
    liveness: Write,
    transition: Option<Write>,
    /// The status before the transition.
    was: Option<&'static str>,
}

impl Hub {
    /// Stores the states that are due, or all that have changed.
    pub(in crate::hub) async fn flush_liveness(&self, all: bool) -> Result<()> {
        let queue = &self.state.liveness;
        let _flushing = queue.flushing.lock().await;
        let mut stored = Ok(());
        for _ in 0..MAX_ATTEMPTS {
            let waiting = queue.take_due(if all { Timestamp::MAX } else { self.context.now() });
            if waiting.is_empty() {
                break;
            }
            // A failing batch does not prevent the others from being stored.
            for some in waiting.chunks(BATCH_ROWS) {
                stored = self.flush_batch(some).await.and(stored);
            }
            if stored.is_err() {
                break;
            }
        }
        stored
    }

    async fn flush_batch(&self, waiting: &[Arc<Tracker>]) -> Result<()> {
        // A state that is not stored is queued again when its guard is dropped.
        let (mut plain, mut refreshes, mut transitions) = (Vec::new(), Vec::new(), Vec::new());
        for tracker in waiting {
            let TrackerWrites { liveness, transition, was } = match self.writes_of(tracker) {
                Ok(Some(writes)) => writes,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(tracker = tracker.key, %error, "a liveness state cannot be stored");
                    continue;
                }
            };
            let pending = PendingFlush { hub: &self.state, tracker, was, is_stored: false };
            match transition {
                None => {
                    refreshes.push(liveness);
                    plain.push(pending);
                }
                Some(transition) => transitions.push((pending, [liveness, transition])),
            }
        }
        if !refreshes.is_empty() {
            let outcomes = self.context.store.write(WriteBatch::independent(refreshes)).await?;
            for (pending, outcome) in plain.into_iter().zip(outcomes) {
                pending.finish(outcome)?;
            }
        }
        while !transitions.is_empty() {
            let some = transitions.split_off(transitions.len().saturating_sub(MAX_CONCURRENT));
            let calls = some.into_iter().map(|(pending, writes)| async move {
                let outcomes = self.context.store.write(WriteBatch::atomic(writes.into())).await?;
                let outcome = outcomes.into_iter().next();
                pending.finish(outcome.ok_or_else(|| Error::internal("a write without an outcome"))?)
            });
            // Wait for all of them before an error is returned.
            future::join_all(calls).await.into_iter().collect::<Result<()>>()?;
        }
        Ok(())
    }

    /// Returns the writes that store the state of a tracker.
    fn writes_of(&self, tracker: &Arc<Tracker>) -> Result<Option<TrackerWrites>> {
        let Some((period, device, sensor)) = self.tracked(tracker) else { return Ok(None) };
        let mut state = tracker.state();
        (state.is_queued, state.is_urgent) = (false, false);
        let Some(liveness) =
            state.known.liveness.clone().filter(|_| !tracker.stopped.load(Ordering::Relaxed))
        else {
            return Ok(None);
        };
        let due = liveness.due(period, self.state.listening_since);
        let fresh = liveness.period(period).min(MAX_STALENESS);
        state.fresh_until = Timestamp::from_micros(self.context.now().micros() + fresh);
        let row = LivenessRow {
            id: tracker.key.clone(),
            device_id: tracker.device,
            sensor_id: tracker.sensor,
            state: liveness.clone(),
            last: state.known.last.clone(),
            clock_off_s: state.known.clock_off,
            due,
        };
        let expect = state.version.map_or(Expect::Absent, Expect::Exactly);
        // If it was seen again before the change was stored, there is no transition.
        let was = state.was.take().filter(|was| *was != liveness.status.name());
        drop(state);
        let transition = match was {
            None => None,
            Some(was) => {
                let row = TransitionRow {
                    id: self.context.ids.next(),
                    device_id: tracker.device,
                    device,
                    sensor_id: tracker.sensor,
                    sensor_type: sensor,
                    status: liveness.status,
                    was,
                    at: liveness.since,
                    seen: liveness.seen,
                };
                Some(self.context.put(SystemStorage::Transition, &row, Expect::Absent)?)
            }
        };
        let liveness = self.context.put(SystemStorage::Liveness, &row, expect)?;
        Ok(Some(TrackerWrites { liveness, transition, was }))
    }
}

/// A state that is being stored. If it is dropped before that, the tracker is queued again with its previous
/// status.
struct PendingFlush<'h> {
    hub: &'h HubState,
    tracker: &'h Arc<Tracker>,
    was: Option<&'static str>,
    is_stored: bool,
}

impl Drop for PendingFlush<'_> {
    fn drop(&mut self) {
        if !self.is_stored {
            let mut state = self.tracker.state();
            state.was = self.was.or(state.was);
            self.hub.liveness.push_urgent(self.tracker, &mut state);
        }
    }
}

impl PendingFlush<'_> {
    /// Applies the outcome of the write to the tracker.
    fn finish(mut self, outcome: Outcome) -> Result<()> {
        let (tracker, was) = (self.tracker, self.was);
        let mut state = tracker.state();
        match outcome {
            Outcome::Created(stored) | Outcome::Updated(stored) | Outcome::Unchanged(stored) => {
                state.version = Some(stored.row.version);
            }
            // Another node has stored a state in the meantime.
            Outcome::Refused(Some(stored)) => {
                let theirs: LivenessRow = read(&stored.in_force, &stored.row)?;
                state.version = Some(stored.row.version);
                if let Some(ours) = &state.known.liveness {
                    let is_newer = ours.seen > theirs.state.seen
                        || (ours.seen == theirs.state.seen && ours.status != theirs.state.status);
                    if is_newer {
                        let differs = ours.status != theirs.state.status;
                        state.was = differs.then(|| theirs.state.status.name());
                        self.hub.liveness.push_urgent(tracker, &mut state);
                    } else {
                        state.known.liveness = Some(theirs.state);
                        state.was = None;
                    }
                }
            }
            // The row has been removed in the meantime.
            Outcome::Refused(None) => {
                state.version = None;
                state.was = was;
                self.hub.liveness.push_urgent(tracker, &mut state);
            }
            other => {
                return Err(Error::internal(format!(
                    "unexpected outcome of storing a liveness state: {other:?}"
                )));
            }
        }
        drop(state);
        self.is_stored = true;
        Ok(())
    }
}
