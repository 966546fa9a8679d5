//! What was heard in the last moment before a process was killed is not stored as a pulse; but the readings are.

use super::{known::Device, rows::Last};
use crate::{
    clock::Timestamp,
    dump::Dump,
    error::Result,
    schema::{InForce, StoredRow, Value},
    store::{Column, Query, query::Direction},
};

/// How many of the last readings are looked at, and in how many tables.
const READINGS: u64 = 1_000;
const TABLES: usize = 100;

impl Dump {
    /// Devices and sensors of the last readings were heard when these were received.
    pub(super) async fn recall(&self) -> Result<()> {
        let devices = self.hub.known.all();
        let mut tables: Vec<String> = devices.iter().map(|device| device.storage()).collect();
        tables.sort_unstable();
        tables.dedup();
        for table in tables.iter().take(TABLES) {
            let Some(storage) = self.store.catalogue().folded(table) else { continue };
            let Some(in_force) = &storage.in_force else { continue };
            let query = Query::first(None, &[(Column::Key, Direction::Descending)], READINGS);
            // Texts may be long, and there are a thousand of them.
            let columns = ["device_id", "sensor_id", "value", "timestamp", "received_at"];
            let columns = columns.iter().filter_map(|name| Column::named(&in_force.definition, name));
            let query = Query { fields: Some(columns.collect()), ..query };
            let page = self.store.page(in_force, &query).await?;
            for row in page.rows.iter().rev() {
                self.recall_one(in_force, row);
            }
        }
        Ok(())
    }

    fn recall_one(&self, in_force: &InForce, row: &StoredRow) -> Option<()> {
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
            Value::Float(value) => Some(Last { value: Some(value), text: None, timestamp }),
            _ => None,
        };
        let device: std::sync::Arc<Device> = self.hub.known.numbered(device)?;
        self.hub.hearts.recall(&device.heart, received, None);
        let (_, sensor) = self.hub.known.sensor(sensor)?;
        self.hub.hearts.recall(&sensor.heart, received, last);
        Some(())
    }
}
