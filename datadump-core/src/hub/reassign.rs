//! Moves earlier readings of a device to its current storage, in small atomic batches.

use std::time::Duration;

use super::{Hub, cache::Device, readings::storage_of, rows::DeviceRow};
use crate::{
    error::{Error, Result},
    record::Fields,
    schema::{InForce, Value},
    store::{Column, Expect, Filter, Outcome, Query, Test, Write, WriteBatch, query::Direction},
    validate,
};

/// Readings moved by one write batch.
const BATCH_ROWS: u64 = 500;

/// Pause before a move is retried.
const RETRY_DELAY: Duration = Duration::from_secs(1);

impl Hub {
    /// Resumes the moves that were interrupted by a restart.
    pub(super) fn resume_reassignments(&self) {
        for device in self.state.cache.all().iter().filter(|device| device.row.moving) {
            self.reassign_in_background(device.id);
        }
    }

    /// Moves the readings of a device, batch by batch.
    pub(super) fn reassign_in_background(&self, device: i64) {
        let hub = self.clone();
        self.context.background.spawn(async move {
            while let Some(device) = hub.state.cache.by_id(device).filter(|device| device.row.moving) {
                match hub.reassign_batch(&device).await {
                    Ok(true) => {}
                    Ok(false) => {
                        let row = DeviceRow { moving: false, ..device.row.clone() };
                        match hub.put_device(&row, Expect::Exactly(device.version)).await {
                            Ok(()) => return,
                            Err(error) => {
                                tracing::debug!(%error, "the device was changed while its readings moved; retrying");
                                tokio::time::sleep(RETRY_DELAY).await;
                            }
                        }
                    }
                    Err(error) => {
                        tracing::warn!(device = device.row.device, %error, "readings could not be moved; retrying");
                        tokio::time::sleep(RETRY_DELAY).await;
                    }
                }
            }
        });
    }

    /// Moves one batch; returns whether there may be more.
    async fn reassign_batch(&self, device: &Device) -> Result<bool> {
        let from = storage_of(device.id, !device.row.own_table);
        let Ok(from) = self.definitions.find(&from) else { return Ok(false) };
        let from = from.ready()?.clone();
        let to = self.readings_storage(&device.storage()).await??;
        let Some(query) = readings_of(&from, device.id) else { return Ok(false) };
        let page = self.context.store.page(&from, &query).await?;
        if page.rows.is_empty() {
            return Ok(false);
        }
        let mut writes = Vec::with_capacity(page.rows.len() * 2);
        let mut deletes = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let record: Fields = from.definition.members(&row.values).collect();
            let proven = validate::row(&to, record, &self.context.ids).map_err(Error::Invalid)?;
            writes.push(Write::put(proven, Expect::Anything));
            // If another node has moved one of them in the meantime, the whole batch fails.
            deletes.push(Write::delete(from.clone(), row.key, Expect::Exactly(row.version)));
        }
        writes.extend(deletes);
        let outcomes = self.context.store.write(WriteBatch::atomic(writes)).await?;
        match outcomes.into_iter().next() {
            Some(Outcome::Created(_)) => Ok(true),
            // Another node has moved one of them in the meantime.
            Some(Outcome::RolledBack) => {
                tokio::time::sleep(RETRY_DELAY).await;
                Ok(true)
            }
            other => Err(Error::internal(format!("unexpected outcome of moving a reading: {other:?}"))),
        }
    }
}

fn readings_of(in_force: &InForce, device: i64) -> Option<Query> {
    let column = Column::named(&in_force.definition, "device_id")?;
    Some(Query::first(
        Some(Filter::Column(column, Test::Eq(Value::Integer(device)))),
        &[(Column::Key, Direction::Ascending)],
        BATCH_ROWS,
    ))
}
