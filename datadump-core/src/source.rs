//! A source's settings, as they are sent and stored.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What a source does with what is thrown at it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The format of everything thrown at it; detected for each throw when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The program that every record, or every throw, goes through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor: Option<String>,
    /// The field that is the key of the storage this source makes; `_id` when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether what does not fit a field of an inferred storage goes to quarantine instead of
    /// being kept beside the fields.
    pub strict: bool,
    /// Whether throws are also kept as they came.
    pub keep_raw: bool,
    /// What happens to records that no route takes.
    pub unrouted: Unrouted,
    /// Where records go; all to the storage named after the source when there are none.
    pub routes: Vec<Route>,
}

/// What happens to records that no route takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unrouted {
    /// They go to the storage named after the source.
    #[default]
    Keep,
    /// They are counted and forgotten.
    Drop,
}

/// Sends the records that meet a condition to a storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The storage.
    pub storage: String,
    /// The condition, written like a filter's `where`; every record when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Json>,
    /// The fields to keep, `a.b` for one inside another; all when there are none. A field from
    /// inside is called by its last step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// New names: `{"as it is kept": "as it is to be called"}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub rename: Map<String, Json>,
    /// Kinds to turn fields into, by their new names: `{"collar_size": "integer"}`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub cast: Map<String, Json>,
}
