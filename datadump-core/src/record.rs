//! A record: one untyped object out of a processor, on its way to a storage.

mod fields;

use std::ops::Range;

pub use self::fields::Fields;
pub(crate) use self::fields::Names;
use crate::schema::StorageName;

/// One untyped object out of a processor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// What it says, in the order it says it.
    pub fields: Fields,
    /// Top-level values that JSON cannot hold (not a number, infinity), as text: they are kept
    /// beside the fields, in `_extra`.
    pub non_finite: Fields,
    /// Whether it comes from a format without types, in which every value is a text: then a text
    /// that reads as a number or a boolean may stand for one.
    pub untyped: bool,
    /// The storage its processor chose for it.
    pub storage: Option<StorageName>,
    /// Where in its throw it came from.
    pub origin: Origin,
}

/// Where in a throw a record, or what should have become one, stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Which one it is, from 0, counting those that could not be read.
    pub index: usize,
    /// The line it starts on, from 1, in formats that go by lines.
    pub line: Option<usize>,
    /// Its bytes in the body the processor was given, when they are in one piece and can be read
    /// again by themselves.
    pub byte_range: Option<Range<usize>>,
}

/// Something in a throw that did not become a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Where it stands.
    pub origin: Origin,
    /// What is wrong.
    pub failure: Failure,
}

/// Why a processor could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// For programs: lowercase words with hyphens.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl Record {
    /// A record of these fields.
    pub fn new(fields: impl Into<Fields>) -> Self {
        Self { fields: fields.into(), ..Self::default() }
    }
}

impl Failure {
    /// A failure.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// The bytes are not what the processor reads.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new("unreadable", detail)
    }
}
