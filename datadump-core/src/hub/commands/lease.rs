//! Leases commands to devices, over long polls and streams.

use std::{pin::pin, sync::Arc, time::Duration};

use serde_json::Value as Json;

use super::to_json;
use crate::{
    error::{Error, Result},
    hub::{
        Hub,
        cache::Device,
        rows::{DeviceState, read},
        rules::{
            Command, State,
            command::{CommandEvent, NextState},
        },
    },
    schema::Value,
    store::{
        Column, Expect, Filter, Outcome, Query, Test, WriteBatch, query::Direction,
        system_storages::SystemStorage,
    },
};

/// Maximum number of commands leased at a time.
const MAX_LEASED: usize = 100;

/// A stream of a device's commands.
#[derive(Debug, Clone)]
pub struct CommandStream {
    hub: Hub,
    device: i64,
    token: Option<String>,
}

impl CommandStream {
    /// Leases the next commands, waiting up to `wait` for them.
    pub async fn next(&self, wait: Duration) -> Result<Vec<Json>> {
        // In the meantime, the device may have been removed or given a new token.
        self.hub.lease(self.device, self.token.as_deref(), MAX_LEASED, wait).await
    }
}

impl Hub {
    /// Leases commands to a device, oldest first; waits up to `wait` if there are none.
    pub async fn lease_commands(
        &self,
        device: &str,
        token: Option<&str>,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Json>> {
        let device = self.authenticate(device, token).await?;
        self.lease(device.id, token, max, wait).await
    }

    /// Returns a stream of a device's commands.
    pub async fn command_stream(&self, device: &str, token: Option<&str>) -> Result<CommandStream> {
        let device = self.authenticate(device, token).await?;
        Ok(CommandStream { hub: self.clone(), device: device.id, token: token.map(str::to_owned) })
    }

    /// Returns the device with this name or id after checking its token, and marks it as seen.
    async fn authenticate(&self, device: &str, token: Option<&str>) -> Result<Arc<Device>> {
        let device = self.find(device).await?;
        device.check_token(token)?;
        self.state.liveness.mark_seen(&device.tracker, self.context.now(), None, None);
        Ok(device)
    }

    async fn lease(&self, id: i64, token: Option<&str>, max: usize, wait: Duration) -> Result<Vec<Json>> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            // While it waited, the device may have been adopted, removed or given a new token.
            let device = self.state.cache.by_id(id).ok_or_else(|| Error::UnknownDevice(id.to_string()))?;
            device.check_token(token)?;
            let signal = self.state.signal(id);
            // Enabled before the commands are read, so that no notification is missed.
            let mut notified = pin!(signal.notified());
            notified.as_mut().enable();
            let leased = self.lease_now(&device, max.min(MAX_LEASED)).await?;
            let has_ended = !leased.is_empty() || self.state.is_closed();
            if has_ended || tokio::time::timeout_at(deadline, notified).await.is_err() {
                return Ok(leased);
            }
        }
    }

    pub(in crate::hub) async fn lease_now(&self, device: &Device, max: usize) -> Result<Vec<Json>> {
        if device.row.state == DeviceState::Waiting {
            return Ok(Vec::new());
        }
        let in_force = self.context.system(SystemStorage::Command)?;
        let column = |name| {
            Column::named(&in_force.definition, name).ok_or_else(|| Error::internal("commands lack a column"))
        };
        let query = Query::first(
            Some(Filter::All(vec![
                Filter::Column(column("device_id")?, Test::Eq(Value::Integer(device.id))),
                Filter::Column(column("state")?, Test::Eq(Value::Text(State::Queued.name().into()))),
            ])),
            &[(Column::Key, Direction::Ascending)],
            max as u64,
        );
        let page = self.context.store.page(&in_force, &query).await?;
        let now = self.context.now();
        let mut writes = Vec::new();
        for row in page.rows {
            let command: Command = read(&in_force, &row)?;
            if let NextState::Changed(next) = command.apply(&CommandEvent::Lease, now) {
                writes.push(self.context.put(SystemStorage::Command, &next, Expect::Exactly(row.version))?);
            }
        }
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let outcomes = self.context.store.write(WriteBatch::independent(writes)).await?;
        // Commands that another request has leased in the meantime are left out.
        let leased = outcomes.into_iter().filter_map(|outcome| match outcome {
            Outcome::Updated(stored) => {
                Some(read(&stored.in_force, &stored.row).map(|command| to_json(&command)))
            }
            _ => None,
        });
        let leased = leased.collect::<Result<Vec<Json>>>()?;
        if !leased.is_empty() {
            self.state.notify(device.id);
        }
        Ok(leased)
    }
}
