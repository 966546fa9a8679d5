//! Admits pushed readings: finds or registers their devices and sensors, and checks tokens and limits.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{
    Hub, Registration,
    cache::{Device, Sensor},
    readings::is_built_in,
    rows::{DeviceState, LastValue},
    rules::push::PushedReading,
};
use crate::{
    clock::Timestamp,
    error::{Error, Fault, Result},
    schema::{InForce, Row, StorageName, Value},
    validate,
};

/// Maximum number of characters kept in memory of a sensor's last text.
const MAX_TEXT_LENGTH: usize = 1_000;

/// A device that may push.
#[derive(Debug)]
pub(super) enum Admission {
    /// Its readings wait in quarantine until the device with this name is adopted.
    Waiting(String),
    /// The storage of readings of the device with this name could not be created.
    Unstorable(String, crate::definitions::Refusal),
    Accepted(AcceptedDevice),
}

/// A device whose readings are stored, and the storage they go to.
#[derive(Debug)]
pub(super) struct AcceptedDevice {
    pub(super) device: Arc<Device>,
    storage: Arc<InForce>,
    is_built_in: bool,
}

/// The sender of a push.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sender<'t> {
    /// A device, with its token if it has one.
    Device(Option<&'t str>),
    /// A replay of what a device has pushed before.
    Replay,
}

/// Why the readings of a device are refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) error: Error,
}

/// The form in which a reading is stored.
#[derive(Debug)]
pub(super) enum StoredAs {
    /// A row for a storage with the built-in definition; it needs no validation.
    Row(Row),
    /// A record for a storage that was declared differently.
    Record(StorageName, Map<String, Json>),
}

/// A reading of a registered sensor.
#[derive(Debug)]
pub(super) struct Reading {
    pub(super) device: Arc<Device>,
    sensor: Arc<Sensor>,
    value: Option<f64>,
    text: Option<String>,
    at: Option<Timestamp>,
}

impl Reading {
    fn names(&self) -> (&str, &str) {
        (&self.device.row.device, &self.sensor.row.sensor_type)
    }

    /// Returns the reading in a form that can be pushed again.
    pub(super) fn to_json(&self) -> Json {
        let (device, sensor) = self.names();
        let (device, sensor, text) = (device.to_owned(), sensor.to_owned(), self.text.clone());
        PushedReading { device, sensor, value: self.value, text, at: self.at }.to_json()
    }

    /// Returns the row for a storage with the built-in definition.
    fn row(
        &self,
        storage: &Arc<InForce>,
        [device, sensor]: [String; 2],
        received_at: Timestamp,
    ) -> Result<Row, Vec<Fault>> {
        let values = vec![
            Value::Integer(self.device.id),
            Value::Text(device),
            Value::Integer(self.sensor.id),
            Value::Text(sensor),
            self.value.map_or(Value::Null, Value::Float),
            self.text.clone().map_or(Value::Null, Value::Text),
            Value::Timestamp(self.at.unwrap_or(received_at)),
            Value::Timestamp(received_at),
        ];
        validate::typed(storage, None, values)
    }

    /// Returns the record for any other storage.
    fn record(&self, received_at: Timestamp) -> Map<String, Json> {
        let (device, sensor) = self.names();
        let fields = [
            ("device_id", Json::from(self.device.id)),
            ("device", device.into()),
            ("sensor_id", self.sensor.id.into()),
            ("sensor_type", sensor.into()),
            ("value", self.value.map_or(Json::Null, Json::from)),
            ("text", self.text.as_deref().map_or(Json::Null, Json::from)),
            ("timestamp", self.at.unwrap_or(received_at).to_string().into()),
            ("received_at", received_at.to_string().into()),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }
}

impl AcceptedDevice {
    /// Returns what a reading of the device is stored as, and the reading itself.
    pub(super) fn store(
        &self,
        pushed: PushedReading,
        sensor: Arc<Sensor>,
        received_at: Timestamp,
    ) -> Result<(StoredAs, Reading)> {
        let PushedReading { device, sensor: sensor_name, value, text, at } = pushed;
        let reading = Reading { device: self.device.clone(), sensor, value, text, at };
        let stored_as = if self.is_built_in {
            let row = reading.row(&self.storage, [device, sensor_name], received_at);
            StoredAs::Row(row.map_err(Error::Invalid)?)
        } else {
            StoredAs::Record(self.storage.definition.name.clone(), reading.record(received_at))
        };
        Ok((stored_as, reading))
    }
}

impl Hub {
    /// Admits devices, each with its number of readings. Unknown devices are registered if the mode allows it.
    pub(super) async fn admit(
        &self,
        names: &[String],
        readings: &[usize],
        sender: Sender<'_>,
        now: Timestamp,
    ) -> Result<Vec<Result<Admission, Refusal>>> {
        let devices = self.devices_named(&names.iter().map(String::as_str).collect::<Vec<_>>()).await?;
        let options = self.state.options;
        let mut admitted = Vec::with_capacity(names.len());
        for ((name, readings), device) in names.iter().zip(readings).zip(devices) {
            admitted.push(match device {
                Some(device) => match refusal(&device, *readings, sender, options.rate, now) {
                    Some(refusal) => Err(refusal),
                    None => Ok(self.accept(device).await?),
                },
                None if options.registration == Registration::Locked => {
                    Err(Refusal { code: "unknown-device", error: Error::UnknownDevice(name.clone()) })
                }
                None => {
                    let error = Error::TooManyDevices { limit: options.devices };
                    Err(Refusal { code: "too-many-devices", error })
                }
            });
        }
        Ok(admitted)
    }

    async fn accept(&self, device: Arc<Device>) -> Result<Admission> {
        if device.row.state == DeviceState::Waiting {
            return Ok(Admission::Waiting(device.row.device.clone()));
        }
        let storage = match self.readings_storage(&device.storage()).await? {
            Ok(storage) => storage,
            Err(refusal) => return Ok(Admission::Unstorable(device.row.device.clone(), refusal)),
        };
        let is_built_in = is_built_in(&storage);
        Ok(Admission::Accepted(AcceptedDevice { device, storage, is_built_in }))
    }

    /// Marks the devices and sensors of committed readings as seen.
    pub(super) fn mark_seen(&self, readings: &[Reading], now: Timestamp) {
        let mut before = None;
        for reading in readings {
            let Reading { device, sensor, value, text, at } = reading;
            // Truncated, because it is kept in memory for every sensor; the row has the whole text.
            let text = text.as_ref().map(|text| text.chars().take(MAX_TEXT_LENGTH).collect());
            let last = LastValue { value: *value, text, timestamp: at.unwrap_or(now) };
            self.state.liveness.mark_seen(&sensor.tracker, now, Some(last), *at);
            if before != Some(device.id) {
                self.state.liveness.mark_seen(&device.tracker, now, None, *at);
                before = Some(device.id);
            }
        }
    }
}

/// Returns why a device may not push these readings, or `None` if it may. Replayed readings were admitted
/// before.
fn refusal(
    device: &Device,
    readings: usize,
    sender: Sender<'_>,
    rate: f64,
    now: Timestamp,
) -> Option<Refusal> {
    let Sender::Device(token) = sender else { return None };
    if let Err(error) = device.check_token(token) {
        return Some(Refusal { code: "device-token", error });
    }
    (!device.take_tokens(readings, rate, now)).then(|| {
        let error = Error::TooManyReadings { device: device.row.device.clone(), rate };
        Refusal { code: "too-many-readings", error }
    })
}
