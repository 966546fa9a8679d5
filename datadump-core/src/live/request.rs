//! What a client subscribes to.

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
    /// Sources, which need not exist yet: the storages their records go to, by their present routes. Together
    /// with `storages`, only those that are in both.
    pub sources: Vec<String>,
    /// Filters on rows as for a list, only with exactly one storage. Deletions always pass. An index is needed
    /// only for a backfill.
    pub filters: Vec<(String, String)>,
    /// The position to resume from; now if there is none.
    pub from: Option<Cursor>,
    /// Rows to deliver first.
    pub backfill: Option<Backfill>,
    /// The hub's events: readings, devices and commands, of all devices or the one named below.
    pub hub: bool,
    /// A device, by name or id; implies `hub`.
    pub device: Option<String>,
    /// Sensors of this name, or the sensor with this id; implies `hub`.
    pub sensor: Option<String>,
    pub(crate) system: Vec<SystemStorage>,
}

/// The existing rows that a subscription delivers first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backfill {
    /// The most recently changed rows of all storages together, up to this many.
    Rows(u64),
    /// Rows changed within this time, up to the maximum size of a page.
    Since(Duration),
}

/// An error about a parameter that does not apply to the subscription.
pub(crate) fn not_applicable(parameter: &str, detail: impl Into<String>) -> Error {
    Error::Query(vec![Fault::new(Place::Parameter(parameter.into()), "not-applicable", detail)])
}
