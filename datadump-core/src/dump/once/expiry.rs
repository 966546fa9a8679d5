//! Answers are forgotten after a day.

use std::time::Duration;

use crate::{
    dump::Dump,
    error::Result,
    store::{Expect, Write, WriteBatch, query::parse, system_storages::SystemStorage},
};

/// How often it is looked for answers that are too old.
const EVERY: Duration = Duration::from_secs(60);

/// How many are removed at once: few enough that rows are not kept waiting.
const AT_ONCE: usize = 250;

impl Dump {
    /// Removes the answers that are not given again; how many that were. It happens by itself every
    /// minute, and several processes on one database may be at it.
    pub async fn forget_answers(&self) -> Result<u64> {
        let in_force = self.store.catalogue().system(SystemStorage::IdempotencyKey)?;
        let before = self.expired().to_string();
        let parameters = [
            ("updated_at__lte", before.as_str()),
            // The order of an index: what is kept is not read.
            ("ordering", "updated_at"),
            ("limit", &AT_ONCE.to_string()),
            ("count", "none"),
            ("fields", "id"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = parse::parameters(&in_force.definition, &parameters)?;
        let mut forgotten = 0;
        loop {
            let page = self.store.page(&in_force, &query).await?;
            if page.rows.is_empty() {
                return Ok(forgotten);
            }
            let delete = page.rows.into_iter().map(|row| {
                // One that was renewed in the meantime stays.
                Write::delete(in_force.clone(), row.key, Expect::Exactly(row.version))
            });
            let outcomes = self.store.write(WriteBatch::independent(delete.collect())).await?;
            forgotten += outcomes.iter().filter(|outcome| !outcome.is_failure()).count() as u64;
            if !page.more {
                return Ok(forgotten);
            }
        }
    }

    /// Does so for as long as anyone uses the database.
    pub(in crate::dump) fn forget_in_background(&self) {
        let weak = self.downgrade();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                let Some(dump) = weak.upgrade() else { return };
                if let Err(error) = dump.forget_answers().await {
                    tracing::warn!(%error, "answers that are too old could not be removed; it is tried again");
                }
            }
        });
    }
}
