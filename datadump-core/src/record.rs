//! Records: untyped objects that processors emit.

mod change;
mod fields;
mod pack;
mod records;
mod records_into_iter;

use std::ops::Range;

pub use self::{
    change::{Change, Changes},
    fields::Fields,
    records::Records,
};
pub(crate) use self::{
    change::{ChangeList, REPEATED_NAME},
    fields::Names,
    pack::PackedRecords,
    records_into_iter::{KeptPlace, KeptRecords, RecordsIntoIter},
};
use crate::schema::StorageName;

/// An untyped object emitted by a processor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Record {
    /// The fields, in order.
    pub fields: Fields,
    /// Top-level NaN and infinite values, which JSON cannot represent, as text. They are stored in
    /// `_extra`.
    pub non_finite: Fields,
    /// True if the record comes from a format in which every value is text. Text that reads as a number
    /// or boolean then fits a field of that type.
    pub untyped: bool,
    /// The storage chosen by the processor.
    pub storage: Option<StorageName>,
    /// Values that were read differently from how they were sent. When the record is emitted, they go to the
    /// [changes of the output](crate::process::Output::changes).
    pub changes: Vec<Change>,
    /// Position in the throw.
    pub origin: Origin,
}

/// The position of a record or rejection in its throw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Index from 0, counting rejections too.
    pub index: usize,
    /// First line, from 1, in line-based formats.
    pub line: Option<usize>,
    /// Byte range in the body that the processor received, if processing these bytes alone gives the same
    /// record.
    pub byte_range: Option<Range<usize>>,
}

/// A part of a throw that did not become a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Position in the throw.
    pub origin: Origin,
    /// The reason.
    pub failure: Failure,
}

/// Why processing failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Failure {
    /// Error code for programs: lowercase words with hyphens.
    pub code: &'static str,
    /// Description for people.
    pub detail: String,
}

impl Record {
    /// Creates a record.
    pub fn new(fields: impl Into<Fields>) -> Self {
        Self { fields: fields.into(), ..Self::default() }
    }

    /// Returns the approximate number of bytes that the record takes, without the names of its fields.
    pub(crate) fn size(&self) -> usize {
        size_of::<Self>() + self.fields.size() + self.non_finite.size()
    }
}

impl Failure {
    /// Creates a failure.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// Creates a failure for input in an invalid format.
    pub fn unreadable(detail: impl Into<String>) -> Self {
        Self::new("unreadable", detail)
    }
}
