//! Which device and which sensor a reading is of, and whether it is taken.

use std::sync::Arc;

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
    schema::{InForce, Row, StorageName, Value},
};

/// How many characters of the last text of a sensor are shown.
const LONGEST_TEXT: usize = 1_000;

/// A device that may push.
#[derive(Debug)]
pub(in crate::dump) enum Admitted {
    /// What it pushes waits in quarantine until the device of this name is adopted.
    Waiting(String),
    /// Its readings are taken.
    Taken(Taken),
}

/// A device whose readings are taken, and where they go.
#[derive(Debug)]
pub(in crate::dump) struct Taken {
    device: Arc<Device>,
    storage: Arc<InForce>,
    /// Whether the storage is as we make it.
    is_ours: bool,
}

/// A sensor that a reading is of.
#[derive(Debug)]
pub(in crate::dump) struct Recognised(Arc<Sensor>);

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
    storage: Arc<InForce>,
    pub(in crate::dump) is_clock_off: bool,
    heard: Heard,
    /// The names of the device and the sensor, as they were sent.
    names: [String; 2],
    /// Whether its storage is as we make it.
    is_ours: bool,
}

/// What becomes of a reading.
#[derive(Debug)]
pub(in crate::dump) enum Becomes {
    /// A row of a storage that is as we make it: there is nothing left to prove.
    Row(Row),
    /// A record for a storage that somebody has declared otherwise: it takes what fits it.
    Record(StorageName, Map<String, Json>),
}

/// What a sensor of a device has said.
#[derive(Debug)]
pub(in crate::dump) struct Heard {
    device: Arc<Device>,
    sensor: Arc<Sensor>,
    value: Option<f64>,
    text: Option<String>,
    at: Option<Timestamp>,
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
    fn names(&self) -> (&str, &str) {
        (&self.device.row.device, &self.sensor.row.sensor_type)
    }

    /// The same as it could be pushed again.
    pub(in crate::dump) fn to_json(&self) -> Json {
        let (device, sensor) = self.names();
        let (device, sensor, text) = (device.to_owned(), sensor.to_owned(), self.text.clone());
        Said { device, sensor, value: self.value, text, at: self.at }.to_json()
    }

    /// The row of a storage that is as we make it.
    fn row(&self, storage: Arc<InForce>, [device, sensor]: [String; 2], received_at: Timestamp) -> Row {
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
        Row::proven(storage, None, values)
    }

    /// The same as a record.
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

impl Pushing {
    /// What a sensor of a device says now.
    pub(in crate::dump) fn new(said: Said, of: &Taken, sensor: Recognised, now: Timestamp) -> Self {
        let Said { device, sensor: sensor_name, value, text, at } = said;
        let heard = Heard { device: of.device.clone(), sensor: sensor.0, value, text, at };
        Self {
            storage: of.storage.clone(),
            is_clock_off: at.is_some_and(|at| hearts::is_off(at, now)),
            heard,
            names: [device, sensor_name],
            is_ours: of.is_ours,
        }
    }

    /// What becomes of it, and what its sensor is remembered by.
    pub(in crate::dump) fn kept(self, received_at: Timestamp) -> (Becomes, Heard) {
        let Self { storage, heard, names, is_ours, .. } = self;
        let becomes = if is_ours {
            Becomes::Row(heard.row(storage, names, received_at))
        } else {
            Becomes::Record(storage.definition.name.clone(), heard.record(received_at))
        };
        (becomes, heard)
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
        let mut admitted = Vec::with_capacity(named.len());
        for ((name, readings), device) in named.iter().zip(devices) {
            admitted.push(match device {
                Some(device) => match refusal(&device, *readings, who, options.rate, now) {
                    Some(refusal) => Err(refusal),
                    None => Ok(self.let_in(device).await?),
                },
                None => Err(match options.registration {
                    Registration::Locked => Refusal::Unknown(name.clone()),
                    Registration::Open | Registration::Adopt => Refusal::Full(options.devices),
                }),
            });
        }
        Ok(admitted)
    }

    async fn let_in(&self, device: Arc<Device>) -> Result<Admitted> {
        if device.row.state == DeviceState::Waiting {
            return Ok(Admitted::Waiting(device.row.device.clone()));
        }
        let storage = self.readings_storage(&device.storage()).await?;
        let is_ours = is_ours(&storage);
        Ok(Admitted::Taken(Taken { device, storage, is_ours }))
    }

    /// The sensors of these readings; none where its device has too many.
    pub(in crate::dump) async fn recognise(
        &self,
        readings: impl Iterator<Item = (&Taken, &Said)>,
    ) -> Result<Vec<Option<Recognised>>> {
        let wanted: Vec<_> = readings.map(|(of, said)| (&of.device, said.sensor.as_str())).collect();
        let sensors = self.sensors_named(&wanted).await?;
        Ok(sensors.into_iter().map(|sensor| sensor.map(Recognised)).collect())
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
            if before != Some(device.id) {
                self.hub.hearts.beat(&device.heart, now, None, *at);
                before = Some(device.id);
            }
        }
    }

    /// Commands that a device is given in return for what it has pushed.
    pub(in crate::dump) async fn pending(&self, heard: &Heard, most: usize) -> Result<Vec<Json>> {
        self.lease_now(&heard.device, most).await
    }
}

/// Why a device may not push so many readings, if it may not. What waited in quarantine was let in then.
fn refusal(device: &Device, readings: usize, who: Who<'_>, rate: f64, now: Timestamp) -> Option<Refusal> {
    let Who::Device(token) = who else { return None };
    let name = || device.row.device.clone();
    if device.check(token).is_err() {
        Some(Refusal::Token(name()))
    } else if !device.allows(readings, rate, now) {
        Some(Refusal::Floods(name(), rate))
    } else {
        None
    }
}
