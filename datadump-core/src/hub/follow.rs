//! Follows devices, sensors and commands in the change log, so that the cache has the changes made by other
//! nodes.

use std::collections::HashSet;

use super::{
    Hub,
    rows::{DeviceRow, LivenessRow, read},
    rules::Command,
};
use crate::{
    error::Result,
    live::{Cursor, Delivery, DeviceFilter, Subscription, SubscriptionRequest},
    schema::Value,
    store::system_storages::SystemStorage,
};

/// Pause before the hub subscribes again after an error.
const RETRY_DELAY: std::time::Duration = std::time::Duration::from_secs(1);

impl Hub {
    /// Applies changes to the cache until the database is closed.
    pub(super) fn follow_changes(&self, mut changes: Subscription) {
        let hub = self.clone();
        self.context.background.spawn(async move {
            loop {
                while let Some(delivery) = changes.next().await {
                    if let Err(error) = hub.apply(delivery).await {
                        tracing::warn!(%error, "a change of the hub could not be read");
                    }
                }
                let from = changes.cursor();
                tokio::time::sleep(RETRY_DELAY).await;
                if let Ok(resumed) = hub.subscribe_to_changes(Some(from)).await {
                    changes = resumed;
                }
            }
        });
    }

    /// Subscribes to changes of devices, sensors and commands.
    pub(super) async fn subscribe_to_changes(&self, from: Option<Cursor>) -> Result<Subscription> {
        let system = vec![SystemStorage::Device, SystemStorage::Sensor, SystemStorage::Command];
        let request = SubscriptionRequest { system, from, ..SubscriptionRequest::default() };
        self.live.subscribe(request, DeviceFilter::default()).await
    }

    async fn apply(&self, delivery: Delivery) -> Result<()> {
        let event = match delivery {
            Delivery::Event(event) => event,
            Delivery::Gap { .. } => {
                self.state.notify_all();
                return self.read_all().await;
            }
        };
        let Some((storage, key)) = event.system() else { return Ok(()) };
        match (storage, event.stored()) {
            (SystemStorage::Device | SystemStorage::Sensor, Some(stored)) => {
                self.state.cache.put_stored(stored)?;
            }
            (SystemStorage::Device, None) => {
                if let Value::Integer(id) = key {
                    self.state.cache.remove(*id);
                }
            }
            (SystemStorage::Command, Some(stored)) => {
                let command: Command = read(&stored.in_force, &stored.row)?;
                self.state.notify(command.device_id);
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads all devices and sensors with their liveness.
    pub(super) async fn read_all(&self) -> Result<()> {
        let mut found = HashSet::new();
        let before: Vec<i64> = self.state.cache.all().iter().map(|device| device.id).collect();
        let devices: Vec<(DeviceRow, i32)> = self.context.rows(SystemStorage::Device, &[]).await?;
        for (row, version) in devices {
            found.extend(row.id);
            self.state.cache.put(row, version);
        }
        // Devices that have been removed in the meantime.
        before.into_iter().filter(|id| !found.contains(id)).for_each(|id| self.state.cache.remove(id));
        for (row, version) in self.context.rows(SystemStorage::Sensor, &[]).await? {
            self.state.cache.put_sensor(row, version);
        }
        self.read_liveness(&[]).await
    }

    /// Takes over the stored liveness of devices and sensors.
    pub(super) async fn read_liveness(&self, filters: &[(&str, String)]) -> Result<()> {
        let liveness: Vec<(LivenessRow, i32)> = self.context.rows(SystemStorage::Liveness, filters).await?;
        for (row, version) in liveness {
            if let Some(tracker) = self.state.cache.tracker(row.device_id, row.sensor_id) {
                tracker.load(row, version);
            }
        }
        Ok(())
    }
}
