//! Ends leases, expires commands, and removes old commands and transitions.

use std::time::Duration;

use crate::{
    error::Result,
    hub::{
        Hub,
        rows::{due, read},
        rules::{
            Command,
            command::{CommandEvent, NextState},
        },
    },
    schema::{StoredRow, Value},
    store::{
        Column, Expect, Filter, Query, Test, Write, WriteBatch, query::Direction,
        system_storages::SystemStorage,
    },
};

/// Pause between two searches for due commands, and how many are read at a time.
const EXPIRY_INTERVAL: Duration = Duration::from_millis(500);
const BATCH_ROWS: u64 = 500;

/// Pause between two searches for old transitions, and their age in milliseconds.
const CLEANUP_INTERVAL: Duration = Duration::from_mins(10);
const TRANSITION_RETENTION: u64 = 30 * 86_400 * 1_000;

impl Hub {
    /// Expires commands and removes old transitions until the database is closed.
    pub(in crate::hub) fn expire_commands_in_background(&self) {
        let hub = self.clone();
        self.context.background.every(EXPIRY_INTERVAL, "expire commands", move || {
            let hub = hub.clone();
            async move { hub.expire_commands().await }
        });
        let hub = self.clone();
        self.context.background.every(CLEANUP_INTERVAL, "remove old transitions", move || {
            let hub = hub.clone();
            async move { hub.remove_old_transitions().await }
        });
    }

    async fn expire_commands(&self) -> Result<()> {
        let now = self.context.now();
        let in_force = self.context.system(SystemStorage::Command)?;
        let (mut writes, mut devices) = (Vec::new(), Vec::new());
        for row in due(&self.context, &in_force, now, BATCH_ROWS).await? {
            let command: Command = read(&in_force, &row)?;
            let expect = Expect::Exactly(row.version);
            match command.apply(&CommandEvent::Timeout, now) {
                NextState::Changed(next) => {
                    writes.push(self.context.put(SystemStorage::Command, &next, expect)?);
                    devices.push(command.device_id);
                }
                NextState::Removed => writes.push(Write::delete(in_force.clone(), row.key, expect)),
                NextState::Unchanged | NextState::Refused => {}
            }
        }
        if !writes.is_empty() {
            self.context.store.write(WriteBatch::independent(writes)).await?;
            devices.into_iter().for_each(|device| self.state.notify(device));
        }
        Ok(())
    }

    async fn remove_old_transitions(&self) -> Result<()> {
        let in_force = self.context.system(SystemStorage::Transition)?;
        let millis = u64::try_from(self.context.now().micros() / 1000).unwrap_or(0);
        let first =
            uuid::Builder::from_unix_timestamp_millis(millis.saturating_sub(TRANSITION_RETENTION), &[0; 10]);
        let query = Query::first(
            Some(Filter::Column(Column::Key, Test::Lt(Value::Uuid(first.into_uuid())))),
            &[(Column::Key, Direction::Ascending)],
            1_000,
        );
        loop {
            let page = self.context.store.page(&in_force, &query).await?;
            if page.rows.is_empty() {
                return Ok(());
            }
            let delete = |row: StoredRow| Write::delete(in_force.clone(), row.key, Expect::Anything);
            let deletes = page.rows.into_iter().map(delete).collect();
            self.context.store.write(WriteBatch::independent(deletes)).await?;
        }
    }
}
