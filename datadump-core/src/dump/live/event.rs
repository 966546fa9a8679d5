//! One change, with the row as it is when it is told.

use std::sync::{Arc, OnceLock};

use serde_json::{Value as Json, json};

use super::cursor::Place;
use crate::{
    schema::{InForce, StorageName, StoredRow, Value},
    store::{Change, Changed, Stored},
};

/// A change of a row.
#[derive(Debug)]
pub struct Event {
    /// What became of the row.
    pub what: Changed,
    /// The row's storage.
    pub storage: StorageName,
    /// The version that the change has made, or has deleted. The row may have a later one by now.
    pub version: i32,
    /// Behind it in the feed; none for a row that was there before.
    pub(super) place: Option<Place>,
    pub(super) key: Value,
    /// The row as it is now; none when it is gone.
    pub(super) stored: Option<Stored>,
    key_json: Json,
    data: OnceLock<String>,
}

impl Event {
    /// A row that was there before.
    pub(super) fn backfilled(in_force: &Arc<InForce>, row: StoredRow) -> Self {
        Self {
            what: Changed::Inserted,
            storage: in_force.definition.name.clone(),
            version: row.version,
            place: None,
            key: row.key.clone(),
            key_json: row.key.to_json(&in_force.definition.key.kind),
            stored: Some(Stored { row, in_force: in_force.clone() }),
            data: OnceLock::new(),
        }
    }

    /// A change, and the row with its key.
    pub(super) fn changed(
        in_force: &Arc<InForce>,
        change: &Change,
        row: Option<StoredRow>,
        place: Place,
    ) -> Self {
        Self {
            what: change.what,
            storage: in_force.definition.name.clone(),
            version: change.version,
            place: Some(place),
            key: change.key.clone(),
            key_json: change.key.to_json(&in_force.definition.key.kind),
            stored: row.map(|row| Stored { row, in_force: in_force.clone() }),
            data: OnceLock::new(),
        }
    }

    /// `{"storage", "key", "version", "row"}`, as JSON: rendered once, for all who are told. The row is null when
    /// it is gone.
    pub fn data(&self) -> &str {
        self.data.get_or_init(|| {
            let row = self.stored.as_ref().map_or(Json::Null, Stored::to_json);
            let storage = self.storage.as_str();
            json!({"storage": storage, "key": self.key_json, "version": self.version, "row": row}).to_string()
        })
    }

    /// About how many bytes it holds: the row, and what is rendered of it.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.stored.as_ref().map_or(0, |stored| 2 * stored.row.size())
    }
}
