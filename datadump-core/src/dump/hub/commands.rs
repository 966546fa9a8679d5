//! Commands to devices: queued durably, given to the device when it asks, acknowledged and answered by it.
//! Every step is stored over the one before it, so that of two at once one wins, on whichever nodes.

use std::{pin::pin, time::Duration};

use serde::Deserialize;
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::{
    known::Device,
    rows::{DeviceState, read},
};
use crate::{
    clock::Timestamp,
    dump::{Dump, Listing, settings},
    error::{Error, Place, Result},
    hub::{
        Command, State,
        command::{Next, Step, Taken},
    },
    schema::{StoredRow, Value},
    store::{
        Call, Column, Count, Expect, Filter, Order, Outcome, Paging, Query, Test, Write, own::Own,
        query::Direction,
    },
};

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

/// The most that a device is given at once.
const MOST_LEASED: usize = 100;

/// How often a step is tried again when others were faster.
const TRIES: usize = 100;

/// How often it is looked what is due, and how many of them are at a time.
const MIND: Duration = Duration::from_millis(500);
const MINDED: u64 = 500;

/// How often old transitions are looked for, in rounds of minding; and how old they are, in milliseconds.
const TIDY_ROUNDS: u64 = 7_200;
const TRANSITIONS_KEPT: u64 = 30 * 86_400 * 1_000;

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

/// A device that listens for its commands.
#[derive(Debug, Clone)]
pub struct CommandsFor {
    dump: Dump,
    device: i64,
    token: Option<String>,
}

impl CommandsFor {
    /// The next ones, leased to it; none after so long.
    pub async fn next(&self, wait: Duration) -> Result<Vec<Json>> {
        // It may have been forgotten, or given another token, meanwhile.
        let device = self.dump.admitted(&self.device.to_string(), self.token.as_deref()).await?;
        self.dump.lease(&device, MOST_LEASED, wait).await
    }
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
            crate::hub::push::checked(name, "a command, its key or its slot")
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
            let mut writes = vec![self.hub_put(Own::Command, &command, Expect::Absent)?];
            if let Some(slot) = &asked.replace {
                writes.extend(self.superseding(&device, slot, now).await?);
            }
            let outcomes = self.store.write(Call::together(writes)).await?;
            match outcomes.into_iter().next() {
                Some(Outcome::Created(_)) => {
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
        let filters = [
            ("device_id__eq", device.id.to_string()),
            ("slot__eq", slot.to_owned()),
            ("state__in", "queued,leased".to_owned()),
        ];
        let mut writes = Vec::new();
        for (before, version) in self.hub_rows::<Command>(Own::Command, &filters).await? {
            if let Next::Command(next) = before.step(&Step::Supersede, now) {
                writes.push(self.hub_put(Own::Command, &next, Expect::Exactly(version))?);
            }
        }
        Ok(writes)
    }

    async fn command_called(&self, device: &Device, key: &str) -> Result<Option<Command>> {
        let filters = [("device_id__eq", device.id.to_string()), ("once__eq", key.to_owned())];
        let found: Vec<(Command, i32)> = self.hub_rows(Own::Command, &filters).await?;
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
        let count = self.own(Own::Command).list(&parameters).await?.count.unwrap_or(0);
        Ok(usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Gives a device its commands, the oldest first; waits so long for one if there is none.
    pub async fn lease_commands(
        &self,
        device: &str,
        token: Option<&str>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Json>> {
        let device = self.admitted(device, token).await?;
        self.hub.hearts.beat(&device.heart, self.clock.now(), None, None);
        self.lease(&device, most, wait).await
    }

    /// The commands of a device, one after another as they come, for as long as it listens.
    pub async fn commands_for(&self, device: &str, token: Option<&str>) -> Result<CommandsFor> {
        let device = self.admitted(device, token).await?;
        self.hub.hearts.beat(&device.heart, self.clock.now(), None, None);
        Ok(CommandsFor { dump: self.clone(), device: device.id, token: token.map(str::to_owned) })
    }

    pub(super) async fn lease(&self, device: &Device, most: usize, wait: Duration) -> Result<Vec<Json>> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let bell = self.hub.bell(device.id);
            // From here on nothing is missed.
            let mut rung = pin!(bell.notified());
            rung.as_mut().enable();
            let leased = self.lease_now(device, most.min(MOST_LEASED)).await?;
            if !leased.is_empty() || self.hub.is_closed() {
                return Ok(leased);
            }
            if tokio::time::timeout_at(deadline, rung).await.is_err() {
                return Ok(leased);
            }
        }
    }

    async fn lease_now(&self, device: &Device, most: usize) -> Result<Vec<Json>> {
        if device.row.state == DeviceState::Waiting {
            return Ok(Vec::new());
        }
        let in_force = self.hub_storage(Own::Command)?;
        let column = |name| {
            Column::named(&in_force.definition, name).ok_or_else(|| Error::internal("a command without it"))
        };
        let query = Query {
            filter: Some(Filter::All(vec![
                Filter::Column(column("device_id")?, Test::Eq(Value::Integer(device.id))),
                Filter::Column(column("state")?, Test::Eq(Value::Text(State::Queued.name().into()))),
            ])),
            order: vec![Order { column: Column::Key, direction: Direction::Ascending }],
            paging: Paging::Offset { limit: most as u64, offset: 0 },
            count: Count::None,
            fields: None,
            identity: String::new(),
        };
        let page = self.store.page(&in_force, &query).await?;
        let now = self.clock.now();
        let mut writes = Vec::new();
        for row in page.rows {
            let command: Command = read(&in_force, &row)?;
            if let Next::Command(next) = command.step(&Step::Lease, now) {
                writes.push(self.hub_put(Own::Command, &next, Expect::Exactly(row.version))?);
            }
        }
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let outcomes = self.store.write(Call::each(writes)).await?;
        // Those that somebody else was faster with are theirs.
        let leased = outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Updated(stored) => Some(read(&stored.in_force, &stored.row)),
            _ => None,
        });
        let leased: Vec<Json> =
            leased.map(|command| command.map(|command| shown(&command))).collect::<Result<_>>()?;
        if !leased.is_empty() {
            self.hub.ring(device.id);
        }
        Ok(leased)
    }

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
    async fn step_command(&self, id: &str, token: Option<Option<&str>>, step: &Step) -> Result<Json> {
        for _ in 0..TRIES {
            let (command, row) = self.find_command(id).await?;
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
            let write = self.hub_put(Own::Command, &next, Expect::Exactly(row.version))?;
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
        let in_force = self.hub_storage(Own::Command)?;
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

    /// The commands of a device, newest first, as rows are listed.
    pub async fn commands(&self, device: &str, parameters: &[(String, String)]) -> Result<Listing> {
        let device = self.known_device(device).await?;
        let mut listing = super::devices::listed(&self.own(Own::Command), &device, parameters, "-id").await?;
        for row in &mut listing.rows {
            if let Ok(command) = serde_json::from_value::<Command>(row.clone()) {
                *row = shown(&command);
            }
        }
        Ok(listing)
    }

    /// Sees to what becomes of commands by itself, until the hub is closed.
    pub(super) fn mind_commands_in_background(&self) {
        let weak = self.downgrade();
        tokio::spawn(async move {
            let mut round = 0_u64;
            loop {
                tokio::time::sleep(MIND).await;
                let Some(dump) = weak.upgrade().filter(|dump| !dump.hub.is_closed()) else { return };
                if let Err(error) = dump.mind_commands().await {
                    tracing::debug!(%error, "commands could not be minded; it is tried again");
                }
                if round.is_multiple_of(TIDY_ROUNDS)
                    && let Err(error) = dump.forget_transitions().await
                {
                    tracing::debug!(%error, "old transitions could not be removed; it is tried again");
                }
                round += 1;
            }
        });
    }

    async fn mind_commands(&self) -> Result<()> {
        let now = self.clock.now();
        let in_force = self.hub_storage(Own::Command)?;
        let due = Column::named(&in_force.definition, "due")
            .ok_or_else(|| Error::internal("commands are never due"))?;
        let query = Query {
            filter: Some(Filter::Column(due, Test::Lte(Value::Timestamp(now)))),
            order: vec![
                Order { column: due, direction: Direction::Ascending },
                Order { column: Column::Key, direction: Direction::Ascending },
            ],
            paging: Paging::Offset { limit: MINDED, offset: 0 },
            count: Count::None,
            fields: None,
            identity: String::new(),
        };
        let page = self.store.page(&in_force, &query).await?;
        let (mut writes, mut devices) = (Vec::new(), Vec::new());
        for row in page.rows {
            let command: Command = read(&in_force, &row)?;
            match command.step(&Step::Time, now) {
                Next::Command(next) => {
                    writes.push(self.hub_put(Own::Command, &next, Expect::Exactly(row.version))?);
                    devices.push(command.device_id);
                }
                Next::Forgotten => {
                    writes.push(Write::delete(in_force.clone(), row.key, Expect::Exactly(row.version)));
                }
                Next::Same | Next::Refused => {}
            }
        }
        if !writes.is_empty() {
            self.store.write(Call::each(writes)).await?;
            devices.into_iter().for_each(|device| self.hub.ring(device));
        }
        Ok(())
    }

    async fn forget_transitions(&self) -> Result<()> {
        let in_force = self.hub_storage(Own::Transition)?;
        let millis = u64::try_from(self.clock.now().micros() / 1000).unwrap_or(0);
        let first =
            uuid::Builder::from_unix_timestamp_millis(millis.saturating_sub(TRANSITIONS_KEPT), &[0; 10]);
        let query = Query {
            filter: Some(Filter::Column(Column::Key, Test::Lt(Value::Uuid(first.into_uuid())))),
            order: vec![Order { column: Column::Key, direction: Direction::Ascending }],
            paging: Paging::Offset { limit: 1_000, offset: 0 },
            count: Count::None,
            fields: None,
            identity: String::new(),
        };
        loop {
            let page = self.store.page(&in_force, &query).await?;
            if page.rows.is_empty() {
                return Ok(());
            }
            let delete = |row: StoredRow| Write::delete(in_force.clone(), row.key, Expect::Anything);
            self.store.write(Call::each(page.rows.into_iter().map(delete).collect())).await?;
        }
    }
}

fn queued_before(before: &Command, asked: &Asked) -> Result<Queued> {
    if before.method != asked.method || before.params != asked.params {
        return Err(Error::KeyReused);
    }
    Ok(Queued { id: before.id, command: shown(before), again: true })
}
