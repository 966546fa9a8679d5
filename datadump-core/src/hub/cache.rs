//! In-memory cache of devices and sensors, which every push looks up.

use std::{collections::HashMap, sync::Arc};

use parking_lot::{Mutex, RwLock};

use super::{
    liveness::tracker::Tracker,
    rows::{DeviceRow, SensorRow, read},
};
use crate::{
    clock::Timestamp,
    error::Result,
    store::{Stored, system_storages::SystemStorage},
};

#[derive(Debug)]
pub(super) struct Device {
    pub(super) id: i64,
    pub(super) row: DeviceRow,
    pub(super) version: i32,
    pub(super) tracker: Arc<Tracker>,
    sensors: Arc<RwLock<HashMap<String, Arc<Sensor>>>>,
    allowance: Arc<Mutex<Option<Allowance>>>,
}

#[derive(Debug)]
pub(super) struct Sensor {
    pub(super) id: i64,
    pub(super) row: SensorRow,
    pub(super) version: i32,
    pub(super) tracker: Arc<Tracker>,
}

/// The token bucket that limits the readings of a device.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    left: f64,
    at: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct DeviceCache {
    devices: RwLock<Devices>,
}

#[derive(Debug, Default)]
struct Devices {
    by_name: HashMap<String, Arc<Device>>,
    by_id: HashMap<i64, Arc<Device>>,
    /// The device and the name of each sensor.
    of_sensor: HashMap<i64, (i64, String)>,
}

impl DeviceCache {
    /// Looks up devices by name only: a device named `7` need not have the id 7.
    pub(super) fn all_named(&self, names: &[&str]) -> Vec<Option<Arc<Device>>> {
        let devices = self.devices.read();
        names.iter().map(|name| devices.by_name.get(*name).cloned()).collect()
    }

    pub(super) fn by_id(&self, id: i64) -> Option<Arc<Device>> {
        self.devices.read().by_id.get(&id).cloned()
    }

    /// Finds a device by its name, or else by its id.
    pub(super) fn find(&self, wanted: &str) -> Option<Arc<Device>> {
        let devices = self.devices.read();
        devices.by_name.get(wanted).or_else(|| devices.by_id.get(&wanted.parse().ok()?)).cloned()
    }

    pub(super) fn count(&self) -> usize {
        self.devices.read().by_id.len()
    }

    pub(super) fn all(&self) -> Vec<Arc<Device>> {
        self.devices.read().by_id.values().cloned().collect()
    }

    /// Finds the sensors with this name on all devices, or else the sensor with this id.
    pub(super) fn sensors(&self, wanted: &str) -> Vec<(Arc<Device>, Arc<Sensor>)> {
        let devices = self.devices.read();
        let named =
            devices.by_id.values().filter_map(|device| Some((device.clone(), device.sensor(wanted)?)));
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            return named;
        }
        wanted.parse().ok().and_then(|id| devices.sensor(id)).into_iter().collect()
    }

    /// Returns the sensor with this id, and its device.
    pub(super) fn sensor_by_id(&self, id: i64) -> Option<(Arc<Device>, Arc<Sensor>)> {
        self.devices.read().sensor(id)
    }

    /// Returns the liveness tracker of a device, or of one of its sensors.
    pub(super) fn tracker(&self, device: i64, sensor: Option<i64>) -> Option<Arc<Tracker>> {
        match sensor {
            None => self.by_id(device).map(|device| device.tracker.clone()),
            Some(id) => self.sensor_by_id(id).map(|(_, sensor)| sensor.tracker.clone()),
        }
    }

    /// Adds or replaces the device or sensor in a stored row.
    pub(super) fn put_stored(&self, stored: &Stored) -> Result<()> {
        let version = stored.row.version;
        match SystemStorage::of(stored.in_force.storage) {
            Some(SystemStorage::Device) => self.put(read(&stored.in_force, &stored.row)?, version),
            Some(SystemStorage::Sensor) => self.put_sensor(read(&stored.in_force, &stored.row)?, version),
            _ => {}
        }
        Ok(())
    }

    /// Adds or replaces a device, unless the cache has a newer version.
    pub(super) fn put(&self, row: DeviceRow, version: i32) {
        let Some(id) = row.id else { return };
        let mut devices = self.devices.write();
        let before = devices.by_id.get(&id).cloned();
        if let Some(before) = before.as_ref().filter(|before| before.version >= version) {
            devices.by_name.insert(before.row.device.clone(), before.clone());
            return;
        }
        if let Some(before) = &before
            && devices.by_name.get(&before.row.device).is_some_and(|named| named.id == id)
        {
            devices.by_name.remove(&before.row.device);
        }
        let (tracker, sensors, allowance) = match &before {
            Some(before) => (before.tracker.clone(), before.sensors.clone(), before.allowance.clone()),
            None => (Arc::new(Tracker::for_device(id)), Arc::default(), Arc::default()),
        };
        let device = Arc::new(Device { id, row, version, tracker, sensors, allowance });
        devices.by_name.insert(device.row.device.clone(), device.clone());
        devices.by_id.insert(id, device);
    }

    /// Adds or replaces a sensor, unless the cache has a newer version.
    pub(super) fn put_sensor(&self, row: SensorRow, version: i32) {
        let Some(id) = row.id else { return };
        let mut devices = self.devices.write();
        let Some(device) = devices.by_id.get(&row.device_id).cloned() else { return };
        let mut sensors = device.sensors.write();
        let before = sensors.get(&row.sensor_type).filter(|before| before.id == id).cloned();
        if before.as_ref().is_some_and(|before| before.version >= version) {
            return;
        }
        let tracker = match before {
            Some(before) => before.tracker.clone(),
            None => Arc::new(Tracker::for_sensor(row.device_id, id)),
        };
        devices.of_sensor.insert(id, (row.device_id, row.sensor_type.clone()));
        sensors.insert(row.sensor_type.clone(), Arc::new(Sensor { id, row, version, tracker }));
    }

    pub(super) fn remove(&self, id: i64) {
        let mut devices = self.devices.write();
        let Some(device) = devices.by_id.remove(&id) else { return };
        if devices.by_name.get(&device.row.device).is_some_and(|other| other.id == id) {
            devices.by_name.remove(&device.row.device);
        }
        devices.of_sensor.retain(|_, (device, _)| *device != id);
        device.stop();
    }
}

impl Devices {
    fn sensor(&self, id: i64) -> Option<(Arc<Device>, Arc<Sensor>)> {
        let (device, name) = self.of_sensor.get(&id)?;
        let device = self.by_id.get(device)?;
        Some((device.clone(), device.sensor(name)?))
    }
}

impl Device {
    /// Stops storing the liveness of a device that is removed.
    pub(super) fn stop(&self) {
        self.tracker.stop();
        self.sensors().iter().for_each(|sensor| sensor.tracker.stop());
    }

    pub(super) fn sensor(&self, name: &str) -> Option<Arc<Sensor>> {
        self.sensors.read().get(name).cloned()
    }

    /// Appends its sensors with these names.
    pub(super) fn find_sensors<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
        found: &mut Vec<Option<Arc<Sensor>>>,
    ) {
        let sensors = self.sensors.read();
        found.extend(names.map(|name| sensors.get(name).cloned()));
    }

    pub(super) fn sensor_count(&self) -> usize {
        self.sensors.read().len()
    }

    /// Returns all its sensors, in order of registration.
    pub(super) fn sensors(&self) -> Vec<Arc<Sensor>> {
        let sensors = self.sensors.read();
        let mut sensors: Vec<_> = sensors.values().cloned().collect();
        sensors.sort_unstable_by_key(|sensor| sensor.id);
        sensors
    }

    /// Takes tokens for readings and returns whether there were enough. The bucket holds ten seconds' worth.
    pub(super) fn take_tokens(&self, readings: usize, rate: f64, now: Timestamp) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "it is a number of readings and of microseconds")]
        let (readings, most) = (readings as f64, rate * 10.0);
        let mut allowance = self.allowance.lock();
        let before = allowance.unwrap_or(Allowance { left: most, at: now });
        #[expect(clippy::cast_precision_loss, reason = "it is a number of microseconds")]
        let passed = (now.micros() - before.at.micros()).max(0) as f64 / 1e6;
        let left = (before.left + passed * rate).min(most);
        // A push larger than the bucket is allowed when the bucket is full.
        let is_allowed = left >= readings || left >= most;
        let left = if is_allowed { left - readings } else { left };
        *allowance = Some(Allowance { left, at: now });
        is_allowed
    }
}
