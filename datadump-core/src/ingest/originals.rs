//! The records of a throw as they were decoded, for quarantine: those that cannot be parsed again from their bytes
//! alone are kept, packed.

use std::{fmt, sync::Arc};

use serde_json::Value as Json;

use crate::record::{KeptPlace, KeptRecords, PackedRecords, Record};

/// Renders the record that a part of a throw comes from. Called only for parts that fail.
#[derive(Clone)]
pub(crate) struct Originals(pub(crate) Arc<dyn Fn(OriginalOf) -> Option<Json> + Send + Sync>);

/// The part of a throw whose original is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OriginalOf {
    /// A record: its place in the batch, and its index in the throw.
    Record { place: usize, index: usize },
    /// A record of a batch whose records are those that were decoded.
    Kept(KeptPlace),
    /// A row that was validated before the batch was committed, by its index.
    Row(usize),
}

impl Default for Originals {
    fn default() -> Self {
        Self(Arc::new(|_| None))
    }
}

impl fmt::Debug for Originals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Originals")
    }
}

/// The records of a throw that cannot be parsed again from their bytes alone.
#[derive(Debug, Default)]
pub(super) struct DecodedRecords {
    packed: PackedRecords,
    /// The index of each in the throw, ascending, and its position among the packed ones.
    places: Vec<(usize, usize)>,
}

impl DecodedRecords {
    /// Keeps a record, unless it can be parsed again from its bytes alone.
    pub(super) fn keep(&mut self, record: &Record) {
        if record.origin.byte_range.is_none() {
            self.places.push((record.origin.index, self.packed.end()));
            self.packed.push(record);
        }
    }

    /// Returns the record with an index.
    pub(super) fn get(&self, index: usize) -> Option<Json> {
        let place = self.places.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        let (_, mut position) = *self.places.get(place)?;
        self.packed.take_at(&mut position).map(to_json)
    }

    /// Returns the number of bytes that the records take.
    pub(super) fn size(&self) -> usize {
        self.packed.size() + self.places.capacity() * size_of::<(usize, usize)>()
    }
}

impl From<DecodedRecords> for Originals {
    fn from(records: DecodedRecords) -> Self {
        if records.places.is_empty() {
            return Self::default();
        }
        Self(Arc::new(move |of| match of {
            OriginalOf::Record { index, .. } => records.get(index),
            OriginalOf::Kept(_) | OriginalOf::Row(_) => None,
        }))
    }
}

impl From<KeptRecords> for Originals {
    fn from(records: KeptRecords) -> Self {
        Self(Arc::new(move |of| match of {
            OriginalOf::Kept(place) => records.get(place).map(to_json),
            OriginalOf::Record { .. } | OriginalOf::Row(_) => None,
        }))
    }
}

/// Converts a record to JSON.
pub(super) fn to_json(record: Record) -> Json {
    let Record { mut fields, non_finite, .. } = record;
    fields.extend(non_finite);
    Json::from(fields)
}
