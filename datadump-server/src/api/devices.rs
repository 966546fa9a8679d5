//! `/api/v1/device/`: devices, their sensors, their readings, and whether they are heard.

use datadump_core::{Dump, Expect, Listing};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path};
use serde::Serialize;

use super::Tag;
use crate::{
    answer::{Object, Reply, encoded, link},
    extract::{Base, IfMatch, JsonBody, Noted, Parameters, object},
    problem::Problem,
};

/// The devices of a database.
pub(crate) struct Devices {
    pub(crate) dump: Dump,
}

/// A page of what the hub has.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct HubList {
    /// How many there are in all; null when they were not counted.
    #[oai(nullable)]
    count: Option<u64>,
    /// Whether the count is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_estimated: Option<bool>,
    /// The address of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// The address of the page before.
    #[oai(nullable)]
    previous: Option<String>,
    /// What is on this page.
    results: Vec<Object>,
}

/// All sensors of a device.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct SensorList {
    /// How many there are.
    count: u64,
    /// The sensors: `id`, `sensor_type`, `status`, `last_seen`, and the last `value` with its `timestamp`.
    results: Vec<Object>,
}

/// A device as it is.
#[derive(ApiResponse)]
pub(crate) enum DeviceGot {
    /// The device.
    #[oai(status = 200)]
    Device(
        Reply<Object>,
        /// The version of what is set of it, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A token that was made.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct DeviceTokenMade {
    /// The token. It is shown this once.
    token: String,
}

/// A token that was made.
#[derive(ApiResponse)]
pub(crate) enum TokenMade {
    /// The device needs it from now on.
    #[oai(status = 201)]
    Done(Reply<DeviceTokenMade>),
}

/// Something that is gone.
#[derive(ApiResponse)]
pub(crate) enum Gone {
    /// It is gone.
    #[oai(status = 204)]
    Done,
}

impl HubList {
    /// A page at this address.
    pub(super) fn of(listing: Listing, address: &str) -> Self {
        Self {
            count: listing.count,
            count_estimated: listing.estimated.then_some(true),
            next: listing.next.map(|parameters| link(address, &parameters)),
            previous: listing.previous.map(|parameters| link(address, &parameters)),
            results: listing.rows.into_iter().map(Object).collect(),
        }
    }
}

/// The address of something of a device.
pub(super) fn address(base: &Base, device: &str, what: &str) -> String {
    base.at(&format!("/api/v1/device/{}/{what}/", encoded(device)))
}

#[OpenApi(prefix_path = "/api/v1/device", tag = "Tag::Hub")]
impl Devices {
    /// List devices with their status, their sensors and what those said last.
    ///
    /// Beside the parameters below, `device`, `state`, `labels`, `period_s` and `own_table` can be filtered
    /// on like fields of a row: `device__contains=pico`, `labels.room=attic`.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/", method = "get", operation_id = "list_devices")]
    async fn list(
        &self,
        /// Only those that are `online`, `late`, `offline`, or that `never` were heard; with `limit` and
        /// `offset` alone.
        #[oai(name = "status")]
        _status: Noted<String>,
        /// The most devices to answer with, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many devices to skip.
        #[oai(name = "offset")]
        _offset: Noted<u64>,
        /// Pages by position instead of by offset: empty for the first, then as `next` says.
        #[oai(name = "cursor")]
        _cursor: Noted<String>,
        /// How to count: `exact`, `estimated` or `none`.
        #[oai(name = "count")]
        _count: Noted<String>,
        /// The order: names of fields, `-` before those that descend. By name when nothing is said.
        #[oai(name = "ordering")]
        _ordering: Noted<String>,
        parameters: Parameters,
        base: Base,
    ) -> Result<Reply<HubList>, Problem> {
        let listing = self.dump.devices(&parameters.0).await?;
        Ok(Reply(HubList::of(listing, &base.at("/api/v1/device/"))))
    }

    /// Read a device.
    #[oai(path = "/:id", method = "get", operation_id = "get_device")]
    async fn get(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
    ) -> Result<DeviceGot, Problem> {
        let info = self.dump.device(&id.0).await?;
        Ok(DeviceGot::Device(Reply(Object(info.device)), format!("\"{}\"", info.version)))
    }

    /// Change a device: its name (`device`), `labels`, `period_s` (what is usual for it; null to learn it),
    /// `own_table` (and `move`, whether the readings of before go there too), `state` (`known` adopts it).
    #[oai(path = "/:id", method = "patch", operation_id = "patch_device")]
    async fn patch(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
        /// Only if it has this version, in quotes.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// What is to change.
        patch: JsonBody,
    ) -> Result<DeviceGot, Problem> {
        let expect = match if_match.expects() {
            Expect::Exactly(version) | Expect::Version(version) => Some(version),
            _ => None,
        };
        let patch = object(patch.0)?;
        let info = Box::pin(self.dump.change_device(&id.0, &patch, expect)).await?;
        Ok(DeviceGot::Device(Reply(Object(info.device)), format!("\"{}\"", info.version)))
    }

    /// Forget a device, its sensors, and the commands that wait for it. Its readings stay.
    #[oai(path = "/:id", method = "delete", operation_id = "remove_device")]
    async fn remove(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
    ) -> Result<Gone, Problem> {
        Box::pin(self.dump.remove_device(&id.0)).await?;
        Ok(Gone::Done)
    }

    /// Give a device a token, in the place of the one it had. Whoever pushes for it, or takes its commands,
    /// has to send it from now on, as `Authorization: Bearer …`.
    #[oai(path = "/:id/token", method = "post", operation_id = "make_device_token")]
    async fn make_token(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
    ) -> Result<TokenMade, Problem> {
        let token = self.dump.make_device_token(&id.0).await?;
        Ok(TokenMade::Done(Reply(DeviceTokenMade { token })))
    }

    /// Take a device's token away: anybody may speak for it again.
    #[oai(path = "/:id/token", method = "delete", operation_id = "remove_device_token")]
    async fn remove_token(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
    ) -> Result<Gone, Problem> {
        self.dump.remove_device_token(&id.0).await?;
        Ok(Gone::Done)
    }

    /// List the sensors of a device, with what they said last.
    #[oai(path = "/:id/sensor", method = "get", operation_id = "list_sensors")]
    async fn sensors(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
    ) -> Result<Reply<SensorList>, Problem> {
        let sensors = self.dump.sensors(&id.0).await?;
        Ok(Reply(SensorList {
            count: sensors.len() as u64,
            results: sensors.into_iter().map(Object).collect(),
        }))
    }

    /// Set what is usual for a sensor: `{"period_s": 60}`, or null to learn it.
    #[oai(path = "/:id/sensor/:sensor", method = "patch", operation_id = "patch_sensor")]
    async fn patch_sensor(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
        /// The sensor, by its name or its number.
        sensor: Path<String>,
        /// What is to change.
        patch: JsonBody,
    ) -> Result<Reply<Object>, Problem> {
        let patch = object(patch.0)?;
        Ok(Reply(Object(self.dump.change_sensor(&id.0, &sensor.0, &patch).await?)))
    }

    /// List the readings of a device, newest first, with the filters of rows: `sensor_type=temperature`,
    /// `value__gt=20`, `timestamp__gte=…`. Those that stayed in another table when it got one of its own are
    /// listed there.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/:id/reading", method = "get", operation_id = "list_readings")]
    async fn readings(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
        /// The most readings to answer with, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many readings to skip.
        #[oai(name = "offset")]
        _offset: Noted<u64>,
        /// Pages by position instead of by offset: empty for the first, then as `next` says.
        #[oai(name = "cursor")]
        _cursor: Noted<String>,
        /// How to count: `exact`, `estimated` or `none`.
        #[oai(name = "count")]
        _count: Noted<String>,
        /// The order: names of fields, `-` before those that descend.
        #[oai(name = "ordering")]
        _ordering: Noted<String>,
        parameters: Parameters,
        base: Base,
    ) -> Result<Reply<HubList>, Problem> {
        let listing = self.dump.readings(&id.0, &parameters.0).await?;
        Ok(Reply(HubList::of(listing, &address(&base, &id.0, "reading"))))
    }

    /// List how a device and its sensors came to be online, late or offline, newest first.
    #[oai(path = "/:id/transition", method = "get", operation_id = "list_transitions")]
    async fn transitions(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
        /// The most to answer with, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many to skip.
        #[oai(name = "offset")]
        _offset: Noted<u64>,
        parameters: Parameters,
        base: Base,
    ) -> Result<Reply<HubList>, Problem> {
        let listing = self.dump.transitions(&id.0, &parameters.0).await?;
        Ok(Reply(HubList::of(listing, &address(&base, &id.0, "transition"))))
    }
}
