//! The parameters of a subscription.

use std::time::Duration;

use super::cursor::Cursor;
use crate::{
    error::{Error, Fault, Place},
    store::system_storages::SystemStorage,
};

/// What to subscribe to.
#[derive(Debug, Clone, Default)]
pub struct SubscriptionRequest {
    /// Storages, which need not exist yet; all if empty.
    pub storages: Vec<String>,
    /// Sources, which need not exist yet; selects the storages that their records currently go to. If
    /// `storages` is given too, only storages in both are included.
    pub sources: Vec<String>,
    /// Filters on rows, as for a list; they require exactly one storage. Deletions always pass. An index is
    /// needed only for a backfill.
    pub filters: Vec<(String, String)>,
    /// The position to resume from; if `None`, the subscription starts now.
    pub from: Option<Cursor>,
    /// Rows to deliver first.
    pub backfill: Option<Backfill>,
    /// The hub's events: readings, devices and commands, of all devices or the one named below.
    pub hub: bool,
    /// A device, by name or id; implies `hub`.
    pub device: Option<String>,
    /// Sensors with this name, or the sensor with this id; implies `hub`.
    pub sensor: Option<String>,
    /// Events of all devices, without their readings. Cannot be combined with any of the above.
    pub hub_events: Vec<HubEventKind>,
    pub(crate) system: Vec<SystemStorage>,
}

/// Events of the hub that are not readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HubEventKind {
    /// A device or sensor was registered, changed or removed, or its status has changed.
    Device,
    /// A command was queued or has changed.
    Command,
}

/// Rate limit of a subscription in a [`SubscriptionSet`](super::SubscriptionSet), which keeps the newest events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coalescing {
    /// Minimum time between two deliveries.
    pub interval: Duration,
    /// Fields that tell series apart. If empty, every row is a series of its own, and readings have one for each
    /// sensor.
    pub by: Vec<String>,
}

/// The existing rows that a subscription delivers first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backfill {
    /// Up to this many of the most recently changed rows, counting all storages together.
    Rows(u64),
    /// Rows changed within this time, up to the maximum size of a page.
    Since(Duration),
}

/// Returns an error about a parameter that does not apply to the subscription.
pub(crate) fn not_applicable(parameter: &str, detail: impl Into<String>) -> Error {
    Error::Query(vec![Fault::new(Place::Parameter(parameter.into()), "not-applicable", detail)])
}

impl HubEventKind {
    /// Returns the system storages whose changes are these events.
    pub(super) fn storages(self) -> &'static [SystemStorage] {
        match self {
            Self::Device => &[SystemStorage::Device, SystemStorage::Sensor, SystemStorage::Transition],
            Self::Command => &[SystemStorage::Command],
        }
    }
}
