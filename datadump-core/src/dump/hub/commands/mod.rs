//! Commands to devices: queued durably, given to the device when it asks, acknowledged and answered by it.
//! Every step is stored over the one before it, so that of two at once one wins, on whichever nodes.

mod minding;
mod steps;
mod taking;

use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::known::Device;
use crate::{
    clock::Timestamp,
    dump::{Dump, Listing, settings},
    error::{Error, Place, Result},
    hub::{
        Command, State,
        command::{Next, Step, Taken},
    },
    store::{Expect, Outcome, Write, WriteBatch, system_storages::SystemStorage},
};
pub use taking::CommandsFor;

/// How long a command waits for its device when nothing is said, and at most, in seconds: a day, 30 days.
const TTL: f64 = 86_400.0;
const LONGEST_TTL: f64 = 30.0 * TTL;

/// How long a device has to acknowledge one when nothing is said, and at most.
const LEASE: f64 = 30.0;
const LONGEST_LEASE: f64 = 3_600.0;

const RETRIES: i32 = 3;
const MOST_RETRIES: i32 = 100;

/// The most commands that wait for one device.
const MOST_QUEUED: usize = 1_000;

/// How often a step is tried again when others were faster.
const TRIES: usize = 100;

/// The most bytes of what a command carries, or of its answer.
const LARGEST: usize = 1 << 20;

/// What somebody asks of a device.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// What is to be done.
    pub method: String,
    /// With what.
    #[serde(default)]
    pub params: Json,
    /// How many seconds it is worth doing; a day when it is not said.
    pub ttl_s: Option<f64>,
    /// How often it is given again when it is not acknowledged; 3 times when it is not said.
    pub retries: Option<i32>,
    /// How many seconds the device has to acknowledge it; 30 when it is not said.
    pub lease_s: Option<f64>,
    /// What the sender calls it: queued once under this name.
    pub key: Option<String>,
    /// The slot it takes: of those in one only the newest counts.
    pub replace: Option<String>,
    /// How many seconds the sender waits for the answer. Not used here.
    pub wait_s: Option<f64>,
}

/// A command that is queued.
#[derive(Debug, Clone)]
pub struct Queued {
    /// Its id.
    pub id: Uuid,
    /// As it is shown.
    pub command: Json,
    /// Whether it was queued before, under the same key.
    pub again: bool,
}

/// What a device answers to a command.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Whether it is done.
    pub ok: bool,
    /// What else there is to say.
    #[serde(default)]
    pub data: Json,
    /// Which attempt it is an answer to.
    pub attempt: Option<i32>,
}

/// A command as it is shown.
pub(super) fn shown(command: &Command) -> Json {
    json!({
        "id": command.id, "device_id": command.device_id, "device": command.device,
        "method": command.method, "params": command.params, "state": command.state,
        "attempt": command.attempt, "retries": command.retries, "lease_s": command.lease_s,
        "key": command.key, "replace": command.slot, "lease_until": command.lease_until,
        "expires_at": command.expires_at, "result": command.answer, "steps": command.steps,
    })
}

impl Asked {
    /// Reads one, and says what is wrong with it.
    pub fn read(json: &Json) -> Result<Self> {
        let asked: Self = settings::read(json)?;
        let within = |name: &str, value: Option<f64>, least: f64, most: f64| match value {
            Some(value) if !(least..=most).contains(&value) => {
                let detail = format!("`{name}` is a number of seconds from {least} to {most}, not {value}");
                Err(settings::wrong(Place::field(name), "out-of-range", detail))
            }
            _ => Ok(()),
        };
        within("ttl_s", asked.ttl_s, 0.1, LONGEST_TTL)?;
        within("lease_s", asked.lease_s, 0.1, LONGEST_LEASE)?;
        within("wait_s", asked.wait_s, 0.0, 300.0)?;
        if asked.retries.is_some_and(|retries| !(0..=MOST_RETRIES).contains(&retries)) {
            let detail = format!("`retries` is a number from 0 to {MOST_RETRIES}");
            return Err(settings::wrong(Place::field("retries"), "out-of-range", detail));
        }
        let named = [
            ("method", Some(&asked.method)),
            ("key", asked.key.as_ref()),
            ("replace", asked.replace.as_ref()),
        ];
        for (field, name) in named {
            let Some(name) = name else { continue };
            crate::hub::name::checked(name, "a command, its key or its slot")
                .map_err(|failure| settings::wrong(Place::field(field), "name", failure.detail))?;
        }
        if asked.params.to_string().len() > LARGEST {
            let detail = format!("`params` has at most {LARGEST} bytes");
            return Err(settings::wrong(Place::field("params"), "too-long", detail));
        }
        Ok(asked)
    }
}

impl Answered {
    /// Reads one, and says what is wrong with it.
    pub fn read(json: &Json) -> Result<Self> {
        settings::read(json)
    }
}

impl Dump {
    /// Queues a command for a device, whether it is heard or not.
    pub async fn command(&self, device: &str, asked: Asked) -> Result<Queued> {
        let device = self.known_device(device).await?;
        if let Some(key) = &asked.key
            && let Some(before) = self.command_called(&device, key).await?
        {
            return queued_before(&before, &asked);
        }
        let waiting = self.own_count(device.id, State::Queued).await?;
        if waiting >= MOST_QUEUED {
            return Err(Error::TooManyCommands { device: device.row.device.clone(), limit: MOST_QUEUED });
        }
        for _ in 0..TRIES {
            let now = self.clock.now();
            let command = self.new_command(&device, &asked, now);
            let mut writes = vec![self.hub_put(SystemStorage::Command, &command, Expect::Absent)?];
            if let Some(slot) = &asked.replace {
                writes.extend(self.superseding(&device, slot, now).await?);
            }
            let outcomes = self.store.write(WriteBatch::atomic(writes)).await?;
            match outcomes.into_iter().next() {
                Some(Outcome::Created(_)) => {
                    // It is queued: who hears of an error here would queue it again.
                    if let Some(slot) = &asked.replace
                        && let Err(error) = self.clear_slot(&device, slot).await
                    {
                        tracing::warn!(%error, "a slot may have two commands");
                    }
                    self.hub.ring(device.id);
                    return Ok(Queued { id: command.id, command: shown(&command), again: false });
                }
                // Its key is taken.
                Some(Outcome::Invalid(_)) => {
                    let key = asked.key.as_deref().unwrap_or_default();
                    if let Some(before) = self.command_called(&device, key).await? {
                        return queued_before(&before, &asked);
                    }
                }
                // One that it takes the place of has moved on.
                _ => {}
            }
        }
        Err(Error::Overloaded)
    }

    fn new_command(&self, device: &Device, asked: &Asked, now: Timestamp) -> Command {
        #[expect(clippy::cast_possible_truncation, reason = "it is in bounds")]
        let ttl = (asked.ttl_s.unwrap_or(TTL) * 1e6) as i64;
        let expires_at = Timestamp::from_micros(now.micros().saturating_add(ttl)).unwrap_or(Timestamp::MAX);
        Command {
            id: self.ids.next(),
            device_id: device.id,
            device: device.row.device.clone(),
            method: asked.method.clone(),
            params: asked.params.clone(),
            state: State::Queued,
            attempt: 0,
            retries: asked.retries.unwrap_or(RETRIES),
            lease_s: asked.lease_s.unwrap_or(LEASE),
            key: asked.key.clone(),
            slot: asked.replace.clone(),
            lease_until: None,
            expires_at,
            due: Some(expires_at),
            answer: None,
            steps: vec![Taken { state: State::Queued, at: now, attempt: 0, reason: None }],
        }
    }

    /// The writes that take those in a slot out of it.
    async fn superseding(&self, device: &Device, slot: &str, now: Timestamp) -> Result<Vec<Write>> {
        let mut writes = Vec::new();
        for (before, version) in self.in_slot(device, slot).await? {
            if let Next::Command(next) = before.step(&Step::Supersede, now) {
                writes.push(self.hub_put(SystemStorage::Command, &next, Expect::Exactly(version))?);
            }
        }
        Ok(writes)
    }

    /// Those in a slot that are not being done.
    async fn in_slot(&self, device: &Device, slot: &str) -> Result<Vec<(Command, i32)>> {
        let filters = [
            ("device_id__eq", device.id.to_string()),
            ("slot__eq", slot.to_owned()),
            ("state__in", "queued,leased".to_owned()),
        ];
        self.hub_rows(SystemStorage::Command, &filters).await
    }

    /// Of two that took a slot at the same moment the newer one keeps it.
    async fn clear_slot(&self, device: &Device, slot: &str) -> Result<()> {
        let mut found = self.in_slot(device, slot).await?;
        found.sort_by_key(|(command, _)| command.id);
        found.pop();
        for (older, _) in found {
            match self.step_command(&older.id.to_string(), None, &Step::Supersede).await {
                Ok(_) | Err(Error::CommandState { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn command_called(&self, device: &Device, key: &str) -> Result<Option<Command>> {
        let filters = [("device_id__eq", device.id.to_string()), ("once__eq", key.to_owned())];
        let found: Vec<(Command, i32)> = self.hub_rows(SystemStorage::Command, &filters).await?;
        Ok(found.into_iter().next().map(|(command, _)| command))
    }

    async fn own_count(&self, device: i64, state: State) -> Result<usize> {
        let parameters = [
            ("device_id__eq", device.to_string()),
            ("state__eq", state.name().to_owned()),
            ("limit", "1".to_owned()),
            ("count", "exact".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value));
        let count = self.own(SystemStorage::Command).list(&parameters).await?.count.unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The commands of a device, newest first, as rows are listed.
    pub async fn commands(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let device = self.known_device(device).await?;
        let mut listing =
            super::devices::listed(&self.own(SystemStorage::Command), &device, parameters, "-id").await?;
        for row in &mut listing.rows {
            if let Ok(command) = serde_json::from_value::<Command>(row.clone()) {
                *row = shown(&command);
            }
        }
        Ok(listing)
    }
}

fn queued_before(before: &Command, asked: &Asked) -> Result<Queued> {
    if before.method != asked.method || before.params != asked.params {
        return Err(Error::KeyReused);
    }
    Ok(Queued { id: before.id, command: shown(before), again: true })
}
