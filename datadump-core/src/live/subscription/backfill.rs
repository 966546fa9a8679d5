//! Backfill: existing rows that a subscription delivers first. Their keys are collected when it begins, and
//! the rows are read as they are delivered.

use std::sync::Arc;

use super::{Delivery, Subscription};
use crate::{
    clock::Timestamp,
    error::Result,
    live::{
        batch::{MAX_BATCH_BYTES, Rows},
        event::Event,
        request::{Backfill, not_applicable},
    },
    schema::{StorageId, Value},
    store::query::{MAX_LIMIT, parse},
};

impl Subscription {
    /// Collects the keys of the rows, oldest change first. The rows are read later, because all of them may be
    /// too large for memory.
    pub(super) async fn plan_backfill(&mut self, backfill: Backfill, now: Timestamp) -> Result<()> {
        let Some(storages) = self.interest.named(self.store.as_ref()) else {
            return Err(not_applicable("backfill", "a backfill requires its storages to be named"));
        };
        let limit = match backfill {
            Backfill::Rows(rows) => rows,
            Backfill::Since(_) => MAX_LIMIT,
        };
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found: Vec<(Timestamp, StorageId, Value)> = Vec::new();
        for name in storages {
            let storage = self.store.catalogue().get(name.as_str());
            let Some(in_force) = storage.and_then(|storage| storage.in_force.clone()) else { continue };
            let updated_at = in_force.definition.service().updated_at;
            let mut parameters = self.filters.clone();
            parameters.extend(self.devices.filters());
            parameters.push(("ordering".into(), format!("-{updated_at}")));
            if let Backfill::Since(time) = backfill {
                let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
                let since = Timestamp::from_micros(now.micros().saturating_sub(micros));
                let since = since.unwrap_or(Timestamp::MIN).to_string();
                parameters.push((format!("{updated_at}__gte"), since));
            }
            parameters.push(("limit".into(), limit.to_string()));
            parameters.push(("count".into(), "none".into()));
            parameters.push(("fields".into(), in_force.definition.key.name.to_string()));
            let query = parse::parameters(&in_force.definition, &parameters)?;
            let page = self.store.page(&in_force, &query).await?;
            found.extend(page.rows.into_iter().map(|row| (row.updated_at, in_force.storage, row.key)));
            found.sort_by_key(|(updated_at, ..)| *updated_at);
            found.drain(..found.len().saturating_sub(most));
        }
        self.backfill = found.into_iter().map(|(_, storage, key)| (storage, key)).collect();
        Ok(())
    }

    /// Reads the next rows of the backfill.
    pub(super) async fn read_backfill(&mut self) -> Result<()> {
        let Some((storage, _)) = self.backfill.front() else { return Ok(()) };
        let storage = *storage;
        let next = self.backfill.iter().take(self.reader.size).take_while(|(other, _)| *other == storage);
        let keys: Vec<Value> = next.map(|(_, key)| key.clone()).collect();
        let asked = keys.len();
        let rows = Rows::read(self.store.as_ref(), storage, keys, MAX_BATCH_BYTES).await?;
        let read = asked - rows.unread.len();
        if read == self.backfill.len() {
            // The rows may already contain changes up to here, which will be delivered again.
            self.backfilled_until = self.store.span().await?.last;
        }
        self.reader.adapt(asked, read);
        self.backfill.drain(..read);
        let Some(in_force) = rows.in_force else { return Ok(()) };
        for row in rows.rows {
            let event = Event::backfilled(&in_force, row, self.hub_events);
            // The row may have changed since its key was collected.
            if self.passes(&event) {
                if let Some(row) = event.change.row() {
                    let key = (event.storage.clone(), format!("{:?}", row.key));
                    self.backfilled.insert(key, row.version);
                }
                self.ready.push_back(Delivery::Event(Arc::new(event)));
            }
        }
        Ok(())
    }
}
