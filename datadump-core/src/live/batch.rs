//! Batches of events: changes from the change log with their rows, bounded in number and bytes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use super::{
    cursor::{Cursor, Position, Within},
    event::{Event, HubEvents},
};
use crate::{
    error::{Error, Result},
    schema::{InForce, StorageId, StorageName, StoredRow, Value},
    store::{Change, ChangeKind, Commit, Store},
};

/// Maximum number of changes in a batch.
const MAX_BATCH_CHANGES: usize = 64;

/// Maximum size of the rows in a batch, in bytes; a single row may be larger.
pub(super) const MAX_BATCH_BYTES: usize = 256 << 10;

/// Maximum attempts to read rows while new versions of the storage come into force.
const MAX_ATTEMPTS: usize = 10;

/// Changes from one or more commits.
#[derive(Debug)]
pub(super) struct EventBatch {
    /// The batch contains everything that subscribers wanted between these positions.
    pub(super) start: Position,
    pub(super) end: Position,
    pub(super) storages: Vec<StorageName>,
    /// `None` once the rows have been dropped from the buffer.
    events: Mutex<Option<Arc<[Arc<Event>]>>>,
    /// Approximate size of the events in bytes.
    pub(super) bytes: usize,
}

impl EventBatch {
    pub(super) fn new(start: Position, end: Position, events: Vec<Arc<Event>>) -> Self {
        let mut storages: Vec<StorageName> = Vec::new();
        for event in &events {
            if !storages.contains(&event.storage) {
                storages.push(event.storage.clone());
            }
        }
        let bytes = events.iter().map(|event| event.size()).sum();
        Self { start, end, storages, events: Mutex::new(Some(events.into())), bytes }
    }

    /// Returns the batch with an earlier start; nothing in between may have been wanted.
    pub(super) fn since(self, start: Position) -> Self {
        Self { start, ..self }
    }

    /// Returns the events, unless their rows were dropped.
    pub(super) fn events(&self) -> Option<Arc<[Arc<Event>]>> {
        self.events.lock().clone()
    }

    /// Drops the rows. Subscribers that still want them read them from the store.
    pub(super) fn drop_rows(&self) {
        self.events.lock().take();
    }
}

/// Reads batches one after another, with fewer changes at a time if the rows are large.
#[derive(Debug)]
pub(super) struct BatchReader {
    hub_events: &'static HubEvents,
    /// Number of changes to ask for.
    pub(super) size: usize,
}

impl BatchReader {
    pub(super) fn new(hub_events: &'static HubEvents) -> Self {
        Self { hub_events, size: MAX_BATCH_CHANGES }
    }

    /// Adapts the size after a read.
    pub(super) fn adapt(&mut self, asked: usize, read: usize) {
        self.size = if read < asked { read.max(1) } else { MAX_BATCH_CHANGES.min(self.size * 2) };
    }

    /// Reads the next changes after a position, in the storages that are wanted.
    pub(super) async fn next(
        &mut self,
        store: &dyn Store,
        commits: &[Commit],
        after: &Cursor,
        wants: impl Fn(&StorageName) -> bool,
    ) -> Result<EventBatch> {
        let picked = pick(store, commits, after.position, self.size, wants).await?;
        let batch = picked.read(store, after, self.hub_events).await?;
        let read = batch.events().map_or(0, |events| events.len());
        let is_all = batch.end == picked.end;
        self.adapt(picked.changes.len(), if is_all { picked.changes.len() } else { read });
        Ok(batch)
    }
}

/// Changes whose rows are to be read.
struct PickedChanges<'c> {
    /// Each with the position after it.
    changes: Vec<(Position, &'c Change)>,
    /// The position after all of them, and after unwanted changes that follow.
    end: Position,
}

async fn pick<'c>(
    store: &dyn Store,
    commits: &'c [Commit],
    after: Position,
    max_changes: usize,
    wants: impl Fn(&StorageName) -> bool,
) -> Result<PickedChanges<'c>> {
    let mut storages: BTreeMap<StorageId, bool> = BTreeMap::new();
    let (mut end, mut changes) = (after, Vec::new());
    let (known, delivered) = after.rest();
    'all: for commit in commits.iter().filter(|commit| commit.position > known) {
        let delivered = if commit.position == known + 1 { delivered } else { 0 };
        for (number, change) in commit.changes.iter().enumerate().skip(delivered) {
            let id = change.storage();
            let is_wanted = match storages.get(&id) {
                Some(is_wanted) => *is_wanted,
                None => {
                    let storage = store.storage(id).await?;
                    let is_wanted = storage.is_some_and(|storage| wants(&storage.name));
                    storages.insert(id, is_wanted);
                    is_wanted
                }
            };
            if is_wanted && changes.len() == max_changes {
                break 'all;
            }
            let is_last = number + 1 == commit.changes.len();
            let within = if is_last { Within::All } else { Within::Some(number + 1) };
            end = Position { commit: commit.position, within };
            if is_wanted {
                changes.push((end, change));
            }
        }
        if commit.changes.is_empty() {
            end = Position::after(commit.position);
        }
    }
    Ok(PickedChanges { changes, end })
}

impl PickedChanges<'_> {
    /// Reads the rows of the changes, and stops before the first whose row exceeds the byte limit.
    async fn read(
        &self,
        store: &dyn Store,
        after: &Cursor,
        hub_events: &'static HubEvents,
    ) -> Result<EventBatch> {
        // In the order of the changes, so that the first one always gets its row.
        let mut storages: Vec<(StorageId, Vec<Value>)> = Vec::new();
        for (_, change) in &self.changes {
            let known = storages.iter().position(|(storage, _)| *storage == change.storage());
            let place = known.unwrap_or_else(|| {
                storages.push((change.storage(), Vec::new()));
                storages.len() - 1
            });
            if let (Some((_, keys)), Some(key)) = (storages.get_mut(place), key_to_read(change))
                && !keys.contains(key)
            {
                keys.push(key.clone());
            }
        }
        let (mut rows, mut bytes) = (HashMap::new(), MAX_BATCH_BYTES);
        for (storage, keys) in storages {
            let read = Rows::read(store, storage, keys, bytes).await?;
            bytes = bytes.saturating_sub(read.rows.iter().map(StoredRow::size).sum());
            rows.insert(storage, read);
        }
        let at = |position| Cursor { position, ..after.clone() };
        let (mut events, mut before) = (Vec::new(), after.position);
        for (position, change) in &self.changes {
            // A storage that was removed has no events.
            let Some(rows) = rows.get(&change.storage()) else { continue };
            let key = key_to_read(change);
            if key.is_some_and(|key| rows.unread.contains(key)) {
                return Ok(EventBatch::new(after.position, before, events));
            }
            if let Some(in_force) = &rows.in_force {
                let row = key.and_then(|key| rows.rows.iter().find(|row| row.key == *key)).cloned();
                let cursor = Some(at(*position));
                events.push(Arc::new(Event::changed(in_force, change, row, cursor, hub_events)));
            }
            before = *position;
        }
        Ok(EventBatch::new(after.position, self.end, events))
    }
}

/// Returns the key of the row that an event about this change carries.
fn key_to_read(change: &Change) -> Option<&Value> {
    change.row().filter(|row| row.kind != ChangeKind::Deleted).map(|row| &row.key)
}

/// Current rows of one storage.
pub(super) struct Rows {
    /// `None` if the storage was removed.
    pub(super) in_force: Option<Arc<InForce>>,
    pub(super) rows: Vec<StoredRow>,
    /// Keys that were not looked up because of the byte limit.
    pub(super) unread: Vec<Value>,
}

impl Rows {
    pub(super) async fn read(
        store: &dyn Store,
        storage: StorageId,
        mut keys: Vec<Value>,
        bytes: usize,
    ) -> Result<Self> {
        let mut attempts = 0;
        loop {
            let in_force = store.catalogue().by_id(storage).and_then(|storage| storage.in_force.clone());
            let Some(in_force) = in_force else {
                return Ok(Self { in_force: None, rows: Vec::new(), unread: Vec::new() });
            };
            if keys.is_empty() || bytes == 0 {
                return Ok(Self { in_force: Some(in_force), rows: Vec::new(), unread: keys });
            }
            match store.rows(&in_force, &keys, bytes).await {
                Ok(found) => {
                    let unread = keys.split_off(found.keys.min(keys.len()));
                    return Ok(Self { in_force: Some(in_force), rows: found.rows, unread });
                }
                Err(Error::Moved(_) | Error::UnknownStorage(_)) if attempts < MAX_ATTEMPTS => {
                    attempts += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
