//! Some changes at a time: picked from the feed, and their rows read, no more of either than is to be held.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    cursor::{Cursor, Place, Within},
    event::Event,
};
use crate::{
    error::{Error, Result},
    schema::{InForce, StorageId, StorageName, StoredRow, Value},
    store::{Change, ChangeKind, Commit, Store},
};

/// How many changes are told at a time.
pub(super) const TOGETHER: usize = 64;

/// How many bytes of rows are read at a time; one row may have more.
pub(super) const BYTES: usize = 256 << 10;

/// How often a storage is asked again of which another version came into force.
const MOVES: usize = 10;

/// Some changes, of one commit or several.
#[derive(Debug)]
pub(super) struct Piece {
    /// Between here and where one is who was told these, nothing else was wanted by those who listened.
    pub(super) after: Place,
    pub(super) behind: Place,
    /// The storages that were changed.
    pub(super) storages: Vec<StorageName>,
    /// None when they were not kept for those who are slow.
    events: Mutex<Option<Arc<[Arc<Event>]>>>,
    /// About how many bytes they hold.
    pub(super) bytes: usize,
}

impl Piece {
    pub(super) fn new(after: Place, behind: Place, events: Vec<Arc<Event>>) -> Self {
        let mut storages: Vec<StorageName> = Vec::new();
        for event in &events {
            if !storages.contains(&event.storage) {
                storages.push(event.storage.clone());
            }
        }
        let bytes = events.iter().map(|event| event.size()).sum();
        Self { after, behind, storages, events: Mutex::new(Some(events.into())), bytes }
    }

    /// The same for those who were told up to here, when nothing that lies between was wanted.
    pub(super) fn since(self, after: Place) -> Self {
        Self { after, ..self }
    }

    /// The changes with their rows, unless these are not kept any more.
    pub(super) fn events(&self) -> Option<Arc<[Arc<Event>]>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets go of the rows: it is told by number only.
    pub(super) fn forget(&self) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Reads pieces, one after the other: fewer changes at a time where the rows are large.
#[derive(Debug)]
pub(super) struct Reading {
    together: usize,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self { together: TOGETHER }
    }

    /// How many changes are worth asking for.
    pub(super) fn together(&self) -> usize {
        self.together
    }

    /// It was asked for so many rows, and so many were read.
    pub(super) fn was(&mut self, asked: usize, read: usize) {
        self.together = if read < asked { read.max(1) } else { TOGETHER.min(self.together * 2) };
    }

    /// The next changes behind a place, of those storages that are wanted.
    pub(super) async fn next(
        &mut self,
        store: &dyn Store,
        commits: &[Commit],
        after: &Cursor,
        wants: impl Fn(&StorageName) -> bool,
    ) -> Result<Piece> {
        let picked = pick(store, commits, after.place, self.together, wants).await?;
        let piece = picked.read(store, after).await?;
        let read = piece.events().map_or(0, |events| events.len());
        let is_all = piece.behind == picked.behind;
        self.was(picked.changes.len(), if is_all { picked.changes.len() } else { read });
        Ok(piece)
    }
}

/// Changes whose rows are to be read.
struct Picked<'c> {
    /// With where one is behind each.
    changes: Vec<(Place, &'c Change)>,
    /// Where one is behind all of them, and what nobody wants.
    behind: Place,
}

async fn pick<'c>(
    store: &dyn Store,
    commits: &'c [Commit],
    after: Place,
    most: usize,
    wants: impl Fn(&StorageName) -> bool,
) -> Result<Picked<'c>> {
    let mut storages: BTreeMap<StorageId, bool> = BTreeMap::new();
    let (mut behind, mut changes) = (after, Vec::new());
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
            if is_wanted && changes.len() == most {
                break 'all;
            }
            let is_last = number + 1 == commit.changes.len();
            let within = if is_last { Within::All } else { Within::Some(number + 1) };
            behind = Place { commit: commit.position, within };
            if is_wanted {
                changes.push((behind, change));
            }
        }
        if commit.changes.is_empty() {
            behind = Place::behind(commit.position);
        }
    }
    Ok(Picked { changes, behind })
}

impl Picked<'_> {
    /// The changes with their rows, up to the first whose row was not read.
    async fn read(&self, store: &dyn Store, after: &Cursor) -> Result<Piece> {
        // In the order in which they come, so that the first change has its row in any case.
        let mut storages: Vec<(StorageId, Vec<Value>)> = Vec::new();
        for (_, change) in &self.changes {
            let known = storages.iter().position(|(storage, _)| *storage == change.storage);
            let place = known.unwrap_or_else(|| {
                storages.push((change.storage, Vec::new()));
                storages.len() - 1
            });
            if let Some((_, keys)) = storages.get_mut(place).filter(|_| change.kind != ChangeKind::Deleted)
                && !keys.contains(&change.key)
            {
                keys.push(change.key.clone());
            }
        }
        let (mut rows, mut bytes) = (HashMap::new(), BYTES);
        for (storage, keys) in storages {
            let read = Rows::read(store, storage, keys, bytes).await?;
            bytes = bytes.saturating_sub(read.rows.iter().map(StoredRow::size).sum());
            rows.insert(storage, read);
        }
        let at = |place| Cursor { place, ..after.clone() };
        let (mut events, mut before) = (Vec::new(), after.place);
        for (place, change) in &self.changes {
            // Of a storage that has been removed nothing is told.
            let Some(rows) = rows.get(&change.storage) else { continue };
            if change.kind != ChangeKind::Deleted && rows.unread.contains(&change.key) {
                return Ok(Piece::new(after.place, before, events));
            }
            if let Some(in_force) = &rows.in_force {
                let row = rows.rows.iter().find(|row| row.key == change.key);
                let row = row.filter(|_| change.kind != ChangeKind::Deleted).cloned();
                events.push(Arc::new(Event::changed(in_force, change, row, at(*place))));
            }
            before = *place;
        }
        Ok(Piece::new(after.place, self.behind, events))
    }
}

/// Rows of one storage, as they are now.
pub(super) struct Rows {
    /// None when it has been removed.
    pub(super) in_force: Option<Arc<InForce>>,
    pub(super) rows: Vec<StoredRow>,
    /// The keys that were not looked up: the rows before had as many bytes as there may be.
    pub(super) unread: Vec<Value>,
}

impl Rows {
    pub(super) async fn read(
        store: &dyn Store,
        storage: StorageId,
        mut keys: Vec<Value>,
        bytes: usize,
    ) -> Result<Self> {
        let mut moves = 0;
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
                Err(Error::Moved(_) | Error::UnknownStorage(_)) if moves < MOVES => {
                    moves += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
