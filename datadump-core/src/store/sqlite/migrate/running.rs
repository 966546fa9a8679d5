//! The migrations that run in this process, and their progress.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;

use crate::{
    schema::StorageId,
    store::{Progress, Storage},
};

/// The migrations of this process, at most one per storage at a time.
#[derive(Debug, Default)]
pub(in crate::store::sqlite) struct Migrations {
    running: Mutex<HashMap<StorageId, Arc<RunningMigration>>>,
}

#[derive(Debug, Default)]
pub(super) struct RunningMigration {
    pub(super) lock: tokio::sync::Mutex<()>,
    /// Held while unused columns are emptied.
    pub(super) reclaim: tokio::sync::Mutex<()>,
    pub(super) rows_done: AtomicU64,
    pub(super) rows_total: AtomicU64,
}

impl Migrations {
    pub(super) fn of(&self, id: StorageId) -> Arc<RunningMigration> {
        self.running.lock().entry(id).or_default().clone()
    }

    /// Returns the progress of a storage's last migration.
    pub(in crate::store::sqlite) fn progress(&self, storage: &Storage) -> Progress {
        let running = self.of(storage.id);
        Progress {
            version: storage.migration.version,
            state: storage.migration.state,
            rows_done: running.rows_done.load(Ordering::Relaxed),
            rows_total: running.rows_total.load(Ordering::Relaxed),
            error: storage.migration.error.clone(),
        }
    }
}
