//! Treatment of records whose key exists.

use crate::{
    schema::Row,
    store::{Expect, Write},
};

/// Treatment of a record whose key exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// The fields that the record has are changed.
    #[default]
    Merge,
    /// The row is replaced: fields that the record lacks get their defaults.
    Replace,
    /// The row stays as it is.
    Ignore,
    /// The record is an error.
    Error,
}

impl OnConflict {
    /// All variants.
    pub const ALL: [Self; 4] = [Self::Merge, Self::Replace, Self::Ignore, Self::Error];

    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Replace => "replace",
            Self::Ignore => "ignore",
            Self::Error => "error",
        }
    }

    /// Returns the one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Returns the write of a row. `expect` is the condition of a row that is merged.
    pub(crate) fn write(self, row: Row, expect: Expect) -> Write {
        match self {
            Self::Merge => Write::merge(row, expect),
            Self::Replace => Write::put(row, expect),
            Self::Ignore => Write::merge(row, Expect::Keep(None)),
            Self::Error => Write::merge(row, Expect::Absent),
        }
    }
}
