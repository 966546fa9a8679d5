//! The rows that are there already and are told first: noted when a subscription begins, read as they are told.

use std::sync::Arc;

use super::{Backfill, Subscription, Told, wrong};
use crate::{
    clock::Timestamp,
    dump::live::{
        event::Event,
        piece::{self, Rows},
    },
    error::Result,
    schema::{StorageId, Value},
    store::query::{MAX_LIMIT, parse},
};

impl Subscription {
    /// Notes which rows are there, the oldest change first. They are read as they are told: all of them at once
    /// may be more than is to be held.
    pub(super) async fn backfill(&mut self, backfill: Backfill, now: Timestamp) -> Result<()> {
        let Some(wanted) = self.wanted.named(self.store.as_ref()) else {
            return Err(wrong("backfill", "what is to be told of is of storages, which have to be named"));
        };
        let limit = match backfill {
            Backfill::Rows(rows) => rows,
            Backfill::Since(_) => MAX_LIMIT,
        };
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found: Vec<(Timestamp, StorageId, Value)> = Vec::new();
        for name in wanted {
            let storage = self.store.catalogue().get(name.as_str());
            let Some(in_force) = storage.and_then(|storage| storage.in_force.clone()) else { continue };
            let updated_at = in_force.definition.service().updated_at;
            let mut parameters = self.filters.clone();
            parameters.extend(self.of.filters());
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
        self.first = found.into_iter().map(|(_, storage, key)| (storage, key)).collect();
        Ok(())
    }

    /// Reads some of the rows that are to be told first, as they are now.
    pub(super) async fn read_first(&mut self) -> Result<()> {
        let Some((storage, _)) = self.first.front() else { return Ok(()) };
        let storage = *storage;
        let next = self.first.iter().take(self.reading.together()).take_while(|(other, _)| *other == storage);
        let keys: Vec<Value> = next.map(|(_, key)| key.clone()).collect();
        let asked = keys.len();
        let rows = Rows::read(self.store.as_ref(), storage, keys, piece::BYTES).await?;
        let read = asked - rows.unread.len();
        if read == self.first.len() {
            // What was committed up to here may be among them, and comes again.
            self.known_until = self.store.span().await?.last;
        }
        self.reading.was(asked, read);
        self.first.drain(..read);
        let Some(in_force) = rows.in_force else { return Ok(()) };
        for row in rows.rows {
            let event = Event::backfilled(&in_force, row);
            // It may have become another since it was found.
            if self.passes(&event) {
                self.known.insert((event.storage.clone(), format!("{:?}", event.key)), event.version);
                self.ready.push_back(Told::Event(Arc::new(event)));
            }
        }
        Ok(())
    }
}
