//! Changes the settings of devices and sensors, and the tokens of devices.

use serde::Deserialize;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::DeviceInfo;
use crate::{
    error::{Error, Fault, Place, Result},
    hub::{
        Hub,
        cache::Device,
        rows::{DeviceRow, DeviceState, SensorRow},
        rules::{Command, name},
    },
    request,
    schema::Value,
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
};

/// Maximum period in seconds: a year.
const MAX_PERIOD: f64 = 366.0 * 86_400.0;

/// Maximum attempts to change a device while other nodes change it.
const MAX_ATTEMPTS: usize = 10;

/// Maximum size of a device's labels in bytes.
const MAX_LABELS_BYTES: usize = 64 << 10;

/// Changes to a device; omitted members keep their values.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceChange {
    device: Option<String>,
    /// `known` adopts a device that is `waiting`.
    state: Option<String>,
    labels: Option<Json>,
    /// The expected interval in seconds; null to learn it.
    #[serde(default, deserialize_with = "given")]
    period_s: Option<Option<f64>>,
    /// Stores its readings in a table of their own.
    own_table: Option<bool>,
    /// Moves earlier readings to that table, or back; by default they stay.
    #[serde(rename = "move")]
    moves: Option<bool>,
}

/// Distinguishes null from a missing value.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn fingerprint(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Device {
    pub(in crate::hub) fn check_token(&self, token: Option<&str>) -> Result<()> {
        match &self.row.token {
            None => Ok(()),
            Some(known) if token.is_some_and(|token| fingerprint(token) == *known) => Ok(()),
            Some(_) => Err(Error::DeviceToken(self.row.device.clone())),
        }
    }
}

impl Hub {
    /// Changes a device. `expect` is a version. Returns the device, and whether it was adopted.
    pub(crate) async fn change_device(
        &self,
        device: &str,
        change: &Json,
        expect: Option<i32>,
    ) -> Result<(DeviceInfo, bool)> {
        let change: DeviceChange = request::read(change)?;
        for _ in 0..MAX_ATTEMPTS {
            match self.change_known(device, &change, expect).await {
                // Another node has changed it, and this node has not seen the change yet.
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
    ) -> Result<(DeviceInfo, bool)> {
        let mut device = self.find(device).await?;
        if expect.is_some_and(|version| version > device.version) {
            // The caller has seen a version, written by another node, that this node does not know yet.
            self.read_device(&device.row.device).await?;
            device = self.find(&device.id.to_string()).await.unwrap_or(device);
        }
        let row = changed(&device, change)?;
        // Even if it was adopted before: readings that arrived in between are still waiting.
        let adopted = change.state.is_some() && row.state == DeviceState::Known;
        if row.own_table != device.row.own_table && device.row.moving {
            return Err(Error::InUse("its readings are being moved; try again when that is done".into()));
        }
        let expect = Expect::Exactly(expect.unwrap_or(device.version));
        let renamed = row.device != device.row.device;
        self.put_device(&row, expect).await?;
        let device = self.find(&row.device).await?;
        if renamed {
            self.rename_sensors(&device).await?;
        }
        // The period may have changed.
        self.state.liveness.reschedule(&device.tracker);
        device.sensors().iter().for_each(|sensor| self.state.liveness.reschedule(&sensor.tracker));
        if device.row.moving {
            self.reassign_in_background(device.id);
        }
        Ok((self.device(&row.device).await?, adopted))
    }

    pub(in crate::hub) async fn put_device(&self, row: &DeviceRow, expect: Expect) -> Result<()> {
        match self.context.write_one(self.context.put(SystemStorage::Device, row, expect)?).await? {
            Outcome::Updated(stored) | Outcome::Unchanged(stored) => self.state.cache.put_stored(&stored),
            Outcome::Refused(Some(current)) => {
                self.state.cache.put_stored(&current)?;
                let current = self.state.cache.by_id(row.id.unwrap_or_default());
                Err(Error::Precondition { current: current.map(|device| device.to_json(None)) })
            }
            Outcome::Refused(None) => Err(Error::UnknownDevice(row.device.clone())),
            // The name is its only unique field.
            Outcome::Invalid(_) => {
                let detail = format!("another device has the name `{}`", row.device);
                Err(Error::Invalid(vec![Fault::new(Place::field("device"), "unique", detail)]))
            }
            other => Err(Error::internal(format!("unexpected outcome of changing a device: {other:?}"))),
        }
    }

    async fn rename_sensors(&self, device: &Device) -> Result<()> {
        let mut writes = Vec::new();
        for sensor in device.sensors() {
            let row = SensorRow { device: device.row.device.clone(), ..sensor.row.clone() };
            writes.push(self.context.put(SystemStorage::Sensor, &row, Expect::Exists)?);
        }
        for outcome in self.context.store.write(WriteBatch::independent(writes)).await? {
            if let Outcome::Updated(stored) = outcome {
                self.state.cache.put_stored(&stored)?;
            }
        }
        Ok(())
    }

    /// Removes a device with its sensors and their liveness, and cancels its commands. Its readings stay.
    pub async fn remove_device(&self, device: &str) -> Result<()> {
        let device = self.find(device).await?;
        let hub = self.clone();
        // In a task of its own, because the caller may be cancelled before it completes.
        let removal = async move { hub.remove_known(&device).await };
        self.context.background.spawn_to_end(removal).await.map_err(Error::internal)?
    }

    async fn remove_known(&self, device: &Device) -> Result<()> {
        let mut writes = Vec::new();
        let mut remove = |storage: SystemStorage, key: Value| -> Result<()> {
            writes.push(Write::delete(self.context.system(storage)?, key, Expect::Anything));
            Ok(())
        };
        remove(SystemStorage::Device, Value::Integer(device.id))?;
        remove(SystemStorage::Liveness, Value::Text(device.tracker.key.clone()))?;
        for sensor in device.sensors() {
            remove(SystemStorage::Sensor, Value::Integer(sensor.id))?;
            remove(SystemStorage::Liveness, Value::Text(sensor.tracker.key.clone()))?;
        }
        // Before the rows are deleted, so that no liveness row is stored again.
        device.stop();
        self.context.store.write(WriteBatch::independent(writes)).await?;
        self.state.cache.remove(device.id);
        let of_device =
            [("device_id__eq", device.id.to_string()), ("state__in", "queued,leased,acked".to_owned())];
        let waiting: Vec<(Command, i32)> = self.context.rows(SystemStorage::Command, &of_device).await?;
        for (command, _) in waiting {
            match self.cancel_command(&command.id.to_string()).await {
                Ok(_) | Err(Error::CommandState { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Creates a token for a device, replacing any previous one. The token is returned only this once.
    pub async fn make_device_token(&self, device: &str) -> Result<String> {
        let device = self.find(device).await?;
        let token = format!("dd_device_{}", self.context.ids.secret());
        let row = DeviceRow { token: Some(fingerprint(&token)), ..device.row.clone() };
        self.put_device(&row, Expect::Exactly(device.version)).await?;
        Ok(token)
    }

    /// Removes the token of a device; anyone may then push its readings.
    pub async fn remove_device_token(&self, device: &str) -> Result<()> {
        let device = self.find(device).await?;
        let row = DeviceRow { token: None, ..device.row.clone() };
        self.put_device(&row, Expect::Exactly(device.version)).await
    }

    /// Sets the expected interval of a sensor in seconds; null means that it is learned.
    pub async fn change_sensor(&self, device: &str, sensor: &str, change: &Json) -> Result<Json> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Change {
            period_s: Option<f64>,
        }
        let device = self.find(device).await?;
        let Change { period_s } = request::read(change)?;
        check_period(period_s)?;
        let found = device.sensor(sensor).or_else(|| {
            let id: i64 = sensor.parse().ok()?;
            device.sensors().into_iter().find(|sensor| sensor.id == id)
        });
        let unknown =
            || Error::UnknownSensor { device: device.row.device.clone(), sensor: sensor.to_owned() };
        let found = found.ok_or_else(unknown)?;
        let row = SensorRow { period_s, ..found.row.clone() };
        match self.context.write_one(self.context.put(SystemStorage::Sensor, &row, Expect::Exists)?).await? {
            Outcome::Updated(stored) | Outcome::Unchanged(stored) => self.state.cache.put_stored(&stored)?,
            _ => return Err(unknown()),
        }
        let sensor = device.sensor(&found.row.sensor_type).ok_or_else(unknown)?;
        self.state.liveness.reschedule(&sensor.tracker);
        Ok(sensor.to_json(device.row.period_s))
    }
}

fn check_period(period: Option<f64>) -> Result<()> {
    match period {
        Some(period) if !(0.1..=MAX_PERIOD).contains(&period) => {
            let detail =
                format!("a period must be a number of seconds from 0.1 to {MAX_PERIOD}, not {period}");
            Err(request::invalid(Place::field("period_s"), "out-of-range", detail))
        }
        _ => Ok(()),
    }
}

/// Returns the settings of a device after a change.
fn changed(device: &Device, change: &DeviceChange) -> Result<DeviceRow> {
    let mut row = device.row.clone();
    if let Some(new_name) = &change.device {
        row.device = name::checked(new_name, "a device")
            .map_err(|failure| request::invalid(Place::field("device"), "name", failure.detail))?;
    }
    if row.device != device.row.device && device.row.state == DeviceState::Waiting {
        let detail = "its readings wait under its name: adopt it first";
        return Err(request::invalid(Place::field("device"), "not-applicable", detail));
    }
    match change.state.as_deref() {
        None => {}
        Some("known") => row.state = DeviceState::Known,
        Some("waiting") => row.state = DeviceState::Waiting,
        Some(other) => {
            let detail = format!("{other:?} is neither known nor waiting");
            return Err(request::invalid(Place::field("state"), "invalid", detail));
        }
    }
    if let Some(labels) = &change.labels {
        if !labels.is_object() || labels.to_string().len() > MAX_LABELS_BYTES {
            let detail = format!("labels must be an object of at most {MAX_LABELS_BYTES} bytes");
            return Err(request::invalid(Place::field("labels"), "invalid", detail));
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
