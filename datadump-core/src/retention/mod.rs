//! Retention: removes the rows of storages, quarantine entries and kept throws that are too old or too many, as
//! `meta.retention` of their definitions and the options say.
//!
//! ```text
//! measure (now and then) ─► range of time to remove ─► steps: Store::trim, with pauses ─► measure again
//! ```
//!
//! The rows that were last written the longest time ago go first. Every step is a transaction of its own that says
//! by itself what it removes, so nothing is lost or half done if the process ends in between, and several nodes can
//! work on the same storage.

mod worker;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::Mutex;

use self::worker::{Round, StorageState};
use crate::{
    clock::Timestamp,
    context::Context,
    error::Result,
    schema::{InForce, RetentionPolicy, StorageId},
    store::system_storages::SystemStorage,
};

/// Pause between two looks at all storages.
const TICK: Duration = Duration::from_secs(1);

/// Pause while there are more rows to remove.
const BUSY_TICK: Duration = Duration::from_millis(5);

/// Retention of what belongs to no storage of a user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RetentionOptions {
    pub(crate) quarantine: RetentionPolicy,
    pub(crate) kept_throws: RetentionPolicy,
}

impl Default for RetentionOptions {
    fn default() -> Self {
        let age = Some(Duration::from_hours(30 * 24));
        let policy = RetentionPolicy { age, rows: None, bytes: Some(10 << 30) };
        Self { quarantine: policy, kept_throws: policy }
    }
}

/// Removes rows in the background.
#[derive(Debug, Clone)]
pub struct Retention {
    context: Context,
    options: RetentionOptions,
    states: Arc<Mutex<BTreeMap<StorageId, StorageState>>>,
}

/// The retention of one storage.
#[derive(Debug, Clone)]
pub struct RetentionStatus {
    /// Name of the storage; `_quarantine` or `_throw` for quarantine entries or kept throws.
    pub storage: String,
    /// The limits.
    pub policy: RetentionPolicy,
    /// The last measurement; `None` before the first one.
    pub measured: Option<Measured>,
    /// Number of rows that this process has removed.
    pub removed: u64,
    /// The next removal; `None` while the storage is within its limits.
    pub next: Option<NextRemoval>,
}

/// A measurement of a storage. Rows that this process has removed since are subtracted.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// The moment.
    pub at: Timestamp,
    /// Number of rows.
    pub rows: u64,
    /// Estimated size in bytes.
    pub bytes: u64,
    /// Time of the last write of the row that has not been written for longest; `None` if there is no row, or rows
    /// have been removed since.
    pub oldest: Option<Timestamp>,
}

/// Rows to be removed.
#[derive(Debug, Clone, Copy)]
pub struct NextRemoval {
    /// Time of the removal.
    pub at: Timestamp,
    /// They were last written at or before this moment.
    pub until: Timestamp,
}

impl Retention {
    /// Opens the service and starts removing rows.
    pub(crate) fn new(context: Context, options: RetentionOptions) -> Self {
        let retention = Self { context, options, states: Arc::default() };
        let running = retention.clone();
        retention.context.background.spawn(async move {
            loop {
                let is_busy = running.tick().await;
                tokio::time::sleep(if is_busy { BUSY_TICK } else { TICK }).await;
            }
        });
        retention
    }

    /// Returns the retention of every storage that has one, by name.
    pub fn status(&self) -> Vec<RetentionStatus> {
        let states = self.states.lock();
        let status = |(in_force, policy): (Arc<InForce>, RetentionPolicy)| {
            let name = in_force.definition.name.to_string();
            let state = states.get(&in_force.storage).cloned().unwrap_or_default();
            state.status(name, policy, self.context.now())
        };
        let mut all: Vec<RetentionStatus> = self.targets().into_iter().map(status).collect();
        all.sort_by(|one, other| one.storage.cmp(&other.storage));
        all
    }

    /// Works on every storage for a while; returns whether there is more to remove.
    async fn tick(&self) -> bool {
        let targets = self.targets();
        self.states.lock().retain(|id, _| targets.iter().any(|(in_force, _)| in_force.storage == *id));
        let (mut is_busy, round) = (false, Round::new(&self.context, targets.len()));
        for (in_force, policy) in targets {
            let mut state = self.states.lock().get(&in_force.storage).cloned().unwrap_or_default();
            let publish = |state: &StorageState| {
                self.states.lock().insert(in_force.storage, state.clone());
            };
            let done = worker::work(&round, &in_force, policy, &mut state, publish).await;
            if let Err(error) = done {
                tracing::warn!(storage = %in_force.definition.name, %error, "old rows could not be removed");
            }
            is_busy |= state.is_busy();
            publish(&state);
        }
        is_busy
    }

    /// Returns the storages with a retention.
    fn targets(&self) -> Vec<(Arc<InForce>, RetentionPolicy)> {
        let storages = self.context.store.catalogue().all();
        let own = storages.iter().filter_map(|storage| {
            let in_force = storage.in_force.clone()?;
            let policy = in_force.definition.meta.retention?;
            Some((in_force, policy))
        });
        let system = [
            (SystemStorage::Quarantine, self.options.quarantine),
            (SystemStorage::KeptThrow, self.options.kept_throws),
        ];
        let system = system.into_iter().filter_map(|(storage, policy)| self.system(storage, policy).ok());
        own.chain(system).collect()
    }

    fn system(
        &self,
        storage: SystemStorage,
        policy: RetentionPolicy,
    ) -> Result<(Arc<InForce>, RetentionPolicy)> {
        Ok((self.context.system(storage)?, policy))
    }
}
