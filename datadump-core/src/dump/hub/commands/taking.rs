//! A device takes its commands: each is leased to one who asks, and waited for if there is none.

use std::{pin::pin, time::Duration};

use serde_json::Value as Json;

use super::shown;
use crate::{
    dump::{
        Dump,
        hub::{
            known::Device,
            rows::{DeviceState, read},
        },
    },
    error::{Error, Result},
    hub::{
        Command, State,
        command::{Next, Step},
    },
    schema::Value,
    store::{
        Column, Expect, Filter, Outcome, Query, Test, WriteBatch, query::Direction,
        system_storages::SystemStorage,
    },
};

/// The most that a device is given at once.
const MOST_LEASED: usize = 100;

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
        self.dump.lease(self.device, self.token.as_deref(), MOST_LEASED, wait).await
    }
}

impl Dump {
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
        self.lease(device.id, token, most, wait).await
    }

    /// The commands of a device, one after another as they come, for as long as it listens.
    pub async fn commands_for(&self, device: &str, token: Option<&str>) -> Result<CommandsFor> {
        let device = self.admitted(device, token).await?;
        self.hub.hearts.beat(&device.heart, self.clock.now(), None, None);
        Ok(CommandsFor { dump: self.clone(), device: device.id, token: token.map(str::to_owned) })
    }

    pub(in crate::dump::hub) async fn lease(
        &self,
        id: i64,
        token: Option<&str>,
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Json>> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            // It may have been adopted, forgotten, or given another token, while it waited.
            let device = self.hub.known.numbered(id).ok_or_else(|| Error::UnknownDevice(id.to_string()))?;
            device.check(token)?;
            let bell = self.hub.bell(id);
            // From here on nothing is missed.
            let mut rung = pin!(bell.notified());
            rung.as_mut().enable();
            let leased = self.lease_now(&device, most.min(MOST_LEASED)).await?;
            if !leased.is_empty() || self.hub.is_closed() {
                return Ok(leased);
            }
            if tokio::time::timeout_at(deadline, rung).await.is_err() {
                return Ok(leased);
            }
        }
    }

    pub(in crate::dump::hub) async fn lease_now(&self, device: &Device, most: usize) -> Result<Vec<Json>> {
        if device.row.state == DeviceState::Waiting {
            return Ok(Vec::new());
        }
        let in_force = self.hub_storage(SystemStorage::Command)?;
        let column = |name| {
            Column::named(&in_force.definition, name).ok_or_else(|| Error::internal("a command without it"))
        };
        let query = Query::first(
            Some(Filter::All(vec![
                Filter::Column(column("device_id")?, Test::Eq(Value::Integer(device.id))),
                Filter::Column(column("state")?, Test::Eq(Value::Text(State::Queued.name().into()))),
            ])),
            &[(Column::Key, Direction::Ascending)],
            most as u64,
        );
        let page = self.store.page(&in_force, &query).await?;
        let now = self.clock.now();
        let mut writes = Vec::new();
        for row in page.rows {
            let command: Command = read(&in_force, &row)?;
            if let Next::Command(next) = command.step(&Step::Lease, now) {
                writes.push(self.hub_put(SystemStorage::Command, &next, Expect::Exactly(row.version))?);
            }
        }
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let outcomes = self.store.write(WriteBatch::independent(writes)).await?;
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
}
