//! Of which storages one wants to be told.

use super::subscription::{Subscribe, wrong};
use crate::{
    dump::{Dump, hub::is_of_readings},
    error::Result,
    schema::StorageName,
    store::{Store, system_storages::SystemStorage},
    throw::SourceName,
};

/// How many storages, and how many sources, one may name.
const MOST: usize = 100;

/// The storages one wants to be told of.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// All of them.
    All,
    /// These.
    Named(Vec<StorageName>),
    /// Those of the hub.
    Hub,
    /// Storages of our own, for this process itself.
    SystemStorage(Vec<StorageName>),
}

impl Wanted {
    pub(super) fn of(dump: &Dump, asked: &Subscribe) -> Result<Self> {
        if asked.hub || asked.device.is_some() || asked.sensor.is_some() {
            let is_alone = asked.storages.is_empty() && asked.sources.is_empty() && asked.filters.is_empty();
            let detail = "devices and sensors are not asked together with storages, sources and filters";
            return if is_alone { Ok(Self::Hub) } else { Err(wrong("device", detail)) };
        }
        if !asked.own.is_empty() {
            return Ok(Self::SystemStorage(
                asked.own.iter().map(|own| StorageName::reserved(own.name())).collect(),
            ));
        }
        let storages = parsed("storage", &asked.storages)?;
        if asked.sources.is_empty() {
            return Ok(if storages.is_empty() { Self::All } else { Self::Named(storages) });
        }
        let sources: Vec<SourceName> = parsed("source", &asked.sources)?;
        let mut wanted = Vec::new();
        for storage in sources.iter().flat_map(|source| dump.storages_of(source)) {
            // A route may spell it in its own way.
            let known = dump.store.catalogue().folded(storage.as_str());
            let storage = known.map_or(storage, |known| known.name.clone());
            let is_named = storages.is_empty() || storages.contains(&storage);
            if is_named && !wanted.contains(&storage) {
                wanted.push(storage);
            }
        }
        if wanted.is_empty() {
            let detail = if storages.is_empty() {
                "its records go nowhere"
            } else {
                "its records go to none of the storages that are named"
            };
            return Err(wrong("source", detail));
        }
        Ok(Self::Named(wanted))
    }

    pub(super) fn has(&self, storage: &StorageName) -> bool {
        match self {
            Self::All => true,
            Self::Named(storages) | Self::SystemStorage(storages) => storages.contains(storage),
            Self::Hub => {
                let own = [
                    SystemStorage::Device,
                    SystemStorage::Sensor,
                    SystemStorage::Transition,
                    SystemStorage::Command,
                ];
                is_of_readings(storage) || own.iter().any(|own| own.name() == storage.as_str())
            }
        }
    }

    /// Those that are named: of the hub those of readings, as they are now.
    pub(super) fn named(&self, store: &dyn Store) -> Option<Vec<StorageName>> {
        match self {
            Self::All => None,
            Self::Named(storages) | Self::SystemStorage(storages) => Some(storages.clone()),
            Self::Hub => {
                let all = store.catalogue().all().into_iter().map(|storage| storage.name.clone());
                Some(all.filter(is_of_readings).take(MOST).collect())
            }
        }
    }

    /// The only one.
    pub(super) fn one(&self) -> Option<&StorageName> {
        match self {
            Self::Named(storages) => match storages.as_slice() {
                [name] => Some(name),
                _ => None,
            },
            Self::All | Self::Hub | Self::SystemStorage(_) => None,
        }
    }
}

fn parsed(parameter: &str, names: &[String]) -> Result<Vec<StorageName>> {
    if names.len() > MOST {
        return Err(wrong(parameter, format!("no more than {MOST} can be named")));
    }
    names.iter().map(|name| StorageName::parse(name).map_err(|reason| wrong(parameter, reason))).collect()
}
