//! The receipt of a throw: what was accepted, what was quarantined, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::throw::{HUB, SourceName};

/// Maximum number of warnings, and of errors, that a receipt lists.
const MAX_LISTED: usize = 100;

/// The receipt of a throw. Everything it counts is committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Always true: a throw that is not stored gets an error instead of a receipt.
    pub ok: bool,
    /// The throw's id.
    #[serde(rename = "throw")]
    pub throw_id: Uuid,
    /// The source it was thrown at.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub source: SourceName,
    /// The format it was parsed as.
    pub format: String,
    /// Rows that were written.
    pub accepted: u64,
    /// Quarantine entries that were created.
    pub quarantined: u64,
    /// Records that the program or the routes of the source dropped.
    pub dropped: u64,
    /// Records identical to the stored row.
    pub duplicates: u64,
    /// Number of rows written per storage.
    pub storages: BTreeMap<String, u64>,
    /// Values that were changed on the way in, or moved to `_extra`.
    pub warnings: Vec<Remark>,
    /// Failures, with their quarantine entries.
    pub errors: Vec<Remark>,
    /// True if there are more warnings or errors than are listed.
    pub truncated: bool,
    /// True if this repeats the receipt of an earlier throw with the same idempotency key.
    #[serde(skip)]
    pub replayed: bool,
}

/// A warning or an error about a part of a throw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// The index of the record, from 0; `None` if the remark is about the whole throw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The line of the record, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// A code for programs.
    pub code: String,
    /// The field concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// An explanation for people.
    pub detail: String,
    /// The quarantine entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Uuid>,
}

impl Receipt {
    /// Creates an empty receipt.
    pub(crate) fn new(throw_id: Uuid, source: SourceName, format: impl Into<String>) -> Self {
        Self {
            ok: true,
            throw_id,
            source,
            format: format.into(),
            accepted: 0,
            quarantined: 0,
            dropped: 0,
            duplicates: 0,
            storages: BTreeMap::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
            truncated: false,
            replayed: false,
        }
    }

    /// Counts a written row.
    pub(crate) fn accept(&mut self, storage: &str) {
        self.accepted += 1;
        match self.storages.get_mut(storage) {
            Some(count) => *count += 1,
            None => {
                self.storages.insert(storage.to_owned(), 1);
            }
        }
    }

    /// Lists a warning, up to the maximum.
    pub(crate) fn warn(&mut self, remark: Remark) {
        if self.warnings.len() < MAX_LISTED {
            self.warnings.push(remark);
        } else {
            self.truncated = true;
        }
    }

    /// Lists an error, up to the maximum.
    pub(crate) fn error(&mut self, remark: Remark) {
        if self.errors.len() < MAX_LISTED {
            self.errors.push(remark);
        } else {
            self.truncated = true;
        }
    }

    /// Adds the receipt of the next chunk of the same stream.
    pub(crate) fn add(&mut self, next: Self) {
        self.accepted += next.accepted;
        self.quarantined += next.quarantined;
        self.dropped += next.dropped;
        self.duplicates += next.duplicates;
        self.truncated |= next.truncated;
        for (storage, count) in next.storages {
            *self.storages.entry(storage).or_default() += count;
        }
        next.warnings.into_iter().for_each(|remark| self.warn(remark));
        next.errors.into_iter().for_each(|remark| self.error(remark));
    }
}

fn from_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SourceName, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name == HUB {
        return Ok(SourceName::reserved(HUB));
    }
    SourceName::parse(&name).map_err(serde::de::Error::custom)
}

fn as_text<S: serde::Serializer>(name: &SourceName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}
