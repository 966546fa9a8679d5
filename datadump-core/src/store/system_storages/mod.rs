//! System storages: where the service keeps its own rows, such as sources, the quarantine and devices.
//!
//! They are ordinary storages, so they are written in the same transactions and listed with the same filters
//! as the users' ones. They cannot be declared, and do not appear in lists of storages. Their
//! [definitions] are part of the [system tables](super::system): a change needs an upgrade step.

mod definitions;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Outcome,
    catalogue::{Migration, State, Storage},
};
use crate::{
    clock::Timestamp,
    schema::{Definition, InForce, StorageId, StorageName, parse},
};

/// A system storage, with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemStorage {
    /// Sources with their settings.
    Source = -1,
    /// Programs, one row per version.
    Processor = -2,
    /// Data that could not be stored, with its bytes and the reason.
    Quarantine = -3,
    /// Throws kept as received, for sources that ask for it.
    KeptThrow = -4,
    /// Responses to requests with an idempotency key, for replay.
    IdempotencyKey = -5,
    /// Devices.
    Device = -6,
    /// Sensors of devices.
    Sensor = -7,
    /// When each device and sensor was last seen, and its status.
    Liveness = -8,
    /// Status changes of devices and sensors.
    Transition = -9,
    /// Commands to devices, with every step they went through.
    Command = -10,
}

impl SystemStorage {
    /// All system storages.
    pub const ALL: [Self; 10] = [
        Self::Source,
        Self::Processor,
        Self::Quarantine,
        Self::KeptThrow,
        Self::IdempotencyKey,
        Self::Device,
        Self::Sensor,
        Self::Liveness,
        Self::Transition,
        Self::Command,
    ];

    /// Returns its number: negative, and never reassigned.
    pub fn id(self) -> StorageId {
        StorageId(self as i64)
    }

    /// Returns the system storage with this number.
    pub(crate) fn of(id: StorageId) -> Option<Self> {
        Self::ALL.into_iter().find(|storage| storage.id() == id)
    }

    /// Returns its name, which starts with an underscore: users' storages cannot have such a name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Source => "_source",
            Self::Processor => "_processor",
            Self::Quarantine => "_quarantine",
            Self::KeptThrow => "_throw",
            Self::IdempotencyKey => "_idempotency",
            Self::Device => "_device",
            Self::Sensor => "_sensor",
            Self::Liveness => "_liveness",
            Self::Transition => "_transition",
            Self::Command => "_command",
        }
    }

    /// Returns its definition; `None` only if the definition is invalid, which a test rules out.
    pub(super) fn definition(self) -> Option<Definition> {
        let definition = parse::named(self.name().trim_start_matches('_'), &definitions::definition(self));
        Some(Definition { name: StorageName::reserved(self.name()), ..definition.ok()? })
    }

    /// Returns whether its changes are published in the change log, like those of users' storages.
    fn is_published(self) -> bool {
        matches!(self, Self::Device | Self::Sensor | Self::Transition | Self::Command)
    }
}

/// Returns whether the changes of a storage are published in the change log.
pub(super) fn is_published(storage: StorageId) -> bool {
    !storage.is_system() || SystemStorage::of(storage).is_some_and(SystemStorage::is_published)
}

/// Returns the storages among those written to that hold configuration which every node caches: sources and
/// programs. Their changes raise [`Store::config_signal`](super::Store::config_signal).
pub(super) fn changed_config<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> BTreeSet<StorageId> {
    let config = [SystemStorage::Source.id(), SystemStorage::Processor.id()];
    outcomes.into_iter().filter_map(Outcome::written).filter(|id| config.contains(id)).collect()
}

/// Returns whether quarantine entries are among the rows written. They raise
/// [`Store::quarantine_signal`](super::Store::quarantine_signal).
pub(super) fn changed_quarantine<'o>(outcomes: impl IntoIterator<Item = &'o Outcome>) -> bool {
    outcomes.into_iter().any(|outcome| outcome.written() == Some(SystemStorage::Quarantine.id()))
}

/// Returns the catalogue entries of all system storages.
pub(super) fn storages() -> Vec<Arc<Storage>> {
    SystemStorage::ALL.into_iter().filter_map(entry).map(Arc::new).collect()
}

fn entry(storage: SystemStorage) -> Option<Storage> {
    let definition = storage.definition()?;
    let sent = definitions::definition(storage);
    let in_force = InForce::new(storage.id(), 1, definition.clone());
    Some(Storage {
        id: storage.id(),
        name: definition.name.clone(),
        in_force: Some(Arc::new(in_force)),
        sent: sent.clone(),
        migration: Migration {
            version: 1,
            definition: Arc::new(definition),
            sent,
            state: State::Applied,
            error: None,
        },
        dropped: BTreeMap::new(),
        created_at: Timestamp::MIN,
        updated_at: Timestamp::MIN,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_storage_has_a_valid_definition() {
        for storage in SystemStorage::ALL {
            let parsed = parse::named("x", &definitions::definition(storage));
            assert!(storage.definition().is_some(), "{storage:?}: {parsed:?}");
        }
    }
}
