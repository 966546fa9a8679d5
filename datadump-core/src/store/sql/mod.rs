//! SQL for both databases. Values are always bound; identifiers come only from names that the schema has
//! validated.
//!
//! The SQL of a new filter operator goes into [`filter`].

mod aggregate;
mod aggregate_order;
mod bind;
mod bucket;
mod ddl;
mod filter;
mod names;
mod prefix;
mod select;
mod trim;

use sea_orm::DbBackend;

pub(super) use aggregate::{
    FIRST, LAST, NUMBER, Output, PERCENTILE, STDDEV, SUM, aggregate, of_function, outputs, time_range,
};
pub(super) use aggregate_order::{MEAN, ORDER_OF_DIGITS, ORDER_OF_JSON, TEXT_OF_ID};
pub(super) use bind::{bind, to_date, to_decimal, to_time};
pub(super) use bucket::{MONTHS, OFFSET, Offset};
pub(super) use ddl::{
    add_column, backfill, column_type, create_index, create_index_on, create_table, sqlite_key, sqlite_table,
};
pub(super) use filter::FOLD;
pub(super) use names::{Name, column, index_name, table};
pub(super) use prefix::{has_prefix_index, indexed};
pub(super) use select::{
    column_list, columns, count, groups, is_left_out, long_columns, page, row_size, select_all, sizes,
};
pub(super) use trim::TrimSql;

/// An SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    pub(super) fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}
