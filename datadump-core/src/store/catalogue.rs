//! The catalogue: all storages of a database, in memory. Every request reads it; it rarely changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::RwLock;
use serde_json::Value as Json;

use super::{
    ReadLease,
    changed_storages::ChangedStorages,
    system_storages::{self, SystemStorage},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, InForce, StorageId, StorageName, name},
};

/// A storage in the catalogue.
#[derive(Debug, Clone)]
pub struct Storage {
    /// Its number.
    pub id: StorageId,
    /// Its name.
    pub name: StorageName,
    /// The version in force; `None` until the first one is applied.
    pub in_force: Option<Arc<InForce>>,
    /// The definition in force as it was sent; null until the first one is applied.
    pub sent: Json,
    /// The last migration, pending or ended.
    pub migration: Migration,
    /// Names of dropped fields, with the kind of each.
    pub dropped: BTreeMap<String, String>,
    /// When the storage was first declared.
    pub created_at: Timestamp,
    /// When a version was last declared or applied.
    pub updated_at: Timestamp,
}

/// A version and the state of its migration.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The version.
    pub version: i32,
    /// Its definition.
    pub definition: Arc<Definition>,
    /// The definition as it was sent.
    pub sent: Json,
    /// Its state.
    pub state: State,
    /// Why it failed, if it did.
    pub error: Option<String>,
}

/// The state of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Recorded, not started.
    Queued,
    /// Being applied.
    Running,
    /// Applied: in force, or superseded by a later version.
    Applied,
    /// Abandoned for the recorded reason. The previous version stays in force.
    Failed,
}

/// A version in the history of a storage.
#[derive(Debug, Clone)]
pub struct VersionRecord {
    /// The version.
    pub version: i32,
    /// The definition as it was sent, as JSON text.
    pub sent: String,
    /// Its state.
    pub state: State,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// When it was declared.
    pub created_at: Timestamp,
    /// When it came into force, if it did.
    pub applied_at: Option<Timestamp>,
}

/// A page of the versions of a storage.
#[derive(Debug)]
pub struct VersionPage {
    /// Total number of versions.
    pub count: u64,
    /// The versions, oldest first.
    pub versions: Vec<VersionRecord>,
    /// The memory of the versions.
    pub memory: ReadLease,
}

impl State {
    /// Returns the state's name, as it is stored and shown in responses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Applied => "applied",
            Self::Failed => "failed",
        }
    }

    /// Returns the state with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Applied, Self::Failed].into_iter().find(|s| s.name() == name)
    }

    /// Returns whether the migration has not ended; until then the storage accepts no other version.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

impl Storage {
    /// Returns whether a migration is pending.
    pub fn is_migrating(&self) -> bool {
        self.migration.state.is_pending()
    }

    /// Returns whether the first version failed, so that there is no table.
    pub fn is_failed(&self) -> bool {
        self.in_force.is_none() && self.migration.state == State::Failed
    }

    /// Returns the version in force, or an error if there is none yet.
    pub fn ready(&self) -> Result<&Arc<InForce>> {
        self.in_force.as_ref().ok_or_else(|| Error::NotReady {
            storage: self.name.to_string(),
            state: self.migration.state.name(),
        })
    }
}

/// All storages of a database.
#[derive(Debug)]
pub struct Catalogue {
    storages: RwLock<Storages>,
    system: Vec<Arc<Storage>>,
    changed: ChangedStorages,
}

#[derive(Debug, Default)]
struct Storages {
    by_name: BTreeMap<String, Arc<Storage>>,
    by_id: HashMap<StorageId, Arc<Storage>>,
}

impl Storages {
    /// Returns whether this state of a storage is not known yet.
    fn lacks(&self, storage: &Storage) -> bool {
        let state =
            |storage: &Storage| (storage.migration.version, storage.migration.state, storage.updated_at);
        self.by_id.get(&storage.id).is_none_or(|known| state(known) != state(storage))
    }

    fn put(&mut self, storage: &Arc<Storage>) {
        self.by_id.insert(storage.id, storage.clone());
        // Drops the entry of a different storage that had this name.
        if let Some(before) = self.by_name.insert(storage.name.folded(), storage.clone())
            && before.id != storage.id
        {
            self.by_id.remove(&before.id);
        }
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self {
            storages: RwLock::default(),
            system: system_storages::storages(),
            changed: ChangedStorages::default(),
        }
    }
}

impl Catalogue {
    /// Returns the storage with this name, or an error if there is none.
    pub fn find(&self, name: &str) -> Result<Arc<Storage>> {
        self.get(name).ok_or_else(|| Error::UnknownStorage(name.to_owned()))
    }

    /// Returns the storage with exactly this name: `Dog` does not find `dog`.
    pub fn get(&self, name: &str) -> Option<Arc<Storage>> {
        self.folded(name).filter(|storage| storage.name.as_str() == name)
    }

    /// Returns the storage with this name, ignoring case.
    pub fn folded(&self, name: &str) -> Option<Arc<Storage>> {
        self.storages.read().by_name.get(name::fold(name).as_ref()).cloned()
    }

    /// Returns the definition of a system storage.
    pub fn system(&self, storage: SystemStorage) -> Result<Arc<InForce>> {
        let found = self.system.iter().find(|found| found.id == storage.id());
        found
            .and_then(|found| found.in_force.clone())
            .ok_or_else(|| Error::internal("a system storage is missing"))
    }

    /// Returns the storage with this number.
    pub fn by_id(&self, id: StorageId) -> Option<Arc<Storage>> {
        if id.is_system() {
            return self.system.iter().find(|storage| storage.id == id).cloned();
        }
        self.storages.read().by_id.get(&id).cloned()
    }

    /// Returns all users' storages, ordered by name.
    pub fn all(&self) -> Vec<Arc<Storage>> {
        self.storages.read().by_name.values().cloned().collect()
    }

    /// Adds a storage, or replaces the one with its name. Only call this after the commit.
    pub(crate) fn put(&self, storage: Storage) -> Arc<Storage> {
        let storage = Arc::new(storage);
        let mut storages = self.storages.write();
        let is_changed = storages.lacks(&storage);
        storages.put(&storage);
        drop(storages);
        if is_changed {
            self.changed.add(storage.id, &storage.name);
        }
        storage
    }

    /// Removes a storage. Only call this after the commit.
    pub(crate) fn remove(&self, id: StorageId) {
        let mut storages = self.storages.write();
        storages.by_name.retain(|_, storage| storage.id != id);
        let removed = storages.by_id.remove(&id);
        drop(storages);
        if let Some(removed) = removed {
            self.changed.add(id, &removed.name);
        }
    }

    /// Records that the migration of a storage has progressed.
    pub(super) fn progressed(&self, id: StorageId) {
        if let Some(storage) = self.by_id(id) {
            self.changed.add(id, &storage.name);
        }
    }

    /// Returns the storages that have changed.
    pub(crate) fn changed(&self) -> &ChangedStorages {
        &self.changed
    }

    /// Replaces the whole catalogue.
    pub(crate) fn replace(&self, storages: Vec<Storage>) {
        let mut fresh = Storages::default();
        storages.into_iter().for_each(|storage| fresh.put(&Arc::new(storage)));
        let mut known = self.storages.write();
        let changed = fresh.by_id.values().filter(|storage| known.lacks(storage));
        let removed = known.by_id.values().filter(|storage| !fresh.by_id.contains_key(&storage.id));
        for storage in changed.chain(removed) {
            self.changed.add(storage.id, &storage.name);
        }
        *known = fresh;
    }
}
