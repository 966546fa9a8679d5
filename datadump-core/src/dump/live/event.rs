//! One change, with the row as it is when it is told.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Duration,
};

use serde_json::{Value as Json, json};

use super::cursor::{Place, Within};
use crate::{
    dump::hub::{is_of_readings, plain, told},
    error::{Error, Result},
    schema::{InForce, StorageId, StorageName, StoredRow, Value},
    store::{
        Change, Changed, Column, Commit, Count, Filter, Order, Paging, Query, Store, Stored, Test, own::Own,
        query::Direction,
    },
};

/// How many changes are told at a time.
pub(super) const TOGETHER: usize = 64;

/// How often a storage is asked again of which another version came into force.
const MOVES: usize = 10;

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
    own: Option<Own>,
    /// The row as it is now; none when it is gone.
    pub(super) stored: Option<Stored>,
    key_json: Json,
    data: OnceLock<String>,
}

/// Some changes, of one commit or several.
#[derive(Debug)]
pub(super) struct Piece {
    /// Between here and where one is who was told these, nothing else was wanted by those who listened.
    pub(super) after: Place,
    pub(super) behind: Place,
    pub(super) events: Vec<Arc<Event>>,
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
            own: Own::of(in_force.storage),
            key_json: row.key.to_json(&in_force.definition.key.kind),
            stored: Some(Stored { row, in_force: in_force.clone() }),
            data: OnceLock::new(),
        }
    }

    /// Which of our own storages the row is of, if it is; and its key.
    pub(in crate::dump) fn own(&self) -> Option<(Own, &Value)> {
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
            (None, Changed::Inserted) => "insert",
            (None, Changed::Updated) => "update",
            (None, Changed::Deleted) => "delete",
        }
    }

    /// As a reading of the hub in its plain form, if it is one that was just made.
    pub fn reading(&self) -> Option<Json> {
        let stored = self.stored.as_ref().filter(|_| self.what == Changed::Inserted)?;
        if !is_of_readings(&self.storage) {
            return None;
        }
        let mut plain = plain(&stored.in_force, &stored.row)?;
        let members = plain.as_object_mut()?;
        for name in ["read_id", "received_at"] {
            members.shift_remove(name);
        }
        Some(plain)
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
}

/// The next changes behind a place, of those storages that are wanted: no more than are told at a time.
pub(super) async fn piece(
    store: &dyn Store,
    commits: &[Commit],
    after: Place,
    wants: impl Fn(&StorageName) -> bool,
) -> Result<Piece> {
    let mut storages: BTreeMap<StorageId, bool> = BTreeMap::new();
    let (mut behind, mut picked) = (after, Vec::new());
    let (known, told) = after.rest();
    'all: for commit in commits.iter().filter(|commit| commit.position > known) {
        let told = if commit.position == known + 1 { told } else { 0 };
        for (number, change) in commit.changes.iter().enumerate().skip(told) {
            let is_wanted = match storages.get(&change.storage) {
                Some(is_wanted) => *is_wanted,
                None => {
                    let storage = store.storage(change.storage).await?;
                    let is_wanted = storage.is_some_and(|storage| wants(&storage.name));
                    storages.insert(change.storage, is_wanted);
                    is_wanted
                }
            };
            if is_wanted && picked.len() == TOGETHER {
                break 'all;
            }
            let is_last = number + 1 == commit.changes.len();
            let within = if is_last { Within::All } else { Within::Some(number + 1) };
            behind = Place { commit: commit.position, within };
            if is_wanted {
                picked.push((behind, change));
            }
        }
        if commit.changes.is_empty() {
            behind = Place::behind(commit.position);
        }
    }
    let mut rows: BTreeMap<StorageId, Rows> = BTreeMap::new();
    for (storage, _) in storages.into_iter().filter(|(_, is_wanted)| *is_wanted) {
        let of_storage = picked.iter().map(|(_, change)| *change).filter(|change| change.storage == storage);
        rows.insert(storage, Rows::read(store, storage, of_storage).await?);
    }
    let events =
        picked.into_iter().filter_map(|(place, change)| rows.get(&change.storage)?.event(change, place));
    let events = events.map(Arc::new).collect();
    Ok(Piece { after, behind, events })
}

/// Rows of one storage, as they are now.
struct Rows {
    /// None when it has been removed.
    in_force: Option<Arc<InForce>>,
    rows: Vec<StoredRow>,
}

impl Rows {
    async fn read(
        store: &dyn Store,
        storage: StorageId,
        changes: impl Iterator<Item = &Change>,
    ) -> Result<Self> {
        let mut keys: Vec<Value> = Vec::new();
        for change in changes.filter(|change| change.what != Changed::Deleted) {
            if !keys.contains(&change.key) {
                keys.push(change.key.clone());
            }
        }
        let mut moves = 0;
        loop {
            let in_force = store.catalogue().by_id(storage).and_then(|storage| storage.in_force.clone());
            let Some(in_force) = in_force else { return Ok(Self { in_force: None, rows: Vec::new() }) };
            if keys.is_empty() {
                return Ok(Self { in_force: Some(in_force), rows: Vec::new() });
            }
            match store.page(&in_force, &of_keys(keys.clone())).await {
                Ok(page) => return Ok(Self { in_force: Some(in_force), rows: page.rows }),
                Err(Error::Moved(_) | Error::UnknownStorage(_)) if moves < MOVES => {
                    moves += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn event(&self, change: &Change, place: Place) -> Option<Event> {
        let in_force = self.in_force.as_ref()?;
        let row =
            self.rows.iter().find(|row| row.key == change.key).filter(|_| change.what != Changed::Deleted);
        Some(Event {
            what: change.what,
            storage: in_force.definition.name.clone(),
            version: change.version,
            place: Some(place),
            key: change.key.clone(),
            own: Own::of(change.storage),
            key_json: change.key.to_json(&in_force.definition.key.kind),
            stored: row.map(|row| Stored { row: row.clone(), in_force: in_force.clone() }),
            data: OnceLock::new(),
        })
    }
}

fn of_keys(keys: Vec<Value>) -> Query {
    Query {
        filter: Some(Filter::Column(Column::Key, Test::In(keys))),
        order: vec![Order { column: Column::Key, direction: Direction::Ascending }],
        paging: Paging::Offset { limit: TOGETHER as u64, offset: 0 },
        count: Count::None,
        fields: None,
        identity: String::new(),
    }
}
