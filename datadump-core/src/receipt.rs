//! What a thrower gets back: what was accepted, what was quarantined, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::throw::{HUB, SourceName};

/// The most warnings, and the most errors, one receipt lists.
const MAX_LISTED: usize = 100;

/// What became of a throw. Everything it counts is committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whether nothing of the throw was lost: always, or there would be no receipt.
    pub ok: bool,
    /// The throw's id.
    #[serde(rename = "throw")]
    pub throw_id: Uuid,
    /// The source it came through.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub source: SourceName,
    /// The format it was read as.
    pub format: String,
    /// Rows that were written.
    pub accepted: u64,
    /// Entries made in quarantine.
    pub quarantined: u64,
    /// Records that nothing was to be done with: its program or the source says so.
    pub dropped: u64,
    /// Records that were there already.
    pub duplicates: u64,
    /// Rows that were written, by storage.
    pub storages: BTreeMap<String, u64>,
    /// What was stored otherwise than one might expect.
    pub warnings: Vec<Remark>,
    /// What is in quarantine.
    pub errors: Vec<Remark>,
    /// Whether there were more warnings or errors than are listed.
    pub truncated: bool,
    /// Whether this was answered before, to a throw with the same idempotency key.
    #[serde(skip)]
    pub again: bool,
}

/// A warning or an error about a part of a throw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// Which record it is about, from 0; none for the whole throw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The line it stands on, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// For programs.
    pub code: String,
    /// The field concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// For people.
    pub detail: String,
    /// The entry in quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Uuid>,
}

impl Receipt {
    /// Nothing has become of it yet.
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
            again: false,
        }
    }

    /// Counts a row that was written.
    pub(crate) fn accept(&mut self, storage: &str) {
        self.accepted += 1;
        match self.storages.get_mut(storage) {
            Some(count) => *count += 1,
            None => {
                self.storages.insert(storage.to_owned(), 1);
            }
        }
    }

    /// Lists a warning, while there is room.
    pub(crate) fn warn(&mut self, remark: Remark) {
        if self.warnings.len() < MAX_LISTED {
            self.warnings.push(remark);
        } else {
            self.truncated = true;
        }
    }

    /// Lists an error, while there is room.
    pub(crate) fn error(&mut self, remark: Remark) {
        if self.errors.len() < MAX_LISTED {
            self.errors.push(remark);
        } else {
            self.truncated = true;
        }
    }

    /// Adds what became of the next chunk of the same stream.
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
