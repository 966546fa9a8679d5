//! JSON text, shared by the JSON formats: finds the end of a value and parses it into a record.
//!
//! Most values take the fast path: one scan for their end, then `serde_json`. Values that `serde_json`
//! rejects or changes but that common libraries write (`NaN`, numbers that would be rounded, unpaired
//! surrogates, repeated names) take the [lenient](self::lenient) path, which tells what changes.

mod lenient;
mod object_fields;
mod plain;
mod scan;

use serde::de::IgnoredAny;

pub(super) use self::scan::{Scan, is_space, scan, skip_space};
use super::{
    Output,
    parsed_value::{ParsedValue, record_from_json, too_deep},
};
use crate::record::{Failure, Record};

/// Parses text that should contain exactly one value.
pub(super) fn record(text: &str, output: &mut Output) -> Result<Record, Failure> {
    let scan = scan(text.as_bytes(), skip_space(text.as_bytes(), 0));
    record_from_scan(text, &scan, output)
}

/// Parses text that should contain exactly one value and has already been scanned.
pub(super) fn record_from_scan(text: &str, scan: &Scan, output: &mut Output) -> Result<Record, Failure> {
    if scan.is_too_deep {
        return Err(too_deep());
    }
    output.need(scan.memory() + text.len())?;
    let mut read_leniently = || {
        output.need(2 * scan.memory() + text.len())?;
        lenient::read(text).and_then(ParsedValue::into_record)
    };
    if !scan.is_plain {
        return read_leniently();
    }
    let read = match text.as_bytes().get(skip_space(text.as_bytes(), 0)) {
        Some(b'{') => object_fields::read(text).map(|fields| fields.map(Record::new)),
        _ => plain::read(text).map(|json| json.map(record_from_json)),
    };
    match read {
        Ok(Some(record)) => Ok(record),
        // A repeated name, which is a change.
        Ok(None) => read_leniently(),
        Err(error) => read_leniently().map_err(|_| Failure::unreadable(format!("invalid JSON: {error}"))),
    }
}

/// The first JSON value of a string.
pub(super) enum First {
    /// One value and nothing else.
    Whole,
    /// A value of this many bytes, followed by more text.
    Until(usize),
    /// No value.
    No,
}

/// Finds the end of the first value in a string without building it in memory.
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
