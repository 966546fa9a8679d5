//! What surrounds throws: sources, programs, quarantine, replays, recent throws, simulation.

pub(super) mod programs;
mod quarantine;
pub(super) mod recent;
pub(super) mod replay;
mod simulate;
pub(super) mod sources;

use std::{
    collections::HashSet,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use serde::Serialize;
use serde_json::Value as Json;
use uuid::Uuid;

use super::{Dump, hub::Hub, live::Live, once::Turns, throwing::Growth};
use crate::{
    clock::Clock,
    id::Ids,
    process::{MemoryBudget, Registry, vrl::Workers},
    source::Settings,
    store::Store,
};

/// How long sources and programs are not read again at the most, after they were.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// What a [`Dump`](super::Dump) keeps in memory for throws. The store has the truth.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) registry: Registry,
    /// The names of the processors that are a program's own: nothing is known of how long they take.
    pub(super) native: HashSet<String>,
    pub(super) workers: Workers,
    pub(super) programs: programs::Programs,
    pub(super) sources: sources::Sources,
    pub(super) growth: Growth,
    pub(super) recent: recent::Recent,
    pub(super) replays: replay::Replays,
    pub(super) turns: Arc<Turns>,
    /// The most bytes a throw may have.
    pub(super) max_throw: usize,
    /// What the records of throws may take.
    pub(super) room: MemoryBudget,
}

/// A source, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// What it does with what is thrown at it.
    pub settings: Settings,
    /// The format of the last throw.
    pub last_format: Option<String>,
    /// How often its settings were written.
    pub version: i32,
    /// When it was made: RFC 3339.
    pub created_at: String,
    /// When its settings were last written.
    pub updated_at: String,
    /// What this process has counted since it started: throws accepted quarantined dropped duplicates.
    pub counted: Counted,
}

/// What was counted at a source.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Counted {
    /// Throws.
    pub throws: u64,
    /// Rows written.
    pub accepted: u64,
    /// Entries in quarantine.
    pub quarantined: u64,
    /// Records dropped.
    pub dropped: u64,
    /// Records that were there already.
    pub duplicates: u64,
}

/// A processor, as it is shown.
#[derive(Debug, Clone, Serialize)]
pub struct ProcessorInfo {
    /// Its name.
    pub name: String,
    /// `built-in`, `program` (written here) or `native` (of the program that embeds the library).
    pub kind: &'static str,
    /// Its version.
    pub version: u32,
    /// For a program, what it takes: `record` or `throw`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes: Option<String>,
    /// For a program, its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// For a program, what its compiler warns of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Json>,
}

/// How far a replay is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ReplayState {
    /// Its id.
    pub id: Uuid,
    /// `running`, `done`, `stopped` or `failed`.
    pub state: String,
    /// Whether nothing is stored.
    pub dry_run: bool,
    /// Entries looked at.
    pub done: u64,
    /// Entries there are to look at.
    pub total: u64,
    /// Entries that became rows now.
    pub stored: u64,
    /// Entries that still fail, or whose records still do.
    pub failed: u64,
    /// Entries that were replayed before.
    pub skipped: u64,
    /// The first failures: `{quarantine, code, detail}`.
    pub errors: Vec<Json>,
}

/// Which entries to replay, and how.
#[derive(Debug, Clone, Default)]
pub struct ReplayRequest {
    /// Filters on the entries, as parameters of a list (`source=…`, `code=…`, `throw=…`); waiting
    /// entries only. For a single entry: `id=…`.
    pub filters: Vec<(String, String)>,
    /// Whether to store nothing.
    pub dry_run: bool,
    /// A program to use in the place of the source's: its text.
    pub program: Option<String>,
    /// What that program takes: `record` (when there is none here) or `throw`.
    pub takes: Option<String>,
    /// Whether to replay kept throws instead of quarantine.
    pub kept: bool,
}

impl Capture {
    pub(super) fn new(
        registry: Registry,
        native: HashSet<String>,
        workers: Workers,
        max_throw: usize,
        room: MemoryBudget,
    ) -> Self {
        Self {
            registry,
            native,
            workers,
            max_throw,
            room,
            programs: programs::Programs::default(),
            sources: sources::Sources::default(),
            growth: Growth::default(),
            recent: recent::Recent::default(),
            replays: replay::Replays::default(),
            turns: Arc::default(),
        }
    }
}

impl Dump {
    /// Reads sources and programs again whenever another process may have changed them, until the
    /// store is closed.
    pub(super) fn follow_changes(&self) {
        let mut changes = self.store.config_signal();
        let weak = self.downgrade();
        tokio::spawn(async move {
            while changes.changed().await.is_ok() {
                let Some(dump) = weak.upgrade() else { return };
                let began = Instant::now();
                let read = async {
                    dump.reload_programs().await?;
                    dump.reload_sources().await
                };
                let read = read.await;
                drop(dump);
                match read {
                    // Who makes sources waits while all are read: most of the time nobody has to, however many
                    // change.
                    Ok(()) => tokio::time::sleep((4 * began.elapsed()).min(LONGEST_REST)).await,
                    Err(error) => {
                        tracing::warn!(%error, "sources and programs could not be read again");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        changes.mark_changed();
                    }
                }
            }
        });
    }

    /// For tasks of its own, which must not keep open what everyone else has let go of.
    pub(super) fn downgrade(&self) -> WeakDump {
        WeakDump {
            store: Arc::downgrade(&self.store),
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            capture: Arc::downgrade(&self.capture),
            live: Arc::downgrade(&self.live),
            hub: Arc::downgrade(&self.hub),
        }
    }
}

/// A handle that keeps nothing open.
pub(super) struct WeakDump {
    store: Weak<dyn Store>,
    clock: Arc<dyn Clock>,
    ids: Ids,
    capture: Weak<Capture>,
    live: Weak<Live>,
    hub: Weak<Hub>,
}

impl WeakDump {
    pub(super) fn upgrade(&self) -> Option<Dump> {
        let (store, capture) = (self.store.upgrade()?, self.capture.upgrade()?);
        let (live, hub) = (self.live.upgrade()?, self.hub.upgrade()?);
        Some(Dump { store, clock: self.clock.clone(), ids: self.ids.clone(), capture, live, hub })
    }
}
