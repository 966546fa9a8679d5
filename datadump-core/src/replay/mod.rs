//! Replays: runs quarantine entries or kept throws through the pipeline again.

mod announce;
mod edit;
mod entry;
mod keys;
mod outcome;
mod run;

use std::{collections::VecDeque, sync::Arc, time::Duration};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use self::{entry::ReplayOptions, outcome::EntryOutcome, run::Run};
use crate::{
    context::Context,
    error::{Place, Result},
    hub::Hub,
    ingest::{Ingest, keep_newer::OwnRows, programs::script},
    request::invalid,
    rows::Rows,
    schema::{StoredRow, Value},
    store::system_storages::SystemStorage,
};

/// Maximum number of replays to remember.
const MAX_REPLAYS: usize = 50;

/// Maximum number of single entries that are replayed at a time.
const MAX_SINGLE: usize = 4;

/// Maximum time that stopping a replay waits for the entries in progress.
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

#[derive(Debug)]
struct ReplaysState {
    /// Newest first.
    replays: Mutex<VecDeque<Arc<Replay>>>,
    /// A permit for the one replay of many entries that runs at a time.
    bulk: Semaphore,
    /// Permits for replays of single entries, which do not wait for the others.
    single: Semaphore,
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
    /// Entries that would have overwritten newer rows.
    pub superseded: u64,
    /// The first entries that failed or were superseded: `{quarantine, code, detail}`.
    pub errors: Vec<Json>,
}

/// Selection of entries to replay, with options.
#[derive(Debug, Clone, Default)]
pub struct ReplayRequest {
    /// Filters on waiting entries, like the parameters of a list (`source=…`, `code=…`, `throw=…`, `id=…`).
    pub filters: Vec<(String, String)>,
    /// The id of a single entry to replay.
    pub entry: Option<String>,
    /// The bytes to use instead of those of the single entry.
    pub body: Option<Bytes>,
    /// Stores nothing if set.
    pub dry_run: bool,
    /// Overwrites rows that were written after the entry was received.
    pub overwrite: bool,
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

impl Default for ReplaysState {
    fn default() -> Self {
        Self { replays: Mutex::default(), bulk: Semaphore::new(1), single: Semaphore::new(MAX_SINGLE) }
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
        if request.body.is_some() && (request.entry.is_none() || request.kept) {
            let detail =
                "only the replay of a single quarantine entry takes an edited body: name it in `entry`";
            return Err(invalid(Place::field("body"), "not-applicable", detail));
        }
        let program = match &request.program {
            Some(text) => {
                let script = script(request.takes.as_deref().unwrap_or("record"), text)?;
                self.ingest.programs().check(&script).await?;
                Some(script)
            }
            None => None,
        };
        let storage = if request.kept { SystemStorage::KeptThrow } else { SystemStorage::Quarantine };
        let is_single = request.entry.is_some();
        let mut filters = request.filters;
        filters.extend(request.entry.map(|id| ("id__eq".to_owned(), id)));
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
        let ReplayRequest { dry_run, overwrite, body, .. } = request;
        let options = ReplayOptions { dry_run, overwrite, program, body };
        let id = self.context.ids.next();
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
        self.announce(&replay);
        let state = replay.state.borrow().clone();
        let (replays, mark) = (self.clone(), MarkStopped(replay.clone()));
        self.context.background.spawn(async move {
            let _mark = mark;
            let lane = if is_single { &replays.state.single } else { &replays.state.bulk };
            let _running = lane.acquire().await;
            let own = OwnRows::default();
            let run = Run { replays: &replays, replay: &replay, storage, options: &options, own };
            let ended = run.run(&filters).await;
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

    /// Returns the progress of a replay.
    pub fn get(&self, id: Uuid) -> Option<Arc<ReplayState>> {
        self.state.find(id).map(|replay| replay.state.borrow().clone())
    }

    /// Returns all replays that this process remembers, newest first.
    pub fn all(&self) -> Vec<Arc<ReplayState>> {
        self.state.replays.lock().iter().map(|replay| replay.state.borrow().clone()).collect()
    }

    /// Stops a replay after the entries in progress, and waits until it has stopped.
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

impl ReplayState {
    /// Counts the outcome of an entry.
    fn note(&mut self, row: &StoredRow, outcome: Result<EntryOutcome>) {
        self.done += 1;
        // Entries may have been added while it ran.
        self.total = self.total.max(self.done);
        let (count, error) = match outcome {
            Ok(EntryOutcome::Stored) => (&mut self.stored, None),
            Ok(EntryOutcome::Skipped) => (&mut self.skipped, None),
            Ok(EntryOutcome::Superseded(remark)) => {
                (&mut self.superseded, Some((remark.code, remark.detail)))
            }
            Ok(EntryOutcome::Failed(remark)) => (&mut self.failed, Some((remark.code, remark.detail))),
            Err(error) => (&mut self.failed, Some(("error".to_owned(), error.to_string()))),
        };
        *count += 1;
        if let Some((code, detail)) = error.filter(|_| self.errors.len() < MAX_ERRORS) {
            let id = match &row.key {
                Value::Uuid(id) => id.to_string(),
                _ => String::new(),
            };
            self.errors.push(json!({"quarantine": id, "code": code, "detail": detail}));
        }
    }
}
