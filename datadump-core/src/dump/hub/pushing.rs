//! Which device and which sensor a reading is of, and whether it is taken.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value as Json};

use super::{
    hearts,
    known::{Device, Sensor},
    rows::{DeviceState, Last},
};
use crate::{
    clock::Timestamp,
    dump::{Dump, hub::Registration},
    error::{Error, Result},
    hub::push::Said,
    record::Origin,
    schema::StorageName,
};

/// A device whose readings are taken, or put into quarantine until it is adopted.
#[derive(Debug, Clone)]
pub(in crate::dump) struct Admitted(Arc<Device>);

/// Why the readings of a device are not taken.
#[derive(Debug, Clone)]
pub(in crate::dump) enum Refusal {
    Unknown(String),
    Token(String),
    Full(usize),
    Floods(String, f64),
}

/// A reading whose device and sensor are known.
#[derive(Debug)]
pub(in crate::dump) struct Pushing {
    pub(in crate::dump) origin: Origin,
    pub(in crate::dump) said: Said,
    pub(in crate::dump) device: Admitted,
    pub(in crate::dump) storage: StorageName,
    pub(in crate::dump) is_clock_off: bool,
    sensor: Arc<Sensor>,
}

impl Admitted {
    pub(in crate::dump) fn is_waiting(&self) -> bool {
        self.0.row.state == DeviceState::Waiting
    }

    pub(in crate::dump) fn name(&self) -> &str {
        &self.0.row.device
    }
}

impl Refusal {
    pub(in crate::dump) fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-device",
            Self::Token(_) => "device-token",
            Self::Full(_) => "too-many-devices",
            Self::Floods(..) => "too-many-readings",
        }
    }

    pub(in crate::dump) fn error(&self) -> Error {
        match self.clone() {
            Self::Unknown(device) => Error::UnknownDevice(device),
            Self::Token(device) => Error::DeviceToken(device),
            Self::Full(limit) => Error::TooManyDevices { limit },
            Self::Floods(device, rate) => Error::TooManyReadings { device, rate },
        }
    }
}

impl Pushing {
    /// The row it becomes.
    pub(in crate::dump) fn fields(&self, received_at: Timestamp) -> Map<String, Json> {
        let at = self.said.at.unwrap_or(received_at).to_string();
        let received = received_at.to_string();
        let mut fields = Map::new();
        for (name, value) in [
            ("device_id", Json::from(self.device.0.id)),
            ("device", self.device.0.row.device.as_str().into()),
            ("sensor_id", self.sensor.id.into()),
            ("sensor_type", self.said.sensor.as_str().into()),
            ("value", self.said.value.map_or(Json::Null, Json::from)),
            ("text", self.said.text.as_deref().map_or(Json::Null, Json::from)),
            ("timestamp", at.into()),
            ("received_at", received.into()),
        ] {
            fields.insert(name.to_owned(), value);
        }
        fields
    }
}

impl Dump {
    /// The devices of these names, each with so many readings: registered if need be, and those that are taken.
    pub(in crate::dump) async fn admit(
        &self,
        names: &[&str],
        counts: &HashMap<&str, usize>,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Vec<Result<Admitted, Refusal>>> {
        let devices = self.devices_named(names).await?;
        let options = self.hub.options;
        let admitted = names.iter().zip(devices).map(|(name, device)| {
            let Some(device) = device else {
                return Err(match options.registration {
                    Registration::Locked => Refusal::Unknown((*name).to_owned()),
                    Registration::Open | Registration::Adopt => Refusal::Full(options.devices),
                });
            };
            if device.check(token).is_err() {
                return Err(Refusal::Token(device.row.device.clone()));
            }
            let readings = counts.get(name).copied().unwrap_or_default();
            if !device.allows(readings, options.rate, now) {
                return Err(Refusal::Floods(device.row.device.clone(), options.rate));
            }
            Ok(Admitted(device))
        });
        Ok(admitted.collect())
    }

    /// The sensors and storages of readings; those for which there is no room are given back.
    pub(in crate::dump) async fn recognise(
        &self,
        readings: Vec<(Origin, Said, Admitted)>,
        now: Timestamp,
    ) -> Result<Vec<Result<Pushing, (Origin, Said)>>> {
        let wanted: Vec<(&Arc<Device>, &str)> =
            readings.iter().map(|(_, said, device)| (&device.0, said.sensor.as_str())).collect();
        let sensors = self.sensors_named(&wanted).await?;
        let mut storages: HashMap<String, StorageName> = HashMap::new();
        let mut recognised = Vec::with_capacity(readings.len());
        for ((origin, said, device), sensor) in readings.into_iter().zip(sensors) {
            let Some(sensor) = sensor else {
                recognised.push(Err((origin, said)));
                continue;
            };
            let name = device.0.storage();
            let storage = match storages.get(&name) {
                Some(storage) => storage.clone(),
                None => {
                    let storage = self.readings_storage(&name).await?;
                    storages.insert(name, storage.clone());
                    storage
                }
            };
            let is_clock_off = said.at.is_some_and(|at| hearts::is_off(at, now));
            recognised.push(Ok(Pushing { origin, said, device, storage, is_clock_off, sensor }));
        }
        Ok(recognised)
    }

    /// These were heard.
    pub(in crate::dump) fn beat(&self, readings: &[Pushing], now: Timestamp) {
        let mut before = None;
        for pushing in readings {
            let (device, said) = (&pushing.device.0, &pushing.said);
            let timestamp = said.at.unwrap_or(now);
            let last = Last { value: said.value, text: said.text.clone(), timestamp };
            self.hub.hearts.beat(&pushing.sensor.heart, now, Some(last), said.at);
            // Mostly all readings of a push are of one device.
            if before != Some(device.id) {
                self.hub.hearts.beat(&device.heart, now, None, said.at);
                before = Some(device.id);
            }
        }
    }

    /// Commands that a device is given in return for what it has pushed.
    pub(in crate::dump) async fn pending(&self, device: &Admitted, most: usize) -> Result<Vec<Json>> {
        self.lease(&device.0, most, std::time::Duration::ZERO).await
    }
}
