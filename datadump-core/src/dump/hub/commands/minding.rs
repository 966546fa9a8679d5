//! What becomes of commands by itself: leases end, commands expire, and those that ended long ago are forgotten.

use std::time::Duration;

use crate::{
    dump::{Dump, hub::rows::read},
    error::{Error, Result},
    hub::{
        Command,
        command::{Next, Step},
    },
    schema::{StoredRow, Value},
    store::{
        Column, Expect, Filter, Query, Test, Write, WriteBatch, query::Direction,
        system_storages::SystemStorage,
    },
};

/// How often it is looked what is due, and how many of them are at a time.
const MIND: Duration = Duration::from_millis(500);
const MINDED: u64 = 500;

/// How often old transitions are looked for, in rounds of minding; and how old they are, in milliseconds.
const TIDY_ROUNDS: u64 = 7_200;
const TRANSITIONS_KEPT: u64 = 30 * 86_400 * 1_000;

impl Dump {
    /// Sees to what becomes of commands by itself, until the hub is closed.
    pub(in crate::dump::hub) fn mind_commands_in_background(&self) {
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
        let in_force = self.hub_storage(SystemStorage::Command)?;
        let due = Column::named(&in_force.definition, "due")
            .ok_or_else(|| Error::internal("commands are never due"))?;
        let query = Query::first(
            Some(Filter::Column(due, Test::Lte(Value::Timestamp(now)))),
            &[(due, Direction::Ascending), (Column::Key, Direction::Ascending)],
            MINDED,
        );
        let page = self.store.page(&in_force, &query).await?;
        let (mut writes, mut devices) = (Vec::new(), Vec::new());
        for row in page.rows {
            let command: Command = read(&in_force, &row)?;
            match command.step(&Step::Time, now) {
                Next::Command(next) => {
                    writes.push(self.hub_put(SystemStorage::Command, &next, Expect::Exactly(row.version))?);
                    devices.push(command.device_id);
                }
                Next::Forgotten => {
                    writes.push(Write::delete(in_force.clone(), row.key, Expect::Exactly(row.version)));
                }
                Next::Same | Next::Refused => {}
            }
        }
        if !writes.is_empty() {
            self.store.write(WriteBatch::independent(writes)).await?;
            devices.into_iter().for_each(|device| self.hub.ring(device));
        }
        Ok(())
    }

    async fn forget_transitions(&self) -> Result<()> {
        let in_force = self.hub_storage(SystemStorage::Transition)?;
        let millis = u64::try_from(self.clock.now().micros() / 1000).unwrap_or(0);
        let first =
            uuid::Builder::from_unix_timestamp_millis(millis.saturating_sub(TRANSITIONS_KEPT), &[0; 10]);
        let query = Query::first(
            Some(Filter::Column(Column::Key, Test::Lt(Value::Uuid(first.into_uuid())))),
            &[(Column::Key, Direction::Ascending)],
            1_000,
        );
        loop {
            let page = self.store.page(&in_force, &query).await?;
            if page.rows.is_empty() {
                return Ok(());
            }
            let delete = |row: StoredRow| Write::delete(in_force.clone(), row.key, Expect::Anything);
            self.store.write(WriteBatch::independent(page.rows.into_iter().map(delete).collect())).await?;
        }
    }
}
