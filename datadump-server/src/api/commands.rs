//! Commands: queued by clients, and leased, acknowledged and answered by devices.

use std::time::Duration;

use datadump_core::{CommandResult, Dump, NewCommand};
use poem_openapi::{ApiResponse, OpenApi, param::Path, types::Type as _};
use serde_json::{Value as Json, json};

use super::{
    devices::{HubList, address},
    tag::Tag,
};
use crate::{
    answer::{Object, Reply},
    extract::{
        BaseUrl, DeviceToken, JsonBody, LIMIT, MaybeJson, OFFSET, Pairs, Parameter, Query, QueryParameters,
        object, push,
    },
    problem::Problem,
};

/// GET operations that change something: a HEAD request must not lease commands.
pub(super) const GET_WITH_SIDE_EFFECTS: &[&str] = &["list_commands"];

/// Maximum time to wait for a command, in seconds.
const MAX_WAIT: f64 = 300.0;

/// Default number of commands to lease.
const DEFAULT_LEASES: usize = 10;

/// Operations on commands.
pub(crate) struct Commands {
    pub(crate) dump: Dump,
}

/// The response to sending a command.
#[derive(ApiResponse)]
pub(crate) enum CommandResponse {
    /// The queued command; with `wait_s`, the command after that time or when it ended.
    #[oai(status = 202)]
    Queued(Reply<Object>),
}

/// What to list or lease.
#[derive(Debug, Default)]
pub(crate) struct CommandArguments {
    wait: Option<Duration>,
    max: Option<usize>,
    /// All other parameters, for the core.
    list: Pairs,
}

/// The query of the list of commands.
pub(crate) enum CommandQuery {}

impl QueryParameters for CommandQuery {
    type Value = CommandArguments;

    const DECLARED: &'static [&'static Parameter<CommandArguments>] = &[
        &Parameter {
            name: "wait",
            schema: f64::schema_ref,
            description: "Lease commands; if none is waiting, wait up to this many seconds for one (at most 300).",
            set: |arguments, _name, text| {
                let seconds = text.parse().ok().filter(|seconds| (0.0..=MAX_WAIT).contains(seconds));
                let seconds = seconds.ok_or_else(|| {
                    let detail =
                        format!("`wait` must be a number of seconds from 0 to {MAX_WAIT}, not {text:?}");
                    Problem::parameter("wait", "out-of-range", detail)
                })?;
                arguments.wait = Some(Duration::from_secs_f64(seconds));
                Ok(())
            },
        },
        &Parameter {
            name: "max",
            schema: u64::schema_ref,
            description: "Lease at most this many commands, 1 to 100 (default 10).",
            set: |arguments, _name, text| {
                let number = text.parse().ok().filter(|number| (1..=100).contains(number));
                arguments.max = Some(number.ok_or_else(|| {
                    let detail = format!("`max` must be a number from 1 to 100, not {text:?}");
                    Problem::parameter("max", "out-of-range", detail)
                })?);
                Ok(())
            },
        },
        &Parameter {
            name: LIMIT.name,
            schema: LIMIT.schema,
            description: LIMIT.description,
            set: Self::set_other,
        },
        &Parameter {
            name: OFFSET.name,
            schema: OFFSET.schema,
            description: OFFSET.description,
            set: Self::set_other,
        },
        &Parameter {
            name: "state",
            schema: String::schema_ref,
            description: "Only commands in this state: `queued`, `leased`, `acked`, `done`, `failed`, `expired`, \
                          `cancelled` or `superseded`.",
            set: Self::set_other,
        },
    ];

    const IS_OPEN: bool = true;

    fn set_other(arguments: &mut CommandArguments, name: &str, text: &str) -> Result<(), Problem> {
        push(&mut arguments.list, name, text)
    }
}

impl CommandArguments {
    /// Returns how many commands to lease and how long to wait for one, or `None` to list commands.
    fn lease(&self) -> Result<Option<(usize, Duration)>, Problem> {
        if self.max.is_none() && self.wait.is_none() {
            return Ok(None);
        }
        if let Some((name, _)) = self.list.first() {
            let detail = format!("`{name}` applies to lists; leasing commands takes only `wait` and `max`");
            return Err(Problem::parameter(name, "not-applicable", detail));
        }
        Ok(Some((self.max.unwrap_or(DEFAULT_LEASES), self.wait.unwrap_or_default())))
    }
}

#[OpenApi(prefix_path = "/api/v1", tag = "Tag::Hub")]
impl Commands {
    /// Send a command to a device
    ///
    /// The command is queued even if the device is offline. `method` and `params`; `ttl_s`: seconds until it
    /// expires (default one day); `retries`: how often it is leased again if it is not acknowledged (default
    /// 3); `lease_s`: seconds the device has to acknowledge it (default 30); `key`: commands with the same
    /// key are queued once; `replace`: a slot in which a new command supersedes waiting ones; `wait_s`:
    /// seconds to wait for the result.
    #[oai(path = "/device/:id/command", method = "post", operation_id = "send_command")]
    async fn send(
        &self,
        /// Name or number of the device.
        id: Path<String>,
        /// The command.
        command: JsonBody,
    ) -> Result<CommandResponse, Problem> {
        let command = NewCommand::read(&object(command.0)?)?;
        let wait = command.wait_s;
        let queued = Box::pin(self.dump.hub().send_command(&id.0, command)).await?;
        let command = match wait {
            Some(wait) if wait > 0.0 => {
                self.dump
                    .hub()
                    .wait_for_command(&queued.id.to_string(), Duration::from_secs_f64(wait))
                    .await?
            }
            _ => queued.command,
        };
        Ok(CommandResponse::Queued(Reply(Object(command))))
    }

    /// List the commands of a device, newest first, or lease them
    ///
    /// Fields can be used as filters: `state=queued`, `method=pump`. With `wait` or `max`, the device leases
    /// the commands that are waiting for it: no one else gets them until the lease ends.
    #[oai(path = "/device/:id/command", method = "get", operation_id = "list_commands")]
    async fn list(
        &self,
        /// Name or number of the device.
        id: Path<String>,
        query: Query<CommandQuery>,
        token: DeviceToken,
        base: BaseUrl,
    ) -> Result<Reply<HubList>, Problem> {
        if let Some((max, wait)) = query.0.lease()? {
            let leased = self.dump.hub().lease_commands(&id.0, token.0.as_deref(), max, wait).await?;
            return Ok(Reply(HubList::of_leased(leased)));
        }
        let listing = self.dump.hub().commands(&id.0, &query.0.list).await?;
        Ok(Reply(HubList::of(listing, &address(&base, &id.0, "command"))))
    }

    /// Get a command with its history
    #[oai(path = "/command/:id", method = "get", operation_id = "get_command")]
    async fn get(
        &self,
        /// ID of the command.
        id: Path<String>,
    ) -> Result<Reply<Object>, Problem> {
        Ok(Reply(Object(self.dump.hub().get_command(&id.0).await?)))
    }

    /// Cancel a command that has not ended
    #[oai(path = "/command/:id", method = "delete", operation_id = "cancel_command")]
    async fn cancel(
        &self,
        /// ID of the command.
        id: Path<String>,
    ) -> Result<Reply<Object>, Problem> {
        Ok(Reply(Object(self.dump.hub().cancel_command(&id.0).await?)))
    }

    /// Acknowledge a command, as the device
    ///
    /// `{"attempt": 1}` names the attempt, if the device knows it.
    #[oai(path = "/command/:id/ack", method = "post", operation_id = "ack_command")]
    async fn ack(
        &self,
        /// ID of the command.
        id: Path<String>,
        token: DeviceToken,
        /// `attempt`, which is optional.
        body: MaybeJson,
    ) -> Result<Reply<Object>, Problem> {
        let attempt = attempt(&body.0)?;
        Ok(Reply(Object(self.dump.hub().ack_command(&id.0, token.0.as_deref(), attempt).await?)))
    }

    /// Report the result of a command, as the device
    #[oai(path = "/command/:id/result", method = "post", operation_id = "answer_command")]
    async fn result(
        &self,
        /// ID of the command.
        id: Path<String>,
        token: DeviceToken,
        /// `ok`, `data` and, if it is known, `attempt`.
        body: JsonBody,
    ) -> Result<Reply<Object>, Problem> {
        let result = CommandResult::read(&object(body.0)?)?;
        Ok(Reply(Object(self.dump.hub().answer_command(&id.0, token.0.as_deref(), result).await?)))
    }
}

impl HubList {
    fn of_leased(commands: Vec<Json>) -> Self {
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

fn attempt(body: &Json) -> Result<Option<i32>, Problem> {
    Ok(CommandResult::read(&json!({"ok": true, "attempt": body.get("attempt")}))?.attempt)
}

/// Example bodies for the API document.
pub(super) fn example(operation: &str) -> Option<Json> {
    match operation {
        "send_command" => Some(json!({"method": "pump", "params": {"seconds": 3}})),
        "ack_command" => Some(json!({"attempt": 1})),
        "answer_command" => Some(json!({"ok": true, "data": {"litres": 2}})),
        _ => None,
    }
}
