//! Commands to devices: queued durably, leased to the device, acknowledged and answered by it. Each step is
//! an update conditional on the previous version, so of two concurrent steps, on any nodes, one wins.

mod expiry;
mod lease;
mod steps;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    Hub,
    cache::Device,
    devices::list_of_device,
    rules::{
        Command, State,
        command::{CommandEvent, CommandStep, NextState},
        name,
    },
};
use crate::{
    clock::Timestamp,
    error::{Error, Place, Result},
    request,
    rows::{Listing, Rows},
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
};
pub use lease::CommandStream;

/// Default and maximum lifetime of a command in seconds: a day, 30 days.
const DEFAULT_TTL: f64 = 86_400.0;
const MAX_TTL: f64 = 30.0 * DEFAULT_TTL;

/// Default and maximum lease in seconds.
const DEFAULT_LEASE: f64 = 30.0;
const MAX_LEASE: f64 = 3_600.0;

const DEFAULT_RETRIES: i32 = 3;
const MAX_RETRIES: i32 = 100;

/// Maximum number of queued commands per device.
const MAX_QUEUED: usize = 1_000;

/// Maximum attempts to store a step while others store steps of the same command.
const MAX_ATTEMPTS: usize = 100;

/// Maximum size of a command's parameters, or of its result, in bytes.
const MAX_DATA_BYTES: usize = 1 << 20;

/// A command as it is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCommand {
    /// The method to call.
    pub method: String,
    /// The parameters.
    #[serde(default)]
    pub params: Json,
    /// Seconds until it expires; a day by default.
    pub ttl_s: Option<f64>,
    /// Maximum number of times it is leased again if it is not acknowledged; 3 by default.
    pub retries: Option<i32>,
    /// Seconds the device has to acknowledge it; 30 by default.
    pub lease_s: Option<f64>,
    /// The sender's idempotency key: commands with the same key are queued once.
    pub key: Option<String>,
    /// Its slot: a newer command in the same slot replaces it.
    pub replace: Option<String>,
    /// Seconds the sender waits for the result; not used by the core.
    pub wait_s: Option<f64>,
}

/// A queued command.
#[derive(Debug, Clone)]
pub struct QueuedCommand {
    /// Its id.
    pub id: Uuid,
    /// The command as the API shows it.
    pub command: Json,
    /// True if it was queued before with the same key.
    pub replayed: bool,
}

/// The result of a command from its device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandResult {
    /// True if it was carried out.
    pub ok: bool,
    /// Further data.
    #[serde(default)]
    pub data: Json,
    /// The attempt that produced this result.
    pub attempt: Option<i32>,
}

/// Renders a command as the API shows it.
pub(super) fn to_json(command: &Command) -> Json {
    json!({
        "id": command.id, "device_id": command.device_id, "device": command.device,
        "method": command.method, "params": command.params, "state": command.state,
        "attempt": command.attempt, "retries": command.retries, "lease_s": command.lease_s,
        "key": command.key, "replace": command.slot, "lease_until": command.lease_until,
        "expires_at": command.expires_at, "result": command.answer, "steps": command.steps,
    })
}

impl NewCommand {
    /// Reads and checks a request.
    pub fn read(json: &Json) -> Result<Self> {
        let new: Self = request::read(json)?;
        let within = |name: &str, value: Option<f64>, least: f64, most: f64| match value {
            Some(value) if !(least..=most).contains(&value) => {
                let detail =
                    format!("`{name}` must be a number of seconds from {least} to {most}, not {value}");
                Err(request::invalid(Place::field(name), "out-of-range", detail))
            }
            _ => Ok(()),
        };
        within("ttl_s", new.ttl_s, 0.1, MAX_TTL)?;
        within("lease_s", new.lease_s, 0.1, MAX_LEASE)?;
        within("wait_s", new.wait_s, 0.0, 300.0)?;
        if new.retries.is_some_and(|retries| !(0..=MAX_RETRIES).contains(&retries)) {
            let detail = format!("`retries` must be a number from 0 to {MAX_RETRIES}");
            return Err(request::invalid(Place::field("retries"), "out-of-range", detail));
        }
        let named =
            [("method", Some(&new.method)), ("key", new.key.as_ref()), ("replace", new.replace.as_ref())];
        for (field, text) in named {
            let Some(text) = text else { continue };
            name::checked(text, "a command, its key or its slot")
                .map_err(|failure| request::invalid(Place::field(field), "name", failure.detail))?;
        }
        if new.params.to_string().len() > MAX_DATA_BYTES {
            let detail = format!("`params` can have at most {MAX_DATA_BYTES} bytes");
            return Err(request::invalid(Place::field("params"), "too-long", detail));
        }
        Ok(new)
    }
}

impl CommandResult {
    /// Reads and checks a request.
    pub fn read(json: &Json) -> Result<Self> {
        request::read(json)
    }
}

impl Hub {
    /// Queues a command for a device, whether the device is online or not.
    pub async fn send_command(&self, device: &str, new: NewCommand) -> Result<QueuedCommand> {
        let device = self.find(device).await?;
        if let Some(key) = &new.key
            && let Some(before) = self.command_with_key(&device, key).await?
        {
            return queued_before(&before, &new);
        }
        if self.count_queued(device.id).await? >= MAX_QUEUED {
            return Err(Error::TooManyCommands { device: device.row.device.clone(), limit: MAX_QUEUED });
        }
        for _ in 0..MAX_ATTEMPTS {
            let now = self.context.now();
            let command = self.new_command(&device, &new, now);
            let mut writes = vec![self.context.put(SystemStorage::Command, &command, Expect::Absent)?];
            if let Some(slot) = &new.replace {
                writes.extend(self.supersede(&device, slot, now).await?);
            }
            let outcomes = self.context.store.write(WriteBatch::atomic(writes)).await?;
            match outcomes.into_iter().next() {
                Some(Outcome::Created(_)) => {
                    // The command is already queued: an error here would make the sender queue it again.
                    if let Some(slot) = &new.replace
                        && let Err(error) = self.clear_slot(&device, slot).await
                    {
                        tracing::warn!(%error, "two commands may be in one slot");
                    }
                    self.state.notify(device.id);
                    return Ok(QueuedCommand { id: command.id, command: to_json(&command), replayed: false });
                }
                // Its key is already in use.
                Some(Outcome::Invalid(_)) => {
                    let key = new.key.as_deref().unwrap_or_default();
                    if let Some(before) = self.command_with_key(&device, key).await? {
                        return queued_before(&before, &new);
                    }
                }
                // A command that it replaces has changed in the meantime.
                _ => {}
            }
        }
        Err(Error::Overloaded)
    }

    fn new_command(&self, device: &Device, new: &NewCommand, now: Timestamp) -> Command {
        #[expect(clippy::cast_possible_truncation, reason = "the TTL was checked")]
        let ttl = (new.ttl_s.unwrap_or(DEFAULT_TTL) * 1e6) as i64;
        let expires_at = Timestamp::from_micros(now.micros().saturating_add(ttl)).unwrap_or(Timestamp::MAX);
        Command {
            id: self.context.ids.next(),
            device_id: device.id,
            device: device.row.device.clone(),
            method: new.method.clone(),
            params: new.params.clone(),
            state: State::Queued,
            attempt: 0,
            retries: new.retries.unwrap_or(DEFAULT_RETRIES),
            lease_s: new.lease_s.unwrap_or(DEFAULT_LEASE),
            key: new.key.clone(),
            slot: new.replace.clone(),
            lease_until: None,
            expires_at,
            due: Some(expires_at),
            answer: None,
            steps: vec![CommandStep { state: State::Queued, at: now, attempt: 0, reason: None }],
        }
    }

    /// Returns the writes that supersede the commands in a slot.
    async fn supersede(&self, device: &Device, slot: &str, now: Timestamp) -> Result<Vec<Write>> {
        let mut writes = Vec::new();
        for (before, version) in self.in_slot(device, slot).await? {
            if let NextState::Changed(next) = before.apply(&CommandEvent::Supersede, now) {
                writes.push(self.context.put(SystemStorage::Command, &next, Expect::Exactly(version))?);
            }
        }
        Ok(writes)
    }

    /// Returns the commands in a slot that are not acknowledged.
    async fn in_slot(&self, device: &Device, slot: &str) -> Result<Vec<(Command, i32)>> {
        let filters = [
            ("device_id__eq", device.id.to_string()),
            ("slot__eq", slot.to_owned()),
            ("state__in", "queued,leased".to_owned()),
        ];
        self.context.rows(SystemStorage::Command, &filters).await
    }

    /// Of two that took a slot at the same moment the newer one keeps it.
    async fn clear_slot(&self, device: &Device, slot: &str) -> Result<()> {
        let mut found = self.in_slot(device, slot).await?;
        found.sort_by_key(|(command, _)| command.id);
        found.pop();
        for (older, _) in found {
            match self.step_command(&older.id.to_string(), None, &CommandEvent::Supersede).await {
                Ok(_) | Err(Error::CommandState { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn command_with_key(&self, device: &Device, key: &str) -> Result<Option<Command>> {
        let filters = [("device_id__eq", device.id.to_string()), ("idempotency_key__eq", key.to_owned())];
        let found: Vec<(Command, i32)> = self.context.rows(SystemStorage::Command, &filters).await?;
        Ok(found.into_iter().next().map(|(command, _)| command))
    }

    async fn count_queued(&self, device: i64) -> Result<usize> {
        let parameters = [
            ("device_id__eq", device.to_string()),
            ("state__eq", State::Queued.name().to_owned()),
            ("limit", "1".to_owned()),
            ("count", "exact".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let queued = Rows::system(&self.context, SystemStorage::Command).list(&parameters).await?;
        Ok(usize::try_from(queued.count.unwrap_or(0)).unwrap_or(usize::MAX))
    }

    /// Lists the commands of a device, newest first.
    pub async fn commands(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let device = self.find(device).await?;
        let commands = Rows::system(&self.context, SystemStorage::Command);
        let listing = list_of_device(&commands, &device, parameters, "-id").await?;
        let mut listing = listing.map(|rows| rows.to_json());
        for row in &mut listing.rows {
            if let Ok(command) = serde_json::from_value::<Command>(row.clone()) {
                *row = to_json(&command);
            }
        }
        Ok(listing)
    }
}

fn queued_before(before: &Command, new: &NewCommand) -> Result<QueuedCommand> {
    if before.method != new.method || before.params != new.params {
        return Err(Error::KeyReused);
    }
    Ok(QueuedCommand { id: before.id, command: to_json(before), replayed: true })
}
