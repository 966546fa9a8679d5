//! `/api/data` and `/api/fetch`: pushing and fetching readings in their simplest forms.

use std::iter;

use datadump_core::{Dump, Pushed, Readings};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, registry::MetaSchemaRef, types::Type as _};
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::tag::Tag;
use crate::{
    answer::{Object, ReceiptAnswer, Reply, Streamed},
    extract::{
        DeviceToken, LIMIT, MaybeKey, OFFSET, Pairs, Parameter, Query, QueryParameters, ThrowBody, ThrowHead,
        push, unknown_parameter, whole_number,
    },
    problem::Problem,
    throwing::Thrower,
};

/// Maximum number of commands in the response to a push.
const MAX_COMMANDS: usize = 10;

/// Operations that push and fetch readings.
pub(crate) struct Hub {
    pub(crate) dump: Dump,
    pub(crate) thrower: Thrower,
}

/// The outcome of a push. Everything it counts is committed; refused readings are listed as errors without a
/// quarantine entry.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "PushReceipt")]
pub(crate) struct PushReceiptAnswer {
    #[oai(flatten)]
    #[serde(flatten)]
    receipt: ReceiptAnswer,
    /// Commands for the device of the first reading; only with `commands=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    commands: Option<Vec<Object>>,
}

/// The response to a push.
#[derive(ApiResponse)]
pub(crate) enum PushResponse {
    /// The whole push is committed: as readings, or in quarantine.
    #[oai(status = 201)]
    Committed(
        Reply<PushReceiptAnswer>,
        /// Set to `true` on the recorded response to an earlier request with the same idempotency key.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

/// The query of a push.
#[derive(Debug, Default)]
pub(crate) struct PushQuery {
    commands: Option<u8>,
}

impl QueryParameters for PushQuery {
    type Value = Self;

    const DECLARED: &'static [&'static Parameter<Self>] = &[&Parameter {
        name: "commands",
        schema: u8::schema_ref,
        description: "`1`: return the commands that are waiting for the device.",
        set: |query, name, text| whole_number(name, text).map(|commands| query.commands = Some(commands)),
    }];
}

/// What to fetch.
#[derive(Debug, Default)]
pub(crate) struct FetchArguments {
    id: Option<String>,
    passed_on: Pairs,
}

/// The query of fetching a device's readings.
pub(crate) enum FetchDeviceQuery {}

/// The query of fetching a sensor's readings.
pub(crate) enum FetchSensorQuery {}

/// Creates a parameter that the core parses.
const fn fetch_parameter(
    name: &'static str,
    schema: fn() -> MetaSchemaRef,
    description: &'static str,
) -> Parameter<FetchArguments> {
    Parameter {
        name,
        schema,
        description,
        set: |arguments, name, text| push(&mut arguments.passed_on, name, text),
    }
}

const fn fetch_id(description: &'static str) -> Parameter<FetchArguments> {
    Parameter { name: "id", schema: String::schema_ref, description, set: FetchArguments::set_id }
}

const FETCH_LIMIT: Parameter<FetchArguments> =
    fetch_parameter(LIMIT.name, LIMIT.schema, "Maximum number of readings: 100 by default, at most 10,000.");

const FETCH_OFFSET: Parameter<FetchArguments> =
    fetch_parameter(OFFSET.name, OFFSET.schema, OFFSET.description);

impl QueryParameters for FetchDeviceQuery {
    type Value = FetchArguments;

    const DECLARED: &'static [&'static Parameter<FetchArguments>] = &[
        &fetch_id("Number or name of the device; `id=` can be omitted."),
        &fetch_parameter("sensor", String::schema_ref, "Number or name of a sensor of the device."),
        &FETCH_LIMIT,
        &FETCH_OFFSET,
    ];

    fn set_other(arguments: &mut FetchArguments, name: &str, text: &str) -> Result<(), Problem> {
        arguments.set_bare_id(name, text, Self::DECLARED)
    }
}

impl QueryParameters for FetchSensorQuery {
    type Value = FetchArguments;

    const DECLARED: &'static [&'static Parameter<FetchArguments>] = &[
        &fetch_id("Number of a sensor, or a name that selects all sensors with it; `id=` can be omitted."),
        &fetch_parameter("device", String::schema_ref, "Number or name of the device."),
        &FETCH_LIMIT,
        &FETCH_OFFSET,
    ];

    fn set_other(arguments: &mut FetchArguments, name: &str, text: &str) -> Result<(), Problem> {
        arguments.set_bare_id(name, text, Self::DECLARED)
    }
}

impl FetchArguments {
    fn set_id(&mut self, _name: &str, text: &str) -> Result<(), Problem> {
        if let Some(id) = &self.id {
            let detail = format!("the query has two ids, `{id}` and `{text}`");
            return Err(Problem::parameter("id", "repeated-parameter", detail));
        }
        self.id = Some(text.to_owned());
        Ok(())
    }

    /// Takes a parameter without a value as the id.
    fn set_bare_id(&mut self, name: &str, text: &str, declared: &[&Parameter<Self>]) -> Result<(), Problem> {
        match text {
            "" if self.id.is_none() => self.set_id("id", name),
            _ => Err(unknown_parameter(name, declared)),
        }
    }

    fn into_parts(self) -> Result<(String, Pairs), Problem> {
        match self.id.filter(|id| !id.is_empty()) {
            Some(id) => Ok((id, self.passed_on)),
            None => {
                let detail = "`id` is missing: send `?pico_w` or `?id=pico_w`";
                Err(Problem::parameter("id", "missing", detail))
            }
        }
    }
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Hub")]
impl Hub {
    /// Push readings of one or more devices
    ///
    /// `{"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}}`, or `{"device_id":
    /// "pico_w", "sensor_type": "temperature", "value": 21.5}`, or an array or lines of either, with a
    /// `timestamp` if the device has a clock. Unknown devices and sensors are registered by their first
    /// reading.
    #[oai(path = "/data", method = "post", operation_id = "push")]
    async fn push(
        &self,
        query: Query<PushQuery>,
        token: DeviceToken,
        head: ThrowHead,
        key: MaybeKey,
        /// The readings.
        body: ThrowBody,
    ) -> Result<PushResponse, Problem> {
        let max_commands = if query.0.commands == Some(1) { MAX_COMMANDS } else { 0 };
        let pushed = self.thrower.push(head, key.0, body.0, token.0, max_commands).await?;
        let replayed = pushed.receipt.replayed.then_some(true);
        Ok(PushResponse::Committed(Reply(pushed.into()), replayed))
    }

    /// Fetch the readings of a device, newest first: `/api/fetch/device?pico_w`
    ///
    /// An id of digits is looked up as a number first, then as a name. The array ends early before it exceeds
    /// 32 MiB: to get the rest, add its length to `offset` until the array is empty.
    #[oai(path = "/fetch/device", method = "get", operation_id = "fetch_device")]
    async fn device(&self, query: Query<FetchDeviceQuery>) -> Result<Streamed<Vec<Object>>, Problem> {
        let (id, parameters) = query.0.into_parts()?;
        Ok(array(self.dump.hub().fetch_device(&id, &parameters).await?))
    }

    /// Fetch the readings of a sensor, newest first: `/api/fetch/sensor?temperature`
    ///
    /// An id of digits is looked up as a number first, then as a name. The array ends early before it exceeds
    /// 32 MiB: to get the rest, add its length to `offset` until the array is empty.
    #[oai(path = "/fetch/sensor", method = "get", operation_id = "fetch_sensor")]
    async fn sensor(&self, query: Query<FetchSensorQuery>) -> Result<Streamed<Vec<Object>>, Problem> {
        let (id, parameters) = query.0.into_parts()?;
        Ok(array(self.dump.hub().fetch_sensor(&id, &parameters).await?))
    }
}

fn array(readings: Readings) -> Streamed<Vec<Object>> {
    let chunks = iter::once(b"[".to_vec()).chain(readings.into_chunks()).chain(iter::once(b"]".to_vec()));
    Streamed::new(chunks)
}

impl From<Pushed> for PushReceiptAnswer {
    fn from(pushed: Pushed) -> Self {
        let commands = pushed.commands.map(|commands| commands.into_iter().map(Object).collect());
        Self { receipt: pushed.receipt.into(), commands }
    }
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "push" => Some(json!({"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}})),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_with_or_without_its_name() {
        for (query, expected) in [
            ("pico", Ok("pico")),
            ("pico=", Ok("pico")),
            ("id=pico", Ok("pico")),
            ("limit=5&7", Ok("7")),
            ("_=17&pico", Err("_")),
            ("pico&_=17", Err("_")),
            ("pico&other", Err("other")),
            ("pico&id=other", Err("id")),
            ("id=pico&id=other", Err("id")),
            ("pico&limit=1&limit=2", Err("limit")),
            ("pico&device=x", Err("device")),
            ("id=", Err("id")),
            ("limit=5", Err("id")),
        ] {
            let found = FetchDeviceQuery::parse(query).and_then(FetchArguments::into_parts).map(|(id, _)| id);
            let found = found.as_deref().map_err(|problem| problem.errors[0].parameter.as_deref().unwrap());
            assert_eq!(found, expected, "{query}");
        }
    }
}
