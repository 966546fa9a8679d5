//! The iterator over the records of a throw. It may keep them, packed, for quarantine.

use std::collections::VecDeque;

use super::{PackedRecords, Record};

/// Iterator over [`Records`], whose memory it releases on the way.
#[derive(Debug)]
pub struct RecordsIntoIter {
    packed: VecDeque<PackedRecords>,
    packed_bytes: usize,
    /// Position in the first of them.
    position: usize,
    plain: VecDeque<(Vec<Record>, usize)>,
    plain_bytes: usize,
    current: std::vec::IntoIter<Record>,
    /// The records so far, if they are kept.
    kept: Option<KeptRecords>,
}

/// Records that are kept, packed, while they are used.
#[derive(Debug, Default)]
pub(crate) struct KeptRecords {
    packed: Vec<PackedRecords>,
    /// Records that were not packed before.
    last: PackedRecords,
}

/// The place of one of the [`KeptRecords`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptPlace {
    pack: usize,
    position: usize,
}

impl KeptRecords {
    /// Returns a record.
    pub(crate) fn get(&self, place: KeptPlace) -> Option<Record> {
        let mut position = place.position;
        self.packed.get(place.pack).unwrap_or(&self.last).take_at(&mut position)
    }
}

impl RecordsIntoIter {
    /// Creates an iterator over packs and the records that follow them, with the sizes of both.
    pub(super) fn new(
        packed: VecDeque<PackedRecords>,
        packed_bytes: usize,
        plain: VecDeque<(Vec<Record>, usize)>,
        plain_bytes: usize,
    ) -> Self {
        let current = Vec::new().into_iter();
        Self { packed, packed_bytes, position: 0, plain, plain_bytes, current, kept: None }
    }

    /// Keeps the records.
    pub(crate) fn keep(&mut self) {
        self.kept = Some(KeptRecords::default());
    }

    /// Returns the place of the record that follows, if records are kept.
    pub(crate) fn next_place(&mut self) -> Option<KeptPlace> {
        self.skip_empty();
        let kept = self.kept.as_ref()?;
        let position = if self.packed.is_empty() { kept.last.end() } else { self.position };
        Some(KeptPlace { pack: kept.packed.len(), position })
    }

    /// Returns a record that was kept.
    pub(crate) fn kept(&self, place: KeptPlace) -> Option<Record> {
        let kept = self.kept.as_ref()?;
        match self.packed.front() {
            Some(first) if place.pack == kept.packed.len() => first.take_at(&mut { place.position }),
            _ => kept.get(place),
        }
    }

    /// Returns the records that were kept.
    pub(crate) fn into_kept(mut self) -> Option<KeptRecords> {
        self.skip_empty();
        self.kept
    }

    /// Returns the approximate number of bytes that the records take that are left or kept.
    pub(crate) fn size(&self) -> usize {
        let kept = self.kept.as_ref().map_or(0, |kept| kept.last.size());
        self.packed_bytes + self.plain_bytes + kept
    }

    /// Removes packs that have come to their end.
    fn skip_empty(&mut self) {
        while let Some(first) = self.packed.front()
            && first.end() == self.position
        {
            self.position = 0;
            let Some(first) = self.packed.pop_front() else { return };
            match &mut self.kept {
                Some(kept) => kept.packed.push(first),
                None => self.packed_bytes = self.packed_bytes.saturating_sub(first.size()),
            }
        }
    }
}

impl Iterator for RecordsIntoIter {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        self.skip_empty();
        if let Some(first) = self.packed.front() {
            return first.take_at(&mut self.position);
        }
        let record = loop {
            if let Some(record) = self.current.next() {
                break record;
            }
            let (records, size) = self.plain.pop_front()?;
            self.plain_bytes -= size;
            self.current = records.into_iter();
        };
        if let Some(kept) = &mut self.kept {
            kept.last.push(&record);
        }
        Some(record)
    }
}
