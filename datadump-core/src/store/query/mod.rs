//! A question to a storage: which rows, in which order, how many. Made only by [`parse`], which
//! proves that every column exists and every value is of its column's kind.
//!
//! A new filter operator is one entry in [`filter::Test`], its name in [`parse`], and its SQL in
//! `store/sql`.

pub mod cursor;
pub mod filter;
pub mod parse;

use crate::schema::{Definition, Field, StoredRow, Value};
pub use filter::{Filter, Test};

/// How many rows a page has when nothing is said.
pub const DEFAULT_LIMIT: u64 = 100;

/// The most rows a page may have.
pub const MAX_LIMIT: u64 = 1000;

/// Up to how many rows are counted exactly when nothing is said.
pub const MAX_EXACT_COUNT: u64 = 100_000;

/// A question to a storage.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Which rows; all when there is none.
    pub filter: Option<Filter>,
    /// In which order. The key is always in it, so that no two rows are equal.
    pub order: Vec<Order>,
    /// Which part of them.
    pub paging: Paging,
    /// Whether to count them all.
    pub count: Count,
    /// Which fields to answer with; all when there is none. The store reads no others that may be long.
    pub fields: Option<Vec<Column>>,
    /// What its cursors belong to: the same for the same filters and ordering.
    pub identity: String,
}

impl Query {
    /// The first rows that pass, whole, in this order.
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
    /// The field at this place of the definition.
    Field(usize),
    /// `version`.
    Version,
    /// `created_at`.
    CreatedAt,
    /// `updated_at`.
    UpdatedAt,
}

/// One step of an ordering. Nulls are before everything else, after it when descending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// By which column.
    pub column: Column,
    /// In which direction.
    pub direction: Direction,
}

/// Up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Least first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// Which part of the rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Paging {
    /// So many, after skipping so many.
    Offset {
        /// The most rows.
        limit: u64,
        /// How many to skip.
        offset: u64,
    },
    /// So many, beyond a position in the order.
    Keyset {
        /// The most rows.
        limit: u64,
        /// The values of the order's columns there; from the start when there is none.
        from: Option<Vec<Value>>,
        /// Which way from there. The rows of the answer are in the query's order either way.
        towards: Towards,
    },
}

/// Which way a keyset page goes from its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Towards {
    /// The rows after it.
    Next,
    /// The rows before it.
    Previous,
}

/// Whether to count all rows that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// Exactly when they are few, an estimate otherwise.
    Bounded,
    /// Exactly, whatever it takes.
    Exact,
    /// About.
    Estimated,
    /// No.
    None,
}

/// How many rows match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowCount {
    /// Exactly so many.
    Exactly(u64),
    /// About so many.
    About(u64),
    /// It was not asked.
    Unknown,
}

/// The rows of one page.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows, in the query's order.
    pub rows: Vec<StoredRow>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
    /// How many match in all.
    pub count: RowCount,
}

/// Rows that were looked up by their keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FoundRows {
    /// Those there are, in the order of the keys.
    pub rows: Vec<StoredRow>,
    /// How many of the keys were looked up.
    pub keys: usize,
}

impl Column {
    /// The column of that name.
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

    /// Its name.
    pub fn name(self, definition: &Definition) -> &str {
        match self {
            Self::Key => definition.key.name.as_str(),
            Self::Field(place) => definition.fields.get(place).map_or("", |f| f.name.as_str()),
            Self::Version => definition.service().version,
            Self::CreatedAt => definition.service().created_at,
            Self::UpdatedAt => definition.service().updated_at,
        }
    }

    /// Its field, when it is one.
    pub fn field(self, definition: &Definition) -> Option<&Field> {
        match self {
            Self::Field(place) => definition.fields.get(place),
            _ => None,
        }
    }

    /// Its value in a row.
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
    /// The most rows of the page.
    pub fn limit(&self) -> u64 {
        match self {
            Self::Offset { limit, .. } | Self::Keyset { limit, .. } => *limit,
        }
    }
}
