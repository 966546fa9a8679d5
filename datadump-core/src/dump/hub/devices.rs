//! Devices and sensors, as people see and change them.

use serde::Deserialize;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{
    Hub,
    hearts::Shown,
    known::{Device, Sensor},
    rows::{DeviceRow, DeviceState, PulseRow, SensorRow, read},
};
use crate::{
    dump::{
        Dump, Listing, ReplayRequest, Rows,
        live::{Named, Of},
        settings,
    },
    error::{Error, Fault, Place, Result},
    schema::Value,
    store::{
        Call, Column, Count, Expect, Filter, Order, Outcome, Paging, Query, Stored, Test, Write,
        own::Own,
        query::{DEFAULT_LIMIT, Direction, MAX_LIMIT},
    },
};

/// The longest period that can be set, in seconds: a year.
const LONGEST_PERIOD: f64 = 366.0 * 86_400.0;

/// The most bytes of a device's labels.
const LARGEST_LABELS: usize = 64 << 10;

/// What is to change of a device; what is left out stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceChange {
    /// Its name.
    pub(super) device: Option<String>,
    /// `known`: what it pushes is taken.
    pub(super) state: Option<String>,
    /// What people note of it: an object.
    pub(super) labels: Option<Json>,
    /// What is usual for it, in seconds; null when that is to be learned.
    #[serde(default, deserialize_with = "given")]
    pub(super) period_s: Option<Option<f64>>,
    /// Whether its readings have a table of their own.
    pub(super) own_table: Option<bool>,
    /// Whether the readings of before move there, or back. They stay when it is not said.
    #[serde(rename = "move")]
    pub(super) moves: Option<bool>,
}

/// A device as it is shown, and the version of what is set of it.
#[derive(Debug, Clone)]
pub struct DeviceInfo {
    /// The device.
    pub device: Json,
    /// Its version.
    pub version: i32,
}

/// A value that is there, null or not.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Asks for a list of what is of one device, by itself in this order; the parameters that only this adds are
/// not in the addresses of other pages.
pub(super) async fn listed(
    rows: &Rows,
    device: &Device,
    parameters: &[(String, String)],
    order: &str,
) -> Result<Listing> {
    let mut all = parameters.to_vec();
    all.push(("device_id__eq".into(), device.id.to_string()));
    if !parameters.iter().any(|(name, _)| name == "ordering") {
        all.push(("ordering".into(), order.into()));
    }
    let mut listing = rows.list(&all).await?;
    let is_asked = |name: &str| parameters.iter().any(|(asked, _)| asked == name);
    for page in [&mut listing.next, &mut listing.previous].into_iter().flatten() {
        page.retain(|(name, _)| !matches!(name.as_str(), "device_id__eq" | "ordering") || is_asked(name));
    }
    Ok(listing)
}

pub(super) fn fingerprint(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Device {
    /// Whether whoever has this token may speak for it.
    pub(super) fn check(&self, token: Option<&str>) -> Result<()> {
        match &self.row.token {
            None => Ok(()),
            Some(known) if token.is_some_and(|token| fingerprint(token) == *known) => Ok(()),
            Some(_) => Err(Error::DeviceToken(self.row.device.clone())),
        }
    }

    fn shown(&self, stored: Option<&Stored>) -> Json {
        let Shown { pulse, clock_off, .. } = self.heart.shown();
        let sensors: Vec<Json> =
            self.sensors().iter().map(|sensor| sensor.shown(self.row.period_s)).collect();
        let created_at = stored.map(|stored| stored.row.created_at.to_string());
        let updated_at = stored.map(|stored| stored.row.updated_at.to_string());
        json!({
            "id": self.id,
            "device": self.row.device,
            "state": self.row.state,
            "status": pulse.as_ref().map_or("never", |pulse| pulse.status.name()),
            "since": pulse.as_ref().map(|pulse| pulse.since),
            "last_seen": pulse.as_ref().map(|pulse| pulse.seen),
            "period_s": self.row.period_s,
            "usual_s": pulse.as_ref().map(|pulse| seconds(pulse.period(self.row.period_s))),
            "clock_off_s": clock_off,
            "labels": self.row.labels,
            "own_table": self.row.own_table,
            "storage": self.storage(),
            "moving": self.row.moving,
            "has_token": self.row.token.is_some(),
            "sensors": sensors,
            "version": self.version,
            "created_at": created_at,
            "updated_at": updated_at,
        })
    }
}

impl Sensor {
    pub(super) fn shown(&self, period: Option<f64>) -> Json {
        let Shown { pulse, last, .. } = self.heart.shown();
        let period = self.row.period_s.or(period);
        json!({
            "id": self.id,
            "sensor_type": self.row.sensor_type,
            "status": pulse.as_ref().map_or("never", |pulse| pulse.status.name()),
            "since": pulse.as_ref().map(|pulse| pulse.since),
            "last_seen": pulse.as_ref().map(|pulse| pulse.seen),
            "period_s": self.row.period_s,
            "usual_s": pulse.as_ref().map(|pulse| seconds(pulse.period(period))),
            "value": last.as_ref().map(|last| match (&last.text, last.value) {
                (Some(text), _) => Json::from(text.as_str()),
                (None, value) => value.map_or(Json::Null, Json::from),
            }),
            "timestamp": last.as_ref().map(|last| last.timestamp),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is a number of microseconds")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

impl Hub {
    fn find(&self, device: &str) -> Result<std::sync::Arc<Device>> {
        self.known.find(device).ok_or_else(|| Error::UnknownDevice(device.to_owned()))
    }
}

impl Dump {
    /// The device of this name or number.
    pub(super) async fn known_device(&self, device: &str) -> Result<std::sync::Arc<Device>> {
        self.hub().await?.find(device)
    }

    /// The same, for who speaks for it.
    pub(super) async fn admitted(&self, device: &str, token: Option<&str>) -> Result<std::sync::Arc<Device>> {
        let device = self.known_device(device).await?;
        device.check(token)?;
        Ok(device)
    }

    /// Of which device and which sensors somebody wants to be told.
    pub(in crate::dump) async fn of(&self, device: Option<&str>, sensor: Option<&str>) -> Result<Of> {
        if device.is_none() && sensor.is_none() {
            return Ok(Of::default());
        }
        let known = &Box::pin(self.hub()).await?.known;
        let device = device.map(|name| match known.find(name) {
            Some(device) => Named::Number(device.id),
            None => Named::Name(name.to_owned()),
        });
        let sensor = sensor.map(|name| match known.sensors(name).as_slice() {
            [(_, sensor)] if sensor.row.sensor_type != name => Named::Number(sensor.id),
            _ => Named::Name(name.to_owned()),
        });
        Ok(Of { device, sensor })
    }

    /// Devices with their status, their sensors and what those said last, as rows are listed; or all of one
    /// `status`.
    pub async fn devices(&self, parameters: &[(String, String)]) -> Result<Listing> {
        self.hub().await?;
        if let Some((_, status)) = parameters.iter().find(|(name, _)| name == "status") {
            return self.devices_of_status(status, parameters).await;
        }
        let mut parameters = parameters.to_vec();
        if !parameters.iter().any(|(name, _)| name == "ordering") {
            parameters.push(("ordering".into(), "device".into()));
        }
        let mut listing = self.own(Own::Device).list(&parameters).await?;
        let ids: Vec<i64> = listing.rows.iter().filter_map(|row| row.get("id")?.as_i64()).collect();
        self.refresh(&ids).await?;
        for (row, id) in listing.rows.iter_mut().zip(ids) {
            if let Some(device) = self.hub.known.numbered(id) {
                let mut shown = device.shown(None);
                for time in ["created_at", "updated_at"] {
                    shown[time] = row.get(time).cloned().unwrap_or_default();
                }
                *row = shown;
            }
        }
        Ok(listing)
    }

    /// Those of one status, by their numbers.
    async fn devices_of_status(&self, status: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let wrong = |name: &str, detail: String| {
            let at = Place::Parameter(name.to_owned());
            Error::Query(vec![Fault::new(at, "not-applicable", detail)])
        };
        if !["online", "late", "offline", "never"].contains(&status) {
            return Err(wrong("status", format!("{status:?} is not online, late, offline or never")));
        }
        let (mut limit, mut offset) = (DEFAULT_LIMIT, 0);
        for (name, value) in parameters {
            let number =
                || value.parse::<u64>().map_err(|_| wrong(name, format!("{value:?} is not a number")));
            match name.as_str() {
                "status" => {}
                "limit" => limit = number()?.clamp(1, MAX_LIMIT),
                "offset" => offset = number()?,
                _ => return Err(wrong(name, format!("`{name}` cannot be asked together with `status`"))),
            }
        }
        let is_of = |device: &Device| {
            device.heart.shown().pulse.map_or("never", |pulse| pulse.status.name()) == status
        };
        let mut devices = self.hub.known.all();
        devices.retain(|device| is_of(device));
        devices.sort_unstable_by_key(|device| device.id);
        let count = devices.len() as u64;
        let at = |offset: u64| {
            let page =
                [("status", status.to_owned()), ("limit", limit.to_string()), ("offset", offset.to_string())];
            page.map(|(name, value)| (name.to_owned(), value)).to_vec()
        };
        let (skip, take) =
            (usize::try_from(offset).unwrap_or(usize::MAX), usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Listing {
            rows: devices.iter().skip(skip).take(take).map(|device| device.shown(None)).collect(),
            count: Some(count),
            estimated: false,
            next: (offset + limit < count).then(|| at(offset + limit)),
            previous: (offset > 0).then(|| at(offset.saturating_sub(limit))),
        })
    }

    /// Takes over what other nodes have heard of these devices.
    async fn refresh(&self, ids: &[i64]) -> Result<()> {
        let in_force = self.hub_storage(Own::Pulse)?;
        let column = Column::named(&in_force.definition, "device_id")
            .ok_or_else(|| Error::internal("pulses of no device"))?;
        for ids in ids.chunks(200) {
            let ids = ids.iter().map(|id| Value::Integer(*id)).collect();
            let query = Query {
                filter: Some(Filter::Column(column, Test::In(ids))),
                order: vec![Order { column: Column::Key, direction: Direction::Ascending }],
                paging: Paging::Offset { limit: 100_000, offset: 0 },
                count: Count::None,
                fields: None,
                identity: String::new(),
            };
            for row in self.store.page(&in_force, &query).await?.rows {
                let pulse: PulseRow = read(&in_force, &row)?;
                let heart = match pulse.sensor_id {
                    None => self.hub.known.numbered(pulse.device_id).map(|device| device.heart.clone()),
                    Some(id) => self.hub.known.sensor(id).map(|(_, sensor)| sensor.heart.clone()),
                };
                if let Some(heart) = heart {
                    heart.take(pulse, row.version);
                }
            }
        }
        Ok(())
    }

    /// One device.
    pub async fn device(&self, device: &str) -> Result<DeviceInfo> {
        let device = self.known_device(device).await?;
        let in_force = self.hub_storage(Own::Device)?;
        let row = self.store.get(&in_force, &Value::Integer(device.id)).await?;
        let Some(row) = row else { return Err(Error::UnknownDevice(device.row.device.clone())) };
        self.refresh(&[device.id]).await?;
        let stored = Stored { row, in_force };
        Ok(DeviceInfo { device: device.shown(Some(&stored)), version: device.version })
    }

    /// Changes a device. `expect` is a version.
    pub async fn change_device(
        &self,
        device: &str,
        change: &Json,
        expect: Option<i32>,
    ) -> Result<DeviceInfo> {
        let device = self.known_device(device).await?;
        let change: DeviceChange = settings::read(change)?;
        let row = changed(&device, &change)?;
        let adopted = row.state == DeviceState::Known && device.row.state == DeviceState::Waiting;
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
    pub(super) async fn put_device(&self, row: &DeviceRow, expect: Expect) -> Result<()> {
        match self.hub_write(self.hub_put(Own::Device, row, expect)?).await? {
            Outcome::Updated(stored) | Outcome::Same(stored) => {
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
            writes.push(self.hub_put(Own::Sensor, &row, Expect::Exists)?);
        }
        for outcome in self.store.write(Call::each(writes)).await? {
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
        // Nothing is stored of it any more.
        self.hub.known.remove(device.id);
        let mut writes = Vec::new();
        let mut forget = |own: Own, key: Value| -> Result<()> {
            writes.push(Write::delete(self.hub_storage(own)?, key, Expect::Anything));
            Ok(())
        };
        forget(Own::Device, Value::Integer(device.id))?;
        forget(Own::Pulse, Value::Text(device.heart.key().to_owned()))?;
        for sensor in device.sensors() {
            forget(Own::Sensor, Value::Integer(sensor.id))?;
            forget(Own::Pulse, Value::Text(sensor.heart.key().to_owned()))?;
        }
        let of_device =
            [("device_id__eq", device.id.to_string()), ("state__in", "queued,leased,acked".to_owned())];
        let waiting: Vec<(crate::hub::Command, i32)> = self.hub_rows(Own::Command, &of_device).await?;
        for (command, _) in waiting {
            match self.cancel_command(&command.id.to_string()).await {
                Ok(_) | Err(Error::CommandState { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        self.store.write(Call::each(writes)).await?;
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

    /// The sensors of a device, with what they said last.
    pub async fn sensors(&self, device: &str) -> Result<Vec<Json>> {
        let device = self.known_device(device).await?;
        self.refresh(&[device.id]).await?;
        Ok(device.sensors().iter().map(|sensor| sensor.shown(device.row.period_s)).collect())
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
        match self.hub_write(self.hub_put(Own::Sensor, &row, Expect::Exists)?).await? {
            Outcome::Updated(stored) | Outcome::Same(stored) => {
                self.hub.known.put_sensor(read(&stored.in_force, &stored.row)?, stored.row.version);
            }
            _ => return Err(unknown()),
        }
        let sensor = device.sensor(&found.row.sensor_type).ok_or_else(unknown)?;
        self.hub.hearts.retime(&sensor.heart);
        Ok(sensor.shown(device.row.period_s))
    }

    /// How a device and its sensors came to be online, late or offline, newest first, as rows are listed.
    pub async fn transitions(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let device = self.known_device(device).await?;
        let mut listing = listed(&self.own(Own::Transition), &device, parameters, "-id").await?;
        for row in &mut listing.rows {
            if let Some(row) = row.as_object_mut() {
                for service in ["version", "created_at", "updated_at"] {
                    row.shift_remove(service);
                }
            }
        }
        Ok(listing)
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
        row.device = crate::hub::push::checked(name, "a device")
            .map_err(|failure| settings::wrong(Place::field("device"), "name", failure.detail))?;
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
