//! Replays: runs quarantine entries or kept throws through the pipeline again.

mod entry;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use uuid::Uuid;

use self::entry::EntryOutcome;
use crate::{
    context::Context,
    error::Result,
    hub::Hub,
    ingest::{Ingest, programs::script},
    process::vrl::Script,
    rows::Rows,
    schema::{StoredRow, Value},
    store::system_storages::SystemStorage,
};

/// Maximum number of replays to remember.
const MAX_REPLAYS: usize = 50;

/// Number of entries looked up at a time, without their bytes.
const BATCH_ROWS: usize = 100;

/// Maximum time that stopping a replay waits for the current entry.
const STOP_TIMEOUT: Duration = Duration::from_secs(60);

/// Maximum number of failures that a replay lists.
const MAX_ERRORS: usize = 50;

/// Replays quarantine entries and kept throws.
#[derive(Debug, Clone)]
pub struct Replays {
    context: Context,
    ingest: Ingest,
    hub: Hub,
    state: Arc<ReplaysState>,
}

#[derive(Debug, Default)]
struct ReplaysState {
    /// Newest first.
    replays: Mutex<VecDeque<Arc<Replay>>>,
    /// Serializes replays: two replays of the same entries would conflict.
    running: tokio::sync::Mutex<()>,
}

/// The progress of a replay.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayState {
    /// Its id.
    pub id: Uuid,
    /// `running`, `done`, `stopped` or `failed`.
    pub state: String,
    /// True if nothing is stored.
    pub dry_run: bool,
    /// Entries that were processed.
    pub done: u64,
    /// Entries to process.
    pub total: u64,
    /// Entries that this replay has stored.
    pub stored: u64,
    /// Entries that failed again.
    pub failed: u64,
    /// Entries that were stored before.
    pub skipped: u64,
    /// The first failures: `{quarantine, code, detail}`.
    pub errors: Vec<Json>,
}

/// Which entries to replay and how.
#[derive(Debug, Clone, Default)]
pub struct ReplayRequest {
    /// Filters on waiting entries, like the parameters of a list (`source=…`, `code=…`, `throw=…`, `id=…`).
    pub filters: Vec<(String, String)>,
    /// Stores nothing if set.
    pub dry_run: bool,
    /// The source code of a program to use instead of the source's.
    pub program: Option<String>,
    /// The input of that program: `record` (the default) or `throw`.
    pub takes: Option<String>,
    /// Replays kept throws instead of quarantine if set.
    pub kept: bool,
}

/// A replay of this process.
#[derive(Debug)]
struct Replay {
    id: Uuid,
    state: watch::Sender<Arc<ReplayState>>,
    stop: watch::Sender<bool>,
}

impl Replay {
    fn change(&self, change: impl FnOnce(&mut ReplayState)) {
        self.state.send_modify(|state| change(Arc::make_mut(state)));
    }
}

/// Marks a replay as stopped if its task is dropped before it has ended, because the database is closed.
struct MarkStopped(Arc<Replay>);

impl Drop for MarkStopped {
    fn drop(&mut self) {
        if self.0.state.borrow().state == "running" {
            self.0.change(|state| "stopped".clone_into(&mut state.state));
        }
    }
}

impl ReplaysState {
    fn find(&self, id: Uuid) -> Option<Arc<Replay>> {
        self.replays.lock().iter().find(|replay| replay.id == id).cloned()
    }
}

impl Replays {
    pub(crate) fn new(context: Context, ingest: Ingest, hub: Hub) -> Self {
        Self { context, ingest, hub, state: Arc::default() }
    }

    /// Starts a replay, which runs in the background.
    pub async fn start(&self, request: ReplayRequest) -> Result<Arc<ReplayState>> {
        let program = match &request.program {
            Some(text) => {
                let script = script(request.takes.as_deref().unwrap_or("record"), text)?;
                self.ingest.programs().check(&script).await?;
                Some(script)
            }
            None => None,
        };
        let storage = if request.kept { SystemStorage::KeptThrow } else { SystemStorage::Quarantine };
        let mut filters = request.filters;
        if !request.kept {
            filters.push(("state__eq".into(), "waiting".into()));
        }
        // Counting also reports invalid filters.
        let counting: Vec<(String, String)> = filters
            .iter()
            .cloned()
            .chain([("limit".into(), "1".into()), ("fields".into(), "id".into())])
            .collect();
        let total = Rows::system(&self.context, storage).list(&counting).await?.count.unwrap_or(0);
        let (id, dry_run) = (self.context.ids.next(), request.dry_run);
        let state = ReplayState { id, state: "running".into(), dry_run, total, ..ReplayState::default() };
        let replay = Arc::new(Replay {
            id,
            state: watch::Sender::new(Arc::new(state)),
            stop: watch::Sender::new(false),
        });
        {
            let mut replays = self.state.replays.lock();
            replays.push_front(replay.clone());
            replays.truncate(MAX_REPLAYS);
        }
        let state = replay.state.borrow().clone();
        let (replays, mark) = (self.clone(), MarkStopped(replay.clone()));
        self.context.background.spawn(async move {
            let _mark = mark;
            let _running = replays.state.running.lock().await;
            let ended = replays.run(&replay, storage, &filters, dry_run, program.as_ref()).await;
            replay.change(|state| match ended {
                Ok(()) if *replay.stop.borrow() => "stopped".clone_into(&mut state.state),
                Ok(()) => "done".clone_into(&mut state.state),
                Err(error) => {
                    "failed".clone_into(&mut state.state);
                    state.errors.push(json!({"code": "failed", "detail": error.to_string()}));
                }
            });
        });
        Ok(state)
    }

    async fn run(
        &self,
        replay: &Replay,
        storage: SystemStorage,
        filters: &[(String, String)],
        dry_run: bool,
        program: Option<&Script>,
    ) -> Result<()> {
        let in_force = self.context.system(storage)?;
        let only_keys = [("fields".to_owned(), in_force.definition.key.name.to_string())];
        let filters: Vec<(String, String)> = filters.iter().cloned().chain(only_keys).collect();
        let mut cursor = String::new();
        loop {
            let (rows, next) = self.context.page(storage, &filters, &cursor, BATCH_ROWS).await?;
            for row in rows {
                if *replay.stop.borrow() {
                    return Ok(());
                }
                // One at a time, because each may hold a whole throw. It may have been removed in the
                // meantime.
                let Some(row) = self.context.store.get(&in_force, &row.key).await? else { continue };
                let outcome = match storage {
                    SystemStorage::KeptThrow => self.replay_kept(&row, dry_run, program).await,
                    _ => self.replay_entry(&row, dry_run, program).await,
                };
                replay.change(|state| note(state, &row, outcome));
            }
            match next {
                Some(next) => cursor = next,
                None => return Ok(()),
            }
        }
    }

    /// Returns the progress of a replay.
    pub fn get(&self, id: Uuid) -> Option<Arc<ReplayState>> {
        self.state.find(id).map(|replay| replay.state.borrow().clone())
    }

    /// Returns all replays that this process remembers, newest first.
    pub fn all(&self) -> Vec<Arc<ReplayState>> {
        self.state.replays.lock().iter().map(|replay| replay.state.borrow().clone()).collect()
    }

    /// Stops a replay after the current entry, and waits until it has stopped.
    pub async fn stop(&self, id: Uuid) -> Option<Arc<ReplayState>> {
        self.state.find(id)?.stop.send_replace(true);
        self.wait(id, STOP_TIMEOUT).await
    }

    /// Waits until a replay has ended, at most for `timeout`, and returns its progress.
    pub async fn wait(&self, id: Uuid, timeout: Duration) -> Option<Arc<ReplayState>> {
        let mut state = self.state.find(id)?.state.subscribe();
        // After a timeout the progress so far is returned.
        let _ = tokio::time::timeout(timeout, state.wait_for(|state| state.state != "running")).await;
        self.get(id)
    }
}

/// Counts the outcome of an entry.
fn note(state: &mut ReplayState, row: &StoredRow, outcome: Result<EntryOutcome>) {
    state.done += 1;
    // Entries may have been added while it ran.
    state.total = state.total.max(state.done);
    let (code, detail) = match outcome {
        Ok(EntryOutcome::Stored) => {
            state.stored += 1;
            return;
        }
        Ok(EntryOutcome::Skipped) => {
            state.skipped += 1;
            return;
        }
        Ok(EntryOutcome::Failed(remark)) => (remark.code, remark.detail),
        Err(error) => ("error".to_owned(), error.to_string()),
    };
    state.failed += 1;
    if state.errors.len() < MAX_ERRORS {
        let id = match &row.key {
            Value::Uuid(id) => id.to_string(),
            _ => String::new(),
        };
        let error: Json = json!({"quarantine": id, "code": code, "detail": detail});
        state.errors.push(error);
    }
}
