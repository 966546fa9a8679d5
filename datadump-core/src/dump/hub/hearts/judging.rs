//! Those that are silent for too long are found.

use crate::{
    clock::Timestamp,
    dump::{
        Dump,
        hub::rows::{PulseRow, read},
    },
    error::{Error, Result},
    schema::{StoredRow, Value},
    store::{
        Column, Expect, Filter, Query, Test, Write, WriteBatch, query::Direction,
        system_storages::SystemStorage,
    },
};

/// How many overdue pulses are judged at a time.
const JUDGED: u64 = 500;

impl Dump {
    /// Finds those that are silent for too long.
    pub(super) async fn judge_hearts(&self) -> Result<()> {
        let now = self.clock.now();
        let in_force = self.hub_storage(SystemStorage::Liveness)?;
        let Some(due) = Column::named(&in_force.definition, "due") else {
            return Err(Error::internal("pulses are never due"));
        };
        let query = Query::first(
            Some(Filter::Column(due, Test::Lte(Value::Timestamp(now)))),
            &[(due, Direction::Ascending), (Column::Key, Direction::Ascending)],
            JUDGED,
        );
        let page = self.store.page(&in_force, &query).await?;
        let mut orphans = Vec::new();
        for row in page.rows {
            if !self.judge(read(&in_force, &row)?, &row, now) {
                orphans.push(Write::delete(in_force.clone(), row.key, Expect::Exactly(row.version)));
            }
        }
        if !orphans.is_empty() {
            self.store.write(WriteBatch::independent(orphans)).await?;
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
        self.hub.hearts.urge(&heart, &mut state);
        true
    }
}
