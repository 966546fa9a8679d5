//! The storages a subscription is interested in.

use super::{
    event::HubEvents,
    request::{SubscriptionRequest, not_applicable},
};
use crate::{
    error::Result,
    ingest::sources::Sources,
    schema::StorageName,
    store::{Catalogue, Store, system_storages::SystemStorage},
    throw::SourceName,
};

/// Maximum number of storages, and of sources, that a subscription may name.
const MAX_NAMES: usize = 100;

/// The storages a subscription is interested in.
#[derive(Debug, Clone)]
pub(super) enum Interest {
    All,
    Named(Vec<StorageName>),
    /// The storages of the hub.
    Hub(&'static HubEvents),
    /// System storages, for the service itself.
    System(Vec<StorageName>),
}

impl Interest {
    pub(super) fn of(
        request: &SubscriptionRequest,
        catalogue: &Catalogue,
        sources: &Sources,
        hub_events: &'static HubEvents,
    ) -> Result<Self> {
        if request.hub || request.device.is_some() || request.sensor.is_some() {
            let is_alone =
                request.storages.is_empty() && request.sources.is_empty() && request.filters.is_empty();
            let detail = "device and sensor cannot be combined with storage, source or filters";
            return if is_alone { Ok(Self::Hub(hub_events)) } else { Err(not_applicable("device", detail)) };
        }
        if !request.system.is_empty() {
            let names = request.system.iter().map(|storage| StorageName::reserved(storage.name()));
            return Ok(Self::System(names.collect()));
        }
        if !request.hub_events.is_empty() {
            if !request.storages.is_empty() || !request.sources.is_empty() || !request.filters.is_empty() {
                return Err(not_applicable(
                    "events",
                    "events cannot be combined with storage, source or filters",
                ));
            }
            let storages = request.hub_events.iter().flat_map(|kind| kind.storages());
            return Ok(Self::Named(storages.map(|storage| StorageName::reserved(storage.name())).collect()));
        }
        let storages = parsed("storage", &request.storages)?;
        if request.sources.is_empty() {
            return Ok(if storages.is_empty() { Self::All } else { Self::Named(storages) });
        }
        let names: Vec<SourceName> = parsed("source", &request.sources)?;
        let mut wanted = Vec::new();
        for storage in names.iter().flat_map(|source| sources.storages_of(source)) {
            // A route may spell the name in a different case.
            let known = catalogue.folded(storage.as_str());
            let storage = known.map_or(storage, |known| known.name.clone());
            let is_named = storages.is_empty() || storages.contains(&storage);
            if is_named && !wanted.contains(&storage) {
                wanted.push(storage);
            }
        }
        if wanted.is_empty() {
            let detail = if storages.is_empty() {
                "its records go to no storage"
            } else {
                "its records go to none of the named storages"
            };
            return Err(not_applicable("source", detail));
        }
        Ok(Self::Named(wanted))
    }

    /// Returns whether changes of this storage are wanted.
    pub(super) fn has(&self, storage: &StorageName) -> bool {
        match self {
            Self::All => true,
            Self::Named(storages) | Self::System(storages) => storages.contains(storage),
            Self::Hub(events) => {
                let system = [
                    SystemStorage::Device,
                    SystemStorage::Sensor,
                    SystemStorage::Transition,
                    SystemStorage::Command,
                ];
                (events.is_readings)(storage) || system.iter().any(|one| one.name() == storage.as_str())
            }
        }
    }

    /// Returns the storages that a backfill reads: the named ones, or those of readings.
    pub(super) fn named(&self, store: &dyn Store) -> Option<Vec<StorageName>> {
        match self {
            Self::All => None,
            Self::Named(storages) | Self::System(storages) => Some(storages.clone()),
            Self::Hub(events) => {
                let all = store.catalogue().all().into_iter().map(|storage| storage.name.clone());
                Some(all.filter(|name| (events.is_readings)(name)).take(MAX_NAMES).collect())
            }
        }
    }

    /// Returns the storage, if exactly one is named.
    pub(super) fn one(&self) -> Option<&StorageName> {
        let Self::Named(storages) = self else { return None };
        if let [name] = storages.as_slice() { Some(name) } else { None }
    }
}

fn parsed(parameter: &str, names: &[String]) -> Result<Vec<StorageName>> {
    if names.len() > MAX_NAMES {
        return Err(not_applicable(parameter, format!("at most {MAX_NAMES} can be named")));
    }
    names
        .iter()
        .map(|name| StorageName::parse(name).map_err(|reason| not_applicable(parameter, reason)))
        .collect()
}
