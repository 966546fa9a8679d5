//! Lists, reads and changes devices and sensors.

mod change;
mod render;

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Hub, cache::Device};
use crate::{
    error::{Error, Result},
    live::{DeviceFilter, DeviceRef, not_applicable},
    rows::{Listing, RowPage, Rows},
    schema::Value,
    store::{
        Stored,
        query::{DEFAULT_LIMIT, MAX_LIMIT},
        system_storages::SystemStorage,
    },
};

/// A device with the version of its settings.
#[derive(Debug, Clone)]
pub struct DeviceInfo {
    /// The device as the API shows it.
    pub device: Json,
    /// The version.
    pub version: i32,
}

/// The statuses of devices.
const STATUSES: [&str; 4] = ["online", "late", "offline", "never"];

fn status_of(device: &Device) -> &'static str {
    device.tracker.snapshot().liveness.map_or("never", |liveness| liveness.status.name())
}

/// Lists the rows of one device in a default order. Links to other pages omit the parameters added here.
pub(super) async fn list_of_device(
    rows: &Rows,
    device: &Device,
    parameters: &[(String, String)],
    order: &str,
) -> Result<Listing<RowPage>> {
    let mut all = parameters.to_vec();
    all.push(("device_id__eq".into(), device.id.to_string()));
    if !parameters.iter().any(|(name, _)| name == "ordering") {
        all.push(("ordering".into(), order.into()));
    }
    let mut listing = rows.page(&all).await?;
    let is_asked = |name: &str| parameters.iter().any(|(asked, _)| asked == name);
    for page in [&mut listing.next, &mut listing.previous].into_iter().flatten() {
        page.retain(|(name, _)| !matches!(name.as_str(), "device_id__eq" | "ordering") || is_asked(name));
    }
    Ok(listing)
}

impl Hub {
    /// Resolves the device and sensor named in a subscription.
    pub(crate) async fn device_filter(
        &self,
        device: Option<&str>,
        sensor: Option<&str>,
    ) -> Result<DeviceFilter> {
        if device.is_none() && sensor.is_none() {
            return Ok(DeviceFilter::default());
        }
        let cache = &Box::pin(self.ready()).await?.cache;
        let device = device.map(|name| match cache.find(name) {
            Some(device) => DeviceRef::Id(device.id),
            None => DeviceRef::Name(name.to_owned()),
        });
        let sensor = sensor.map(|name| match cache.sensors(name).as_slice() {
            [(_, sensor)] if sensor.row.sensor_type != name => DeviceRef::Id(sensor.id),
            _ => DeviceRef::Name(name.to_owned()),
        });
        Ok(DeviceFilter { device, sensor })
    }

    /// Returns the device with this name or id.
    pub(super) async fn find(&self, device: &str) -> Result<Arc<Device>> {
        let found = self.ready().await?.cache.find(device);
        found.ok_or_else(|| Error::UnknownDevice(device.to_owned()))
    }

    /// Lists devices with their status, sensors and last values, with filters, ordering and pages as for
    /// rows, or all devices with one `status`.
    pub async fn devices(&self, parameters: &[(String, String)]) -> Result<Listing> {
        self.ready().await?;
        if let Some((_, status)) = parameters.iter().find(|(name, _)| name == "status") {
            return self.devices_of_status(status, parameters).await;
        }
        let is_secret = |(name, value): &&(String, String)| {
            let control = matches!(name.as_str(), "ordering" | "where");
            name.starts_with("token") || name == "fields" || (control && value.contains("token"))
        };
        if let Some((name, _)) = parameters.iter().find(is_secret) {
            return Err(not_applicable(name, format!("`{name}` does not apply to devices")));
        }
        let mut parameters = parameters.to_vec();
        if !parameters.iter().any(|(name, _)| name == "ordering") {
            parameters.push(("ordering".into(), "device".into()));
        }
        let mut listing = Rows::system(&self.context, SystemStorage::Device).list(&parameters).await?;
        let ids: Vec<i64> = listing.rows.iter().filter_map(|row| row.get("id")?.as_i64()).collect();
        self.refresh(&ids).await?;
        for (row, id) in listing.rows.iter_mut().zip(ids) {
            if let Some(members) = row.as_object_mut() {
                members.shift_remove("token");
            }
            if let Some(device) = self.state.cache.by_id(id) {
                let mut shown = device.to_json(None);
                for time in ["created_at", "updated_at"] {
                    shown[time] = row.get(time).cloned().unwrap_or_default();
                }
                *row = shown;
            }
        }
        Ok(listing)
    }

    /// Counts the devices by status, from memory.
    pub async fn count_by_status(&self) -> Result<[(&'static str, u64); STATUSES.len()]> {
        self.ready().await?;
        let mut counts = STATUSES.map(|status| (status, 0));
        for device in self.state.cache.all() {
            let status = status_of(&device);
            if let Some((_, count)) = counts.iter_mut().find(|(name, _)| *name == status) {
                *count += 1;
            }
        }
        Ok(counts)
    }

    /// Lists the devices with one status, by id.
    async fn devices_of_status(&self, status: &str, parameters: &[(String, String)]) -> Result<Listing> {
        if !STATUSES.contains(&status) {
            return Err(not_applicable(
                "status",
                format!("{status:?} is not online, late, offline or never"),
            ));
        }
        let (mut limit, mut offset) = (DEFAULT_LIMIT, 0);
        for (name, value) in parameters {
            let number = || {
                value.parse::<u64>().map_err(|_| not_applicable(name, format!("{value:?} is not a number")))
            };
            match name.as_str() {
                "status" => {}
                "limit" => limit = number()?.clamp(1, MAX_LIMIT),
                "offset" => offset = number()?.min(u64::from(u32::MAX)),
                _ => return Err(not_applicable(name, format!("`{name}` cannot be combined with `status`"))),
            }
        }
        let mut devices = self.state.cache.all();
        devices.retain(|device| status_of(device) == status);
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
            rows: devices.iter().skip(skip).take(take).map(|device| device.to_json(None)).collect(),
            count: Some(count),
            estimated: false,
            next: (offset + limit < count).then(|| at(offset + limit)),
            previous: (offset > 0).then(|| at(offset.saturating_sub(limit))),
        })
    }

    /// Reloads the rows of these devices, which other nodes may have written.
    async fn refresh(&self, ids: &[i64]) -> Result<()> {
        for ids in ids.chunks(200) {
            let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
            self.read_liveness(&[("device_id__in", ids.join(","))]).await?;
        }
        Ok(())
    }

    /// Returns a device.
    pub async fn device(&self, device: &str) -> Result<DeviceInfo> {
        let device = self.find(device).await?;
        let in_force = self.context.system(SystemStorage::Device)?;
        let row = self.context.store.get(&in_force, &Value::Integer(device.id)).await?;
        let Some(row) = row else { return Err(Error::UnknownDevice(device.row.device.clone())) };
        self.refresh(&[device.id]).await?;
        let stored = Stored { row, in_force };
        Ok(DeviceInfo { device: device.to_json(Some(&stored)), version: device.version })
    }

    /// Returns the sensors of a device with their last values.
    pub async fn sensors(&self, device: &str) -> Result<Vec<Json>> {
        let device = self.find(device).await?;
        self.refresh(&[device.id]).await?;
        Ok(device.sensors().iter().map(|sensor| sensor.to_json(device.row.period_s)).collect())
    }

    /// Lists the status changes of a device and its sensors, newest first.
    pub async fn transitions(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let device = self.find(device).await?;
        let transitions = Rows::system(&self.context, SystemStorage::Transition);
        let listing = list_of_device(&transitions, &device, parameters, "-id").await?;
        let mut listing = listing.map(|rows| rows.to_json());
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
