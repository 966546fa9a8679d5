//! Readings of before move to where those of now are kept: some at a time, each time out of one storage and
//! into the other at the same moment.

use std::time::Duration;

use super::{known::Device, readings::storage_of, rows::DeviceRow};
use crate::{
    dump::Dump,
    error::{Error, Result},
    schema::{InForce, Value},
    store::{Column, Expect, Filter, Outcome, Query, Test, Write, WriteBatch, query::Direction},
    validate,
};

/// How many rows are moved at a time.
const AT_ONCE: u64 = 500;

/// Before it is tried again, after the database did not take it.
const PAUSE: Duration = Duration::from_secs(1);

impl Dump {
    /// Moves on, after a start, what was being moved.
    pub(super) fn move_on(&self) {
        for device in self.hub.known.all().iter().filter(|device| device.row.moving) {
            self.move_in_background(device.id);
        }
    }

    pub(super) fn move_in_background(&self, device: i64) {
        let weak = self.downgrade();
        tokio::spawn(async move {
            loop {
                let Some(dump) = weak.upgrade().filter(|dump| !dump.hub.is_closed()) else { return };
                let Some(device) = dump.hub.known.numbered(device).filter(|device| device.row.moving) else {
                    return;
                };
                match dump.move_some(&device).await {
                    Ok(true) => {}
                    Ok(false) => {
                        let row = DeviceRow { moving: false, ..device.row.clone() };
                        match dump.put_device(&row, Expect::Exactly(device.version)).await {
                            Ok(()) => return,
                            // It was changed meanwhile: once more.
                            Err(error) => {
                                tracing::debug!(%error, "a device was changed while its readings moved");
                                tokio::time::sleep(PAUSE).await;
                            }
                        }
                    }
                    Err(error) => {
                        tracing::warn!(device = device.row.device, %error, "readings could not be moved; it is tried again");
                        tokio::time::sleep(PAUSE).await;
                    }
                }
            }
        });
    }

    /// Moves some; whether there may be more.
    async fn move_some(&self, device: &Device) -> Result<bool> {
        let from = storage_of(device.id, !device.row.own_table);
        let Ok(from) = self.find(&from) else { return Ok(false) };
        let from = from.ready()?.clone();
        let to = self.readings_storage(&device.storage()).await?;
        let Some(query) = readings_of(&from, device.id) else { return Ok(false) };
        let page = self.store.page(&from, &query).await?;
        if page.rows.is_empty() {
            return Ok(false);
        }
        let mut writes = Vec::with_capacity(page.rows.len() * 2);
        let mut deletes = Vec::with_capacity(page.rows.len());
        for row in page.rows {
            let mut record = serde_json::Map::new();
            for (field, value) in from.definition.fields.iter().zip(&row.values) {
                record.insert(field.name.to_string(), value.to_json(&field.kind));
            }
            let proven = validate::row(&to, record, &self.ids).map_err(Error::Invalid)?;
            writes.push(Write::put(proven, Expect::Anything));
            // When somebody else has moved it in between, nothing of this is done.
            deletes.push(Write::delete(from.clone(), row.key, Expect::Exactly(row.version)));
        }
        writes.extend(deletes);
        let outcomes = self.store.write(WriteBatch::atomic(writes)).await?;
        match outcomes.into_iter().next() {
            Some(Outcome::Created(_)) => Ok(true),
            // Another node has moved one of them in between.
            Some(Outcome::RolledBack) => {
                tokio::time::sleep(PAUSE).await;
                Ok(true)
            }
            other => Err(Error::internal(format!("a reading cannot be moved: {other:?}"))),
        }
    }
}

fn readings_of(in_force: &InForce, device: i64) -> Option<Query> {
    let column = Column::named(&in_force.definition, "device_id")?;
    Some(Query::first(
        Some(Filter::Column(column, Test::Eq(Value::Integer(device)))),
        &[(Column::Key, Direction::Ascending)],
        AT_ONCE,
    ))
}
