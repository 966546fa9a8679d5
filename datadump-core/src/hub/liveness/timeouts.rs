//! Marks devices and sensors late or offline when they have been silent for too long.

use crate::{
    clock::Timestamp,
    error::{Error, Result},
    hub::{
        Hub,
        rows::{LivenessRow, read},
    },
    schema::{StoredRow, Value},
    store::{
        Column, Expect, Filter, Query, Test, Write, WriteBatch, query::Direction,
        system_storages::SystemStorage,
    },
};

/// Maximum number of overdue states that are read at a time.
const BATCH_ROWS: u64 = 500;

impl Hub {
    /// Checks the devices and sensors that are overdue.
    pub(super) async fn check_timeouts(&self) -> Result<()> {
        let now = self.context.now();
        let in_force = self.context.system(SystemStorage::Liveness)?;
        let Some(due) = Column::named(&in_force.definition, "due") else {
            return Err(Error::internal("liveness has no due time"));
        };
        let query = Query::first(
            Some(Filter::Column(due, Test::Lte(Value::Timestamp(now)))),
            &[(due, Direction::Ascending), (Column::Key, Direction::Ascending)],
            BATCH_ROWS,
        );
        let page = self.context.store.page(&in_force, &query).await?;
        let mut orphans = Vec::new();
        for row in page.rows {
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
        let (period, names) = self.tracked(&tracker);
        if names.is_none() {
            return false;
        }
        let (key, seen) = (tracker.key.clone(), found.state.seen);
        tracker.load(found, row.version);
        let mut state = tracker.state();
        if state.is_queued {
            return true;
        }
        let Some(liveness) = &mut state.liveness else { return true };
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
