//! What other nodes change of the hub is known here by the feed.

use std::collections::HashSet;

use super::rows::{DeviceRow, PulseRow, read};
use crate::{
    dump::{
        Dump,
        live::{Cursor, Of, Subscribe, Subscription, Told},
    },
    error::Result,
    store::system_storages::SystemStorage,
};

/// Before it is listened again, after the database did not answer.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

impl Dump {
    /// Follows devices, sensors and commands until the database is closed.
    pub(super) fn follow_hub(&self, mut told: Subscription) {
        let weak = self.downgrade();
        tokio::spawn(async move {
            loop {
                while let Some(one) = told.next().await {
                    let Some(dump) = weak.upgrade() else { return };
                    if let Err(error) = dump.hear(one).await {
                        tracing::warn!(%error, "a change of the hub could not be read");
                    }
                }
                let from = told.cursor();
                tokio::time::sleep(PAUSE).await;
                let Some(dump) = weak.upgrade().filter(|dump| !dump.hub.is_closed()) else { return };
                if let Ok(again) = dump.hub_changes(Some(from)).await {
                    told = again;
                }
            }
        });
        self.beat_in_background();
        self.mind_commands_in_background();
    }

    /// What changes of devices, sensors and commands.
    pub(super) async fn hub_changes(&self, from: Option<Cursor>) -> Result<Subscription> {
        let own = vec![SystemStorage::Device, SystemStorage::Sensor, SystemStorage::Command];
        self.listen(Subscribe { own, from, ..Subscribe::default() }, Of::default()).await
    }

    async fn hear(&self, told: Told) -> Result<()> {
        let event = match told {
            Told::Event(event) => event,
            Told::Gap { .. } => {
                self.hub.ring_all();
                return self.read_hub().await;
            }
        };
        let Some((own, key)) = event.own() else { return Ok(()) };
        match (own, event.stored()) {
            (SystemStorage::Device, Some(stored)) => {
                self.hub.known.put(read(&stored.in_force, &stored.row)?, stored.row.version);
            }
            (SystemStorage::Device, None) => {
                if let crate::schema::Value::Integer(id) = key {
                    self.hub.known.remove(*id);
                }
            }
            (SystemStorage::Sensor, Some(stored)) => {
                self.hub.known.put_sensor(read(&stored.in_force, &stored.row)?, stored.row.version);
            }
            (SystemStorage::Command, Some(stored)) => {
                let command: crate::hub::Command = read(&stored.in_force, &stored.row)?;
                self.hub.ring(command.device_id);
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads all devices, sensors and pulses.
    pub(super) async fn read_hub(&self) -> Result<()> {
        let mut found = HashSet::new();
        let before: Vec<i64> = self.hub.known.all().iter().map(|device| device.id).collect();
        let devices: Vec<(DeviceRow, i32)> = self.hub_rows(SystemStorage::Device, &[]).await?;
        for (row, version) in devices {
            found.extend(row.id);
            self.hub.known.put(row, version);
        }
        // Those that were forgotten meanwhile.
        before.into_iter().filter(|id| !found.contains(id)).for_each(|id| self.hub.known.remove(id));
        for (row, version) in self.hub_rows(SystemStorage::Sensor, &[]).await? {
            self.hub.known.put_sensor(row, version);
        }
        let pulses: Vec<(PulseRow, i32)> = self.hub_rows(SystemStorage::Liveness, &[]).await?;
        for (row, version) in pulses {
            let heart = match row.sensor_id {
                None => self.hub.known.numbered(row.device_id).map(|device| device.heart.clone()),
                Some(id) => self.hub.known.sensor(id).map(|(_, sensor)| sensor.heart.clone()),
            };
            if let Some(heart) = heart {
                heart.take(row, version);
            }
        }
        Ok(())
    }
}
