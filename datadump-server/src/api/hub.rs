//! `/api/data` and `/api/fetch`: what devices push, and what they have measured, in the plainest forms.

use datadump_core::{Dump, Pushed};
use poem_openapi::{ApiResponse, Object as ApiObject, OpenApi, param::Query};
use serde::Serialize;

use super::{ReceiptAnswer, Tag};
use crate::{
    answer::{Object, Reply},
    extract::{Asked, DeviceToken, Noted, Parameters, ThrowBody},
    problem::Problem,
    throwing::Thrower,
};

/// The most commands that come back with an answer to a push.
const COMMANDS: usize = 10;

/// Pushes, and what came of them.
pub(crate) struct Hub {
    pub(crate) dump: Dump,
    pub(crate) thrower: Thrower,
}

/// What became of a push. Everything it counts is committed; what was refused is among its errors, without
/// an entry in quarantine.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Pushed")]
pub(crate) struct PushedAnswer {
    #[oai(flatten)]
    #[serde(flatten)]
    receipt: ReceiptAnswer,
    /// Commands for the device of the first reading: only with `commands=1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    commands: Option<Vec<Object>>,
}

/// Readings that were taken.
#[derive(ApiResponse)]
pub(crate) enum PushAnswer {
    /// Everything of it is committed: as readings, or in quarantine.
    #[oai(status = 201)]
    Done(
        Reply<PushedAnswer>,
        /// Whether it was answered before.
        #[oai(header = "Idempotent-Replayed")]
        Option<bool>,
    ),
}

#[OpenApi(prefix_path = "/api", tag = "Tag::Hub")]
impl Hub {
    /// Push what a device, or many, have measured.
    ///
    /// `{"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}}`, or
    /// `{"device_id": "pico_w", "sensor_type": "temperature", "value": 21.5}`, or an array or lines of
    /// either; with a `timestamp` if the device has a clock. A device and a sensor that nobody knows is
    /// registered by its first reading.
    #[oai(path = "/data", method = "post", operation_id = "push")]
    async fn push(
        &self,
        /// `1`: answer with the commands that wait for the device.
        commands: Query<Option<u8>>,
        token: DeviceToken,
        asked: Asked,
        /// The readings.
        body: ThrowBody,
    ) -> Result<PushAnswer, Problem> {
        let most = if commands.0 == Some(1) { COMMANDS } else { 0 };
        let pushed = self.thrower.push(asked, body.0, token.0, most).await?;
        let again = pushed.receipt.again.then_some(true);
        Ok(PushAnswer::Done(Reply(pushed.into()), again))
    }

    /// Fetch the readings of a device, newest first: `/api/fetch/device?pico_w`.
    #[oai(path = "/fetch/device", method = "get", operation_id = "fetch_device")]
    async fn device(
        &self,
        /// The device, by its name or its number; also without `id=`.
        #[oai(name = "id")]
        _id: Noted<String>,
        /// The most readings to answer with, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many readings to skip.
        #[oai(name = "offset")]
        _offset: Noted<u64>,
        parameters: Parameters,
    ) -> Result<Reply<Vec<Object>>, Problem> {
        let (id, part) = wanted(parameters.0)?;
        let readings = self.dump.fetch_device(&id, &part).await?;
        Ok(Reply(readings.into_iter().map(Object).collect()))
    }

    /// Fetch the readings of a sensor, newest first: `/api/fetch/sensor?temperature`.
    #[oai(path = "/fetch/sensor", method = "get", operation_id = "fetch_sensor")]
    async fn sensor(
        &self,
        /// The sensor: its number, or a name, which are all sensors of that name; also without `id=`.
        #[oai(name = "id")]
        _id: Noted<String>,
        /// The most readings to answer with, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many readings to skip.
        #[oai(name = "offset")]
        _offset: Noted<u64>,
        parameters: Parameters,
    ) -> Result<Reply<Vec<Object>>, Problem> {
        let (id, part) = wanted(parameters.0)?;
        let readings = self.dump.fetch_sensor(&id, &part).await?;
        Ok(Reply(readings.into_iter().map(Object).collect()))
    }
}

type Parts = Vec<(String, String)>;

/// What is asked for: `id=…`, or the first parameter that is none of the others and has no value.
fn wanted(parameters: Parts) -> Result<(String, Parts), Problem> {
    let (mut id, mut part) = (None, Vec::new());
    for (name, value) in parameters {
        match name.as_str() {
            "id" if id.is_none() => id = Some(value),
            "limit" | "offset" => part.push((name, value)),
            _ if value.is_empty() && id.is_none() => id = Some(name),
            // Pages put what they like behind an address, so that it is not cached.
            _ => {}
        }
    }
    match id.filter(|id| !id.is_empty()) {
        Some(id) => Ok((id, part)),
        None => {
            let detail = "say which one: `?pico_w`, or `?id=pico_w`";
            Err(Problem::parameter("id", "missing", detail))
        }
    }
}

impl From<Pushed> for PushedAnswer {
    fn from(pushed: Pushed) -> Self {
        let commands = pushed.commands.map(|commands| commands.into_iter().map(Object).collect());
        Self { receipt: pushed.receipt.into(), commands }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stands_with_or_without_its_name() {
        let pairs = |pairs: &[(&str, &str)]| -> Parts {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        for (query, expected) in [
            (vec![("pico", "")], Some("pico")),
            (vec![("id", "pico")], Some("pico")),
            (vec![("limit", "5"), ("7", "")], Some("7")),
            (vec![("_", "17"), ("pico", "")], Some("pico")),
            (vec![("id", "")], None),
            (vec![("limit", "5")], None),
        ] {
            let found = wanted(pairs(&query)).ok().map(|(id, _)| id);
            assert_eq!(found.as_deref(), expected, "{query:?}");
        }
    }
}
