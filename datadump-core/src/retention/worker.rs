//! Removes the rows of one storage, a step at a time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::OnceCell;

use super::{Measured, NextRemoval, RetentionStatus};
use crate::{
    clock::Timestamp,
    context::Context,
    error::{Error, Result},
    schema::{InForce, RetentionPolicy},
    store::{Capacity, Extent, StepLimit, TrimStep},
};

/// Time for which one storage is worked on before it is another one's turn.
const TURN_TIME: Duration = Duration::from_secs(1);

/// Intended duration of a step, for which other writes wait, and limits for its number of rows.
const STEP_TIME: Duration = Duration::from_millis(15);
const FIRST_STEP_ROWS: u64 = 50;
const MAX_STEP_ROWS: u64 = 2_000;

/// Size of long values at which a step ends.
const MAX_STEP_BYTES: u64 = 8 << 20;

/// Limits of the pause after a step, which is otherwise as long as the step: others get as much time.
const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(200);

/// Limits of the interval between two measurements of a storage. It is long enough that measuring all storages
/// takes at most a fiftieth of the time.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
const MAX_INTERVAL: Duration = Duration::from_mins(10);
const INTERVAL_PER_COST: u32 = 50;

/// Maximum interval for system storages, whose changes are not in the change log.
const MAX_SYSTEM_INTERVAL: Duration = Duration::from_mins(1);

/// Pause after an error.
const RETRY_DELAY: Duration = Duration::from_secs(10);

/// The state of one storage.
#[derive(Debug, Clone, Default)]
pub(super) struct StorageState {
    /// The limits that the rest applies to.
    policy: Option<RetentionPolicy>,
    measured: Option<Measured>,
    /// The last position of the change log before the last measurement.
    position: i64,
    /// Duration of a measurement.
    cost: Duration,
    /// Time of the next measurement; `None` for now.
    due: Option<Instant>,
    /// The range of time whose rows are being removed.
    removing: Option<(Timestamp, Timestamp)>,
    /// Number of rows of the next step.
    step_rows: Option<u64>,
    removed: u64,
}

impl StorageState {
    /// Forgets what was found under other limits.
    fn apply(&mut self, policy: RetentionPolicy) {
        if self.policy != Some(policy) {
            let (cost, step_rows, removed) = (self.cost, self.step_rows, self.removed);
            *self = Self { policy: Some(policy), cost, step_rows, removed, ..Self::default() };
        }
    }

    /// Returns whether there are more rows to remove.
    pub(super) fn is_busy(&self) -> bool {
        self.removing.is_some()
    }

    pub(super) fn status(&self, storage: String, policy: RetentionPolicy, now: Timestamp) -> RetentionStatus {
        let oldest = self.measured.and_then(|measured| measured.oldest);
        let next = match (self.removing, oldest, policy.age) {
            (Some((_, until)), ..) => Some(NextRemoval { at: now, until }),
            (None, Some(oldest), Some(age)) => Some(NextRemoval { at: later(oldest, age), until: oldest }),
            _ => None,
        };
        RetentionStatus { storage, policy, measured: self.measured, removed: self.removed, next }
    }

    fn is_too_old(&self, policy: RetentionPolicy, now: Timestamp) -> bool {
        let oldest = self.measured.and_then(|measured| measured.oldest);
        oldest.zip(policy.age).is_some_and(|(oldest, age)| later(oldest, age) <= now)
    }

    /// Takes note of a step: the rows are gone, and the next step takes as many as fit into the time for one.
    fn note(&mut self, step: &TrimStep) {
        self.removed += step.trim.rows;
        if let Some(measured) = &mut self.measured {
            let before = measured.rows.max(1);
            measured.rows = measured.rows.saturating_sub(step.trim.rows);
            let left = |amount: u128| amount * u128::from(measured.rows) / u128::from(before);
            measured.bytes = u64::try_from(left(measured.bytes.into())).unwrap_or(u64::MAX);
            let cost = u64::try_from(left(self.cost.as_micros())).unwrap_or(u64::MAX);
            self.cost = Duration::from_micros(cost);
            measured.oldest = None;
        }
        let rows = self.step_rows.unwrap_or(FIRST_STEP_ROWS);
        let took = step.took.max(Duration::from_micros(100)).as_micros();
        let fitting = u128::from(rows) * STEP_TIME.as_micros() / took;
        let fitting = u64::try_from(fitting).unwrap_or(MAX_STEP_ROWS).min(rows * 2);
        self.step_rows = Some(fitting.clamp(1, MAX_STEP_ROWS));
    }
}

/// One look at all storages.
pub(super) struct Round<'r> {
    pub(super) context: &'r Context,
    /// Number of storages that are measured.
    pub(super) targets: usize,
    /// The last position of the change log, once it was needed.
    position: OnceCell<i64>,
}

impl<'r> Round<'r> {
    pub(super) fn new(context: &'r Context, targets: usize) -> Self {
        Self { context, targets, position: OnceCell::new() }
    }

    /// Returns a position of the change log after which no storage has been measured in this round.
    async fn position(&self) -> Result<i64> {
        let read = async || Ok(self.context.store.span().await?.last);
        self.position.get_or_try_init(read).await.copied()
    }

    /// Returns whether another version of the storage, perhaps with other limits, has come into force.
    fn is_outdated(&self, in_force: &InForce) -> bool {
        let now = self.context.store.catalogue().by_id(in_force.storage);
        now.and_then(|now| now.in_force.clone()).is_some_and(|now| now.version != in_force.version)
    }
}

/// Measures the storage if that is due, and removes rows for a while. `publish` takes the state after each step.
pub(super) async fn work(
    round: &Round<'_>,
    in_force: &Arc<InForce>,
    policy: RetentionPolicy,
    state: &mut StorageState,
    publish: impl Fn(&StorageState),
) -> Result<()> {
    state.apply(policy);
    let worked = turn(round, in_force, policy, state, publish).await;
    match worked {
        // A new version has come into force, or the storage was removed.
        Err(Error::Moved(_) | Error::UnknownStorage(_)) => {
            state.removing = None;
            Ok(())
        }
        Err(error) => {
            state.removing = None;
            state.due = Some(Instant::now() + RETRY_DELAY);
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

async fn turn(
    round: &Round<'_>,
    in_force: &Arc<InForce>,
    policy: RetentionPolicy,
    state: &mut StorageState,
    publish: impl Fn(&StorageState),
) -> Result<()> {
    let (context, targets) = (round.context, round.targets);
    let began = Instant::now();
    if state.removing.is_none() {
        if state.due.is_some_and(|due| began < due) {
            return Ok(());
        }
        let (now, position) = (context.now(), round.position().await?);
        let is_unchanged = state.measured.is_some() && state.position == position;
        if is_unchanged && !in_force.storage.is_system() && !state.is_too_old(policy, now) {
            state.due = Some(began + MIN_INTERVAL);
            return Ok(());
        }
        let capacity = Capacity { rows: policy.rows, bytes: policy.bytes };
        let extent = context.store.extent(in_force, capacity).await?;
        let Extent { rows, bytes, oldest, excess } = extent;
        state.measured = Some(Measured { at: now, rows, bytes, oldest });
        (state.position, state.cost) = (position, began.elapsed());
        state.due = Some(Instant::now() + interval(in_force, policy, state.cost, targets));
        let too_old = policy.age.map(|age| earlier(now, age)).filter(|_| state.is_too_old(policy, now));
        state.removing = too_old.max(excess).map(|until| (Timestamp::MIN, until));
    }
    while let Some((after, until)) = state.removing
        && began.elapsed() < TURN_TIME
        && !round.is_outdated(in_force)
    {
        let rows = *state.step_rows.get_or_insert(FIRST_STEP_ROWS);
        let limit = StepLimit { rows, bytes: MAX_STEP_BYTES };
        let Some(step) = context.store.trim(in_force, (after, until), limit).await? else {
            state.removing = None;
            break;
        };
        state.note(&step);
        state.removing = (step.trim.until < until).then_some((step.trim.until, until));
        state.due = Some(Instant::now() + interval(in_force, policy, state.cost, targets));
        publish(state);
        tokio::time::sleep(step.took.clamp(MIN_PAUSE, MAX_PAUSE)).await;
    }
    Ok(())
}

/// Returns the interval until the next measurement, after one that took this long.
fn interval(in_force: &InForce, policy: RetentionPolicy, took: Duration, targets: usize) -> Duration {
    let by_cost = took * INTERVAL_PER_COST * u32::try_from(targets).unwrap_or(u32::MAX);
    let least = match (in_force.storage.is_system(), policy.age) {
        (true, Some(age)) => (age / 10).clamp(MIN_INTERVAL, MAX_SYSTEM_INTERVAL),
        (true, None) => MAX_SYSTEM_INTERVAL,
        (false, _) => MIN_INTERVAL,
    };
    by_cost.clamp(least, MAX_INTERVAL)
}

fn earlier(moment: Timestamp, time: Duration) -> Timestamp {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(moment.micros().saturating_sub(micros)).unwrap_or(Timestamp::MIN)
}

fn later(moment: Timestamp, time: Duration) -> Timestamp {
    let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(moment.micros().saturating_add(micros)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{schema::StorageId, store::Trim};

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn what_was_found_under_other_limits_is_forgotten() {
        let policy = |seconds| RetentionPolicy {
            age: Some(Duration::from_secs(seconds)),
            ..RetentionPolicy::default()
        };
        let measured = Measured { at: at(1), rows: 1, bytes: 1, oldest: None };
        let mut state = StorageState { removed: 7, position: 3, ..StorageState::default() };
        state.apply(policy(1));
        (state.measured, state.removing) = (Some(measured), Some((Timestamp::MIN, at(1))));
        state.due = Some(Instant::now());
        state.apply(policy(1));
        assert!(state.is_busy() && state.measured.is_some() && state.due.is_some());
        state.apply(policy(2));
        assert!(!state.is_busy() && state.measured.is_none() && state.due.is_none());
        assert_eq!(state.removed, 7);
    }

    #[test]
    fn steps_have_as_many_rows_as_fit_into_their_time() {
        for (rows, took, next) in
            [(50, 15, 50), (50, 1, 100), (50, 150, 5), (2, 1_000, 1), (1, 1_000, 1), (2_000, 1, 2_000)]
        {
            let mut state = StorageState { step_rows: Some(rows), ..StorageState::default() };
            let trim = Trim { storage: StorageId(1), after: at(0), until: at(1), rows };
            state.note(&TrimStep { trim, took: Duration::from_millis(took) });
            assert_eq!(state.step_rows, Some(next), "{rows} rows took {took} ms");
        }
    }
}
