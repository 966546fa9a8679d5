//! What a commit changed, in few bytes: a row with an id of a throw takes about five.
//!
//! ```text
//! change = flags [storage] key [version]
//! flags  = what (2 bits), kind of key (2 bits), storage as before (1 bit), version 1 (1 bit)
//! ```
//!
//! Numbers are in groups of seven bits, signed ones folded. A key says how many of its bytes are those of the
//! one before it, an integer how far it is from the one before it.

use uuid::Uuid;

use super::{Change, Changed};
use crate::{
    error::{Error, Result},
    schema::{StorageId, Value},
    store::{Outcome, system_storages},
};

/// The first byte: how the others are to be read.
const FORM: u8 = 1;

const INTEGER: u8 = 0;
const TEXT: u8 = 1;
const UUID: u8 = 2;

const SAME_STORAGE: u8 = 0b1_0000;
const FIRST_VERSION: u8 = 0b10_0000;

/// Packs changes.
#[derive(Debug, Default)]
pub(in crate::store) struct Packer {
    bytes: Vec<u8>,
    last: Last,
}

/// What the next change is told apart from.
#[derive(Debug, Default)]
struct Last {
    storage: Option<StorageId>,
    integer: i64,
    key: Vec<u8>,
}

impl Packer {
    /// Adds what became of a write, if that is a change of somebody's row.
    pub(in crate::store) fn outcome(&mut self, outcome: &Outcome) -> Result<()> {
        let (what, stored) = match outcome {
            Outcome::Created(stored) => (Changed::Inserted, stored),
            Outcome::Updated(stored) => (Changed::Updated, stored),
            Outcome::Deleted(stored) => (Changed::Deleted, stored),
            // What is put instead is in a storage of our own.
            _ => return Ok(()),
        };
        self.change(stored.in_force.storage, what, &stored.row.key, stored.row.version)
    }

    /// Adds a change, unless it is of a storage of our own that nobody is told of.
    pub(in crate::store) fn change(
        &mut self,
        storage: StorageId,
        what: Changed,
        key: &Value,
        version: i32,
    ) -> Result<()> {
        if !system_storages::is_told(storage) {
            return Ok(());
        }
        if self.bytes.is_empty() {
            self.bytes.push(FORM);
        }
        let kind = match key {
            Value::Integer(_) => INTEGER,
            Value::Text(_) => TEXT,
            Value::Uuid(_) => UUID,
            other => return Err(Error::internal(format!("a key that cannot be packed: {other:?}"))),
        };
        let what = match what {
            Changed::Inserted => 0,
            Changed::Updated => 1,
            Changed::Deleted => 2,
        };
        let is_same = self.last.storage == Some(storage);
        let flags = what | (kind << 2);
        let flags = flags | if is_same { SAME_STORAGE } else { 0 };
        self.bytes.push(flags | if version == 1 { FIRST_VERSION } else { 0 });
        if !is_same {
            self.signed(storage.get());
            self.last.storage = Some(storage);
        }
        match key {
            Value::Integer(integer) => {
                self.signed(integer.wrapping_sub(self.last.integer));
                self.last.integer = *integer;
            }
            Value::Text(text) => {
                let own = self.shared(text.as_bytes());
                self.number(own.len() as u64);
                self.bytes.extend_from_slice(own);
            }
            Value::Uuid(uuid) => {
                let own = self.shared(uuid.as_bytes());
                self.bytes.extend_from_slice(own);
            }
            _ => {}
        }
        if version != 1 {
            self.signed(version.into());
        }
        Ok(())
    }

    /// The entry; none when nothing was changed.
    pub(in crate::store) fn finish(self) -> Option<Vec<u8>> {
        Some(self.bytes).filter(|bytes| !bytes.is_empty())
    }

    /// Says how many bytes a key shares with the one before; the others.
    fn shared<'k>(&mut self, key: &'k [u8]) -> &'k [u8] {
        let shared = self.last.key.iter().zip(key).take_while(|(one, other)| one == other).count();
        self.number(shared as u64);
        self.last.key.truncate(shared);
        let own = key.get(shared..).unwrap_or_default();
        self.last.key.extend_from_slice(own);
        own
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

/// The changes of an entry.
pub(in crate::store) fn unpack(bytes: &[u8]) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    let Some((form, rest)) = bytes.split_first() else { return Ok(changes) };
    if *form != FORM {
        return Err(Error::internal(format!("an entry of the feed has the form {form}, which nobody knows")));
    }
    let (mut rest, mut last) = (Rest(rest), Last::default());
    while !rest.0.is_empty() {
        changes
            .push(rest.change(&mut last).ok_or_else(|| Error::internal("an entry of the feed is broken"))?);
    }
    Ok(changes)
}

/// What is not read yet.
struct Rest<'b>(&'b [u8]);

impl Rest<'_> {
    fn change(&mut self, last: &mut Last) -> Option<Change> {
        let flags = self.byte()?;
        let what = match flags & 0b11 {
            0 => Changed::Inserted,
            1 => Changed::Updated,
            2 => Changed::Deleted,
            _ => return None,
        };
        if flags & SAME_STORAGE == 0 {
            last.storage = Some(StorageId(self.signed()?));
        }
        let key = match (flags >> 2) & 0b11 {
            INTEGER => {
                last.integer = last.integer.wrapping_add(self.signed()?);
                Value::Integer(last.integer)
            }
            TEXT => {
                let shared = usize::try_from(self.number()?).ok()?;
                let own = usize::try_from(self.number()?).ok()?;
                self.key(last, shared, own)?;
                Value::Text(String::from_utf8(last.key.clone()).ok()?)
            }
            UUID => {
                let shared = usize::try_from(self.number()?).ok()?;
                self.key(last, shared, 16_usize.checked_sub(shared)?)?;
                Value::Uuid(Uuid::from_slice(&last.key).ok()?)
            }
            _ => return None,
        };
        let version = if flags & FIRST_VERSION != 0 { 1 } else { i32::try_from(self.signed()?).ok()? };
        Some(Change { storage: last.storage?, what, key, version })
    }

    fn key(&mut self, last: &mut Last, shared: usize, own: usize) -> Option<()> {
        let own = self.0.split_off(..own)?;
        last.key.get(..shared)?;
        last.key.truncate(shared);
        last.key.extend_from_slice(own);
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
            packer.change(change.storage, change.what, &change.key, change.version).unwrap();
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

    fn change() -> impl Strategy<Value = Change> {
        let what = prop_oneof![Just(Changed::Inserted), Just(Changed::Updated), Just(Changed::Deleted)];
        let storage = prop_oneof![0..3_i64, 0..i64::MAX].prop_map(StorageId);
        (storage, what, key(), prop_oneof![Just(1), any::<i32>()])
            .prop_map(|(storage, what, key, version)| Change { storage, what, key, version })
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(changes in proptest::collection::vec(change(), 0..40)) {
            prop_assert_eq!(unpack(&packed(&changes)).unwrap(), changes);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = unpack(&bytes);
            let _ = unpack(&[&[FORM], bytes.as_slice()].concat());
        }
    }

    #[test]
    fn rows_of_one_throw_take_few_bytes_and_those_of_our_own_none() {
        let throw = Uuid::from_u128(0x018f_0000_0000_7000_8001_1234_5678_9abc);
        let change = |index: usize, storage| {
            let key = Value::Uuid(crate::id::Ids::nth(throw, index, 0));
            Change { storage: StorageId(storage), what: Changed::Inserted, key, version: 1 }
        };
        let changes: Vec<_> = (0..10_000).map(|index| change(index, 7)).collect();
        assert!(packed(&changes).len() < 50_000, "{}", packed(&changes).len());
        assert_eq!(packed(&[change(1, -3)]), [0; 0]);
    }
}
