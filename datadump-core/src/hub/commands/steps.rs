//! Reads commands and applies events to them.

use std::{pin::pin, time::Duration};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{CommandResult, MAX_ATTEMPTS, MAX_DATA_BYTES, to_json};
use crate::{
    error::{Error, Place, Result},
    hub::{
        Hub,
        rows::read,
        rules::{
            Command,
            command::{CommandEvent, NextState},
        },
    },
    request,
    schema::{StoredRow, Value},
    store::{Expect, Outcome, system_storages::SystemStorage},
};

impl Hub {
    /// Returns a command.
    pub async fn get_command(&self, id: &str) -> Result<Json> {
        Ok(to_json(&self.find_command(id).await?.0))
    }

    /// Cancels a command.
    pub async fn cancel_command(&self, id: &str) -> Result<Json> {
        self.step_command(id, None, &CommandEvent::Cancel).await
    }

    /// Acknowledges a command for its device.
    pub async fn ack_command(&self, id: &str, token: Option<&str>, attempt: Option<i32>) -> Result<Json> {
        self.step_command(id, Some(token), &CommandEvent::Ack(attempt)).await
    }

    /// Stores the result of a command from its device.
    pub async fn answer_command(&self, id: &str, token: Option<&str>, answer: CommandResult) -> Result<Json> {
        let CommandResult { ok, data, attempt } = answer;
        if data.to_string().len() > MAX_DATA_BYTES {
            let detail = format!("`data` can have at most {MAX_DATA_BYTES} bytes");
            return Err(request::invalid(Place::field("data"), "too-long", detail));
        }
        self.step_command(id, Some(token), &CommandEvent::Answer { attempt, ok, data }).await
    }

    /// Applies an event. Events of the device need its token, if it has one.
    pub(super) async fn step_command(
        &self,
        id: &str,
        token: Option<Option<&str>>,
        event: &CommandEvent,
    ) -> Result<Json> {
        for _ in 0..MAX_ATTEMPTS {
            let (command, row) = self.find_command(id).await?;
            if token.is_some() && self.state.cache.by_id(command.device_id).is_none() {
                self.read_device(&command.device).await?;
            }
            if let Some(token) = token
                && let Some(device) = self.state.cache.by_id(command.device_id)
            {
                device.check_token(token)?;
                self.state.liveness.mark_seen(&device.tracker, self.context.now(), None, None);
            }
            let next = match command.apply(event, self.context.now()) {
                NextState::Changed(next) => next,
                NextState::Unchanged => return Ok(to_json(&command)),
                NextState::Refused | NextState::Removed => {
                    return Err(Error::CommandState {
                        state: command.state.name(),
                        current: to_json(&command),
                    });
                }
            };
            let write = self.context.put(SystemStorage::Command, &next, Expect::Exactly(row.version))?;
            if let Outcome::Updated(_) = self.context.write_one(write).await? {
                self.state.notify(command.device_id);
                return Ok(to_json(&next));
            }
        }
        Err(Error::Overloaded)
    }

    async fn find_command(&self, id: &str) -> Result<(Command, StoredRow)> {
        self.ready().await?;
        let unknown = || Error::UnknownCommand(id.to_owned());
        let in_force = self.context.system(SystemStorage::Command)?;
        let key = Uuid::parse_str(id).map_err(|_| unknown())?;
        let row = self.context.store.get(&in_force, &Value::Uuid(key)).await?.ok_or_else(unknown)?;
        Ok((read(&in_force, &row)?, row))
    }

    /// Waits until a command has ended, at most for `timeout`, and returns it.
    pub async fn wait_for_command(&self, id: &str, timeout: Duration) -> Result<Json> {
        let deadline = tokio::time::Instant::now() + timeout;
        let device = self.find_command(id).await?.0.device_id;
        loop {
            let signal = self.state.signal(device);
            let mut notified = pin!(signal.notified());
            notified.as_mut().enable();
            let (command, _) = self.find_command(id).await?;
            let has_ended = command.state.is_final() || self.state.is_closed();
            if has_ended || tokio::time::timeout_at(deadline, notified).await.is_err() {
                return Ok(to_json(&command));
            }
        }
    }
}
