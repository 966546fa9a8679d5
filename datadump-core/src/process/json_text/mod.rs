//! JSON text, as the formats made of it share it: where a value ends, and how it becomes a record.
//!
//! Most values go the short way: one look that finds their end, then `serde_json`. What a sender's
//! library writes and `serde_json` does not read as it was meant (`NaN`, numbers that would be
//! rounded, halves of emoji) goes the [long way](mend).

mod members;
mod mend;
mod shape;

use serde::de::IgnoredAny;

pub(super) use self::shape::{Shape, shape, skip_space};
use super::found::{record_of, too_deep};
use crate::record::{Failure, Record};

/// Reads a text that should be one value.
pub(super) fn record(text: &str) -> Result<Record, Failure> {
    let shape = shape(text.as_bytes(), skip_space(text.as_bytes(), 0));
    shaped_record(text, &shape)
}

/// Reads a text that should be one value, after the look at it.
pub(super) fn shaped_record(text: &str, shape: &Shape) -> Result<Record, Failure> {
    if shape.too_deep {
        return Err(too_deep());
    }
    if shape.plain {
        let read = match text.as_bytes().get(skip_space(text.as_bytes(), 0)) {
            Some(b'{') => members::read(text).map(Record::new),
            _ => serde_json::from_str(text).map(record_of),
        };
        match read {
            Ok(record) => return Ok(record),
            Err(error) => {
                return mend::read(text)
                    .and_then(super::found::Found::into_record)
                    .map_err(|_| Failure::unreadable(format!("this is not JSON: {error}")));
            }
        }
    }
    mend::read(text)?.into_record()
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
            let shape = shape(text.as_bytes(), start);
            match text.get(start..shape.end) {
                Some(value) if mend::read(value).is_ok() => shape.end,
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
