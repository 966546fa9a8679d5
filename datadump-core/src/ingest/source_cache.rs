//! In-memory cache of sources, in which every throw looks up its source; the store is authoritative.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use super::counters::{Counters, ThrowCounts};
use crate::{
    clock::{Timestamp, Zone},
    error::{Error, Result},
    route::Routes,
    schema::{StorageName, StoredRow, name::fold},
    source::Settings,
    store::Stored,
    system_rows,
    throw::{IMPORT, SourceName},
};

/// A source as it is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SourceRow {
    pub(crate) name: String,
    pub(crate) settings: Settings,
    pub(crate) last_format: Option<String>,
}

/// A source as throws use it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: SourceName,
    pub(crate) settings: Settings,
    pub(crate) routes: Routes,
    /// The zone of local times.
    pub(crate) zone: Zone,
    pub(crate) version: i32,
    created_at: Timestamp,
    updated_at: Timestamp,
    activity: Arc<Activity>,
}

/// The state that changes with every throw, and survives a change of the settings.
#[derive(Debug, Default)]
struct Activity {
    format: Mutex<Option<String>>,
    counters: Counters,
}

/// A source as the API shows it.
#[derive(Debug, Clone, Serialize)]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// Its settings.
    pub settings: Settings,
    /// The format of the last throw.
    pub last_format: Option<String>,
    /// The version of the settings.
    pub version: i32,
    /// When the source was created: RFC 3339.
    pub created_at: String,
    /// When its settings were last changed.
    pub updated_at: String,
    /// Counters of this process since it started.
    pub counted: ThrowCounts,
}

/// All sources, by case-folded name.
#[derive(Debug, Default)]
pub(crate) struct SourceCache {
    sources: RwLock<BTreeMap<String, Arc<Source>>>,
}

impl SourceCache {
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Source>> {
        self.sources.read().get(fold(name).as_ref()).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Source>> {
        self.sources.read().values().cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        self.sources.read().len()
    }

    /// Adds or replaces a source with its stored row.
    pub(crate) fn put(&self, stored: &Stored) -> Result<Arc<Source>> {
        let mut sources = self.sources.write();
        let source = Arc::new(Source::read(stored, &sources)?);
        // Rows may arrive here in a different order than they were committed.
        let is_later =
            |other: &Arc<Source>| other.created_at == source.created_at && other.version > source.version;
        if !sources.get(&source.name.folded()).is_some_and(is_later) {
            sources.insert(source.name.folded(), source.clone());
        }
        Ok(source)
    }

    pub(crate) fn remove(&self, name: &str) {
        self.sources.write().remove(fold(name).as_ref());
    }

    /// Replaces all sources with the stored ones.
    pub(crate) fn replace(&self, stored: Vec<Stored>) {
        let mut sources = self.sources.write();
        let mut fresh = BTreeMap::new();
        for stored in stored {
            match Source::read(&stored, &sources) {
                Ok(source) => {
                    fresh.insert(source.name.folded(), Arc::new(source));
                }
                Err(error) => tracing::error!(%error, "a stored source cannot be read"),
            }
        }
        *sources = fresh;
    }
}

impl Source {
    /// Creates a source that is not stored, for trying out settings.
    pub(crate) fn tentative(name: SourceName, settings: Settings, now: Timestamp) -> Result<Self> {
        let routes = Routes::read(&name, &settings)?;
        let (zone, activity) = (settings.zone(), Arc::default());
        Ok(Self { name, settings, routes, zone, version: 0, created_at: now, updated_at: now, activity })
    }

    /// Creates the source of imports into a storage, which has no settings.
    pub(crate) fn of_import(storage: StorageName, now: Timestamp) -> Result<Self> {
        Ok(Self { name: SourceName::reserved(IMPORT), ..Self::tentative(storage, Settings::default(), now)? })
    }

    /// Returns the storage that records are imported into, if this is the source of an import.
    pub(crate) fn import(&self) -> Option<&StorageName> {
        self.routes.sole_storage().filter(|_| self.name.as_str() == IMPORT)
    }

    fn read(stored: &Stored, known: &BTreeMap<String, Arc<Self>>) -> Result<Self> {
        let StoredRow { version, created_at, updated_at, .. } = stored.row;
        let row: SourceRow = system_rows::decode(&stored.in_force.definition, &stored.row)?;
        let name = SourceName::parse(&row.name).map_err(Error::internal)?;
        let routes = Routes::read(&name, &row.settings)?;
        let activity = known.get(&name.folded()).map(|before| before.activity.clone()).unwrap_or_default();
        if let Some(format) = row.last_format {
            activity.format.lock().get_or_insert(format);
        }
        let zone = row.settings.zone();
        Ok(Self { name, settings: row.settings, routes, zone, version, created_at, updated_at, activity })
    }

    /// Returns the counters of its throws.
    pub(super) fn counters(&self) -> &Counters {
        &self.activity.counters
    }

    /// Remembers the format of the last throw.
    pub(crate) fn note_format(&self, format: &str) {
        let mut last = self.activity.format.lock();
        if last.as_deref() != Some(format) {
            *last = Some(format.to_owned());
        }
    }

    /// Returns the format of the last throw.
    pub(crate) fn last_format(&self) -> Option<String> {
        self.activity.format.lock().clone()
    }

    pub(crate) fn info(&self) -> SourceInfo {
        SourceInfo {
            name: self.name.to_string(),
            settings: self.settings.clone(),
            last_format: self.last_format(),
            version: self.version,
            created_at: self.created_at.to_string(),
            updated_at: self.updated_at.to_string(),
            counted: self.activity.counters.read(),
        }
    }
}
