//! Measures storages without reading all of their rows, from what PostgreSQL knows about their tables.

use std::sync::Arc;

use sqlx::{PgPool, postgres::PgArguments};

use super::{page::about, read::fetch};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::InForce,
    store::{
        Column, Query, RowCount, StorageSize,
        sql::{self, Dialect},
        storage_size::MAX_COUNTED,
    },
};

/// Size of a table up to which its rows are counted.
const MAX_COUNTED_BYTES: i64 = 16 << 20;

/// Measures a storage.
pub(super) async fn storage_size(pool: &PgPool, in_force: &Arc<InForce>) -> Result<StorageSize> {
    let definition = &in_force.definition;
    let table = sql::table(&definition.name).quoted();
    let updated_at = sql::column(Dialect::Postgres, definition, Column::UpdatedAt).quoted();
    // The last write is found by its index. Rows are only counted if the table is small.
    let statement = format!(
        "SELECT pg_total_relation_size(c.oid), \
         (SELECT {} FROM {table} ORDER BY {updated_at} DESC LIMIT 1), \
         CASE WHEN pg_relation_size(c.oid) <= {MAX_COUNTED_BYTES} \
         THEN (SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {}) AS counted) END \
         FROM pg_class AS c WHERE c.oid = $1::regclass",
        micros(&updated_at),
        MAX_COUNTED + 1
    );
    let mut arguments = PgArguments::default();
    sqlx::Arguments::add(&mut arguments, table).map_err(|error| Error::internal(error.to_string()))?;
    let read = |row: &sqlx::postgres::PgRow| {
        let bytes: i64 = sqlx::Row::try_get(row, 0)?;
        let last_write: Option<i64> = sqlx::Row::try_get(row, 1)?;
        let counted: Option<i64> = sqlx::Row::try_get(row, 2)?;
        Ok((bytes, last_write, counted))
    };
    let found = fetch(pool, in_force, &statement, &arguments, read).await?;
    let (bytes, last_write, counted) =
        found.into_iter().next().ok_or_else(|| Error::internal("a table is missing"))?;
    let counted = counted.and_then(|counted| u64::try_from(counted).ok());
    let rows = match counted.filter(|counted| *counted <= MAX_COUNTED) {
        Some(counted) => RowCount::Exactly(counted),
        None => RowCount::About(
            about(pool, in_force, &Query::first(None, &[], 1)).await?.max(counted.unwrap_or(0)),
        ),
    };
    Ok(StorageSize {
        rows,
        bytes: u64::try_from(bytes).map_err(Error::internal)?,
        last_write: last_write.and_then(Timestamp::from_micros),
    })
}

/// Returns the expression for a time in microseconds.
fn micros(column: &str) -> String {
    format!("(extract(epoch FROM {column}) * 1000000)::bigint")
}
