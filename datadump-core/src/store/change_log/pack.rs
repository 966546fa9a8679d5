//! The packed form of a commit's changes. A row whose key is a throw id takes about five bytes.
//!
//! ```text
//! entry  = format change*
//! change = flags [storage] (key [version] | trim)
//! flags  = change kind (2 bits), key type (2 bits), same storage as before (1 bit), version is 1 (1 bit)
//! trim   = microseconds of its end, length of its range of time in microseconds, number of rows
//! key    = integer: difference to the previous integer key
//!        | text:    length of the prefix shared with the previous key, length of the rest, rest
//!        | uuid:    length of the prefix shared with the previous key, rest
//! ```
//!
//! Numbers are LEB128 varints, signed ones zigzag-encoded.

use uuid::Uuid;

use super::{Change, ChangeKind, RowChange, Trim};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{StorageId, Value},
    store::{Outcome, system_storages},
};

/// The first byte of an entry: the format of the rest.
const FORMAT: u8 = 1;

const INTEGER: u8 = 0;
const TEXT: u8 = 1;
const UUID: u8 = 2;

/// The change kind of a trim.
const TRIM: u8 = 3;

const SAME_STORAGE: u8 = 0b1_0000;
const FIRST_VERSION: u8 = 0b10_0000;

/// Packs changes into an entry.
#[derive(Debug, Default)]
pub(in crate::store) struct Packer {
    bytes: Vec<u8>,
    previous: Previous,
}

/// The previous change, relative to which the next one is encoded.
#[derive(Debug, Default)]
struct Previous {
    storage: Option<StorageId>,
    integer: i64,
    key: Vec<u8>,
}

impl Packer {
    /// Adds the change that a write made, if it made one.
    pub(in crate::store) fn outcome(&mut self, outcome: &Outcome) -> Result<()> {
        let (kind, stored) = match outcome {
            Outcome::Created(stored) => (ChangeKind::Inserted, stored),
            Outcome::Updated(stored) => (ChangeKind::Updated, stored),
            Outcome::Deleted(stored) => (ChangeKind::Deleted, stored),
            // Replacements go into the quarantine, which is not published.
            _ => return Ok(()),
        };
        self.change(stored.in_force.storage, kind, &stored.row.key, stored.row.version)
    }

    /// Adds a change, unless changes of its storage are not published.
    pub(in crate::store) fn change(
        &mut self,
        storage: StorageId,
        kind: ChangeKind,
        key: &Value,
        version: i32,
    ) -> Result<()> {
        if !system_storages::is_published(storage) {
            return Ok(());
        }
        let key_type = match key {
            Value::Integer(_) => INTEGER,
            Value::Text(_) => TEXT,
            Value::Uuid(_) => UUID,
            other => return Err(Error::internal(format!("a key of this type cannot be packed: {other:?}"))),
        };
        let kind = match kind {
            ChangeKind::Inserted => 0,
            ChangeKind::Updated => 1,
            ChangeKind::Deleted => 2,
        };
        self.begin(storage, kind | (key_type << 2) | if version == 1 { FIRST_VERSION } else { 0 });
        match key {
            Value::Integer(integer) => {
                self.signed(integer.wrapping_sub(self.previous.integer));
                self.previous.integer = *integer;
            }
            Value::Text(text) => {
                let rest = self.delta(text.as_bytes());
                self.number(rest.len() as u64);
                self.bytes.extend_from_slice(rest);
            }
            Value::Uuid(uuid) => {
                let rest = self.delta(uuid.as_bytes());
                self.bytes.extend_from_slice(rest);
            }
            _ => {}
        }
        if version != 1 {
            self.signed(version.into());
        }
        Ok(())
    }

    /// Adds rows that retention has removed, unless changes of their storage are not published.
    pub(in crate::store) fn trim(&mut self, trim: &Trim) {
        if !system_storages::is_published(trim.storage) {
            return;
        }
        self.begin(trim.storage, TRIM);
        self.signed(trim.until.micros());
        self.number(trim.until.micros().saturating_sub(trim.after.micros()).unsigned_abs());
        self.number(trim.rows);
    }

    /// Writes the flags of a change, and its storage unless it is that of the previous one.
    fn begin(&mut self, storage: StorageId, flags: u8) {
        if self.bytes.is_empty() {
            self.bytes.push(FORMAT);
        }
        let is_same = self.previous.storage == Some(storage);
        self.bytes.push(flags | if is_same { SAME_STORAGE } else { 0 });
        if !is_same {
            self.signed(storage.get());
            self.previous.storage = Some(storage);
        }
    }

    /// Returns the entry; `None` if there are no changes.
    pub(in crate::store) fn finish(self) -> Option<Vec<u8>> {
        Some(self.bytes).filter(|bytes| !bytes.is_empty())
    }

    /// Writes the length of the prefix shared with the previous key; returns the rest.
    fn delta<'k>(&mut self, key: &'k [u8]) -> &'k [u8] {
        let shared = self.previous.key.iter().zip(key).take_while(|(one, other)| one == other).count();
        self.number(shared as u64);
        self.previous.key.truncate(shared);
        let rest = key.get(shared..).unwrap_or_default();
        self.previous.key.extend_from_slice(rest);
        rest
    }

    fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    fn number(&mut self, mut number: u64) {
        loop {
            let group = (number & 0x7f) as u8;
            number >>= 7;
            if number == 0 {
                return self.bytes.push(group);
            }
            self.bytes.push(group | 0x80);
        }
    }
}

/// Unpacks the changes of an entry.
pub(in crate::store) fn unpack(bytes: &[u8]) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let Some((format, rest)) = bytes.split_first() else { return Ok(changes) };
    if *format != FORMAT {
        return Err(Error::internal(format!("a change log entry has the unknown format {format}")));
    }
    let (mut rest, mut previous) = (Decoder(rest), Previous::default());
    while !rest.0.is_empty() {
        changes.push(
            rest.change(&mut previous).ok_or_else(|| Error::internal("a change log entry is corrupt"))?,
        );
    }
    Ok(changes)
}

/// The bytes not read yet.
struct Decoder<'b>(&'b [u8]);

impl Decoder<'_> {
    fn change(&mut self, previous: &mut Previous) -> Option<Change> {
        let flags = self.byte()?;
        if flags & SAME_STORAGE == 0 {
            previous.storage = Some(StorageId(self.signed()?));
        }
        let storage = previous.storage?;
        let kind = match flags & 0b11 {
            0 => ChangeKind::Inserted,
            1 => ChangeKind::Updated,
            2 => ChangeKind::Deleted,
            _ => return self.trim(storage).map(Change::Trim),
        };
        let key = match (flags >> 2) & 0b11 {
            INTEGER => {
                previous.integer = previous.integer.wrapping_add(self.signed()?);
                Value::Integer(previous.integer)
            }
            TEXT => {
                let shared = usize::try_from(self.number()?).ok()?;
                let length = usize::try_from(self.number()?).ok()?;
                self.key(previous, shared, length)?;
                Value::Text(String::from_utf8(previous.key.clone()).ok()?)
            }
            UUID => {
                let shared = usize::try_from(self.number()?).ok()?;
                self.key(previous, shared, 16_usize.checked_sub(shared)?)?;
                Value::Uuid(Uuid::from_slice(&previous.key).ok()?)
            }
            _ => return None,
        };
        let version = if flags & FIRST_VERSION != 0 { 1 } else { i32::try_from(self.signed()?).ok()? };
        Some(Change::Row(RowChange { storage, kind, key, version }))
    }

    fn trim(&mut self, storage: StorageId) -> Option<Trim> {
        let until = self.signed()?;
        let after = until.checked_sub(i64::try_from(self.number()?).ok()?)?;
        let (after, until) = (Timestamp::from_micros(after)?, Timestamp::from_micros(until)?);
        Some(Trim { storage, after, until, rows: self.number()? })
    }

    fn key(&mut self, previous: &mut Previous, shared: usize, length: usize) -> Option<()> {
        let rest = self.0.split_off(..length)?;
        previous.key.get(..shared)?;
        previous.key.truncate(shared);
        previous.key.extend_from_slice(rest);
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        self.0.split_off_first().copied()
    }

    fn signed(&mut self) -> Option<i64> {
        let folded = self.number()?;
        Some((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(changes: &[Change]) -> Vec<u8> {
        let mut packer = Packer::default();
        for change in changes {
            match change {
                Change::Row(row) => packer.change(row.storage, row.kind, &row.key, row.version).unwrap(),
                Change::Trim(trim) => packer.trim(trim),
            }
        }
        packer.finish().unwrap_or_default()
    }

    fn key() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<i64>().prop_map(Value::Integer),
            ".{0,12}".prop_map(Value::Text),
            "a{0,9}ж?b{0,9}".prop_map(Value::Text),
            any::<u128>().prop_map(|bits| Value::Uuid(Uuid::from_u128(bits))),
            any::<u8>().prop_map(|bits| Value::Uuid(Uuid::from_u128(bits.into()))),
        ]
    }

    fn storage() -> impl Strategy<Value = StorageId> {
        prop_oneof![0..3_i64, 0..i64::MAX].prop_map(StorageId)
    }

    fn change() -> impl Strategy<Value = Change> {
        let kind =
            prop_oneof![Just(ChangeKind::Inserted), Just(ChangeKind::Updated), Just(ChangeKind::Deleted)];
        let row = (storage(), kind, key(), prop_oneof![Just(1), any::<i32>()])
            .prop_map(|(storage, kind, key, version)| Change::Row(RowChange { storage, kind, key, version }));
        let moment = || Timestamp::MIN.micros()..=Timestamp::MAX.micros();
        let trim = (storage(), moment(), moment(), any::<u64>()).prop_map(|(storage, one, other, rows)| {
            let at = |micros| Timestamp::from_micros(micros).unwrap();
            Change::Trim(Trim { storage, after: at(one.min(other)), until: at(one.max(other)), rows })
        });
        prop_oneof![4 => row, 1 => trim]
    }

    proptest! {
        #[test]
        fn packed_changes_are_unpacked_equal(changes in proptest::collection::vec(change(), 0..40)) {
            prop_assert_eq!(unpack(&packed(&changes)).unwrap(), changes);
        }

        #[test]
        fn arbitrary_bytes_are_unpacked_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(&bytes);
            let _ = unpack(&[&[FORMAT], bytes.as_slice()].concat());
        }
    }

    #[test]
    fn rows_of_one_throw_take_few_bytes_and_unpublished_ones_none() {
        let throw = Uuid::from_u128(0x018f_0000_0000_7000_8001_1234_5678_9abc);
        let change = |index: usize, storage| {
            let key = Value::Uuid(crate::id::Ids::nth(throw, index, 0));
            let storage = StorageId(storage);
            Change::Row(RowChange { storage, kind: ChangeKind::Inserted, key, version: 1 })
        };
        let changes: Vec<_> = (0..10_000).map(|index| change(index, 7)).collect();
        assert!(packed(&changes).len() < 50_000, "{}", packed(&changes).len());
        assert_eq!(packed(&[change(1, -3)]), [0; 0]);
        let (after, until) = (Timestamp::MIN, Timestamp::MAX);
        let trim = Trim { storage: StorageId(-3), after, until, rows: 1 };
        assert_eq!(packed(&[Change::Trim(trim)]), [0; 0]);
    }
}
