//! Counts of rows, grouped by the values of some columns.

use super::{Column, Filter};
use crate::{schema::Value, store::ReadLease};

/// A query for the number of rows with each combination of values.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupQuery {
    /// The columns whose values make a group.
    pub columns: Vec<Column>,
    /// The rows to count; `None` for all.
    pub filter: Option<Filter>,
    /// Maximum number of groups.
    pub limit: u64,
}

/// The largest groups, ordered by their counts and then by their values.
#[derive(Debug, Default)]
pub struct Groups {
    /// The groups.
    pub groups: Vec<Group>,
    /// True if there are more groups.
    pub more: bool,
    /// The memory of the groups.
    pub memory: ReadLease,
}

/// The rows that have the same values.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The values, one per column.
    pub values: Vec<Value>,
    /// Number of rows.
    pub count: u64,
}

impl Groups {
    /// Creates the result from groups of which there is one more than the limit if there are more.
    pub(in crate::store) fn within(query: &GroupQuery, mut groups: Vec<Group>, memory: ReadLease) -> Self {
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = groups.len() > limit;
        groups.truncate(limit);
        Self { groups, more, memory }
    }
}

impl Group {
    /// Returns the size in memory in bytes, approximately.
    pub(in crate::store) fn size(&self) -> usize {
        size_of::<Self>() + self.values.iter().map(Value::size).sum::<usize>()
    }
}
