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

    /// Returns the condition of a write, given the one of a row that is changed or replaced.
    pub(crate) fn condition(self, of_existing: Expect) -> Expect {
        match self {
            Self::Merge | Self::Replace => of_existing,
            Self::Ignore => Expect::Keep(None),
            Self::Error => Expect::Absent,
        }
    }

    /// Returns whether rows must have all required fields, even if their key exists.
    pub(crate) fn needs_whole_rows(self) -> bool {
        self == Self::Replace
    }

    /// Returns the write of a row on a [condition](Self::condition).
    pub(crate) fn write(self, row: Row, expect: Expect) -> Write {
        match self {
            Self::Replace => Write::put(row, expect),
            Self::Merge | Self::Ignore | Self::Error => Write::merge(row, expect),
        }
    }
}
