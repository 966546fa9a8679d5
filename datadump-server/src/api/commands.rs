//! Commands: queued for a device by anybody, taken, acknowledged and answered by the device.

use std::time::Duration;

use datadump_core::{Answered, Asked, Dump};
use poem_openapi::{ApiResponse, OpenApi, param::Path};
use serde_json::{Value as Json, json};

use super::{
    Tag,
    devices::{HubList, address},
};
use crate::{
    answer::{Object, Reply},
    extract::{Base, DeviceToken, JsonBody, MaybeJson, Noted, Parameters, object},
    problem::Problem,
};

/// The longest that somebody waits, in seconds.
const LONGEST_WAIT: f64 = 300.0;

/// How many commands a device is given when it does not say.
const MOST: usize = 10;

/// Commands to devices.
pub(crate) struct Commands {
    pub(crate) dump: Dump,
}

/// A command that is queued.
#[derive(ApiResponse)]
pub(crate) enum CommandQueued {
    /// It is queued, and is given to the device when that asks; or, with `wait_s`, as it is after that time.
    #[oai(status = 202)]
    Done(Reply<Object>),
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Hub")]
impl Commands {
    /// Queue a command for a device, whether it is heard or not.
    ///
    /// `method`, `params`, `ttl_s` (how long it is worth doing, a day), `retries` (how often it is given again
    /// when it is not acknowledged, 3), `lease_s` (how long the device has to acknowledge it, 30), `key` (queued
    /// once under this name), `replace` (a slot: of those in it only the newest counts), `wait_s` (wait so long
    /// for what comes of it).
    #[oai(path = "/device/:id/command", method = "post", operation_id = "send_command")]
    async fn send(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
        /// The command.
        command: JsonBody,
    ) -> Result<CommandQueued, Problem> {
        let asked = Asked::read(&object(command.0)?)?;
        let wait = asked.wait_s;
        let queued = Box::pin(self.dump.command(&id.0, asked)).await?;
        let command = match wait {
            Some(wait) if wait > 0.0 => {
                self.dump.command_ended(&queued.id.to_string(), Duration::from_secs_f64(wait)).await?
            }
            _ => queued.command,
        };
        Ok(CommandQueued::Done(Reply(Object(command))))
    }

    /// List the commands of a device, newest first: `state=queued`, `method=pump`. Or, with `wait` or `max`,
    /// take those that wait for it, as the device does: they are given to nobody else until their lease ends.
    #[expect(clippy::too_many_arguments, reason = "they are noted for the document, and read as one list")]
    #[oai(path = "/device/:id/command", method = "get", operation_id = "list_commands")]
    async fn list(
        &self,
        /// The device, by its name or its number.
        id: Path<String>,
        /// Take commands; when there is none, wait so many seconds for one, at most 300.
        #[oai(name = "wait")]
        _wait: Noted<f64>,
        /// Take at most so many commands, 1 to 100 (10).
        #[oai(name = "max")]
        _max: Noted<u64>,
        /// The most to list, 1 to 1000 (100).
        #[oai(name = "limit")]
        _limit: Noted<u64>,
        /// How many to skip.
        #[oai(name = "offset")]
        _offset: Noted<u64>,
        /// Where they are: `queued`, `leased`, `acked`, `done`, `failed`, `expired`, `cancelled`,
        /// `superseded`.
        #[oai(name = "state")]
        _state: Noted<String>,
        parameters: Parameters,
        token: DeviceToken,
        base: Base,
    ) -> Result<Reply<HubList>, Problem> {
        let listing = match taking(&parameters.0)? {
            Some((most, wait)) => {
                let taken = self.dump.lease_commands(&id.0, token.0.as_deref(), most, wait).await?;
                return Ok(Reply(HubList::taken(taken)));
            }
            None => self.dump.commands(&id.0, &parameters.0).await?,
        };
        Ok(Reply(HubList::of(listing, &address(&base, &id.0, "command"))))
    }

    /// Read a command, with every step it took.
    #[oai(path = "/command/:id", method = "get", operation_id = "get_command")]
    async fn get(
        &self,
        /// The command.
        id: Path<String>,
    ) -> Result<Reply<Object>, Problem> {
        Ok(Reply(Object(self.dump.get_command(&id.0).await?)))
    }

    /// Take a command back, unless something has come of it.
    #[oai(path = "/command/:id", method = "delete", operation_id = "cancel_command")]
    async fn cancel(
        &self,
        /// The command.
        id: Path<String>,
    ) -> Result<Reply<Object>, Problem> {
        Ok(Reply(Object(self.dump.cancel_command(&id.0).await?)))
    }

    /// As the device: say that a command was taken. `{"attempt": 1}` if it knows which one it was given.
    #[oai(path = "/command/:id/ack", method = "post", operation_id = "ack_command")]
    async fn ack(
        &self,
        /// The command.
        id: Path<String>,
        token: DeviceToken,
        /// `attempt`; may be left out.
        body: MaybeJson,
    ) -> Result<Reply<Object>, Problem> {
        let attempt = attempt(&body.0)?;
        Ok(Reply(Object(self.dump.ack_command(&id.0, token.0.as_deref(), attempt).await?)))
    }

    /// As the device: say what came of a command.
    #[oai(path = "/command/:id/result", method = "post", operation_id = "answer_command")]
    async fn result(
        &self,
        /// The command.
        id: Path<String>,
        token: DeviceToken,
        /// `ok`, `data`, and `attempt` if it is known.
        body: JsonBody,
    ) -> Result<Reply<Object>, Problem> {
        let answer = Answered::read(&object(body.0)?)?;
        Ok(Reply(Object(self.dump.answer_command(&id.0, token.0.as_deref(), answer).await?)))
    }
}

impl HubList {
    fn taken(commands: Vec<Json>) -> Self {
        let listing = datadump_core::Listing {
            count: Some(commands.len() as u64),
            rows: commands,
            estimated: false,
            next: None,
            previous: None,
        };
        Self::of(listing, "")
    }
}

/// How many commands are to be taken, and how long waited for; none when they are only listed.
fn taking(parameters: &[(String, String)]) -> Result<Option<(usize, Duration)>, Problem> {
    let (mut most, mut wait) = (None, None);
    for (name, value) in parameters {
        match name.as_str() {
            "max" => {
                let number = value.parse().ok().filter(|number| (1..=100).contains(number));
                most = Some(number.ok_or_else(|| {
                    let detail = format!("`max` is a number from 1 to 100, not {value:?}");
                    Problem::parameter("max", "out-of-range", detail)
                })?);
            }
            "wait" => {
                let seconds = value.parse().ok().filter(|seconds| (0.0..=LONGEST_WAIT).contains(seconds));
                wait = Some(seconds.ok_or_else(|| {
                    let detail =
                        format!("`wait` is a number of seconds from 0 to {LONGEST_WAIT}, not {value:?}");
                    Problem::parameter("wait", "out-of-range", detail)
                })?);
            }
            _ => {}
        }
    }
    if most.is_none() && wait.is_none() {
        return Ok(None);
    }
    if let Some((name, _)) = parameters.iter().find(|(name, _)| !matches!(name.as_str(), "max" | "wait")) {
        let detail = format!("`{name}` is of a list; who takes commands says `wait` and `max`");
        return Err(Problem::parameter(name, "not-applicable", detail));
    }
    Ok(Some((most.unwrap_or(MOST), Duration::from_secs_f64(wait.unwrap_or_default()))))
}

fn attempt(body: &Json) -> Result<Option<i32>, Problem> {
    Ok(Answered::read(&json!({"ok": true, "attempt": body.get("attempt")}))?.attempt)
}
