//! A storage, as the API shows it.

use datadump_core::store::Storage;
use poem_openapi::Object as ApiObject;
use serde::Serialize;

use crate::answer::{Moment, Object};

/// A storage: while a version is on its way, that version; otherwise the one in force.
#[derive(Debug, ApiObject, Serialize)]
#[oai(rename = "Storage")]
pub(crate) struct StorageAnswer {
    /// Its name.
    name: String,
    /// Its version: the one on its way, else the one in force.
    version: i32,
    /// Whether a version is on its way.
    locked: bool,
    /// What the last migration is doing: `queued`, `running`, `applied` or `failed`.
    state: String,
    /// The definition of that version, as it was sent: `key`, `fields` and `meta`.
    definition: Object,
    /// When it was first declared.
    created_at: Moment,
    /// When a version was last declared or applied.
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
