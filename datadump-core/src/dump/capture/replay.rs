//! Replays: what waits in quarantine, or was kept as it came, goes the way of a throw once more.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::{Value as Json, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::{ReplayRequest, ReplayState, programs::script};
use crate::{
    dump::{Dump, throwing::Again},
    error::{Error, Fault, Place, Result},
    process::vrl::Script,
    schema::{StoredRow, Value},
    store::system_storages::SystemStorage,
};

/// How many replays are remembered.
const REMEMBERED: usize = 50;

/// How many entries are looked up at once, without their bytes.
const AT_ONCE: usize = 100;

/// How many failures a replay lists.
const MAX_ERRORS: usize = 50;

/// The replays of this process.
#[derive(Debug, Default)]
pub(in crate::dump) struct Replays {
    known: Mutex<VecDeque<Arc<Running>>>,
    /// One at a time: two of the same entries would only get into each other's way.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Running {
    id: Uuid,
    state: watch::Sender<Arc<ReplayState>>,
    stop: watch::Sender<bool>,
}

impl Running {
    fn change(&self, change: impl FnOnce(&mut ReplayState)) {
        self.state.send_modify(|state| change(Arc::make_mut(state)));
    }
}

impl Replays {
    fn find(&self, id: Uuid) -> Option<Arc<Running>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|running| running.id == id).cloned()
    }
}

impl Dump {
    /// Starts a replay; it runs by itself.
    pub async fn replay(&self, request: ReplayRequest) -> Result<Arc<ReplayState>> {
        let program = match &request.program {
            Some(text) => {
                let takes = request.takes.as_deref().unwrap_or("record");
                let script = script(takes, text).ok_or_else(|| {
                    let detail = format!("{takes:?} is neither record nor throw");
                    Error::Settings(vec![Fault::new(Place::field("takes"), "mistyped", detail)])
                })?;
                self.check(&script).await?;
                Some(script)
            }
            None => None,
        };
        let own = if request.kept { SystemStorage::KeptThrow } else { SystemStorage::Quarantine };
        let mut filters = request.filters;
        if !request.kept {
            filters.push(("state__eq".into(), "waiting".into()));
        }
        // A filter that cannot be followed is said now.
        let counting: Vec<(String, String)> = filters
            .iter()
            .cloned()
            .chain([("limit".into(), "1".into()), ("fields".into(), "id".into())])
            .collect();
        let total = self.own(own).list(&counting).await?.count.unwrap_or(0);
        let id = self.ids.next();
        let state = ReplayState {
            id,
            state: "running".into(),
            dry_run: request.dry_run,
            total,
            ..ReplayState::default()
        };
        let running = Arc::new(Running {
            id,
            state: watch::Sender::new(Arc::new(state)),
            stop: watch::Sender::new(false),
        });
        {
            let mut known = self.capture.replays.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.push_front(running.clone());
            known.truncate(REMEMBERED);
        }
        let state = running.state.borrow().clone();
        let (dump, dry_run) = (self.clone(), request.dry_run);
        tokio::spawn(async move {
            let _turn = dump.capture.replays.turn.lock().await;
            let ended = dump.replay_all(&running, own, &filters, dry_run, program.as_ref()).await;
            running.change(|state| match ended {
                Ok(()) if *running.stop.borrow() => "stopped".clone_into(&mut state.state),
                Ok(()) => "done".clone_into(&mut state.state),
                Err(error) => {
                    "failed".clone_into(&mut state.state);
                    state.errors.push(json!({"code": "failed", "detail": error.to_string()}));
                }
            });
        });
        Ok(state)
    }

    async fn replay_all(
        &self,
        running: &Running,
        own: SystemStorage,
        filters: &[(String, String)],
        dry_run: bool,
        program: Option<&Script>,
    ) -> Result<()> {
        let in_force = self.store.catalogue().system(own)?;
        let only_keys = [("fields".to_owned(), in_force.definition.key.name.to_string())];
        let filters: Vec<(String, String)> = filters.iter().cloned().chain(only_keys).collect();
        let mut cursor = String::new();
        loop {
            let (rows, next) = self.own_page(own, &filters, &cursor, AT_ONCE).await?;
            for row in rows {
                if *running.stop.borrow() {
                    return Ok(());
                }
                // One at a time: each may have the bytes of a whole throw. It may be gone by now.
                let Some(row) = self.store.get(&in_force, &row.key).await? else { continue };
                let outcome = match own {
                    SystemStorage::KeptThrow => self.replay_kept(&row, dry_run, program).await,
                    _ => self.replay_entry(&row, dry_run, program).await,
                };
                running.change(|state| note(state, &row, outcome));
            }
            match next {
                Some(next) => cursor = next,
                None => return Ok(()),
            }
        }
    }

    /// How far a replay is, or how it ended.
    pub fn replay_state(&self, id: Uuid) -> Option<Arc<ReplayState>> {
        self.capture.replays.find(id).map(|running| running.state.borrow().clone())
    }

    /// All replays this process remembers, newest first.
    pub fn replays(&self) -> Vec<Arc<ReplayState>> {
        let known = self.capture.replays.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().map(|running| running.state.borrow().clone()).collect()
    }

    /// Stops a replay after the entry it is at; waits until it has.
    pub async fn stop_replay(&self, id: Uuid) -> Option<Arc<ReplayState>> {
        self.capture.replays.find(id)?.stop.send_replace(true);
        self.replay_ended(id, Duration::from_secs(60)).await
    }

    /// Waits until a replay has ended, at most so long.
    pub async fn replay_ended(&self, id: Uuid, patience: Duration) -> Option<Arc<ReplayState>> {
        let mut state = self.capture.replays.find(id)?.state.subscribe();
        // Whoever runs out of patience is told how far it is.
        let _ = tokio::time::timeout(patience, state.wait_for(|state| state.state != "running")).await;
        self.replay_state(id)
    }
}

fn note(state: &mut ReplayState, row: &StoredRow, outcome: Result<Again>) {
    state.done += 1;
    // Entries may have come while it ran.
    state.total = state.total.max(state.done);
    let (code, detail) = match outcome {
        Ok(Again::Stored) => {
            state.stored += 1;
            return;
        }
        Ok(Again::Before) => {
            state.skipped += 1;
            return;
        }
        Ok(Again::Failed(remark)) => (remark.code, remark.detail),
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
