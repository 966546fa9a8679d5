//! SQL for both databases. Values are always bound; identifiers come only from names that the schema has
//! validated.
//!
//! The SQL of a new filter operator goes into [`filter`].

mod bind;
mod filter;
mod names;
mod select;

pub(super) use bind::{bind, literal, to_date, to_decimal, to_time};
pub(super) use filter::FOLD;
pub(super) use names::{Name, column, index_name, table};
pub(super) use select::{column_list, columns, count, page};

/// An SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}
