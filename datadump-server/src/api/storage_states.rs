//! The states of storages, with their sizes.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use datadump_core::{
    Dump,
    schema::StorageId,
    store::{RowCount, Storage, StorageSize},
};
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use poem_openapi::Object as ApiObject;
use serde::Serialize;

use crate::answer::Moment;

/// Age at which a storage is measured again.
const SIZE_TTL: Duration = Duration::from_secs(5);

/// Age until which a measurement is better than none.
const MAX_EXTENT_AGE: Duration = Duration::from_mins(10);

/// Time limit for measuring the storages of a response.
const MEASURE_TIMEOUT: Duration = Duration::from_secs(2);

/// Number of storages that are measured at the same time.
const CONCURRENCY: usize = 2;

/// The state of a storage.
#[derive(Debug, ApiObject, Serialize)]
pub(crate) struct StorageState {
    /// Name.
    name: String,
    /// Current version; null until the first one is applied.
    #[oai(nullable)]
    version: Option<i32>,
    /// State of the latest migration: `queued`, `running`, `applied` or `failed`.
    state: String,
    /// Number of rows; null if it could not be determined in time.
    #[oai(nullable)]
    rows: Option<u64>,
    /// True if the number of rows is an estimate.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_estimated: Option<bool>,
    /// About the size in bytes, with all indexes; null if it could not be determined in time.
    #[oai(nullable)]
    bytes: Option<u64>,
    /// Time when a row was last inserted or updated.
    #[oai(nullable)]
    last_write: Option<Moment>,
}

/// The sizes of storages, measured at most once in [`SIZE_TTL`].
#[derive(Debug, Default)]
pub(crate) struct StorageSizes(Mutex<HashMap<StorageId, (Instant, StorageSize)>>);

impl StorageSizes {
    /// Returns the states of these storages.
    pub(crate) async fn states(&self, dump: &Dump, storages: Vec<Arc<Storage>>) -> Vec<StorageState> {
        let is_outdated =
            |storage: &&Arc<Storage>| self.find(storage.id).is_none_or(|(at, _)| at.elapsed() >= SIZE_TTL);
        let outdated = storages.iter().filter(|storage| storage.in_force.is_some()).filter(is_outdated);
        let outdated: Vec<_> = outdated.cloned().collect();
        let measured =
            stream::iter(outdated).for_each_concurrent(CONCURRENCY, |storage| self.measure(dump, storage));
        if tokio::time::timeout(MEASURE_TIMEOUT, measured).await.is_err() {
            tracing::warn!("measuring the storages took too long");
        }
        self.0.lock().retain(|_, (at, _)| at.elapsed() < MAX_EXTENT_AGE);
        let state = |storage: &Arc<Storage>| {
            let size = self.find(storage.id).map(|(_, size)| size);
            StorageState::new(storage, size)
        };
        storages.iter().map(state).collect()
    }

    fn find(&self, storage: StorageId) -> Option<(Instant, StorageSize)> {
        self.0.lock().get(&storage).copied()
    }

    async fn measure(&self, dump: &Dump, storage: Arc<Storage>) {
        let size = match dump.storage(storage.name.as_str()) {
            Ok(rows) => rows.storage_size().await,
            Err(error) => Err(error),
        };
        match size {
            Ok(size) => drop(self.0.lock().insert(storage.id, (Instant::now(), size))),
            Err(error) => tracing::warn!(storage = %storage.name, %error, "a storage could not be measured"),
        }
    }
}

impl StorageState {
    fn new(storage: &Storage, size: Option<StorageSize>) -> Self {
        let (rows, is_estimated) = match size.map(|size| size.rows) {
            Some(RowCount::Exactly(rows)) => (Some(rows), false),
            Some(RowCount::About(rows)) => (Some(rows), true),
            Some(RowCount::Unknown) | None => (None, false),
        };
        Self {
            name: storage.name.to_string(),
            version: storage.in_force.as_ref().map(|in_force| in_force.version),
            state: storage.migration.state.name().into(),
            rows,
            rows_estimated: is_estimated.then_some(true),
            bytes: size.map(|size| size.bytes),
            last_write: size.and_then(|size| size.last_write).map(Moment),
        }
    }
}
