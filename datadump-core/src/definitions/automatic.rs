//! Changes that data needs and nobody asked for: new storages, and new fields. One that the database refuses is
//! not attempted again with every throw.

use std::{collections::HashMap, time::Duration};

use parking_lot::Mutex;
use serde_json::Value as Json;
use tokio::{sync::oneshot, time::Instant};

use super::{Definitions, parsed};
use crate::{
    error::{Error, Result},
    schema::StorageId,
    store::State,
};

/// Pause after a refused change of a storage, before data that needs one causes another attempt.
const RETRY_INTERVAL: Duration = Duration::from_mins(1);

/// Reason for which a storage was not created or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: &'static str,
    pub(crate) detail: String,
}

/// The last refused change of each storage.
#[derive(Debug, Default)]
pub(super) struct RefusedChanges(Mutex<HashMap<StorageId, RefusedChange>>);

#[derive(Debug)]
struct RefusedChange {
    /// The version that was in force.
    base: i32,
    at: Instant,
    refusal: Refusal,
}

impl Refusal {
    fn failed(storage: &str, reason: &str) -> Self {
        let detail = format!("storage `{storage}` could not be created or changed for this record: {reason}");
        Self { code: "storage-change-failed", detail }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Unavailable(refusal.detail.into())
    }
}

impl RefusedChanges {
    fn add(&self, storage: StorageId, base: i32, refusal: Refusal) {
        let mut refused = self.0.lock();
        refused.retain(|_, change| change.at.elapsed() < RETRY_INTERVAL);
        refused.insert(storage, RefusedChange { base, at: Instant::now(), refusal });
    }
}

impl Definitions {
    /// Applies a definition that data needs: a new storage, or the version after `base`. Returns why it was
    /// refused, if it was. Otherwise it is in force, or the storage was changed by someone else.
    pub(crate) async fn apply_automatically(
        &self,
        sent: &Json,
        base: Option<(StorageId, i32)>,
    ) -> Result<Result<(), Refusal>> {
        let version = base.map_or(0, |(_, version)| version);
        if let Some(refusal) = base.and_then(|(id, version)| self.refused_recently(id, version)) {
            return Ok(Err(refusal));
        }
        let storage = match self.queue(parsed(sent).await?, sent, base).await {
            Ok(storage) => storage,
            Err(Error::StalePlan(_) | Error::Migrating { .. }) => return Ok(Ok(())),
            Err(error @ Error::TooManyStorages { .. }) => {
                return Ok(Err(Refusal { code: "too-many-storages", detail: error.to_string() }));
            }
            Err(error) => return Err(error),
        };
        let (sender, ended) = oneshot::channel();
        let definitions = self.clone();
        // In a task of its own: a refusal is remembered even if the caller stops waiting.
        self.context.background.spawn(async move {
            // Fails if the caller has stopped waiting.
            let _ = sender.send(definitions.end_of(storage.id, version).await);
        });
        ended.await.map_err(|_| Error::Unavailable("the database is closed".into()))?
    }

    /// Returns why the last change of a storage was refused, if that is so recent that it is not attempted
    /// again.
    pub(crate) fn refused_recently(&self, id: StorageId, base: i32) -> Option<Refusal> {
        let refused = self.refused.0.lock();
        let change = refused.get(&id).filter(|change| change.base == base)?;
        (change.at.elapsed() < RETRY_INTERVAL).then(|| change.refusal.clone())
    }

    /// Forgets a refused change, because a smaller one may succeed.
    pub(crate) fn forget_refused(&self, id: StorageId) {
        self.refused.0.lock().remove(&id);
    }

    /// Waits for the end of the migration to the version after `base`.
    async fn end_of(&self, id: StorageId, base: i32) -> Result<Result<(), Refusal>> {
        self.context.store.migrate(id).await?;
        let Some(storage) = self.context.store.catalogue().by_id(id) else { return Ok(Ok(())) };
        let migration = &storage.migration;
        if (migration.version, migration.state) != (base + 1, State::Failed) {
            return Ok(Ok(()));
        }
        let refusal = Refusal::failed(storage.name.as_str(), migration.error.as_deref().unwrap_or_default());
        self.refused.add(id, base, refusal.clone());
        Ok(Err(refusal))
    }
}
