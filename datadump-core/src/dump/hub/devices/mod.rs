//! Devices and sensors, as people see and change them.

mod change;
mod shown;

use std::sync::Arc;

use serde_json::Value as Json;

use super::{
    Hub,
    known::Device,
    rows::{PulseRow, read},
};
use crate::{
    dump::{
        Dump, Listing, Rows,
        live::{Named, Of},
    },
    error::{Error, Fault, Place, Result},
    schema::Value,
    store::{
        Column, Filter, Query, Stored, Test,
        query::{DEFAULT_LIMIT, Direction, MAX_LIMIT},
        system_storages::SystemStorage,
    },
};

/// A device as it is shown, and the version of what is set of it.
#[derive(Debug, Clone)]
pub struct DeviceInfo {
    /// The device.
    pub device: Json,
    /// Its version.
    pub version: i32,
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

fn wrong(parameter: &str, detail: String) -> Error {
    let at = Place::Parameter(parameter.to_owned());
    Error::Query(vec![Fault::new(at, "not-applicable", detail)])
}

impl Hub {
    fn find(&self, device: &str) -> Result<Arc<Device>> {
        self.known.find(device).ok_or_else(|| Error::UnknownDevice(device.to_owned()))
    }
}

impl Dump {
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

    /// The device of this name or number.
    pub(super) async fn known_device(&self, device: &str) -> Result<Arc<Device>> {
        self.hub().await?.find(device)
    }

    /// The same, for who speaks for it.
    pub(super) async fn admitted(&self, device: &str, token: Option<&str>) -> Result<Arc<Device>> {
        let device = self.known_device(device).await?;
        device.check(token)?;
        Ok(device)
    }

    /// Devices with their status, their sensors and what those said last, as rows are listed; or all of one
    /// `status`.
    pub async fn devices(&self, parameters: &[(String, String)]) -> Result<Listing> {
        self.hub().await?;
        if let Some((_, status)) = parameters.iter().find(|(name, _)| name == "status") {
            return self.devices_of_status(status, parameters).await;
        }
        let is_secret = |(name, value): &&(String, String)| {
            let control = matches!(name.as_str(), "ordering" | "where");
            name.starts_with("token") || name == "fields" || (control && value.contains("token"))
        };
        if let Some((name, _)) = parameters.iter().find(is_secret) {
            return Err(wrong(name, format!("`{name}` cannot be asked of devices")));
        }
        let mut parameters = parameters.to_vec();
        if !parameters.iter().any(|(name, _)| name == "ordering") {
            parameters.push(("ordering".into(), "device".into()));
        }
        let mut listing = self.own(SystemStorage::Device).list(&parameters).await?;
        let ids: Vec<i64> = listing.rows.iter().filter_map(|row| row.get("id")?.as_i64()).collect();
        self.refresh(&ids).await?;
        for (row, id) in listing.rows.iter_mut().zip(ids) {
            if let Some(members) = row.as_object_mut() {
                members.shift_remove("token");
            }
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
                "offset" => offset = number()?.min(u64::from(u32::MAX)),
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
        let in_force = self.hub_storage(SystemStorage::Liveness)?;
        let column = Column::named(&in_force.definition, "device_id")
            .ok_or_else(|| Error::internal("pulses of no device"))?;
        for ids in ids.chunks(200) {
            let ids = ids.iter().map(|id| Value::Integer(*id)).collect();
            let query = Query::first(
                Some(Filter::Column(column, Test::In(ids))),
                &[(Column::Key, Direction::Ascending)],
                100_000,
            );
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
        let in_force = self.hub_storage(SystemStorage::Device)?;
        let row = self.store.get(&in_force, &Value::Integer(device.id)).await?;
        let Some(row) = row else { return Err(Error::UnknownDevice(device.row.device.clone())) };
        self.refresh(&[device.id]).await?;
        let stored = Stored { row, in_force };
        Ok(DeviceInfo { device: device.shown(Some(&stored)), version: device.version })
    }

    /// The sensors of a device, with what they said last.
    pub async fn sensors(&self, device: &str) -> Result<Vec<Json>> {
        let device = self.known_device(device).await?;
        self.refresh(&[device.id]).await?;
        Ok(device.sensors().iter().map(|sensor| sensor.shown(device.row.period_s)).collect())
    }

    /// How a device and its sensors came to be online, late or offline, newest first, as rows are listed.
    pub async fn transitions(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let device = self.known_device(device).await?;
        let mut listing = listed(&self.own(SystemStorage::Transition), &device, parameters, "-id").await?;
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
