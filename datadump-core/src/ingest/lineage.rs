//! The lineage of the first records of a throw: the keys of their rows, and their quarantine entries.

use serde::Serialize;
use serde_json::Value as Json;
use uuid::Uuid;

use super::outcomes::WrittenPart;
use crate::{
    schema::{Kind, Value},
    store::{Outcome, Write},
};

/// Number of records of a throw that are followed.
pub(super) const MAX_RECORDS: usize = 100;

/// Maximum number of rows and entries of these records. A program may split a record into many.
const MAX_FATES: usize = 200;

/// Maximum size of a key in bytes, to bound the memory of the list of recent throws.
const MAX_KEY: usize = 1 << 10;

/// Outcomes of the first records of a throw, in the order of its writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lineage {
    fates: Vec<Fate>,
    /// The names of the storages of the records.
    storages: Vec<String>,
    /// True if there are more fates of these records.
    is_cut: bool,
    /// True if the records are those of a program that read the whole throw.
    pub(super) is_of_program: bool,
}

/// Outcome of a record, or of a part of it.
#[derive(Debug, Clone)]
struct Fate {
    index: usize,
    line: Option<usize>,
    /// Position of the storage that the record was meant for.
    storage: Option<usize>,
    status: FateStatus,
    /// The key of the row, or the id of the quarantine entry.
    key: Value,
}

/// Status of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FateStatus {
    /// A row was written.
    Stored,
    /// The stored row has these values already.
    Duplicate,
    /// The program or the routes dropped the record.
    Dropped,
    /// A quarantine entry was created.
    Quarantined,
    /// Neither a row nor a quarantine entry was written.
    Refused,
}

/// Outcome of a record, or of a part of it, as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordFate {
    /// Index of the record in the throw.
    pub(super) index: usize,
    /// Line of the record, from 1.
    pub(super) line: Option<usize>,
    /// The storage; `None` if the record failed before it was meant for one.
    pub storage: Option<String>,
    /// The key of the row.
    pub key: Option<Json>,
    /// Status.
    pub status: FateStatus,
    /// The quarantine entry.
    pub quarantine: Option<Uuid>,
}

impl Lineage {
    /// Lists the parts of the first records, before they are written. [`Lineage::settle`] adds the outcomes.
    pub(super) fn of(parts: &[WrittenPart], writes: &[Write]) -> Self {
        let mut lineage = Self::default();
        for (part, write) in parts.iter().zip(writes) {
            let Some((index, line)) = followed(part) else { continue };
            if lineage.fates.len() == MAX_FATES {
                lineage.is_cut = true;
                break;
            }
            let storage = match part {
                WrittenPart::Entry { storage, .. } => storage.as_deref(),
                _ => Some(write.storage_name().as_str()),
            };
            let storage = storage.map(|name| lineage.place(name));
            lineage.fates.push(Fate { index, line, storage, status: FateStatus::Refused, key: Value::Null });
        }
        lineage
    }

    /// Adds the outcomes of the writes.
    pub(super) fn settle(&mut self, parts: &[WrittenPart], outcomes: &[Outcome]) {
        let followed = parts.iter().zip(outcomes).filter(|(part, _)| followed(part).is_some());
        for (fate, (part, outcome)) in self.fates.iter_mut().zip(followed) {
            let (status, stored) = match (part, outcome) {
                (WrittenPart::Entry { .. }, Outcome::Created(stored)) | (_, Outcome::Replaced(_, stored)) => {
                    (FateStatus::Quarantined, stored)
                }
                (_, Outcome::Created(stored) | Outcome::Updated(stored)) => (FateStatus::Stored, stored),
                (_, Outcome::Unchanged(stored)) => (FateStatus::Duplicate, stored),
                _ => continue,
            };
            fate.status = status;
            if stored.row.key.size() <= MAX_KEY {
                fate.key = stored.row.key.clone();
            }
        }
    }

    /// Adds a part of a record that was refused before anything was written.
    pub(crate) fn refuse(&mut self, index: usize, line: Option<usize>) {
        if index >= MAX_RECORDS {
            return;
        }
        if self.fates.len() == MAX_FATES {
            self.is_cut = true;
            return;
        }
        let (storage, status, key) = (None, FateStatus::Refused, Value::Null);
        self.fates.push(Fate { index, line, storage, status, key });
    }

    /// Returns the fates of the first records, in their order; and whether there are more of the same records.
    pub(super) fn fates(&self) -> (Vec<RecordFate>, bool) {
        let mut shown: Vec<RecordFate> = self.fates.iter().map(|fate| self.shown(fate)).collect();
        shown.sort_by_key(|fate| fate.index);
        (shown, self.is_cut)
    }

    fn shown(&self, fate: &Fate) -> RecordFate {
        let Fate { index, line, storage, status, ref key } = *fate;
        let quarantine = match key {
            Value::Uuid(id) if status == FateStatus::Quarantined => Some(*id),
            _ => None,
        };
        let is_row = status != FateStatus::Quarantined && !key.is_null();
        RecordFate {
            index,
            line,
            storage: storage.and_then(|place| self.storages.get(place).cloned()),
            // The type matters only for decimals, which keys cannot be.
            key: is_row.then(|| key.to_json(&Kind::Id)),
            status,
            quarantine,
        }
    }

    /// Returns the number of bytes that it takes.
    pub(super) fn size(&self) -> usize {
        let storages: usize = self.storages.iter().map(|name| size_of::<String>() + name.len()).sum();
        let keys: usize = self.fates.iter().map(|fate| fate.key.size()).sum();
        self.fates.capacity() * size_of::<Fate>() + storages + keys
    }

    /// Returns the position of a storage.
    fn place(&mut self, name: &str) -> usize {
        self.storages.iter().position(|known| known == name).unwrap_or_else(|| {
            self.storages.push(name.to_owned());
            self.storages.len() - 1
        })
    }
}

/// Returns the index and the line of a part, if its record is followed.
fn followed(part: &WrittenPart) -> Option<(usize, Option<usize>)> {
    let (index, line) = match part {
        WrittenPart::Row(origin, _) => (origin.index, origin.line),
        WrittenPart::Entry { remark, .. } => (remark.index?, remark.line),
        WrittenPart::Extra => return None,
    };
    (index < MAX_RECORDS).then_some((index, line))
}
