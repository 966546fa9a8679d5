//! The devices and sensors that are known, in memory: every push looks them up.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{
    hearts::Heart,
    rows::{DeviceRow, SensorRow},
};
use crate::clock::Timestamp;

/// A device that is known.
#[derive(Debug)]
pub(super) struct Device {
    pub(super) id: i64,
    pub(super) row: DeviceRow,
    pub(super) version: i32,
    pub(super) heart: Arc<Heart>,
    sensors: Arc<RwLock<HashMap<String, Arc<Sensor>>>>,
    allowance: Arc<Mutex<Option<Allowance>>>,
}

/// A sensor of a device.
#[derive(Debug)]
pub(super) struct Sensor {
    pub(super) id: i64,
    pub(super) row: SensorRow,
    pub(super) version: i32,
    pub(super) heart: Arc<Heart>,
}

/// How much a device may still push.
#[derive(Debug, Clone, Copy)]
struct Allowance {
    left: f64,
    at: Timestamp,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Known {
    devices: RwLock<Devices>,
}

#[derive(Debug, Default)]
struct Devices {
    by_name: HashMap<String, Arc<Device>>,
    by_id: HashMap<i64, Arc<Device>>,
    /// The device of each sensor.
    of_sensor: HashMap<i64, (i64, String)>,
}

impl Known {
    pub(super) fn named(&self, name: &str) -> Option<Arc<Device>> {
        self.read().by_name.get(name).cloned()
    }

    /// A device that calls itself `7` is not the one that was registered as the seventh.
    pub(super) fn all_named(&self, names: &[&str]) -> Vec<Option<Arc<Device>>> {
        let devices = self.read();
        names.iter().map(|name| devices.by_name.get(*name).cloned()).collect()
    }

    pub(super) fn numbered(&self, id: i64) -> Option<Arc<Device>> {
        self.read().by_id.get(&id).cloned()
    }

    /// By its name, or else by its number.
    pub(super) fn find(&self, wanted: &str) -> Option<Arc<Device>> {
        self.named(wanted).or_else(|| self.numbered(wanted.parse().ok()?))
    }

    pub(super) fn count(&self) -> usize {
        self.read().by_id.len()
    }

    pub(super) fn all(&self) -> Vec<Arc<Device>> {
        self.read().by_id.values().cloned().collect()
    }

    /// Sensors of this name, of all devices, or else the one of this number.
    pub(super) fn sensors(&self, wanted: &str) -> Vec<(Arc<Device>, Arc<Sensor>)> {
        let devices = self.read();
        let named =
            devices.by_id.values().filter_map(|device| Some((device.clone(), device.sensor(wanted)?)));
        let named: Vec<_> = named.collect();
        if !named.is_empty() {
            return named;
        }
        let numbered = wanted.parse().ok().and_then(|id: i64| devices.of_sensor.get(&id));
        let numbered = numbered.and_then(|(device, name)| {
            let device = devices.by_id.get(device)?;
            Some((device.clone(), device.sensor(name)?))
        });
        numbered.into_iter().collect()
    }

    /// The device and the sensor of this number.
    pub(super) fn sensor(&self, id: i64) -> Option<(Arc<Device>, Arc<Sensor>)> {
        let devices = self.read();
        let (device, name) = devices.of_sensor.get(&id)?;
        let device = devices.by_id.get(device)?;
        Some((device.clone(), device.sensor(name)?))
    }

    /// Puts a device as it is stored. One that is older than what is known changes nothing.
    pub(super) fn put(&self, row: DeviceRow, version: i32) -> Option<Arc<Device>> {
        let id = row.id?;
        let mut devices = self.write();
        let before = devices.by_id.get(&id).cloned();
        if let Some(before) = before.as_ref().filter(|before| before.version >= version) {
            devices.by_name.insert(before.row.device.clone(), before.clone());
            return Some(before.clone());
        }
        if let Some(before) = &before
            && devices.by_name.get(&before.row.device).is_some_and(|named| named.id == id)
        {
            devices.by_name.remove(&before.row.device);
        }
        let device = Arc::new(match &before {
            Some(before) => Device {
                id,
                row,
                version,
                heart: before.heart.clone(),
                sensors: before.sensors.clone(),
                allowance: before.allowance.clone(),
            },
            None => Device {
                id,
                row,
                version,
                heart: Arc::new(Heart::of_device(id)),
                sensors: Arc::default(),
                allowance: Arc::default(),
            },
        });
        devices.by_name.insert(device.row.device.clone(), device.clone());
        devices.by_id.insert(id, device.clone());
        Some(device)
    }

    /// Puts a sensor as it is stored.
    pub(super) fn put_sensor(&self, row: SensorRow, version: i32) -> Option<Arc<Sensor>> {
        let id = row.id?;
        let mut devices = self.write();
        let device = devices.by_id.get(&row.device_id)?.clone();
        let mut sensors = device.sensors.write().unwrap_or_else(PoisonError::into_inner);
        let before = sensors.get(&row.sensor_type).filter(|before| before.id == id).cloned();
        if let Some(before) = before.as_ref().filter(|before| before.version >= version) {
            return Some(before.clone());
        }
        let heart = match before {
            Some(before) => before.heart.clone(),
            None => Arc::new(Heart::of_sensor(row.device_id, id)),
        };
        devices.of_sensor.insert(id, (row.device_id, row.sensor_type.clone()));
        let name = row.sensor_type.clone();
        let sensor = Arc::new(Sensor { id, row, version, heart });
        sensors.insert(name, sensor.clone());
        Some(sensor)
    }

    pub(super) fn remove(&self, id: i64) {
        let mut devices = self.write();
        let Some(device) = devices.by_id.remove(&id) else { return };
        if devices.by_name.get(&device.row.device).is_some_and(|other| other.id == id) {
            devices.by_name.remove(&device.row.device);
        }
        devices.of_sensor.retain(|_, (device, _)| *device != id);
        device.stop();
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Devices> {
        self.devices.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Devices> {
        self.devices.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Device {
    /// It is forgotten: nothing is stored any more of when it was heard.
    pub(super) fn stop(&self) {
        self.heart.stop();
        self.sensors().iter().for_each(|sensor| sensor.heart.stop());
    }

    pub(super) fn sensor(&self, name: &str) -> Option<Arc<Sensor>> {
        self.sensors.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Its sensors of these names, to those that were found before.
    pub(super) fn find_sensors<'n>(
        &self,
        names: impl Iterator<Item = &'n str>,
        found: &mut Vec<Option<Arc<Sensor>>>,
    ) {
        let sensors = self.sensors.read().unwrap_or_else(PoisonError::into_inner);
        found.extend(names.map(|name| sensors.get(name).cloned()));
    }

    pub(super) fn sensor_count(&self) -> usize {
        self.sensors.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// All its sensors, in the order in which they were registered.
    pub(super) fn sensors(&self) -> Vec<Arc<Sensor>> {
        let sensors = self.sensors.read().unwrap_or_else(PoisonError::into_inner);
        let mut sensors: Vec<_> = sensors.values().cloned().collect();
        sensors.sort_unstable_by_key(|sensor| sensor.id);
        sensors
    }

    /// Takes so many readings of what it may push; not when that is more than is left. At the most ten
    /// seconds' worth is left.
    pub(super) fn allows(&self, readings: usize, rate: f64, now: Timestamp) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "it is a number of readings and of microseconds")]
        let (readings, most) = (readings as f64, rate * 10.0);
        let mut allowance = self.allowance.lock().unwrap_or_else(PoisonError::into_inner);
        let before = allowance.unwrap_or(Allowance { left: most, at: now });
        #[expect(clippy::cast_precision_loss, reason = "it is a number of microseconds")]
        let passed = (now.micros() - before.at.micros()).max(0) as f64 / 1e6;
        let left = (before.left + passed * rate).min(most);
        // One push that is larger than all it may have is taken when it has all of it.
        let is_allowed = left >= readings || left >= most;
        let left = if is_allowed { left - readings } else { left };
        *allowance = Some(Allowance { left, at: now });
        is_allowed
    }
}
