//! Settings of a source, as sent and stored.

mod web_origin;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

pub use self::web_origin::WebOrigin;
use crate::clock::Zone;

/// Settings of a source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Format of all throws; detected for each throw if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Program that transforms every record or throw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<String>,
    /// Key field of the storage that this source creates; `_id` if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Zone of times that state no offset: a name of the IANA database; UTC if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Quarantines records with values that do not fit a field of an inferred storage. Otherwise such values
    /// are stored in `_extra`.
    pub strict: bool,
    /// Keeps the original throws as well.
    pub keep_raw: bool,
    /// The handling of records that match no route.
    pub unrouted: Unrouted,
    /// Web origins whose pages may throw from browsers, such as `https://shop.example`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<String>,
    /// Routes to storages. Without routes all records go to the storage named after the source.
    pub routes: Vec<Route>,
}

impl Settings {
    /// Returns the zone of local times: UTC if none is set, or if this release does not know the one that is.
    pub fn zone(&self) -> Zone {
        self.timezone.as_deref().and_then(Zone::named).unwrap_or_default()
    }
}

/// The handling of records that match no route.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unrouted {
    /// Store them in the storage named after the source.
    #[default]
    Keep,
    /// Count and drop them.
    Drop,
}

/// Routes the records that match a condition to a storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Name of the storage.
    pub storage: String,
    /// Condition in the syntax of the filter parameter `where`; without it every record matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Json>,
    /// Fields to keep; all fields if empty. `a.b` is a nested field, which is named after its last
    /// segment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// New field names: `{"old": "new"}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub rename: Map<String, Json>,
    /// Types to cast fields to, by their new names: `{"collar_size": "integer"}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub cast: Map<String, Json>,
}
