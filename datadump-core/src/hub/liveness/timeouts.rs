//! Marks devices and sensors late or offline when they have been silent for too long.

use crate::{
    clock::Timestamp,
    error::Result,
    hub::{
        Hub,
        rows::{LivenessRow, due, read},
    },
    schema::StoredRow,
    store::{Expect, Write, WriteBatch, system_storages::SystemStorage},
};

/// Maximum number of overdue states that are read at a time.
const BATCH_ROWS: u64 = 500;

impl Hub {
    /// Checks the devices and sensors that are overdue.
    pub(super) async fn check_timeouts(&self) -> Result<()> {
        let now = self.context.now();
        let in_force = self.context.system(SystemStorage::Liveness)?;
        let mut orphans = Vec::new();
        for row in due(&self.context, &in_force, now, BATCH_ROWS).await? {
            if !self.check_timeout(read(&in_force, &row)?, &row, now) {
                orphans.push(Write::delete(in_force.clone(), row.key, Expect::Exactly(row.version)));
            }
        }
        if !orphans.is_empty() {
            self.context.store.write(WriteBatch::independent(orphans)).await?;
        }
        Ok(())
    }

    /// Checks one timeout; returns whether the device or sensor still exists.
    fn check_timeout(&self, found: LivenessRow, row: &StoredRow, now: Timestamp) -> bool {
        let Some(tracker) = self.state.cache.tracker(found.device_id, found.sensor_id) else { return false };
        let Some((period, ..)) = self.tracked(&tracker) else { return false };
        let (key, seen) = (tracker.key.clone(), found.state.seen);
        tracker.load(found, row.version);
        let mut state = tracker.state();
        if state.is_queued {
            return true;
        }
        let Some(liveness) = &mut state.known.liveness else { return true };
        if liveness.seen > seen {
            return true;
        }
        let before = liveness.status;
        let status = liveness.status_at(period, self.state.listening_since, now);
        if status != before {
            tracing::debug!(
                tracker = key,
                status = status.name(),
                "the status of a silent device or sensor changed"
            );
            (liveness.status, liveness.since) = (status, now);
            state.was = state.was.or(Some(before.name()));
        }
        // The next timeout has changed in any case.
        self.state.liveness.push_urgent(&tracker, &mut state);
        true
    }
}
