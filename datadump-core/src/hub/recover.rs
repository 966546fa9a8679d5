//! Recovers last-seen times from readings, because a killed process may not have flushed its latest ones.

use super::{Hub, rows::LastValue};
use crate::{
    clock::Timestamp,
    error::Result,
    schema::{InForce, StoredRow, Value},
    store::{Column, Query, query::Direction},
};

/// Maximum number of readings to examine per storage, and of storages.
const MAX_READINGS: u64 = 1_000;
const MAX_STORAGES: usize = 100;

impl Hub {
    /// Marks the devices and sensors of the latest readings as seen when those were received.
    pub(super) async fn recover_last_seen(&self) -> Result<()> {
        let devices = self.state.cache.all();
        let mut tables: Vec<String> = devices.iter().map(|device| device.storage()).collect();
        tables.sort_unstable();
        tables.dedup();
        for table in tables.iter().take(MAX_STORAGES) {
            let Some(storage) = self.context.store.catalogue().folded(table) else { continue };
            let Some(in_force) = &storage.in_force else { continue };
            let query = Query::first(None, &[(Column::Key, Direction::Descending)], MAX_READINGS);
            // Without the column for text values, which may be long.
            let columns = ["device_id", "sensor_id", "value", "timestamp", "received_at"];
            let columns = columns.iter().filter_map(|name| Column::named(&in_force.definition, name));
            let query = Query { fields: Some(columns.collect()), ..query };
            let page = self.context.store.page(in_force, &query).await?;
            for row in page.rows.iter().rev() {
                self.recover_reading(in_force, row);
            }
        }
        Ok(())
    }

    fn recover_reading(&self, in_force: &InForce, row: &StoredRow) -> Option<()> {
        let value = |name: &str| Some(Column::named(&in_force.definition, name)?.value(row));
        let time = |name: &str| match value(name)? {
            Value::Timestamp(time) => Some(time),
            _ => None,
        };
        let (Value::Integer(device), Value::Integer(sensor)) = (value("device_id")?, value("sensor_id")?)
        else {
            return None;
        };
        let received: Timestamp = time("received_at")?;
        let timestamp = time("timestamp")?;
        let last = match value("value")? {
            Value::Float(value) => Some(LastValue { value: Some(value), text: None, timestamp }),
            _ => None,
        };
        let device = self.state.cache.by_id(device)?;
        self.state.liveness.recover(&device.tracker, received, None);
        let (_, sensor) = self.state.cache.sensor_by_id(sensor)?;
        self.state.liveness.recover(&sensor.tracker, received, last);
        Some(())
    }
}
