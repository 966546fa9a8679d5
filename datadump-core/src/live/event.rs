//! A change of a storage, with the row as it is when the event is published.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::cursor::Cursor;
use crate::{
    schema::{InForce, StorageName, StoredRow, Value},
    store::{Change, ChangeKind, RowChange, Stored, Trim, system_storages::SystemStorage},
};

/// Number of frame kinds for [`Event::frame`].
pub const FRAME_KINDS: usize = 4;

/// The functions that render events of the hub's storages. The hub provides them, so that `live` does not
/// depend on the hub.
#[derive(Debug)]
pub(crate) struct HubEvents {
    /// Returns whether a storage holds readings.
    pub(crate) is_readings: fn(&StorageName) -> bool,
    /// Renders a row of such a storage in the hub's simple form. If the flag is set, returns `None` for rows
    /// that were moved or waited in quarantine.
    pub(crate) reading: fn(&Stored, bool) -> Option<Json>,
    /// Returns the name and the data of an event in a system storage.
    pub(crate) describe: fn(SystemStorage, ChangeKind, &Value, Option<&Stored>) -> (&'static str, Json),
}

/// A change of a storage.
#[derive(Debug)]
pub struct Event {
    /// Name of the storage.
    pub storage: StorageName,
    /// The change. Its version is the one that it created or deleted; the row may have a later one by now.
    pub change: Change,
    /// The position after the event; `None` for a row of a backfill.
    pub(super) cursor: Option<Cursor>,
    system: Option<SystemStorage>,
    hub_events: &'static HubEvents,
    /// The current row; `None` if it no longer exists.
    pub(super) stored: Option<Stored>,
    key_json: Json,
    data: OnceLock<String>,
    reading: OnceLock<Option<String>>,
    frames: [OnceLock<Bytes>; FRAME_KINDS],
}

impl Event {
    /// Returns the event for a row delivered by a backfill.
    pub(super) fn backfilled(
        in_force: &Arc<InForce>,
        row: StoredRow,
        hub_events: &'static HubEvents,
    ) -> Self {
        let (storage, key, version) = (in_force.storage, row.key.clone(), row.version);
        let change = Change::Row(RowChange { storage, kind: ChangeKind::Inserted, key, version });
        Self::changed(in_force, &change, Some(row), None, hub_events)
    }

    /// Returns the system storage that the row belongs to, if any, and the row's key.
    pub(crate) fn system(&self) -> Option<(SystemStorage, &Value)> {
        self.system.zip(self.change.row().map(|row| &row.key))
    }

    /// Returns the current row.
    pub(crate) fn stored(&self) -> Option<&Stored> {
        self.stored.as_ref()
    }

    /// Returns the kind of change of the row; `None` if the event is not about one row.
    pub(super) fn kind(&self) -> Option<ChangeKind> {
        self.change.row().map(|row| row.kind)
    }

    /// Returns the event's name: `insert`, `update`, `delete` or `trim`; for the hub, `device` or `command`.
    pub fn name(&self) -> &'static str {
        match (self.system, &self.change) {
            (_, Change::Trim(_)) => "trim",
            (Some(storage), Change::Row(row)) => {
                (self.hub_events.describe)(storage, row.kind, &row.key, None).0
            }
            (None, Change::Row(row)) => match row.kind {
                ChangeKind::Inserted => "insert",
                ChangeKind::Updated => "update",
                ChangeKind::Deleted => "delete",
            },
        }
    }

    /// Returns the key of the row as JSON; null if the event is not about one row.
    pub fn key(&self) -> &Json {
        &self.key_json
    }

    /// Returns the current row as JSON; null if it no longer exists.
    pub fn row(&self) -> Json {
        self.stored.as_ref().map_or(Json::Null, Stored::to_json)
    }

    /// Returns the rows that retention has removed; `None` if the event is about one row.
    pub fn trim(&self) -> Option<&Trim> {
        match &self.change {
            Change::Trim(trim) => Some(trim),
            Change::Row(_) => None,
        }
    }

    /// Returns the event in the hub's simple form, if it is a new reading. It is rendered once for all
    /// subscribers.
    pub fn reading(&self) -> Option<&str> {
        let render = || {
            let stored = self.stored.as_ref().filter(|_| self.kind() == Some(ChangeKind::Inserted))?;
            let reading = (self.hub_events.reading)(stored, self.cursor.is_some())?;
            Some(reading.to_string())
        };
        let is_reading = (self.hub_events.is_readings)(&self.storage);
        is_reading.then(|| self.reading.get_or_init(render).as_deref()).flatten()
    }

    /// The event of a change, with the row as it is now. It has no cursor in a backfill.
    pub(super) fn changed(
        in_force: &Arc<InForce>,
        change: &Change,
        row: Option<StoredRow>,
        cursor: Option<Cursor>,
        hub_events: &'static HubEvents,
    ) -> Self {
        let kind = &in_force.definition.key.kind;
        Self {
            storage: in_force.definition.name.clone(),
            cursor,
            system: SystemStorage::of(change.storage()),
            hub_events,
            key_json: change.row().map_or(Json::Null, |row| row.key.to_json(kind)),
            change: change.clone(),
            stored: row.map(|row| Stored { row, in_force: in_force.clone() }),
            data: OnceLock::new(),
            reading: OnceLock::new(),
            frames: Default::default(),
        }
    }

    /// Returns `{"storage", "key", "version", "row"}` as JSON; `row` is null if it no longer exists. A trim is
    /// `{"storage", "after", "until", "rows"}`. It is rendered once for all subscribers.
    pub fn data(&self) -> &str {
        self.data.get_or_init(|| {
            let storage = self.storage.as_str();
            let row = match &self.change {
                Change::Row(row) => row,
                Change::Trim(Trim { after, until, rows, .. }) => {
                    return json!({"storage": storage, "after": after, "until": until, "rows": rows})
                        .to_string();
                }
            };
            if let Some(storage) = self.system {
                let describe = self.hub_events.describe;
                return describe(storage, row.kind, &row.key, self.stored.as_ref()).1.to_string();
            }
            let version = row.version;
            json!({"storage": storage, "key": self.key_json, "version": version, "row": self.row()})
                .to_string()
        })
    }

    /// Returns the position after the event, from which to resume; `None` for a row of a backfill.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// Returns the event as a frame of one kind, rendered once for all subscribers. Callers number their
    /// kinds from 0 to [`FRAME_KINDS`].
    pub fn frame(&self, kind: usize, render: impl FnOnce() -> Bytes) -> Bytes {
        match self.frames.get(kind) {
            Some(frame) => frame.get_or_init(render).clone(),
            None => render(),
        }
    }

    /// Returns the series that the event belongs to, told apart by these fields or else as [`Coalescing`] says;
    /// `None` if it is not about one row.
    ///
    /// [`Coalescing`]: super::Coalescing
    pub(super) fn series(&self, by: &[String]) -> Option<String> {
        let row = self.change.row()?;
        let values = |fields: &[&str]| {
            let stored = self.stored.as_ref().filter(|_| !fields.is_empty())?;
            let definition = &stored.in_force.definition;
            let value =
                |field: &&str| definition.field(field).and_then(|(place, _)| stored.row.values.get(place));
            Some(format!("{} {:?}", self.storage, fields.iter().map(value).collect::<Vec<_>>()))
        };
        let by: Vec<&str> = match by {
            [] if (self.hub_events.is_readings)(&self.storage) => vec!["device_id", "sensor_id"],
            by => by.iter().map(String::as_str).collect(),
        };
        // The values of a deleted row are not known.
        Some(values(&by).unwrap_or_else(|| format!("{} key {:?}", self.storage, row.key)))
    }

    /// Returns the approximate size in bytes of the row, its JSON and its frames.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.stored.as_ref().map_or(0, |stored| 3 * stored.row.size())
    }
}
