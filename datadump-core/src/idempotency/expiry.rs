//! Removes recorded answers that are older than a day.

use std::time::Duration;

use super::Idempotency;
use crate::{
    error::Result,
    store::{Expect, Write, WriteBatch, query::parse, system_storages::SystemStorage},
};

/// Pause between two searches for expired answers.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);

/// Number of answers removed by one write batch, small enough not to delay other writes.
const BATCH_ROWS: usize = 250;

impl Idempotency {
    /// Removes expired answers and returns how many there were. It runs automatically every minute, and may
    /// run in several processes at the same time.
    pub async fn expire(&self) -> Result<u64> {
        let in_force = self.context.system(SystemStorage::IdempotencyKey)?;
        let before = self.expired_before().to_string();
        let parameters = [
            ("updated_at__lte", before.as_str()),
            // In index order, so that current answers are not read.
            ("ordering", "updated_at"),
            ("limit", &BATCH_ROWS.to_string()),
            ("count", "none"),
            ("fields", "id"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = parse::parameters(&in_force.definition, &parameters)?;
        let mut removed = 0;
        loop {
            let page = self.context.store.page(&in_force, &query).await?;
            if page.rows.is_empty() {
                return Ok(removed);
            }
            let deletes = page.rows.into_iter().map(|row| {
                // An answer that has been renewed in the meantime stays.
                Write::delete(in_force.clone(), row.key, Expect::Exactly(row.version))
            });
            let outcomes = self.context.store.write(WriteBatch::independent(deletes.collect())).await?;
            removed += outcomes.iter().filter(|outcome| !outcome.is_failure()).count() as u64;
            if !page.more {
                return Ok(removed);
            }
        }
    }

    /// Removes expired answers until the database is closed.
    pub(super) fn expire_in_background(&self) {
        let idempotency = self.clone();
        self.context.background.every(EXPIRY_INTERVAL, "remove expired answers", move || {
            let idempotency = idempotency.clone();
            async move { idempotency.expire().await.map(drop) }
        });
    }
}
