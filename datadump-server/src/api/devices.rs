//! `/api/v1/device/`: devices, their sensors, readings and status.

use datadump_core::{Dump, Expect, Listing, RowPage};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Path, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::tag::Tag;
use crate::{
    answer::{Object, Reply, Streamed, encoded, link},
    extract::{
        BaseUrl, COUNT, CURSOR, IfMatch, JsonBody, LIMIT, ListParameters, OFFSET, ORDERING, Pairs, Parameter,
        Query, object, passed_on,
    },
    problem::Problem,
};

/// Operations whose responses contain a secret, and must never be recorded.
pub(super) const SECRET_RESPONSES: &[&str] = &["make_device_token"];

/// Operations on devices.
pub(crate) struct Devices {
    pub(crate) dump: Dump,
}

/// A page of devices, readings, status transitions or commands.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct HubList {
    /// Total number of results; null if they were not counted.
    #[oai(nullable)]
    count: Option<u64>,
    /// True if the count is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    count_estimated: Option<bool>,
    /// URL of the next page.
    #[oai(nullable)]
    next: Option<String>,
    /// URL of the previous page.
    #[oai(nullable)]
    previous: Option<String>,
    /// The results.
    results: Vec<Object>,
}

/// The sensors of a device.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct SensorList {
    /// Number of sensors.
    count: u64,
    /// The sensors: `id`, `sensor_type`, `status`, `last_seen`, and the latest `value` with its `timestamp`.
    results: Vec<Object>,
}

/// The response to reading or changing a device.
#[derive(ApiResponse)]
pub(crate) enum DeviceResponse {
    /// The device.
    #[oai(status = 200)]
    Device(
        Reply<Object>,
        /// Version of the device's settings, in quotes.
        #[oai(header = "ETag")]
        String,
    ),
}

/// A new device token.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "DeviceToken")]
pub(crate) struct DeviceTokenAnswer {
    /// The token. It cannot be retrieved again.
    token: String,
}

/// The response to creating a token.
#[derive(ApiResponse)]
pub(crate) enum TokenResponse {
    /// The token is created, and required from now on.
    #[oai(status = 201)]
    Created(Reply<DeviceTokenAnswer>),
}

/// The response to removing a device or its token.
#[derive(ApiResponse)]
pub(crate) enum RemoveResponse {
    /// Removed.
    #[oai(status = 204)]
    Removed,
}

impl HubList {
    /// Builds a page whose links start with `address`.
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

/// Returns the URL of a list that belongs to a device.
pub(super) fn address(base: &BaseUrl, device: &str, what: &str) -> String {
    base.at(&format!("/api/v1/device/{}/{what}/", encoded(device)))
}

/// The query of a list of devices. The core parses it, because it knows the fields.
pub(crate) enum DeviceQuery {}

/// The query of a list of readings. The core parses it.
pub(crate) enum ReadingQuery {}

/// The query of a list of status transitions. The core parses it.
pub(crate) enum TransitionQuery {}

impl ListParameters for DeviceQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[
        &passed_on(
            "status",
            String::schema_ref,
            "Only devices with this status: `online`, `late`, `offline` or `never`. Can only be combined with `limit` \
             and `offset`.",
        ),
        &LIMIT,
        &OFFSET,
        &CURSOR,
        &COUNT,
        &passed_on(
            ORDERING.name,
            ORDERING.schema,
            "Field names to sort by, separated by commas; `-` before a name sorts in descending order. Sorted by name \
             if omitted.",
        ),
    ];
}

impl ListParameters for ReadingQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[&LIMIT, &OFFSET, &CURSOR, &COUNT, &ORDERING];
}

impl ListParameters for TransitionQuery {
    const PARAMETERS: &'static [&'static Parameter<Pairs>] = &[&LIMIT, &OFFSET];
}

#[OpenApi(prefix_path = "/api/v1/device", tag = "Tag::Hub")]
impl Devices {
    /// List devices with their status, sensors and latest readings
    ///
    /// `device`, `state`, `labels`, `period_s` and `own_table` can be used as filters, like the fields of
    /// rows: `device__contains=pico`, `labels.room=attic`.
    #[oai(path = "/", method = "get", operation_id = "list_devices")]
    async fn list(&self, query: Query<DeviceQuery>, base: BaseUrl) -> Result<Reply<HubList>, Problem> {
        let listing = self.dump.hub().devices(&query.0).await?;
        Ok(Reply(HubList::of(listing, &base.at("/api/v1/device/"))))
    }

    /// Get a device
    #[oai(path = "/:id", method = "get", operation_id = "get_device")]
    async fn get(
        &self,
        /// Name or number of the device.
        id: Path<String>,
    ) -> Result<DeviceResponse, Problem> {
        let info = self.dump.hub().device(&id.0).await?;
        Ok(DeviceResponse::Device(Reply(Object(info.device)), format!("\"{}\"", info.version)))
    }

    /// Change a device
    ///
    /// `device` renames it; `labels` sets its labels; `period_s` is its expected reporting interval (null to
    /// learn it); `own_table` stores its readings in a table of its own, and `move` moves earlier readings
    /// there too; `state` set to `known` adopts the device.
    #[oai(path = "/:id", method = "patch", operation_id = "patch_device")]
    async fn patch(
        &self,
        /// Name or number of the device.
        id: Path<String>,
        /// Quoted version the device must have.
        #[oai(name = "If-Match")]
        if_match: IfMatch,
        /// The changes.
        patch: JsonBody,
    ) -> Result<DeviceResponse, Problem> {
        let expect = match if_match.expects() {
            Expect::Exactly(version) | Expect::Version(version) => Some(version),
            _ => None,
        };
        let patch = object(patch.0)?;
        let info = Box::pin(self.dump.change_device(&id.0, &patch, expect)).await?;
        Ok(DeviceResponse::Device(Reply(Object(info.device)), format!("\"{}\"", info.version)))
    }

    /// Remove a device, its sensors and its waiting commands
    ///
    /// Its readings are kept.
    #[oai(path = "/:id", method = "delete", operation_id = "remove_device")]
    async fn remove(
        &self,
        /// Name or number of the device.
        id: Path<String>,
    ) -> Result<RemoveResponse, Problem> {
        Box::pin(self.dump.hub().remove_device(&id.0)).await?;
        Ok(RemoveResponse::Removed)
    }

    /// Create a token for a device, replacing any previous one
    ///
    /// From now on, pushing readings of the device and taking its commands require `Authorization: Bearer …`.
    #[oai(path = "/:id/token", method = "post", operation_id = "make_device_token")]
    async fn make_token(
        &self,
        /// Name or number of the device.
        id: Path<String>,
    ) -> Result<TokenResponse, Problem> {
        let token = self.dump.hub().make_device_token(&id.0).await?;
        Ok(TokenResponse::Created(Reply(DeviceTokenAnswer { token })))
    }

    /// Remove the token of a device
    ///
    /// Anyone can then push readings of the device and take its commands.
    #[oai(path = "/:id/token", method = "delete", operation_id = "remove_device_token")]
    async fn remove_token(
        &self,
        /// Name or number of the device.
        id: Path<String>,
    ) -> Result<RemoveResponse, Problem> {
        self.dump.hub().remove_device_token(&id.0).await?;
        Ok(RemoveResponse::Removed)
    }

    /// List the sensors of a device with their latest readings
    #[oai(path = "/:id/sensor", method = "get", operation_id = "list_sensors")]
    async fn sensors(
        &self,
        /// Name or number of the device.
        id: Path<String>,
    ) -> Result<Reply<SensorList>, Problem> {
        let sensors = self.dump.hub().sensors(&id.0).await?;
        Ok(Reply(SensorList {
            count: sensors.len() as u64,
            results: sensors.into_iter().map(Object).collect(),
        }))
    }

    /// Change a sensor
    ///
    /// `period_s` is its expected reporting interval: `{"period_s": 60}`, or null to learn it.
    #[oai(path = "/:id/sensor/:sensor", method = "patch", operation_id = "patch_sensor")]
    async fn patch_sensor(
        &self,
        /// Name or number of the device.
        id: Path<String>,
        /// Name or number of the sensor.
        sensor: Path<String>,
        /// The changes.
        patch: JsonBody,
    ) -> Result<Reply<Object>, Problem> {
        let patch = object(patch.0)?;
        Ok(Reply(Object(self.dump.hub().change_sensor(&id.0, &sensor.0, &patch).await?)))
    }

    /// List the readings of a device, newest first
    ///
    /// Fields can be used as filters, like those of rows: `sensor_type=temperature`, `value__gt=20`,
    /// `timestamp__gte=…`. Readings that were left in another table when the device got a table of its own
    /// are listed there.
    #[oai(path = "/:id/reading", method = "get", operation_id = "list_readings")]
    async fn readings(
        &self,
        /// Name or number of the device.
        id: Path<String>,
        query: Query<ReadingQuery>,
        base: BaseUrl,
    ) -> Result<Streamed<HubList>, Problem> {
        let page = self.dump.hub().readings(&id.0, &query.0).await?;
        Ok(Streamed::list(page.map(RowPage::into_chunks), &address(&base, &id.0, "reading")))
    }

    /// List the status transitions of a device and its sensors, newest first
    #[oai(path = "/:id/transition", method = "get", operation_id = "list_transitions")]
    async fn transitions(
        &self,
        /// Name or number of the device.
        id: Path<String>,
        query: Query<TransitionQuery>,
        base: BaseUrl,
    ) -> Result<Reply<HubList>, Problem> {
        let listing = self.dump.hub().transitions(&id.0, &query.0).await?;
        Ok(Reply(HubList::of(listing, &address(&base, &id.0, "transition"))))
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "patch_device" => Some(json!({"labels": {"room": "greenhouse"}, "period_s": 60})),
        "patch_sensor" => Some(json!({"period_s": 60})),
        _ => None,
    }
}
