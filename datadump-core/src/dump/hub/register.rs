//! Devices and sensors that nobody knows yet.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    known::{Device, Sensor},
    rows::{DeviceRow, DeviceState, SensorRow, read},
};
use crate::{
    dump::Dump,
    error::{Error, Result},
    store::{Expect, Outcome, WriteBatch, system_storages::SystemStorage},
};

/// The most sensors of one device.
const SENSORS: usize = 10_000;

/// What becomes of a device that nobody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// It is registered, and its readings are taken.
    #[default]
    Open,
    /// It is registered, and its readings wait in quarantine until somebody says that it is known.
    Adopt,
    /// Its readings are refused.
    Locked,
}

impl Registration {
    /// The one of that word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "open" => Some(Self::Open),
            "adopt" => Some(Self::Adopt),
            "locked" => Some(Self::Locked),
            _ => None,
        }
    }

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Adopt => "adopt",
            Self::Locked => "locked",
        }
    }
}

impl Dump {
    /// The devices of these names; those that are not known are registered, as far as that is done. None for
    /// those that are not.
    pub(super) async fn devices_named(&self, names: &[&str]) -> Result<Vec<Option<Arc<Device>>>> {
        let hub = self.hub().await?;
        let found = hub.known.all_named(names);
        if found.iter().all(Option::is_some) || hub.options.registration == Registration::Locked {
            return Ok(found);
        }
        Box::pin(self.devices_registered(names)).await
    }

    async fn devices_registered(&self, names: &[&str]) -> Result<Vec<Option<Arc<Device>>>> {
        let hub = &self.hub;
        let _alone = hub.registering.lock().await;
        let found = hub.known.all_named(names);
        let room = hub.options.devices.saturating_sub(hub.known.count());
        let unknown = names.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(name, _)| *name);
        let unknown: Vec<&str> = unknown.take(room).collect();
        self.register(&unknown).await?;
        Ok(hub.known.all_named(names))
    }

    /// Makes devices of these names, or finds that another node just has.
    async fn register(&self, names: &[&str]) -> Result<()> {
        let state = match self.hub.options.registration {
            Registration::Adopt => DeviceState::Waiting,
            Registration::Open | Registration::Locked => DeviceState::Known,
        };
        let mut writes = Vec::with_capacity(names.len());
        for name in names {
            let row = DeviceRow {
                id: None,
                device: (*name).to_owned(),
                state,
                labels: serde_json::json!({}),
                period_s: None,
                own_table: false,
                moving: false,
                token: None,
            };
            writes.push(self.hub_put(SystemStorage::Device, &row, Expect::Anything)?);
        }
        if writes.is_empty() {
            return Ok(());
        }
        let outcomes = self.store.write(WriteBatch::independent(writes)).await?;
        for (name, outcome) in names.iter().zip(outcomes) {
            match outcome {
                Outcome::Created(stored) => {
                    self.hub.known.put(read(&stored.in_force, &stored.row)?, stored.row.version);
                }
                // The name is taken: another node was faster, and it has not been told here yet.
                Outcome::Invalid(_) => self.read_device(name).await?,
                other => return Err(Error::internal(format!("a device could not be made: {other:?}"))),
            }
        }
        Ok(())
    }

    pub(super) async fn read_device(&self, name: &str) -> Result<()> {
        let found: Vec<(DeviceRow, i32)> =
            self.hub_rows(SystemStorage::Device, &[("device__eq", name.to_owned())]).await?;
        for (row, version) in found {
            let Some(id) = row.id else { continue };
            self.hub.known.put(row, version);
            let sensors: Vec<(SensorRow, i32)> =
                self.hub_rows(SystemStorage::Sensor, &[("device_id__eq", id.to_string())]).await?;
            for (row, version) in sensors {
                self.hub.known.put_sensor(row, version);
            }
        }
        Ok(())
    }

    /// The sensors of these names of these devices; those that are not known are registered. None for those of
    /// a device that has too many.
    pub(super) async fn sensors_named(
        &self,
        wanted: &[(&Arc<Device>, &str)],
    ) -> Result<Vec<Option<Arc<Sensor>>>> {
        let found = all_sensors(wanted);
        if found.iter().all(Option::is_some) {
            return Ok(found);
        }
        Box::pin(self.sensors_registered(wanted)).await
    }

    async fn sensors_registered(&self, wanted: &[(&Arc<Device>, &str)]) -> Result<Vec<Option<Arc<Sensor>>>> {
        let _alone = self.hub.registering.lock().await;
        let mut unknown: Vec<(&Arc<Device>, &str)> =
            wanted.iter().filter(|(device, name)| device.sensor(name).is_none()).copied().collect();
        let (mut seen, mut counts) = (HashSet::new(), HashMap::new());
        unknown.retain(|(device, name)| {
            if !seen.insert((device.id, *name)) {
                return false;
            }
            let count = counts.entry(device.id).or_insert_with(|| device.sensor_count());
            *count += 1;
            *count <= SENSORS
        });
        let mut writes = Vec::with_capacity(unknown.len());
        for (device, name) in &unknown {
            let row = SensorRow {
                id: None,
                device_id: device.id,
                device: device.row.device.clone(),
                sensor_type: (*name).to_owned(),
                period_s: None,
            };
            writes.push(self.hub_put(SystemStorage::Sensor, &row, Expect::Anything)?);
        }
        if !writes.is_empty() {
            let outcomes = self.store.write(WriteBatch::independent(writes)).await?;
            for ((device, _), outcome) in unknown.iter().zip(outcomes) {
                match outcome {
                    Outcome::Created(stored) => {
                        self.hub.known.put_sensor(read(&stored.in_force, &stored.row)?, stored.row.version);
                    }
                    Outcome::Invalid(_) => self.read_device(&device.row.device).await?,
                    other => return Err(Error::internal(format!("a sensor could not be made: {other:?}"))),
                }
            }
        }
        Ok(all_sensors(wanted))
    }
}

fn all_sensors(wanted: &[(&Arc<Device>, &str)]) -> Vec<Option<Arc<Sensor>>> {
    let mut found = Vec::with_capacity(wanted.len());
    for of_one in wanted.chunk_by(|(one, _), (other, _)| Arc::ptr_eq(one, other)) {
        if let Some((device, _)) = of_one.first() {
            device.find_sensors(of_one.iter().map(|(_, name)| *name), &mut found);
        }
    }
    found
}
