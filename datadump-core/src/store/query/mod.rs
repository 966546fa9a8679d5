//! Queries: which rows of a storage, in which order, how many. Only [`parse`] makes one from user input; it
//! checks that every column exists and every value is of its column's kind.
//!
//! What a new filter operator needs is listed in `docs/architecture.md`.

pub mod aggregate;
pub mod bucket;
mod computed;
pub mod cursor;
pub mod filter;
mod groups;
mod parameters;
pub mod parse;

use serde::{Deserialize, Serialize};

use super::ReadLease;
use crate::schema::{Definition, Field, StoredRow, Value};
pub use aggregate::{
    Aggregate, AggregateQuery, AggregatedGroup, AggregatedGroups, Form, Function, GroupBy, GroupKey,
    MAX_GROUPS, MAX_RESULT_BYTES, Operand,
};
pub use bucket::Bucket;
pub use computed::Computed;
pub(crate) use computed::{compare_keys, scalar};
pub(in crate::store) use computed::{float, mean, scalar_number};
pub use filter::{Filter, Test};
pub use groups::{Group, GroupQuery, Groups};
pub use parameters::{FilterParameter, filter_parameters};

/// Default number of rows per page.
pub const DEFAULT_LIMIT: u64 = 100;

/// Maximum number of rows per page.
pub const MAX_LIMIT: u64 = 1000;

/// Maximum size of a page in bytes. A page ends before the row that exceeds it; a single row may be larger.
pub const MAX_PAGE_BYTES: usize = 32 << 20;

/// Maximum number of rows that are counted exactly by default; larger counts are estimated.
pub const MAX_EXACT_COUNT: u64 = 100_000;

/// A query for rows of one storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Which rows; `None` for all.
    pub filter: Option<Filter>,
    /// The ordering. It always includes the key, so that it is total.
    pub order: Vec<Order>,
    /// Which part of the rows.
    pub paging: Paging,
    /// Method of counting all matching rows.
    pub count: Count,
    /// Which columns to return; `None` for all. The store does not read long columns that are left out.
    pub fields: Option<Vec<Column>>,
    /// Identifies the filters and ordering; cursors are valid only for queries with the same identity.
    pub identity: String,
}

impl Query {
    /// Returns a query for the first rows that match, with all columns.
    pub(crate) fn first(filter: Option<Filter>, order: &[(Column, Direction)], limit: u64) -> Self {
        let order = order.iter().map(|(column, direction)| Order { column: *column, direction: *direction });
        Self {
            filter,
            order: order.collect(),
            paging: Paging::Offset { limit, offset: 0 },
            count: Count::None,
            fields: None,
            identity: String::new(),
        }
    }
}

/// A column of a storage's table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// The key.
    Key,
    /// The field at this position in the definition.
    Field(usize),
    /// `version`.
    Version,
    /// `created_at`.
    CreatedAt,
    /// `updated_at`.
    UpdatedAt,
}

/// One column of an ordering. Nulls sort before all other values, or after them when descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The column.
    pub column: Column,
    /// The direction.
    pub direction: Direction,
}

/// A sort direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

/// A page of the matching rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Paging {
    /// A page by offset.
    Offset {
        /// Maximum number of rows.
        limit: u64,
        /// Number of rows to skip.
        offset: u64,
    },
    /// A page by position (keyset pagination).
    Keyset {
        /// Maximum number of rows.
        limit: u64,
        /// Values of the ordering's columns at the position; `None` for the start.
        from: Option<Vec<Value>>,
        /// The direction from the position. The page's rows are in the query's order either way.
        towards: Towards,
    },
}

/// The direction of a keyset page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Towards {
    /// Rows after the position.
    Next,
    /// Rows before the position.
    Previous,
}

/// How to count matching rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly up to [`MAX_EXACT_COUNT`], estimated beyond it.
    Bounded,
    /// Exactly.
    Exact,
    /// Estimated.
    Estimated,
    /// Not at all.
    None,
}

/// Number of matching rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowCount {
    /// An exact count.
    Exactly(u64),
    /// An estimate.
    About(u64),
    /// Not counted.
    Unknown,
}

/// A page of rows.
#[derive(Debug)]
pub struct Page {
    /// The rows, in the query's order.
    pub rows: Vec<StoredRow>,
    /// True if there are more rows in the requested direction.
    pub more: bool,
    /// Number of matching rows in total.
    pub count: RowCount,
    /// The memory of the rows.
    pub memory: ReadLease,
}

/// Rows looked up by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FoundRows {
    /// The rows found, in the order of the keys.
    pub rows: Vec<StoredRow>,
    /// Number of keys that were looked up.
    pub keys: usize,
}

impl Column {
    /// Returns the column with this name.
    pub fn named(definition: &Definition, name: &str) -> Option<Self> {
        let service = definition.service();
        match name {
            _ if name == service.version => Some(Self::Version),
            _ if name == service.created_at => Some(Self::CreatedAt),
            _ if name == service.updated_at => Some(Self::UpdatedAt),
            _ if name == definition.key.name.as_str() => Some(Self::Key),
            _ => definition.field(name).map(|(place, _)| Self::Field(place)),
        }
    }

    /// Returns its name.
    pub fn name(self, definition: &Definition) -> &str {
        match self {
            Self::Key => definition.key.name.as_str(),
            Self::Field(place) => definition.fields.get(place).map_or("", |f| f.name.as_str()),
            Self::Version => definition.service().version,
            Self::CreatedAt => definition.service().created_at,
            Self::UpdatedAt => definition.service().updated_at,
        }
    }

    /// Returns its field; `None` for the key and the service columns.
    pub fn field(self, definition: &Definition) -> Option<&Field> {
        match self {
            Self::Field(place) => definition.fields.get(place),
            _ => None,
        }
    }

    /// Returns whether it is the key or a field that is the first of an index.
    pub(crate) fn is_indexed(self, definition: &Definition) -> bool {
        self == Self::Key || self.field(definition).is_some_and(|field| definition.is_indexed(&field.name))
    }

    /// Returns its value in a row.
    pub fn value(self, row: &StoredRow) -> Value {
        match self {
            Self::Key => row.key.clone(),
            Self::Field(place) => row.values.get(place).cloned().unwrap_or(Value::Null),
            Self::Version => Value::Integer(row.version.into()),
            Self::CreatedAt => Value::Timestamp(row.created_at),
            Self::UpdatedAt => Value::Timestamp(row.updated_at),
        }
    }
}

impl Paging {
    /// Returns the maximum number of rows on the page.
    pub fn limit(&self) -> u64 {
        match self {
            Self::Offset { limit, .. } | Self::Keyset { limit, .. } => *limit,
        }
    }
}
