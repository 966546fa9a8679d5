//! What people set of devices and sensors, and the tokens of devices.

use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::DeviceInfo;
use crate::{
    dump::{
        Dump, ReplayRequest,
        hub::{
            known::Device,
            rows::{DeviceRow, DeviceState, SensorRow, read},
        },
        settings,
    },
    error::{Error, Fault, Place, Result},
    schema::Value,
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
};

/// The longest period that can be set, in seconds: a year.
const LONGEST_PERIOD: f64 = 366.0 * 86_400.0;

/// How often a change is tried again when another node was faster.
const TRIES: usize = 10;

/// The most bytes of a device's labels.
const LARGEST_LABELS: usize = 64 << 10;

/// What is to change of a device; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceChange {
    /// Its name.
    device: Option<String>,
    /// `known`: what it pushes is taken.
    state: Option<String>,
    /// What people note of it: an object.
    labels: Option<Json>,
    /// What is usual for it, in seconds; null when that is to be learned.
    #[serde(default, deserialize_with = "given")]
    period_s: Option<Option<f64>>,
    /// Whether its readings have a table of their own.
    own_table: Option<bool>,
    /// Whether the readings of before move there, or back. They stay when it is not said.
    #[serde(rename = "move")]
    moves: Option<bool>,
}

/// A value that is there, null or not.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn fingerprint(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Device {
    /// Whether whoever has this token may speak for it.
    pub(in crate::dump::hub) fn check(&self, token: Option<&str>) -> Result<()> {
        match &self.row.token {
            None => Ok(()),
            Some(known) if token.is_some_and(|token| fingerprint(token) == *known) => Ok(()),
            Some(_) => Err(Error::DeviceToken(self.row.device.clone())),
        }
    }
}

impl Dump {
    /// Changes a device. `expect` is a version.
    pub async fn change_device(
        &self,
        device: &str,
        change: &Json,
        expect: Option<i32>,
    ) -> Result<DeviceInfo> {
        let change: DeviceChange = settings::read(change)?;
        for _ in 0..TRIES {
            match self.change_known(device, &change, expect).await {
                // Another node was faster, and it was not known here yet.
                Err(Error::Precondition { .. }) if expect.is_none() => {}
                changed => return changed,
            }
        }
        Err(Error::Overloaded)
    }

    async fn change_known(
        &self,
        device: &str,
        change: &DeviceChange,
        expect: Option<i32>,
    ) -> Result<DeviceInfo> {
        let mut device = self.known_device(device).await?;
        if expect.is_some_and(|version| version > device.version) {
            // What is changed is what the caller has seen, on whichever node.
            self.read_device(&device.row.device).await?;
            device = self.known_device(&device.id.to_string()).await.unwrap_or(device);
        }
        let row = changed(&device, change)?;
        // Also once more: what came in between waits still.
        let adopted = change.state.is_some() && row.state == DeviceState::Known;
        if row.own_table != device.row.own_table && device.row.moving {
            return Err(Error::InUse("its readings are being moved; try again when they have".into()));
        }
        let expect = Expect::Exactly(expect.unwrap_or(device.version));
        let renamed = row.device != device.row.device;
        self.put_device(&row, expect).await?;
        let device = self.known_device(&row.device).await?;
        if renamed {
            self.rename_sensors(&device).await?;
        }
        // What is usual may have changed.
        self.hub.hearts.retime(&device.heart);
        device.sensors().iter().for_each(|sensor| self.hub.hearts.retime(&sensor.heart));
        if device.row.moving {
            self.move_in_background(device.id);
        }
        let mut info = self.device(&row.device).await?;
        if adopted {
            // All that waited for it, as it called itself.
            let filters = [("code", "device-waiting".to_owned()), ("field", row.device.clone())];
            let filters = filters.map(|(name, value)| (format!("{name}__eq"), value)).to_vec();
            let replay = self.replay(ReplayRequest { filters, ..ReplayRequest::default() }).await?;
            info.device["replay"] = json!(replay.id);
        }
        Ok(info)
    }

    /// Stores what is set of a device.
    pub(in crate::dump::hub) async fn put_device(&self, row: &DeviceRow, expect: Expect) -> Result<()> {
        match self.hub_write(self.hub_put(SystemStorage::Device, row, expect)?).await? {
            Outcome::Updated(stored) | Outcome::Unchanged(stored) => {
                self.hub.known.put(read(&stored.in_force, &stored.row)?, stored.row.version);
                Ok(())
            }
            Outcome::Refused(Some(current)) => {
                self.hub.known.put(read(&current.in_force, &current.row)?, current.row.version);
                let current = self.hub.known.numbered(row.id.unwrap_or_default());
                Err(Error::Precondition { current: current.map(|device| device.shown(None)) })
            }
            Outcome::Refused(None) => Err(Error::UnknownDevice(row.device.clone())),
            // Nothing else of it has to be the only one.
            Outcome::Invalid(_) => {
                let detail = format!("another device has the name `{}`", row.device);
                Err(Error::Invalid(vec![Fault::new(Place::field("device"), "unique", detail)]))
            }
            other => Err(Error::internal(format!("a device could not be changed: {other:?}"))),
        }
    }

    async fn rename_sensors(&self, device: &Device) -> Result<()> {
        let mut writes = Vec::new();
        for sensor in device.sensors() {
            let row = SensorRow { device: device.row.device.clone(), ..sensor.row.clone() };
            writes.push(self.hub_put(SystemStorage::Sensor, &row, Expect::Exists)?);
        }
        for outcome in self.store.write(WriteBatch::independent(writes)).await? {
            if let Outcome::Updated(stored) = outcome {
                self.hub.known.put_sensor(read(&stored.in_force, &stored.row)?, stored.row.version);
            }
        }
        Ok(())
    }

    /// Forgets a device, its sensors, when they were heard, and the commands that wait for it. Its readings
    /// stay.
    pub async fn remove_device(&self, device: &str) -> Result<()> {
        let device = self.known_device(device).await?;
        let dump = self.clone();
        // On its own: whoever asked may go away before all of it is done.
        tokio::spawn(async move { dump.remove_known(&device).await }).await.map_err(Error::internal)?
    }

    async fn remove_known(&self, device: &Device) -> Result<()> {
        let mut writes = Vec::new();
        let mut forget = |own: SystemStorage, key: Value| -> Result<()> {
            writes.push(Write::delete(self.hub_storage(own)?, key, Expect::Anything));
            Ok(())
        };
        forget(SystemStorage::Device, Value::Integer(device.id))?;
        forget(SystemStorage::Liveness, Value::Text(device.heart.key().to_owned()))?;
        for sensor in device.sensors() {
            forget(SystemStorage::Sensor, Value::Integer(sensor.id))?;
            forget(SystemStorage::Liveness, Value::Text(sensor.heart.key().to_owned()))?;
        }
        // Nothing is stored of it any more.
        device.stop();
        self.store.write(WriteBatch::independent(writes)).await?;
        self.hub.known.remove(device.id);
        let of_device =
            [("device_id__eq", device.id.to_string()), ("state__in", "queued,leased,acked".to_owned())];
        let waiting: Vec<(crate::hub::Command, i32)> =
            self.hub_rows(SystemStorage::Command, &of_device).await?;
        for (command, _) in waiting {
            match self.cancel_command(&command.id.to_string()).await {
                Ok(_) | Err(Error::CommandState { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Gives a device a token, in the place of the one it had: whoever speaks for it has to show it from now
    /// on. It is told this once.
    pub async fn make_device_token(&self, device: &str) -> Result<String> {
        let device = self.known_device(device).await?;
        let token = format!("dd_device_{}", self.ids.secret());
        let row = DeviceRow { token: Some(fingerprint(&token)), ..device.row.clone() };
        self.put_device(&row, Expect::Exactly(device.version)).await?;
        Ok(token)
    }

    /// Takes a device's token away: anybody may speak for it again.
    pub async fn remove_device_token(&self, device: &str) -> Result<()> {
        let device = self.known_device(device).await?;
        let row = DeviceRow { token: None, ..device.row.clone() };
        self.put_device(&row, Expect::Exactly(device.version)).await
    }

    /// Sets what is usual for a sensor, in seconds; none when that is to be learned.
    pub async fn change_sensor(&self, device: &str, sensor: &str, change: &Json) -> Result<Json> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            period_s: Option<f64>,
        }
        let device = self.known_device(device).await?;
        let Change { period_s } = settings::read(change)?;
        check_period(period_s)?;
        let found = device.sensor(sensor).or_else(|| {
            let id: i64 = sensor.parse().ok()?;
            device.sensors().into_iter().find(|sensor| sensor.id == id)
        });
        let unknown =
            || Error::UnknownSensor { device: device.row.device.clone(), sensor: sensor.to_owned() };
        let found = found.ok_or_else(unknown)?;
        let row = SensorRow { period_s, ..found.row.clone() };
        match self.hub_write(self.hub_put(SystemStorage::Sensor, &row, Expect::Exists)?).await? {
            Outcome::Updated(stored) | Outcome::Unchanged(stored) => {
                self.hub.known.put_sensor(read(&stored.in_force, &stored.row)?, stored.row.version);
            }
            _ => return Err(unknown()),
        }
        let sensor = device.sensor(&found.row.sensor_type).ok_or_else(unknown)?;
        self.hub.hearts.retime(&sensor.heart);
        Ok(sensor.shown(device.row.period_s))
    }
}

fn check_period(period: Option<f64>) -> Result<()> {
    match period {
        Some(period) if !(0.1..=LONGEST_PERIOD).contains(&period) => {
            let detail =
                format!("a period is a number of seconds from 0.1 to {LONGEST_PERIOD}, not {period}");
            Err(settings::wrong(Place::field("period_s"), "out-of-range", detail))
        }
        _ => Ok(()),
    }
}

/// What is set of a device after a change.
fn changed(device: &Device, change: &DeviceChange) -> Result<DeviceRow> {
    let mut row = device.row.clone();
    if let Some(name) = &change.device {
        row.device = crate::hub::name::checked(name, "a device")
            .map_err(|failure| settings::wrong(Place::field("device"), "name", failure.detail))?;
    }
    if row.device != device.row.device && device.row.state == DeviceState::Waiting {
        let detail = "what it has pushed waits under its name: adopt it first";
        return Err(settings::wrong(Place::field("device"), "not-applicable", detail));
    }
    match change.state.as_deref() {
        None => {}
        Some("known") => row.state = DeviceState::Known,
        Some("waiting") => row.state = DeviceState::Waiting,
        Some(other) => {
            let detail = format!("{other:?} is neither known nor waiting");
            return Err(settings::wrong(Place::field("state"), "invalid", detail));
        }
    }
    if let Some(labels) = &change.labels {
        if !labels.is_object() || labels.to_string().len() > LARGEST_LABELS {
            let detail = format!("labels are an object of at most {LARGEST_LABELS} bytes");
            return Err(settings::wrong(Place::field("labels"), "invalid", detail));
        }
        row.labels = labels.clone();
    }
    if let Some(period) = change.period_s {
        check_period(period)?;
        row.period_s = period;
    }
    if let Some(own_table) = change.own_table.filter(|own_table| *own_table != row.own_table) {
        row.own_table = own_table;
        row.moving = change.moves == Some(true);
    } else if change.moves == Some(true) {
        row.moving = true;
    }
    Ok(row)
}
