//! Registers devices and sensors when they push for the first time.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    Hub,
    cache::{Device, Sensor},
    rows::{DeviceRow, DeviceState, SensorRow},
};
use crate::{
    error::{Error, Result},
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
};

/// Maximum number of sensors of one device.
const MAX_SENSORS: usize = 10_000;

/// The handling of unknown devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Registration {
    /// It is registered, and its readings are stored.
    #[default]
    Open,
    /// It is registered, and its readings wait in quarantine until it is adopted.
    Adopt,
    /// Its readings are refused.
    Locked,
}

impl Registration {
    /// Parses the name of a mode.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "open" => Some(Self::Open),
            "adopt" => Some(Self::Adopt),
            "locked" => Some(Self::Locked),
            _ => None,
        }
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Adopt => "adopt",
            Self::Locked => "locked",
        }
    }
}

impl Hub {
    /// Returns the devices with these names. Unknown ones are registered if the mode allows it; otherwise
    /// they are `None`.
    pub(super) async fn devices_named(&self, names: &[&str]) -> Result<Vec<Option<Arc<Device>>>> {
        let hub = self.ready().await?;
        let found = hub.cache.all_named(names);
        if found.iter().all(Option::is_some) || hub.options.registration == Registration::Locked {
            return Ok(found);
        }
        Box::pin(self.devices_registered(names)).await
    }

    async fn devices_registered(&self, names: &[&str]) -> Result<Vec<Option<Arc<Device>>>> {
        let hub = self.state.as_ref();
        let _guard = hub.registering.lock().await;
        let found = hub.cache.all_named(names);
        let room = hub.options.devices.saturating_sub(hub.cache.count());
        let unknown = names.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(name, _)| *name);
        let state = match hub.options.registration {
            Registration::Adopt => DeviceState::Waiting,
            Registration::Open | Registration::Locked => DeviceState::Known,
        };
        let mut writes = Vec::new();
        for name in unknown.take(room) {
            let row = DeviceRow {
                id: None,
                device: name.to_owned(),
                state,
                labels: serde_json::json!({}),
                period_s: None,
                own_table: false,
                moving: false,
                token: None,
            };
            writes.push((name, self.context.put(SystemStorage::Device, &row, Expect::Anything)?));
        }
        self.register(writes).await?;
        Ok(hub.cache.all_named(names))
    }

    /// Stores devices or sensors, each with the name of its device, or reads those that another node has just
    /// stored.
    async fn register(&self, writes: Vec<(&str, Write)>) -> Result<()> {
        if writes.is_empty() {
            return Ok(());
        }
        let (devices, writes): (Vec<&str>, Vec<Write>) = writes.into_iter().unzip();
        let outcomes = self.context.store.write(WriteBatch::independent(writes)).await?;
        for (device, outcome) in devices.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Created(stored) => self.state.cache.put_stored(&stored)?,
                // Another node has registered the name, and this node has not seen the change yet.
                Outcome::Invalid(_) => self.read_device(device).await?,
                other => {
                    return Err(Error::internal(format!("registering `{device}` had the outcome {other:?}")));
                }
            }
        }
        Ok(())
    }

    pub(super) async fn read_device(&self, name: &str) -> Result<()> {
        let found: Vec<(DeviceRow, i32)> =
            self.context.rows(SystemStorage::Device, &[("device__eq", name.to_owned())]).await?;
        for (row, version) in found {
            let of_device = [("device_id__eq", row.id.unwrap_or_default().to_string())];
            self.state.cache.put(row, version);
            for (row, version) in self.context.rows(SystemStorage::Sensor, &of_device).await? {
                self.state.cache.put_sensor(row, version);
            }
        }
        Ok(())
    }

    /// Returns the sensors with these names of these devices. Unknown ones are registered; `None` if the
    /// device has too many.
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
        let _guard = self.state.registering.lock().await;
        let mut unknown: Vec<(&Arc<Device>, &str)> =
            wanted.iter().filter(|(device, name)| device.sensor(name).is_none()).copied().collect();
        let (mut seen, mut counts) = (HashSet::new(), HashMap::new());
        unknown.retain(|(device, name)| {
            if !seen.insert((device.id, *name)) {
                return false;
            }
            let count = counts.entry(device.id).or_insert_with(|| device.sensor_count());
            *count += 1;
            *count <= MAX_SENSORS
        });
        let mut writes = Vec::with_capacity(unknown.len());
        for (device, name) in unknown {
            let row = SensorRow {
                id: None,
                device_id: device.id,
                device: device.row.device.clone(),
                sensor_type: name.to_owned(),
                period_s: None,
            };
            let write = self.context.put(SystemStorage::Sensor, &row, Expect::Anything)?;
            writes.push((device.row.device.as_str(), write));
        }
        self.register(writes).await?;
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
