//! The hub: devices push readings, people see which devices are heard, and send commands back.
//!
//! ```text
//! push ─► readings ─► device, sensor (known, or registered now) ─► rows of `readings` ─► receipt
//!                            └─► beat ─► heart ─► pulse, transitions (stored within two seconds)
//! command ─► queued ─► leased to its device ─► acknowledged ─► answered
//! ```
//!
//! Devices, sensors, pulses, transitions and commands are kept in storages of our own; what is in memory is
//! known from there, and follows what other nodes change by the feed.

mod commands;
mod devices;
mod fetch;
mod follow;
mod hearts;
mod known;
mod moving;
mod pushing;
mod readings;
mod recall;
mod register;
mod rows;
mod told;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::{Notify, OnceCell};

use self::{hearts::Hearts, known::Known};
use super::Dump;
use crate::{clock::Timestamp, error::Result, store::system_storages::SystemStorage};
pub use commands::{Answered, Asked, CommandsFor, Queued};
pub use devices::DeviceInfo;
pub(in crate::dump) use fetch::plain;
pub(in crate::dump) use pushing::{Admitted, Becomes, Heard, Pushing, Who};
pub(in crate::dump) use readings::{is_of_readings, is_old};
pub use register::Registration;
pub(in crate::dump) use told::told;

/// The most readings a second of one device, when nothing is said.
const RATE: f64 = 1_000.0;

/// The most devices that are registered, when nothing is said.
const DEVICES: usize = 100_000;

/// How the hub is to be.
#[derive(Debug, Clone, Copy)]
pub struct HubOptions {
    /// What becomes of a device that nobody knows.
    pub registration: Registration,
    /// The most devices there may be.
    pub devices: usize,
    /// The most readings a second that one device may push on average; ten times as many at once.
    pub rate: f64,
}

impl Default for HubOptions {
    fn default() -> Self {
        Self { registration: Registration::Open, devices: DEVICES, rate: RATE }
    }
}

/// What a [`Dump`] keeps in memory for its hub. The store has the truth.
#[derive(Debug)]
pub(in crate::dump) struct Hub {
    options: HubOptions,
    known: Known,
    hearts: Hearts,
    /// Since when this process listens: nobody was silent before.
    listening: Timestamp,
    /// One registration at a time: devices that begin at once would only get into each other's way.
    registering: tokio::sync::Mutex<()>,
    bells: Mutex<HashMap<i64, Arc<Notify>>>,
    started: OnceCell<()>,
    closed: AtomicBool,
}

impl Hub {
    pub(in crate::dump) fn new(options: HubOptions, now: Timestamp) -> Self {
        Self {
            options,
            known: Known::default(),
            hearts: Hearts::default(),
            listening: now,
            registering: tokio::sync::Mutex::default(),
            bells: Mutex::default(),
            started: OnceCell::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// What rings whenever something becomes of the commands of a device.
    fn bell(&self, device: i64) -> Arc<Notify> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner).entry(device).or_default().clone()
    }

    fn ring(&self, device: i64) {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.get(&device) {
            bell.notify_waiters();
            // Nobody waits for it but this list.
            if Arc::strong_count(bell) == 1 {
                bells.remove(&device);
            }
        }
    }

    fn ring_all(&self) {
        let bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.values().for_each(|bell| bell.notify_waiters());
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl Dump {
    /// The hub, with all devices known. Whoever uses it first waits until they are.
    pub(in crate::dump) async fn hub(&self) -> Result<&Hub> {
        if !self.hub.started.initialized() {
            // By itself in a box: who uses the hub would keep room for its beginning.
            Box::pin(self.hub.started.get_or_try_init(|| self.begin_hub())).await?;
        }
        Ok(&self.hub)
    }

    async fn begin_hub(&self) -> Result<()> {
        // Before they are read: what changes meanwhile is told.
        let changes = self.hub_changes(None).await?;
        self.read_hub().await?;
        self.recall().await?;
        self.follow_hub(changes);
        self.move_on();
        Ok(())
    }

    /// Begins to listen when there are devices: they are silent from now on, if they are.
    pub(in crate::dump) async fn wake_hub(&self) -> Result<()> {
        let first = [("limit".to_owned(), "1".to_owned()), ("count".to_owned(), "none".to_owned())];
        if !self.own(SystemStorage::Device).list(&first).await?.rows.is_empty() {
            self.hub().await?;
        }
        Ok(())
    }

    /// Nobody waits for commands, or for what comes of them, any more: all who do are answered now.
    pub fn stop_waiting(&self) {
        self.hub.closed.store(true, Ordering::Relaxed);
        self.hub.ring_all();
    }

    /// Stores what was heard, and lets go.
    pub(in crate::dump) async fn close_hub(&self) {
        self.stop_waiting();
        if self.hub.started.initialized()
            && let Err(error) = self.store_hearts(true).await
        {
            tracing::warn!(%error, "when devices were last heard could not be stored");
        }
    }
}
