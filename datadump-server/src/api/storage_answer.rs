//! Storages, as the API returns them.

use datadump_core::store::Storage;
use poem_openapi::Object as ApiObject;
use serde::Serialize;

use crate::answer::{Moment, Object};

/// A storage: the version being applied if there is one, otherwise the current version.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Storage")]
pub(crate) struct StorageAnswer {
    /// Name.
    name: String,
    /// The version being applied if there is one, otherwise the current version.
    version: i32,
    /// True if a version is being applied.
    locked: bool,
    /// State of the latest migration: `queued`, `running`, `applied` or `failed`.
    state: String,
    /// Definition of that version as it was sent: `key`, `fields` and `meta`.
    definition: Object,
    /// Time the storage was first declared.
    created_at: Moment,
    /// Time a version was last declared or applied.
    updated_at: Moment,
}

impl From<&Storage> for StorageAnswer {
    fn from(storage: &Storage) -> Self {
        let (version, definition) = match &storage.in_force {
            Some(in_force) if !storage.is_migrating() => (in_force.version, &storage.sent),
            _ => (storage.migration.version, &storage.migration.sent),
        };
        Self {
            name: storage.name.to_string(),
            version,
            locked: storage.is_migrating(),
            state: storage.migration.state.name().into(),
            definition: Object(definition.clone()),
            created_at: Moment(storage.created_at),
            updated_at: Moment(storage.updated_at),
        }
    }
}
