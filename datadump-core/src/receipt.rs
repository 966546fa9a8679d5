//! The receipt of a throw: what was accepted, what was quarantined, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::throw::{self, SourceName};

/// Maximum number of warnings, of errors, and of reasons that a receipt lists.
const MAX_LISTED: usize = 100;

/// The receipt of a throw. Everything it counts is committed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// True if nothing was quarantined or refused.
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
    /// All warnings and errors, counted by step, code and field. The most frequent ones come first.
    #[serde(default)]
    pub reasons: Vec<Reason>,
    /// True if there are more warnings, errors or reasons than are listed.
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

/// Count of a throw's warnings or errors with the same step, code and field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stage that caused them.
    pub step: Stage,
    /// Their code.
    pub code: String,
    /// The field concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Number of these warnings or errors.
    pub count: u64,
    /// The index of the first record concerned, from 0; `None` if they are about the whole throw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<usize>,
}

/// The stage of the pipeline that changes or refuses a part of a throw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The processor of the format.
    Decode,
    /// The program of the source.
    Program,
    /// The routes of the source, and the assignment of readings to devices.
    Route,
    /// The check against the definition of the storage.
    Validate,
    /// The write.
    Store,
}

impl Stage {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Decode => "decode",
            Self::Program => "program",
            Self::Route => "route",
            Self::Validate => "validate",
            Self::Store => "store",
        }
    }
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
            reasons: Vec::new(),
            truncated: false,
            replayed: false,
        }
    }

    /// Returns whether something was quarantined, and nothing was stored, dropped or a duplicate.
    pub fn is_only_quarantined(&self) -> bool {
        self.quarantined > 0 && (self.accepted, self.dropped, self.duplicates) == (0, 0, 0)
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

    /// Counts a warning, and lists it up to the maximum.
    pub(crate) fn warn(&mut self, step: Stage, remark: Remark) {
        self.count(Reason::of(step, &remark));
        if self.warnings.len() < MAX_LISTED {
            self.warnings.push(remark);
        } else {
            self.truncated = true;
        }
    }

    /// Counts an error, and lists it up to the maximum.
    pub(crate) fn error(&mut self, step: Stage, remark: Remark) {
        self.ok = false;
        self.count(Reason::of(step, &remark));
        if self.errors.len() < MAX_LISTED {
            self.errors.push(remark);
        } else {
            self.truncated = true;
        }
    }

    /// Counts a reason, up to the maximum of different ones. They stay ordered by their counts, which also finds the
    /// most frequent ones first.
    fn count(&mut self, reason: Reason) {
        let is_same = |known: &Reason| {
            (known.step, &known.code, &known.field) == (reason.step, &reason.code, &reason.field)
        };
        let Some(place) = self.reasons.iter().position(is_same) else {
            if self.reasons.len() < MAX_LISTED {
                self.reasons.push(reason);
            } else {
                self.truncated = true;
            }
            return;
        };
        let Some(known) = self.reasons.get_mut(place) else { return };
        known.count += reason.count;
        known.first = known.first.into_iter().chain(reason.first).min();
        let count = known.count;
        let before = self.reasons.iter().take(place).take_while(|known| known.count >= count).count();
        if let Some(moved) = self.reasons.get_mut(before..=place) {
            moved.rotate_right(1);
        }
    }

    /// Adds the receipt of the next chunk of the same stream.
    pub(crate) fn add(&mut self, next: Self) {
        self.accepted += next.accepted;
        self.quarantined += next.quarantined;
        self.dropped += next.dropped;
        self.duplicates += next.duplicates;
        self.ok &= next.ok;
        self.truncated |= next.truncated;
        for (storage, count) in next.storages {
            *self.storages.entry(storage).or_default() += count;
        }
        for (listed, next) in [(&mut self.warnings, next.warnings), (&mut self.errors, next.errors)] {
            let free = MAX_LISTED - listed.len();
            self.truncated |= next.len() > free;
            listed.extend(next.into_iter().take(free));
        }
        next.reasons.into_iter().for_each(|reason| self.count(reason));
    }
}

impl Reason {
    fn of(step: Stage, remark: &Remark) -> Self {
        Self { step, code: remark.code.clone(), field: remark.field.clone(), count: 1, first: remark.index }
    }
}

fn from_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SourceName, D::Error> {
    let name = String::deserialize(deserializer)?;
    throw::source_name(&name).map_err(serde::de::Error::custom)
}

fn as_text<S: serde::Serializer>(name: &SourceName, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remark(field: &str, index: usize) -> Remark {
        Remark { index: Some(index), field: Some(field.into()), code: "null".into(), ..Remark::default() }
    }

    /// Returns a receipt with an error in each of these fields, at its position.
    fn receipt(fields: &str) -> Receipt {
        let mut receipt = Receipt::new(Uuid::nil(), SourceName::reserved(throw::HUB), "json");
        for (index, field) in fields.char_indices() {
            receipt.error(Stage::Validate, remark(&field.to_string(), index));
        }
        receipt
    }

    fn reasons(receipt: &Receipt) -> String {
        let text = |reason: &Reason| {
            let (field, first) =
                (reason.field.as_deref().unwrap_or_default(), reason.first.unwrap_or_default());
            format!("{field}{}@{first}", reason.count)
        };
        receipt.reasons.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn reasons_are_ordered_by_their_counts() {
        for (fields, expected) in [
            ("", ""),
            ("a", "a1@0"),
            ("ab", "a1@0 b1@1"),
            ("abb", "b2@1 a1@0"),
            ("abcbcc", "c3@2 b2@1 a1@0"),
            ("aabbcb", "b3@2 a2@0 c1@4"),
        ] {
            assert_eq!(reasons(&receipt(fields)), expected, "{fields}");
        }
    }

    #[test]
    fn receipts_of_chunks_are_added() {
        let mut sum = receipt("ab");
        sum.add(receipt("bbc"));
        assert_eq!((reasons(&sum).as_str(), sum.errors.len(), sum.ok), ("b3@0 a1@0 c1@2", 5, false));
        let mut long = receipt(&"a".repeat(70));
        assert!(!long.truncated);
        long.add(receipt(&"a".repeat(70)));
        assert_eq!((reasons(&long).as_str(), long.errors.len(), long.truncated), ("a140@0", 100, true));
    }
}
