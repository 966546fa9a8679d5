//! Which device and which sensor a reading is of, and whether it is taken.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Map, Value as Json};

use super::{
    hearts,
    known::{Device, Sensor},
    readings::is_ours,
    rows::{DeviceState, Last},
};
use crate::{
    clock::Timestamp,
    dump::{Dump, hub::Registration},
    error::{Error, Result},
    hub::push::Said,
    record::Origin,
    schema::{InForce, Row, Value},
};

/// How many characters of the last text of a sensor are shown.
const LONGEST_TEXT: usize = 1_000;

/// A device whose readings are taken, or put into quarantine until it is adopted.
#[derive(Debug, Clone)]
pub(in crate::dump) struct Admitted(Arc<Device>);

/// Who pushes.
#[derive(Debug, Clone, Copy)]
pub(in crate::dump) enum Who<'t> {
    /// A device, with its token if it has one.
    Device(Option<&'t str>),
    /// Somebody replays what it has pushed.
    Replay,
}

/// Why the readings of a device are not taken.
#[derive(Debug, Clone)]
pub(in crate::dump) enum Refusal {
    Unknown(String),
    Token(String),
    Full(usize),
    Floods(String, f64),
}

/// A reading on its way to its storage.
#[derive(Debug)]
pub(in crate::dump) struct Pushing {
    pub(in crate::dump) origin: Origin,
    pub(in crate::dump) storage: Arc<InForce>,
    pub(in crate::dump) is_clock_off: bool,
    pub(in crate::dump) heard: Heard,
    /// The names of the device and the sensor, as they were sent.
    names: [String; 2],
    /// Whether its storage is as we make it.
    is_ours: bool,
}

/// What a sensor of a device has said.
#[derive(Debug)]
pub(in crate::dump) struct Heard {
    pub(in crate::dump) device: Admitted,
    sensor: Arc<Sensor>,
    value: Option<f64>,
    text: Option<String>,
    at: Option<Timestamp>,
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

impl Heard {
    fn device(&self) -> &Device {
        &self.device.0
    }

    fn names(&self) -> (&str, &str) {
        (&self.device().row.device, &self.sensor.row.sensor_type)
    }

    /// The same as it could be pushed again.
    pub(in crate::dump) fn to_json(&self) -> Json {
        let (device, sensor) = self.names();
        let (device, sensor, text) = (device.to_owned(), sensor.to_owned(), self.text.clone());
        Said { device, sensor, value: self.value, text, at: self.at }.to_json()
    }
}

impl Pushing {
    /// The row it becomes, if its storage is as we make it: then there is nothing left to prove.
    pub(in crate::dump) fn row(&mut self, received_at: Timestamp) -> Option<Row> {
        if !self.is_ours {
            return None;
        }
        let heard = &self.heard;
        let [device, sensor] = std::mem::take(&mut self.names);
        let values = vec![
            Value::Integer(heard.device().id),
            Value::Text(device),
            Value::Integer(heard.sensor.id),
            Value::Text(sensor),
            heard.value.map_or(Value::Null, Value::Float),
            heard.text.clone().map_or(Value::Null, Value::Text),
            Value::Timestamp(heard.at.unwrap_or(received_at)),
            Value::Timestamp(received_at),
        ];
        Some(Row::proven(self.storage.clone(), None, values))
    }

    /// The record it is otherwise.
    pub(in crate::dump) fn fields(&self, received_at: Timestamp) -> Map<String, Json> {
        let heard = &self.heard;
        let (device, sensor) = heard.names();
        let fields = [
            ("device_id", Json::from(heard.device().id)),
            ("device", device.into()),
            ("sensor_id", heard.sensor.id.into()),
            ("sensor_type", sensor.into()),
            ("value", heard.value.map_or(Json::Null, Json::from)),
            ("text", heard.text.as_deref().map_or(Json::Null, Json::from)),
            ("timestamp", heard.at.unwrap_or(received_at).to_string().into()),
            ("received_at", received_at.to_string().into()),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
    }
}

impl Dump {
    /// The devices of these names, each with so many readings: registered if need be, and those that are taken.
    pub(in crate::dump) async fn admit(
        &self,
        named: &[(String, usize)],
        who: Who<'_>,
        now: Timestamp,
    ) -> Result<Vec<Result<Admitted, Refusal>>> {
        let names: Vec<&str> = named.iter().map(|(name, _)| name.as_str()).collect();
        let devices = self.devices_named(&names).await?;
        let options = self.hub.options;
        let admitted = named.iter().zip(devices).map(|((name, readings), device)| {
            let Some(device) = device else {
                return Err(match options.registration {
                    Registration::Locked => Refusal::Unknown(name.clone()),
                    Registration::Open | Registration::Adopt => Refusal::Full(options.devices),
                });
            };
            // What waited in quarantine was let in then.
            let Who::Device(token) = who else { return Ok(Admitted(device)) };
            if device.check(token).is_err() {
                return Err(Refusal::Token(device.row.device.clone()));
            }
            if !device.allows(*readings, options.rate, now) {
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
        // Those before the last one.
        let mut storages: HashMap<i64, (Arc<InForce>, bool)> = HashMap::new();
        let mut last: Option<(i64, (Arc<InForce>, bool))> = None;
        let mut recognised = Vec::with_capacity(readings.len());
        for ((origin, said, device), sensor) in readings.into_iter().zip(sensors) {
            let Some(sensor) = sensor else {
                recognised.push(Err((origin, said)));
                continue;
            };
            // Mostly all readings of a push are of one device.
            let id = device.0.id;
            let (storage, is_ours) = match &last {
                Some((before, known)) if *before == id => known.clone(),
                _ => {
                    let known = match storages.get(&id) {
                        Some(known) => known.clone(),
                        None => {
                            let storage = self.readings_storage(&device.0.storage()).await?;
                            (storage.clone(), is_ours(&storage))
                        }
                    };
                    storages.extend(last.replace((id, known.clone())));
                    known
                }
            };
            let is_clock_off = said.at.is_some_and(|at| hearts::is_off(at, now));
            let Said { device: device_name, sensor: sensor_name, value, text, at } = said;
            let (heard, names) = (Heard { device, sensor, value, text, at }, [device_name, sensor_name]);
            recognised.push(Ok(Pushing { origin, storage, is_clock_off, heard, names, is_ours }));
        }
        Ok(recognised)
    }

    /// These were heard.
    pub(in crate::dump) fn beat(&self, heard: &[Heard], now: Timestamp) {
        let mut before = None;
        for heard in heard {
            let Heard { device, sensor, value, text, at } = heard;
            // The whole of it is in its row: this is what is held of every sensor, always.
            let text = text.as_ref().map(|text| text.chars().take(LONGEST_TEXT).collect());
            let last = Last { value: *value, text, timestamp: at.unwrap_or(now) };
            self.hub.hearts.beat(&sensor.heart, now, Some(last), *at);
            if before != Some(device.0.id) {
                self.hub.hearts.beat(&device.0.heart, now, None, *at);
                before = Some(device.0.id);
            }
        }
    }

    /// Commands that a device is given in return for what it has pushed.
    pub(in crate::dump) async fn pending(&self, device: &Admitted, most: usize) -> Result<Vec<Json>> {
        self.lease_now(&device.0, most).await
    }
}
