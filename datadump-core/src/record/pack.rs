//! Records packed into bytes. A value that takes 80 bytes in memory takes between one byte and a little more than
//! its JSON.
//!
//! ```text
//! record = names value* names value* flags [storage] index [line] [start length]
//! names  = 0 | 1 + place in the list of names
//! value  = type [number | length bytes | length value* | length (length bytes value)*]
//! ```
//!
//! Numbers are LEB128 varints, signed ones zigzag-encoded, floats eight bytes.

use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use super::{Fields, Names, Origin, Record};
use crate::schema::StorageName;

const NULL: u8 = 0;
const FALSE: u8 = 1;
const TRUE: u8 = 2;
const SIGNED: u8 = 3;
const UNSIGNED: u8 = 4;
const FLOAT: u8 = 5;
const TEXT: u8 = 6;
const ARRAY: u8 = 7;
const OBJECT: u8 = 8;

const UNTYPED: u8 = 1;
const HAS_STORAGE: u8 = 2;
const HAS_LINE: u8 = 4;
const HAS_BYTE_RANGE: u8 = 8;

/// Records packed into bytes, in order.
#[derive(Debug, Default)]
pub(crate) struct PackedRecords {
    bytes: Vec<u8>,
    /// The lists of names that the records refer to, each once while it is repeated.
    names: Vec<Arc<Names>>,
    storages: Vec<StorageName>,
    /// The storage of the records that have none of their own.
    pub(super) default_storage: Option<StorageName>,
}

impl PackedRecords {
    /// Creates an empty list with room for this many bytes, so that large records are not moved while it grows.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), ..Self::default() }
    }

    /// Appends a record.
    pub(crate) fn push(&mut self, record: &Record) {
        self.fields(&record.fields);
        self.fields(&record.non_finite);
        let Origin { index, line, byte_range } = &record.origin;
        let flag = |is_set, flag| if is_set { flag } else { 0 };
        self.bytes.push(
            flag(record.untyped, UNTYPED)
                | flag(record.storage.is_some(), HAS_STORAGE)
                | flag(line.is_some(), HAS_LINE)
                | flag(byte_range.is_some(), HAS_BYTE_RANGE),
        );
        if let Some(storage) = &record.storage {
            let place = self.storages.iter().rposition(|known| known == storage).unwrap_or_else(|| {
                self.storages.push(storage.clone());
                self.storages.len() - 1
            });
            number(&mut self.bytes, place as u64);
        }
        number(&mut self.bytes, *index as u64);
        if let Some(line) = line {
            number(&mut self.bytes, *line as u64);
        }
        if let Some(byte_range) = byte_range {
            number(&mut self.bytes, byte_range.start as u64);
            number(&mut self.bytes, byte_range.len() as u64);
        }
    }

    /// Returns the number of bytes that they take, apart from names.
    pub(crate) fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// Releases memory that is not used.
    pub(crate) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Unpacks the records, in order.
    pub(crate) fn iter(&self) -> PackedIter<'_> {
        PackedIter { packed: self, position: 0 }
    }

    /// Unpacks the record at a position and moves the position to the next one; `None` at the end.
    pub(crate) fn take_at(&self, position: &mut usize) -> Option<Record> {
        let rest = self.bytes.get(*position..).filter(|rest| !rest.is_empty())?;
        let mut unpacker = Unpacker { packed: self, rest };
        let record = unpacker.record();
        *position = self.bytes.len() - unpacker.rest.len();
        record
    }

    /// Returns the position after the last record.
    pub(crate) fn end(&self) -> usize {
        self.bytes.len()
    }

    fn fields(&mut self, fields: &Fields) {
        let Some(names) = fields.names().filter(|_| !fields.is_empty()) else {
            return self.bytes.push(0);
        };
        let is_same = |known: &Arc<Names>| Arc::ptr_eq(known, names);
        // Recent lists are the likely ones.
        let recent = self.names.len().saturating_sub(16);
        let found = self.names.iter().skip(recent).rposition(is_same).map(|place| recent + place);
        let place = found.unwrap_or_else(|| {
            self.names.push(names.clone());
            self.names.len() - 1
        });
        number(&mut self.bytes, place as u64 + 1);
        fields.values().iter().for_each(|json| value(&mut self.bytes, json));
    }
}

fn value(bytes: &mut Vec<u8>, json: &Json) {
    match json {
        Json::Null => bytes.push(NULL),
        Json::Bool(false) => bytes.push(FALSE),
        Json::Bool(true) => bytes.push(TRUE),
        Json::Number(json) => {
            if let Some(signed) = json.as_i64() {
                bytes.push(SIGNED);
                number(bytes, ((signed << 1) ^ (signed >> 63)).cast_unsigned());
            } else if let Some(unsigned) = json.as_u64() {
                bytes.push(UNSIGNED);
                number(bytes, unsigned);
            } else {
                bytes.push(FLOAT);
                bytes.extend_from_slice(&json.as_f64().unwrap_or_default().to_le_bytes());
            }
        }
        Json::String(string) => {
            bytes.push(TEXT);
            text(bytes, string);
        }
        Json::Array(items) => {
            bytes.push(ARRAY);
            number(bytes, items.len() as u64);
            items.iter().for_each(|item| value(bytes, item));
        }
        Json::Object(members) => {
            bytes.push(OBJECT);
            number(bytes, members.len() as u64);
            for (name, member) in members {
                text(bytes, name);
                value(bytes, member);
            }
        }
    }
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    number(bytes, text.len() as u64);
    bytes.extend_from_slice(text.as_bytes());
}

fn number(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let group = (number & 0x7F) as u8;
        number >>= 7;
        if number == 0 {
            return bytes.push(group);
        }
        bytes.push(group | 0x80);
    }
}

/// Iterator over packed records.
#[derive(Debug, Clone)]
pub(crate) struct PackedIter<'p> {
    packed: &'p PackedRecords,
    position: usize,
}

impl Iterator for PackedIter<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        self.packed.take_at(&mut self.position)
    }
}

/// The bytes of a record that are not unpacked yet.
struct Unpacker<'p> {
    packed: &'p PackedRecords,
    rest: &'p [u8],
}

impl Unpacker<'_> {
    /// Returns the next record. Never `None`, because only [`PackedRecords::push`] writes the bytes.
    fn record(&mut self) -> Option<Record> {
        let (fields, non_finite) = (self.fields()?, self.fields()?);
        let flags = self.byte()?;
        let has = |flag| flags & flag != 0;
        let storage = if has(HAS_STORAGE) {
            Some(self.packed.storages.get(self.place()?)?.clone())
        } else {
            self.packed.default_storage.clone()
        };
        let index = self.place()?;
        let line = if has(HAS_LINE) { Some(self.place()?) } else { None };
        let byte_range = if has(HAS_BYTE_RANGE) {
            let start = self.place()?;
            Some(start..start + self.place()?)
        } else {
            None
        };
        let origin = Origin { index, line, byte_range };
        // When a record is emitted, its changes are taken out of it.
        let changes = Vec::new();
        Some(Record { fields, non_finite, untyped: has(UNTYPED), storage, changes, origin })
    }

    fn fields(&mut self) -> Option<Fields> {
        let Some(place) = self.place()?.checked_sub(1) else { return Some(Fields::default()) };
        let names = self.packed.names.get(place)?.clone();
        let mut values = Vec::with_capacity(names.list().len());
        for _ in names.list() {
            values.push(self.value()?);
        }
        Some(Fields::with_names(names, values))
    }

    fn value(&mut self) -> Option<Json> {
        Some(match self.byte()? {
            NULL => Json::Null,
            FALSE => Json::Bool(false),
            TRUE => Json::Bool(true),
            SIGNED => {
                let folded = self.number()?;
                Json::from((folded >> 1).cast_signed() ^ -(folded & 1).cast_signed())
            }
            UNSIGNED => Json::from(self.number()?),
            FLOAT => {
                let bits = self.rest.split_off(..8)?;
                Json::Number(Number::from_f64(f64::from_le_bytes(bits.try_into().ok()?))?)
            }
            TEXT => Json::String(self.text()?),
            ARRAY => {
                let length = self.place()?;
                let mut items = Vec::with_capacity(length);
                for _ in 0..length {
                    items.push(self.value()?);
                }
                Json::Array(items)
            }
            _ => {
                let length = self.place()?;
                let mut members = Map::with_capacity(length);
                for _ in 0..length {
                    let name = self.text()?;
                    members.insert(name, self.value()?);
                }
                Json::Object(members)
            }
        })
    }

    fn text(&mut self) -> Option<String> {
        let length = self.place()?;
        Some(std::str::from_utf8(self.rest.split_off(..length)?).ok()?.to_owned())
    }

    fn place(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift += 7;
        }
    }

    fn byte(&mut self) -> Option<u8> {
        self.rest.split_off_first().copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_unpacked_as_they_were() {
        let fields = |json: Json| Fields::from(json.as_object().cloned().unwrap_or_default());
        let all = json!({
            "null": null, "no": false, "yes": true, "small": -1, "min": i64::MIN, "max": i64::MAX,
            "unsigned": u64::MAX, "float": 1.1, "negative zero": -0.0, "tiny": 5e-324, "text": "ü\u{0}", "": "",
            "list": [1, [], [{"b": 1, "a": {}}], "x".repeat(300)],
        });
        let full = Record {
            non_finite: fields(json!({"n": "NaN"})),
            untyped: true,
            storage: Some(StorageName::parse("dog").unwrap()),
            origin: Origin { index: 300, line: Some(7), byte_range: Some(1..100_000) },
            ..Record::new(fields(all))
        };
        let mut records = vec![full.clone(), Record::default(), full];
        for number in 0..100 {
            let name = format!("field {}", number % 30);
            records.push(Record::new(fields(json!({name: number}))));
        }
        let mut packed = PackedRecords::default();
        records.iter().for_each(|record| packed.push(record));
        let unpacked: Vec<Record> = packed.iter().collect();
        assert_eq!(unpacked, records);
        // Equality ignores the order of fields.
        for (one, other) in unpacked.iter().zip(&records) {
            assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
        assert!(packed.size() < 8_000, "{}", packed.size());
    }

    #[test]
    fn names_are_shared_by_unpacked_records() {
        let record = Record::new(Fields::from_iter([("a".to_owned(), json!(1))]));
        let mut packed = PackedRecords::default();
        (0..3).for_each(|_| packed.push(&record));
        let names: Vec<_> = packed.iter().map(|record| record.fields.names().cloned().unwrap()).collect();
        assert!(packed.names.len() == 1 && names.iter().all(|one| Arc::ptr_eq(one, &names[0])));
    }
}
