//! The steps of a command, one over the other.

use std::{pin::pin, time::Duration};

use serde_json::Value as Json;
use uuid::Uuid;

use super::{Answered, LARGEST, TRIES, shown};
use crate::{
    dump::{Dump, hub::rows::read, settings},
    error::{Error, Place, Result},
    hub::{
        Command,
        command::{Next, Step},
    },
    schema::{StoredRow, Value},
    store::{Expect, Outcome, system_storages::SystemStorage},
};

impl Dump {
    /// A command.
    pub async fn get_command(&self, id: &str) -> Result<Json> {
        Ok(shown(&self.find_command(id).await?.0))
    }

    /// Takes a command back.
    pub async fn cancel_command(&self, id: &str) -> Result<Json> {
        self.step_command(id, None, &Step::Cancel).await
    }

    /// The device says that it has a command.
    pub async fn ack_command(&self, id: &str, token: Option<&str>, attempt: Option<i32>) -> Result<Json> {
        self.step_command(id, Some(token), &Step::Ack(attempt)).await
    }

    /// The device says what came of a command.
    pub async fn answer_command(&self, id: &str, token: Option<&str>, answer: Answered) -> Result<Json> {
        let Answered { ok, data, attempt } = answer;
        if data.to_string().len() > LARGEST {
            let detail = format!("`data` has at most {LARGEST} bytes");
            return Err(settings::wrong(Place::field("data"), "too-long", detail));
        }
        self.step_command(id, Some(token), &Step::Answer { attempt, ok, data }).await
    }

    /// Takes a step; one that the device takes needs its token, if it has one.
    pub(super) async fn step_command(
        &self,
        id: &str,
        token: Option<Option<&str>>,
        step: &Step,
    ) -> Result<Json> {
        for _ in 0..TRIES {
            let (command, row) = self.find_command(id).await?;
            if token.is_some() && self.hub.known.numbered(command.device_id).is_none() {
                self.read_device(&command.device).await?;
            }
            if let Some(token) = token
                && let Some(device) = self.hub.known.numbered(command.device_id)
            {
                device.check(token)?;
                self.hub.hearts.beat(&device.heart, self.clock.now(), None, None);
            }
            let next = match command.step(step, self.clock.now()) {
                Next::Command(next) => next,
                Next::Same => return Ok(shown(&command)),
                Next::Refused | Next::Forgotten => {
                    return Err(Error::CommandState {
                        state: command.state.name(),
                        current: shown(&command),
                    });
                }
            };
            let write = self.hub_put(SystemStorage::Command, &next, Expect::Exactly(row.version))?;
            if let Outcome::Updated(_) = self.hub_write(write).await? {
                self.hub.ring(command.device_id);
                return Ok(shown(&next));
            }
        }
        Err(Error::Overloaded)
    }

    async fn find_command(&self, id: &str) -> Result<(Command, StoredRow)> {
        self.hub().await?;
        let unknown = || Error::UnknownCommand(id.to_owned());
        let in_force = self.hub_storage(SystemStorage::Command)?;
        let key = Uuid::parse_str(id).map_err(|_| unknown())?;
        let row = self.store.get(&in_force, &Value::Uuid(key)).await?.ok_or_else(unknown)?;
        Ok((read(&in_force, &row)?, row))
    }

    /// A command when it has ended, or as it is after so long.
    pub async fn command_ended(&self, id: &str, patience: Duration) -> Result<Json> {
        let deadline = tokio::time::Instant::now() + patience;
        let device = self.find_command(id).await?.0.device_id;
        loop {
            let bell = self.hub.bell(device);
            let mut rung = pin!(bell.notified());
            rung.as_mut().enable();
            let (command, _) = self.find_command(id).await?;
            if command.state.is_final() || self.hub.is_closed() {
                return Ok(shown(&command));
            }
            if tokio::time::timeout_at(deadline, rung).await.is_err() {
                return Ok(shown(&command));
            }
        }
    }
}
