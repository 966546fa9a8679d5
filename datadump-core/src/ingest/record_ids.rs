//! The ids of the records of a throw: the same every time, so that storing a record again is no new row.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{id::Ids, record::Records, schema::StorageName};

/// Assigns ids to the records of a throw, in order.
#[derive(Debug)]
pub(super) struct RecordIds {
    throw: Uuid,
    /// Number of parts so far of each record that was split; `None` if none was.
    parts: Option<HashMap<(StorageName, usize), usize>>,
}

impl RecordIds {
    /// Creates the ids for the records of a throw.
    pub(super) fn new(throw: Uuid, records: &Records) -> Self {
        Self { throw, parts: records.is_split().then(HashMap::new) }
    }

    /// Returns the id of the next record, which goes to this storage and has this index in the throw.
    pub(super) fn next(&mut self, storage: &StorageName, index: usize) -> Uuid {
        let part = self.parts.as_mut().map_or(0, |parts| {
            let part = parts.entry((storage.clone(), index)).or_default();
            *part += 1;
            *part - 1
        });
        Ids::nth(self.throw, index, part)
    }
}
