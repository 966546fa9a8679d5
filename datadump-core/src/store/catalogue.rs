//! The storages a database has, in memory: looked up by every request, changed by few.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use serde_json::Value as Json;

use super::system_storages::{self, SystemStorage};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, InForce, StorageId, StorageName, name},
};

/// A storage as the catalogue knows it.
#[derive(Debug, Clone)]
pub struct Storage {
    /// Its number.
    pub id: StorageId,
    /// Its name.
    pub name: StorageName,
    /// The version in force; none before the first is applied.
    pub in_force: Option<Arc<InForce>>,
    /// The definition in force as it was sent; null before there is one.
    pub sent: Json,
    /// The last migration: under way, or how it ended.
    pub migration: Migration,
    /// Names of dropped fields, with the kind each had.
    pub dropped: BTreeMap<String, String>,
    /// When it was first declared.
    pub created_at: Timestamp,
    /// When a version was last declared or applied.
    pub updated_at: Timestamp,
}

/// A version on its way, or arrived.
#[derive(Debug, Clone)]
pub struct Migration {
    /// The version.
    pub version: i32,
    /// Its definition.
    pub definition: Arc<Definition>,
    /// The definition as it was sent.
    pub sent: Json,
    /// How far it is.
    pub state: State,
    /// Why it failed, when it did.
    pub error: Option<String>,
}

/// The states of a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Recorded, not begun.
    Queued,
    /// Being applied.
    Running,
    /// In force, or followed by one that is.
    Applied,
    /// Given up, for the reason recorded. The version before it stays in force.
    Failed,
}

/// A version of a storage, as its history lists it.
#[derive(Debug, Clone)]
pub struct VersionRecord {
    /// The version.
    pub version: i32,
    /// The definition as it was sent.
    pub sent: Json,
    /// How far it is.
    pub state: State,
    /// Why it failed, when it did.
    pub error: Option<String>,
    /// When it was declared.
    pub created_at: Timestamp,
    /// When it came into force.
    pub applied_at: Option<Timestamp>,
}

impl State {
    /// As text, the same in the database and in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Applied => "applied",
            Self::Failed => "failed",
        }
    }

    /// From its text.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Applied, Self::Failed].into_iter().find(|s| s.name() == name)
    }

    /// Whether it is on its way: the storage takes no other version meanwhile.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Running)
    }
}

impl Storage {
    /// Whether a migration is under way.
    pub fn is_migrating(&self) -> bool {
        self.migration.state.is_pending()
    }

    /// The version in force, or why there is none.
    pub fn ready(&self) -> Result<&Arc<InForce>> {
        self.in_force.as_ref().ok_or_else(|| Error::NotReady {
            storage: self.name.to_string(),
            state: self.migration.state.name(),
        })
    }
}

/// All storages, by name.
#[derive(Debug)]
pub struct Catalogue {
    storages: RwLock<Storages>,
    system: Vec<Arc<Storage>>,
}

#[derive(Debug, Default)]
struct Storages {
    by_name: BTreeMap<String, Arc<Storage>>,
    by_id: HashMap<StorageId, Arc<Storage>>,
}

impl Storages {
    fn put(&mut self, storage: &Arc<Storage>) {
        self.by_id.insert(storage.id, storage.clone());
        // Another of that name is gone, or this one was called otherwise.
        if let Some(before) = self.by_name.insert(storage.name.folded(), storage.clone())
            && before.id != storage.id
        {
            self.by_id.remove(&before.id);
        }
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { storages: RwLock::default(), system: system_storages::storages() }
    }
}

impl Catalogue {
    /// The storage of that name.
    pub fn find(&self, name: &str) -> Result<Arc<Storage>> {
        self.get(name).ok_or_else(|| Error::UnknownStorage(name.to_owned()))
    }

    /// The storage of that name, if there is one. Exactly that name: `Dog` does not find `dog`.
    pub fn get(&self, name: &str) -> Option<Arc<Storage>> {
        self.folded(name).filter(|storage| storage.name.as_str() == name)
    }

    /// The storage whose name is the same but for case.
    pub fn folded(&self, name: &str) -> Option<Arc<Storage>> {
        self.read().by_name.get(name::fold(name).as_ref()).cloned()
    }

    /// One of the service's own storages.
    pub fn system(&self, storage: SystemStorage) -> Result<Arc<InForce>> {
        let found = self.system.iter().find(|found| found.id == storage.id());
        found
            .and_then(|found| found.in_force.clone())
            .ok_or_else(|| Error::internal("a system storage is missing"))
    }

    /// The storage with that number.
    pub fn by_id(&self, id: StorageId) -> Option<Arc<Storage>> {
        if id.is_system() {
            return self.system.iter().find(|storage| storage.id == id).cloned();
        }
        self.read().by_id.get(&id).cloned()
    }

    /// All of them, by name.
    pub fn all(&self) -> Vec<Arc<Storage>> {
        self.read().by_name.values().cloned().collect()
    }

    /// Puts a storage in the place of the one of its name. Only after its commit.
    pub(crate) fn put(&self, storage: Storage) -> Arc<Storage> {
        let storage = Arc::new(storage);
        self.write().put(&storage);
        storage
    }

    /// Takes a storage out. Only after its commit.
    pub(crate) fn remove(&self, id: StorageId) {
        let mut storages = self.write();
        storages.by_name.retain(|_, storage| storage.id != id);
        storages.by_id.remove(&id);
    }

    /// Replaces all of them, as another process left them.
    pub(crate) fn replace(&self, storages: Vec<Storage>) {
        let mut fresh = Storages::default();
        storages.into_iter().for_each(|storage| fresh.put(&Arc::new(storage)));
        *self.write() = fresh;
    }

    fn read(&self) -> RwLockReadGuard<'_, Storages> {
        self.storages.read()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Storages> {
        self.storages.write()
    }
}
