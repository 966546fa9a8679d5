//! The hub: devices push readings, people watch them and see which devices are online, and send commands back.
//!
//! ```text
//! push ─► readings ─► device, sensor (looked up or registered) ─► rows of `readings` ─► receipt
//!                            └─► last seen, in memory ─► liveness, transitions (flushed within two seconds)
//! command ─► queued ─► leased to its device ─► acknowledged ─► answered
//! ```
//!
//! Devices, sensors, liveness, transitions and commands are rows of system storages. The cache in memory is
//! loaded from them and follows what other nodes change through the change log.

mod admit;
mod cache;
mod commands;
mod devices;
mod events;
mod fetch;
mod follow;
mod liveness;
mod prepared_push;
mod push;
mod readings;
mod reassign;
mod recover;
mod register;
mod rows;
mod rules;

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::sync::{Notify, OnceCell};

use self::{cache::DeviceCache, liveness::tracker::FlushQueue};
use crate::{
    clock::Timestamp, context::Context, definitions::Definitions, error::Result, idempotency::Idempotency,
    ingest::Ingest, live::Live, rows::Rows, store::system_storages::SystemStorage,
};
pub use commands::{CommandResult, CommandStream, NewCommand, QueuedCommand};
pub use devices::DeviceInfo;
pub(crate) use events::EVENTS;
pub use fetch::{ReadingChunks, Readings};
pub use push::{Push, Pushed};
pub use register::Registration;

/// Settings of the hub.
#[derive(Debug, Clone, Copy)]
pub struct HubOptions {
    /// The handling of unknown devices.
    pub registration: Registration,
    /// Maximum number of devices.
    pub devices: usize,
    /// Readings per second that one device may push on average; a burst may have ten times as many.
    pub rate: f64,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self { registration: Registration::Open, devices: 100_000, rate: 1_000.0 }
    }
}

/// The hub of a database.
#[derive(Debug, Clone)]
pub struct Hub {
    context: Context,
    definitions: Definitions,
    idempotency: Idempotency,
    ingest: Ingest,
    live: Live,
    state: Arc<HubState>,
}

/// The in-memory state of the hub; the store is authoritative.
#[derive(Debug)]
struct HubState {
    options: HubOptions,
    cache: DeviceCache,
    liveness: FlushQueue,
    /// When this process began to listen; silence before that does not count.
    listening_since: Timestamp,
    /// Serializes registrations, because devices that appear together would only conflict.
    registering: tokio::sync::Mutex<()>,
    command_signals: Mutex<HashMap<i64, Arc<Notify>>>,
    loaded: OnceCell<()>,
    closed: AtomicBool,
}

impl HubState {
    /// Returns the signal that is notified whenever a command of the device changes.
    fn signal(&self, device: i64) -> Arc<Notify> {
        self.command_signals.lock().entry(device).or_default().clone()
    }

    fn notify(&self, device: i64) {
        let mut signals = self.command_signals.lock();
        if let Some(signal) = signals.get(&device) {
            signal.notify_waiters();
            // Nothing but this map refers to it.
            if Arc::strong_count(signal) == 1 {
                signals.remove(&device);
            }
        }
    }

    fn notify_all(&self) {
        self.command_signals.lock().values().for_each(|signal| signal.notify_waiters());
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Hub {
    /// Opens the hub. If there are devices, it begins to listen now, so that their silence counts.
    pub(crate) async fn open(
        context: Context,
        definitions: Definitions,
        idempotency: Idempotency,
        ingest: Ingest,
        live: Live,
        options: HubOptions,
    ) -> Result<Self> {
        let state = HubState {
            options,
            cache: DeviceCache::default(),
            liveness: FlushQueue::default(),
            listening_since: context.now(),
            registering: tokio::sync::Mutex::default(),
            command_signals: Mutex::default(),
            loaded: OnceCell::new(),
            closed: AtomicBool::new(false),
        };
        let hub = Self { context, definitions, idempotency, ingest, live, state: Arc::new(state) };
        let first = [("limit".to_owned(), "1".to_owned()), ("count".to_owned(), "none".to_owned())];
        if !Rows::system(&hub.context, SystemStorage::Device).list(&first).await?.rows.is_empty() {
            hub.ready().await?;
        }
        Ok(hub)
    }

    /// Returns the state with all devices loaded; the first caller loads them.
    async fn ready(&self) -> Result<&HubState> {
        if !self.state.loaded.initialized() {
            // Boxed, so that every caller's future does not reserve space for it.
            Box::pin(self.state.loaded.get_or_try_init(|| self.load())).await?;
        }
        Ok(&self.state)
    }

    async fn load(&self) -> Result<()> {
        // Before the devices are read, so that no change is missed.
        let changes = self.subscribe_to_changes(None).await?;
        self.read_all().await?;
        self.recover_last_seen().await?;
        self.follow_changes(changes);
        self.flush_in_background();
        self.expire_commands_in_background();
        self.resume_reassignments();
        Ok(())
    }

    /// Ends all waits for commands and their results; later ones return at once.
    pub fn stop_waiting(&self) {
        self.state.closed.store(true, Ordering::Relaxed);
        self.state.notify_all();
    }

    /// Flushes all liveness states.
    pub(crate) async fn close(&self) {
        self.stop_waiting();
        if self.state.loaded.initialized()
            && let Err(error) = self.flush_liveness(true).await
        {
            tracing::warn!(%error, "the time when devices were last seen could not be stored");
        }
    }
}
