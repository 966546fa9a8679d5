//! JSON text, as the formats made of it share it: where a value ends, and how it becomes a record.
//!
//! Most values go the short way: one look that finds their end, then `serde_json`. What a sender's
//! library writes and `serde_json` does not read as it was meant (`NaN`, numbers that would be
//! rounded, halves of emoji) goes the [long way](lenient).

mod object_fields;
mod lenient;
mod scan;

use serde::de::IgnoredAny;

pub(super) use self::scan::{Scan, scan, skip_space};
use super::parsed_value::{record_from_json, too_deep};
use crate::record::{Failure, Record};

/// Reads a text that should be one value.
pub(super) fn record(text: &str) -> Result<Record, Failure> {
    let scan = scan(text.as_bytes(), skip_space(text.as_bytes(), 0));
    record_from_scan(text, &scan)
}

/// Reads a text that should be one value, after the look at it.
pub(super) fn record_from_scan(text: &str, scan: &Scan) -> Result<Record, Failure> {
    if scan.is_too_deep {
        return Err(too_deep());
    }
    if scan.is_plain {
        let read = match text.as_bytes().get(skip_space(text.as_bytes(), 0)) {
            Some(b'{') => object_fields::read(text).map(Record::new),
            _ => serde_json::from_str(text).map(record_from_json),
        };
        match read {
            Ok(record) => return Ok(record),
            Err(error) => {
                return lenient::read(text)
                    .and_then(super::parsed_value::ParsedValue::into_record)
                    .map_err(|_| Failure::unreadable(format!("this is not JSON: {error}")));
            }
        }
    }
    lenient::read(text)?.into_record()
}

/// Whether the text is one value and nothing else, or how many bytes the first value has.
pub(super) enum First {
    /// It is one value.
    Whole,
    /// Something comes after it.
    Until(usize),
    /// It does not begin with a value.
    No,
}

/// Looks at the first value of a text, without making anything of it.
pub(super) fn first(text: &str) -> First {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let end = match values.next() {
        Some(Ok(_)) => values.byte_offset(),
        Some(Err(_)) => {
            let start = skip_space(text.as_bytes(), 0);
            let scan = scan(text.as_bytes(), start);
            match text.get(start..scan.end) {
                Some(value) if lenient::read(value).is_ok() => scan.end,
                _ => return First::No,
            }
        }
        None => return First::No,
    };
    match skip_space(text.as_bytes(), end) {
        rest if rest == text.len() => First::Whole,
        _ => First::Until(end),
    }
}
