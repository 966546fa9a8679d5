//! The storages that have changed, collected for the one that follows them.

use std::{collections::BTreeMap, mem};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::schema::{StorageId, StorageName};

/// The storages that have been declared, migrated or removed, or whose migration has progressed, since they were
/// last taken. Holds each at most once.
#[derive(Debug, Default)]
pub(crate) struct ChangedStorages {
    changed: Mutex<BTreeMap<StorageId, StorageName>>,
    signal: Notify,
}

impl ChangedStorages {
    pub(super) fn add(&self, id: StorageId, name: &StorageName) {
        self.changed.lock().insert(id, name.clone());
        self.signal.notify_one();
    }

    /// Waits for changes, and takes them. For a single caller.
    pub(crate) async fn next(&self) -> BTreeMap<StorageId, StorageName> {
        loop {
            let changed = mem::take(&mut *self.changed.lock());
            if !changed.is_empty() {
                return changed;
            }
            self.signal.notified().await;
        }
    }
}
