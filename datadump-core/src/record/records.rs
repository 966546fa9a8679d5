//! The records of a throw. A million of them would take a gigabyte as objects, so most of them are packed.

use std::{borrow::Cow, collections::VecDeque, sync::Arc};

use super::{Fields, Names, PackedRecords, Record, RecordsIntoIter};
use crate::schema::StorageName;

/// Maximum size of the records that are not packed. Most throws are smaller, and packing takes time.
const MAX_PLAIN_BYTES: usize = 64 << 20;

/// Maximum number of records in a pack, and the size from which it may have fewer.
const PACK_RECORDS: usize = 4096;
const PACK_BYTES: usize = 2 << 20;

/// Minimum number of records in a pack: a few large ones are hardly smaller when they are packed.
const MIN_PACKED: usize = 16;

/// Number of lists of names that are recognised when they are repeated.
const RECENT_NAMES: usize = 16;

/// Records in order.
///
/// ```
/// use datadump_core::{Record, Records};
///
/// let mut records = Records::default();
/// records.push(Record::default());
/// assert_eq!(records.len(), 1);
/// assert!(records.iter().all(|record| record.fields.is_empty()));
/// assert_eq!(records.into_iter().next(), Some(Record::default()));
/// ```
#[derive(Debug, Default)]
pub struct Records {
    /// Packs of records: those that are packed come first.
    packed: VecDeque<PackedRecords>,
    packed_bytes: usize,
    /// Packs that are not packed yet, with their sizes.
    plain: VecDeque<(Vec<Record>, usize)>,
    plain_bytes: usize,
    /// The last records.
    last: Vec<Record>,
    last_bytes: usize,
    /// Lists of names that were seen last, and the approximate size of all lists.
    recent: VecDeque<Arc<Names>>,
    name_bytes: usize,
    len: usize,
    /// The storages of the records, each once.
    storages: Vec<StorageName>,
    /// Index of the last record in its throw.
    last_index: Option<usize>,
    /// True if adjacent records have the same index: they come from one record.
    is_split: bool,
    /// True if a record cannot be parsed again from its bytes alone.
    lacks_byte_ranges: bool,
}

impl Records {
    /// Appends a record.
    pub fn push(&mut self, mut record: Record) {
        self.share_names(&mut record.fields);
        self.share_names(&mut record.non_finite);
        self.note(&record);
        self.lacks_byte_ranges |= record.origin.byte_range.is_none();
        self.last_bytes += record.size();
        self.len += 1;
        if self.last.capacity() == 0 {
            // Most throws contain one record.
            self.last.reserve_exact(1);
        }
        self.last.push(record);
        let is_large = self.last_bytes >= PACK_BYTES && self.last.len() >= MIN_PACKED;
        if self.last.len() >= PACK_RECORDS || is_large {
            self.plain_bytes += self.last_bytes;
            self.plain.push_back((std::mem::take(&mut self.last), std::mem::take(&mut self.last_bytes)));
            self.pack_down_to(MAX_PLAIN_BYTES);
        }
    }

    /// Lets fields share their names with earlier records.
    fn share_names(&mut self, fields: &mut Fields) {
        let Some(names) = fields.names() else { return };
        if self.recent.iter().any(|recent| Arc::ptr_eq(recent, names)) {
            return;
        }
        if let Some(equal) = self.recent.iter().find(|recent| recent.list() == names.list()) {
            return fields.share_names(equal);
        }
        self.name_bytes += names.size();
        if self.recent.len() == RECENT_NAMES {
            self.recent.pop_front();
        }
        self.recent.push_back(names.clone());
    }

    fn note(&mut self, record: &Record) {
        if let Some(storage) = &record.storage
            && !self.storages.iter().rev().any(|known| known == storage)
        {
            self.storages.push(storage.clone());
        }
        self.is_split |= self.last_index.replace(record.origin.index) == Some(record.origin.index);
    }

    /// Packs all records but the last few, because memory is scarce.
    pub(crate) fn save_memory(&mut self) {
        self.pack_down_to(0);
    }

    /// Packs the first of the records that are not packed, until the others are small enough.
    fn pack_down_to(&mut self, bytes: usize) {
        while self.plain_bytes > bytes
            && let Some((records, size)) = self.plain.pop_front()
        {
            let mut packed = PackedRecords::with_capacity(size);
            records.into_iter().for_each(|record| packed.push(&record));
            packed.shrink();
            self.packed_bytes += packed.size();
            self.packed.push_back(packed);
            self.plain_bytes -= size;
        }
    }

    /// Returns the number of records.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the approximate number of bytes that the records take.
    pub(crate) fn size(&self) -> usize {
        self.packed_bytes + self.plain_bytes + self.last_bytes + self.name_bytes
    }

    /// Returns the storages of the records, each once.
    pub(crate) fn storages(&self) -> &[StorageName] {
        &self.storages
    }

    /// Returns whether some of the records come from one record that was split; such records are adjacent.
    pub(crate) fn is_split(&self) -> bool {
        self.is_split
    }

    /// Returns whether a record cannot be parsed again from its bytes alone.
    pub(crate) fn lacks_byte_ranges(&self) -> bool {
        self.lacks_byte_ranges
    }

    /// Sets the storage of all records that have none.
    pub(crate) fn set_storage(&mut self, storage: &StorageName) {
        for packed in &mut self.packed {
            packed.default_storage.get_or_insert_with(|| storage.clone());
        }
        for record in self.plain.iter_mut().flat_map(|(records, _)| records).chain(&mut self.last) {
            record.storage.get_or_insert_with(|| storage.clone());
        }
        if !self.is_empty() && !self.storages.contains(storage) {
            self.storages.push(storage.clone());
        }
    }

    /// Returns the first record.
    pub fn first(&self) -> Option<Cow<'_, Record>> {
        self.iter().next()
    }

    /// Iterates over the records.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Record>> + Clone + Send {
        let packed = self.packed.iter().flat_map(PackedRecords::iter).map(Cow::Owned);
        let plain = self.plain.iter().flat_map(|(records, _)| records);
        packed.chain(plain.chain(&self.last).map(Cow::Borrowed))
    }

    /// Removes all records but some.
    pub(crate) fn retain(&mut self, keep: impl FnMut(&Record) -> bool) {
        *self = std::mem::take(self).into_iter().filter(keep).collect();
    }

    /// Changes each record.
    pub(crate) fn update(&mut self, mut update: impl FnMut(&mut Record)) {
        (self.last_index, self.is_split) = (None, false);
        let mut note = |record: &mut Record| {
            update(record);
            self.is_split |= self.last_index.replace(record.origin.index) == Some(record.origin.index);
        };
        for packed in &mut self.packed {
            let mut updated = PackedRecords::default();
            for mut record in packed.iter() {
                note(&mut record);
                updated.push(&record);
            }
            updated.shrink();
            self.packed_bytes = self.packed_bytes.saturating_sub(packed.size()) + updated.size();
            *packed = updated;
        }
        self.plain.iter_mut().flat_map(|(records, _)| records).chain(&mut self.last).for_each(note);
    }
}

impl Extend<Record> for Records {
    fn extend<I: IntoIterator<Item = Record>>(&mut self, records: I) {
        records.into_iter().for_each(|record| self.push(record));
    }
}

impl FromIterator<Record> for Records {
    fn from_iter<I: IntoIterator<Item = Record>>(records: I) -> Self {
        let mut all = Self::default();
        all.extend(records);
        all
    }
}

impl IntoIterator for Records {
    type Item = Record;
    type IntoIter = RecordsIntoIter;

    fn into_iter(self) -> RecordsIntoIter {
        let Self { packed, packed_bytes, mut plain, plain_bytes, last, last_bytes, .. } = self;
        plain.push_back((last, last_bytes));
        RecordsIntoIter::new(packed, packed_bytes, plain, plain_bytes + last_bytes)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(number: usize) -> Record {
        let mut record = Record::new(Fields::from_iter([("a".to_owned(), json!(number))]));
        record.origin.index = number;
        record
    }

    /// Returns records of which some are packed, if there are enough.
    fn large(count: usize) -> Records {
        let text = "x".repeat(2 * MAX_PLAIN_BYTES / count);
        let text = |number| Fields::from_iter([("a".to_owned(), json!(format!("{number}{text}")))]);
        (0..count).map(|number| Record { fields: text(number), ..record(number) }).collect()
    }

    #[test]
    fn many_records_are_packed_and_come_back_in_order() {
        let few = |count: usize| (0..count).map(record).collect::<Records>();
        for (mut records, count, is_packed) in [
            (few(0), 0, false),
            (few(1), 1, false),
            (few(3 * PACK_RECORDS), 3 * PACK_RECORDS, false),
            (large(MIN_PACKED - 1), MIN_PACKED - 1, false),
            (large(1000), 1000, true),
            (large(3 * PACK_RECORDS), 3 * PACK_RECORDS, true),
        ] {
            assert_eq!((records.len(), records.is_empty()), (count, count == 0));
            assert_eq!(!records.packed.is_empty(), is_packed, "{count}");
            let numbers = records.iter().map(|record| record.origin.index);
            assert!(numbers.eq(0..count), "{count}");
            records.update(|record| record.origin.index += 1);
            assert!(records.into_iter().map(|record| record.origin.index).eq(1..=count), "{count}");
        }
    }

    #[test]
    fn packed_records_take_little_memory_which_is_released() {
        let count = 1_000_000;
        let mut records = Records::default();
        // Each of them has its own list of names, which is replaced by a shared one.
        records.extend((0..count).map(record));
        assert!(records.size() < 10 * count + MAX_PLAIN_BYTES, "{}", records.size());
        let mut records = records.into_iter();
        let before = records.size();
        records.by_ref().take(count * 99 / 100).for_each(drop);
        assert!(records.size() * 2 < before, "{} of {before}", records.size());
    }

    #[test]
    fn records_are_kept_while_they_are_used() {
        for count in [10, 3 * PACK_RECORDS] {
            for records in [(0..count).map(record).collect(), large(count)] {
                let first = records.first().map(Cow::into_owned);
                let mut records = records.into_iter();
                records.keep();
                let mut places = Vec::new();
                while let (Some(place), Some(record)) = (records.next_place(), records.next()) {
                    places.push(place);
                    assert_eq!(records.kept(place), Some(record));
                }
                assert_eq!((places.len(), records.kept(places[0])), (count, first));
                let kept = records.into_kept().unwrap();
                let numbers = places.iter().map(|place| kept.get(*place).unwrap().origin.index);
                assert!(numbers.eq(0..count));
            }
        }
    }
}
