//! One change, with the row as it is when it is told.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::cursor::Cursor;
use crate::{
    dump::hub::{is_of_readings, is_old, plain, told},
    schema::{InForce, StorageName, StoredRow, Value},
    store::{Change, ChangeKind, Stored, system_storages::SystemStorage},
};

/// In how many ways an event can be [written](Event::written).
pub const WAYS: usize = 4;

/// A change of a row.
#[derive(Debug)]
pub struct Event {
    /// What became of the row.
    pub what: ChangeKind,
    /// The row's storage.
    pub storage: StorageName,
    /// The version that the change has made, or has deleted. The row may have a later one by now.
    pub version: i32,
    /// Behind it in the feed; none for a row that was there before.
    pub(super) cursor: Option<Cursor>,
    pub(super) key: Value,
    own: Option<SystemStorage>,
    /// The row as it is now; none when it is gone.
    pub(super) stored: Option<Stored>,
    key_json: Json,
    data: OnceLock<String>,
    reading: OnceLock<Option<String>>,
    written: [OnceLock<Bytes>; WAYS],
}

impl Event {
    /// A row that was there before.
    pub(super) fn backfilled(in_force: &Arc<InForce>, row: StoredRow) -> Self {
        Self {
            what: ChangeKind::Inserted,
            storage: in_force.definition.name.clone(),
            version: row.version,
            cursor: None,
            key: row.key.clone(),
            own: SystemStorage::of(in_force.storage),
            key_json: row.key.to_json(&in_force.definition.key.kind),
            stored: Some(Stored { row, in_force: in_force.clone() }),
            data: OnceLock::new(),
            reading: OnceLock::new(),
            written: Default::default(),
        }
    }

    /// Which of our own storages the row is of, if it is; and its key.
    pub(in crate::dump) fn own(&self) -> Option<(SystemStorage, &Value)> {
        self.own.map(|own| (own, &self.key))
    }

    /// The row as it is now.
    pub(in crate::dump) fn stored(&self) -> Option<&Stored> {
        self.stored.as_ref()
    }

    /// What it is, in one word: `insert`, `update` or `delete`, or, of the hub, `device` or `command`.
    pub fn word(&self) -> &'static str {
        match (self.own, self.what) {
            (Some(own), what) => told(own, what, &self.key, None).0,
            (None, ChangeKind::Inserted) => "insert",
            (None, ChangeKind::Updated) => "update",
            (None, ChangeKind::Deleted) => "delete",
        }
    }

    /// As a reading of the hub in its plain form, as JSON, if it is one that was just made: rendered once, for all
    /// who are told.
    pub fn reading(&self) -> Option<&str> {
        let render = || {
            let stored = self.stored.as_ref().filter(|_| self.what == ChangeKind::Inserted)?;
            if self.cursor.is_some() && is_old(&stored.in_force, &stored.row) {
                return None;
            }
            let mut plain = plain(&stored.in_force, &stored.row)?;
            let members = plain.as_object_mut()?;
            for name in ["read_id", "received_at"] {
                members.shift_remove(name);
            }
            Some(plain.to_string())
        };
        let is_of_readings = is_of_readings(&self.storage);
        is_of_readings.then(|| self.reading.get_or_init(render).as_deref()).flatten()
    }

    /// A change, and the row with its key.
    pub(super) fn changed(
        in_force: &Arc<InForce>,
        change: &Change,
        row: Option<StoredRow>,
        cursor: Cursor,
    ) -> Self {
        Self {
            what: change.kind,
            storage: in_force.definition.name.clone(),
            version: change.version,
            cursor: Some(cursor),
            key: change.key.clone(),
            own: SystemStorage::of(change.storage),
            key_json: change.key.to_json(&in_force.definition.key.kind),
            stored: row.map(|row| Stored { row, in_force: in_force.clone() }),
            data: OnceLock::new(),
            reading: OnceLock::new(),
            written: Default::default(),
        }
    }

    /// `{"storage", "key", "version", "row"}`, as JSON: rendered once, for all who are told. The row is null when
    /// it is gone.
    pub fn data(&self) -> &str {
        self.data.get_or_init(|| {
            if let Some(own) = self.own {
                return told(own, self.what, &self.key, self.stored.as_ref()).1.to_string();
            }
            let row = self.stored.as_ref().map_or(Json::Null, Stored::to_json);
            let storage = self.storage.as_str();
            json!({"storage": storage, "key": self.key_json, "version": self.version, "row": row}).to_string()
        })
    }

    /// The position behind it, to go on from; none for a row that was there before.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// As it is written for all who are told in one way: made once for each of the [`WAYS`], which who tells it
    /// numbers.
    pub fn written(&self, way: usize, write: impl FnOnce() -> Bytes) -> Bytes {
        match self.written.get(way) {
            Some(written) => written.get_or_init(write).clone(),
            None => write(),
        }
    }

    /// About how many bytes it holds: the row, and what is rendered and written of it.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.stored.as_ref().map_or(0, |stored| 3 * stored.row.size())
    }
}
