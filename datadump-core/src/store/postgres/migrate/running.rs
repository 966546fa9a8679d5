//! The migrations that run in this process.

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;

use crate::schema::StorageId;

/// The migrations that this process runs, so that each asks the database for the lock only once.
#[derive(Debug, Default)]
pub(in crate::store::postgres) struct MigrationLocks(Mutex<HashMap<StorageId, Arc<tokio::sync::Mutex<()>>>>);

impl MigrationLocks {
    pub(super) fn of(&self, id: StorageId) -> Arc<tokio::sync::Mutex<()>> {
        self.0.lock().entry(id).or_default().clone()
    }

    /// Returns whether this process runs the storage's migration.
    pub(in crate::store::postgres) fn is_running(&self, id: StorageId) -> bool {
        self.of(id).try_lock().is_err()
    }
}
