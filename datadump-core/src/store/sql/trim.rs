//! SQL that measures a storage in the order of its last writes, and selects its oldest rows. Moments are SQL: a
//! parameter or a literal.

use std::fmt::Display;

use super::{Dialect, column, row_size, table};
use crate::{schema::Definition, store::Column};

/// Number of rows at each end of a storage, by the time of their last write, whose sizes are read for an estimate.
const SAMPLE_ROWS: u64 = 200;

/// The names of a table and of the columns that order it by time, and the size of a row's long values.
pub(in crate::store) struct TrimSql {
    table: String,
    key: String,
    updated_at: String,
    size: String,
}

impl TrimSql {
    pub(in crate::store) fn new(dialect: Dialect, definition: &Definition) -> Self {
        let column = |of| column(dialect, definition, of).quoted();
        Self {
            table: table(&definition.name).quoted(),
            key: column(Column::Key),
            updated_at: column(Column::UpdatedAt),
            size: row_size(dialect, definition),
        }
    }

    pub(in crate::store) fn table(&self) -> &str {
        &self.table
    }

    /// Returns the end of a statement about the rows of a range of time, after its first moment.
    pub(in crate::store) fn range(&self, after: &str, until: &str) -> String {
        let Self { table, updated_at, .. } = self;
        format!("FROM {table} WHERE {updated_at} > {after} AND {updated_at} <= {until}")
    }

    /// Selects the time and size of the oldest rows of a range.
    pub(in crate::store) fn oldest(&self, range: &str, rows: impl Display) -> String {
        let Self { key, updated_at, size, .. } = self;
        format!("SELECT {updated_at}, {size} {range} ORDER BY {updated_at}, {key} LIMIT {rows}")
    }

    /// Selects the number of rows and of bytes of a sample.
    pub(in crate::store) fn sample(&self) -> String {
        let Self { table, key, updated_at, size } = self;
        let ends = ["ASC", "DESC"].map(|direction| {
            format!(
                "SELECT size FROM (SELECT {size} AS size FROM {table} \
                 ORDER BY {updated_at} {direction}, {key} {direction} LIMIT {SAMPLE_ROWS}) AS rows_of_end"
            )
        });
        format!(
            "SELECT count(*), CAST(coalesce(sum(size), 0) AS bigint) FROM ({}) AS ends",
            ends.join(" UNION ALL ")
        )
    }

    /// Selects the number of all rows.
    pub(in crate::store) fn count(&self) -> String {
        format!("SELECT count(*) FROM {}", self.table)
    }

    /// Selects the times of two rows after a number of older ones.
    pub(in crate::store) fn two_after(&self, rows: impl Display) -> String {
        let Self { table, key, updated_at, .. } = self;
        format!("SELECT {updated_at} FROM {table} ORDER BY {updated_at}, {key} LIMIT 2 OFFSET {rows}")
    }

    /// Selects the moments before a moment at which rows were last written, latest first, each with the number of
    /// its rows, their total size and that of the smallest: those of about so many rows. `earliest` is before all of
    /// them.
    pub(in crate::store) fn moments(&self, before: &str, rows: u64, earliest: &str) -> String {
        let Self { table, key, updated_at, size } = self;
        let first = format!(
            "SELECT {updated_at} FROM {table} WHERE {updated_at} < {before} \
             ORDER BY {updated_at} DESC, {key} DESC LIMIT 1 OFFSET {}",
            rows.saturating_sub(1)
        );
        format!(
            "SELECT {updated_at}, count(*), CAST(sum({size}) AS bigint), min({size}) FROM {table} \
             WHERE {updated_at} < {before} AND {updated_at} >= coalesce(({first}), {earliest}) \
             GROUP BY {updated_at} ORDER BY {updated_at} DESC"
        )
    }
}
