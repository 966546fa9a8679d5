//! One change, with the row as it is when it is told.

use std::sync::{Arc, OnceLock};

use serde_json::{Value as Json, json};

use super::cursor::{Place, Within};
use crate::{
    error::{Error, Result},
    schema::{InForce, StorageName, StoredRow, Value},
    store::{
        Change, Changed, Column, Commit, Count, Filter, Order, Paging, Query, Store, Stored, Test,
        query::Direction,
    },
};

/// How many changes are told at a time.
pub(super) const TOGETHER: usize = 32;

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
    /// The row as it is now; none when it is gone.
    pub(super) stored: Option<Stored>,
    key_json: Json,
    data: OnceLock<String>,
}

/// Some changes of one commit.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) commit: i64,
    /// How many of its changes come before these.
    pub(super) first: usize,
    /// Where one is who was told these.
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
            key_json: row.key.to_json(&in_force.definition.key.kind),
            stored: Some(Stored { row, in_force: in_force.clone() }),
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
}

/// The changes of a commit from this one on, no more than are told at a time; of those storages that are wanted.
pub(super) async fn piece(
    store: &dyn Store,
    commit: &Commit,
    first: usize,
    wants: impl Fn(&StorageName) -> bool,
) -> Result<Piece> {
    let end = commit.changes.len().min(first + TOGETHER);
    let changes = commit.changes.get(first..end).unwrap_or_default();
    let within = if end == commit.changes.len() { Within::All } else { Within::Some(end) };
    let behind = Place { commit: commit.position, within };
    let mut events = Vec::new();
    let mut place = first;
    for run in changes.chunk_by(|one, next| one.storage == next.storage) {
        if let Some(change) = run.first()
            && let Some(storage) = store.catalogue().by_id(change.storage)
            && wants(&storage.name)
        {
            let (in_force, rows) = rows(store, run).await?;
            for (number, change) in run.iter().enumerate() {
                let told = place + number + 1;
                let within = if told == commit.changes.len() { Within::All } else { Within::Some(told) };
                let here = Place { commit: commit.position, within };
                events.extend(in_force.as_ref().map(|in_force| event(in_force, change, &rows, here)));
            }
        }
        place += run.len();
    }
    Ok(Piece { commit: commit.position, first, behind, events })
}

fn event(in_force: &Arc<InForce>, change: &Change, rows: &[StoredRow], place: Place) -> Arc<Event> {
    let row = rows.iter().find(|row| row.key == change.key).filter(|_| change.what != Changed::Deleted);
    let stored = row.map(|row| Stored { row: row.clone(), in_force: in_force.clone() });
    Arc::new(Event {
        what: change.what,
        storage: in_force.definition.name.clone(),
        version: change.version,
        place: Some(place),
        key: change.key.clone(),
        key_json: change.key.to_json(&in_force.definition.key.kind),
        stored,
        data: OnceLock::new(),
    })
}

/// The rows of changes of one storage, as they are now; no definition when it has been removed.
async fn rows(store: &dyn Store, run: &[Change]) -> Result<(Option<Arc<InForce>>, Vec<StoredRow>)> {
    let keys: Vec<Value> = run
        .iter()
        .filter(|change| change.what != Changed::Deleted)
        .map(|change| change.key.clone())
        .collect();
    let storage = run.first().map(|change| change.storage);
    let mut moves = 0;
    loop {
        let in_force = storage.and_then(|id| store.catalogue().by_id(id)?.in_force.clone());
        let Some(in_force) = in_force else { return Ok((None, Vec::new())) };
        if keys.is_empty() {
            return Ok((Some(in_force), Vec::new()));
        }
        match store.page(&in_force, &of_keys(keys.clone())).await {
            Ok(page) => return Ok((Some(in_force), page.rows)),
            Err(Error::Moved(_) | Error::UnknownStorage(_)) if moves < MOVES => {
                moves += 1;
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            Err(error) => return Err(error),
        }
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
