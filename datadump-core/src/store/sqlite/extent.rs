//! Measures how much a storage holds, and when it was written.

use rusqlite::{Connection, params};

use super::{columns::DIALECT, error::map, read};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, InForce},
    store::{
        Extent, WrittenRows,
        extent::{SizeSample, excess_until},
        sql::TrimSql,
    },
};

/// Counts the rows of a storage in one snapshot, and estimates their size.
pub(super) fn count(
    connection: &mut Connection,
    in_force: &InForce,
    capacity: Option<u64>,
) -> Result<Extent> {
    let definition = &in_force.definition;
    let sql = TrimSql::new(DIALECT, definition);
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let rows = read::count_rows(&transaction, definition)?;
    let two_after = |rows: u64| -> Result<Vec<Timestamp>> {
        let mut select = transaction.prepare_cached(&sql.two_after("?1")).map_err(map)?;
        let mut found = select.query([rows]).map_err(map)?;
        let mut moments = Vec::new();
        while let Some(row) = found.next().map_err(map)? {
            moments.push(timestamp(row.get(0).map_err(map)?)?);
        }
        Ok(moments)
    };
    let oldest = two_after(0)?.first().copied();
    let mut extent = Extent::estimated(definition, rows, sample(&transaction, definition)?, oldest);
    if let Some(exceeding) = capacity.and_then(|most| rows.checked_sub(most)).filter(|rows| *rows > 0) {
        extent.excess = excess_until(&two_after(exceeding - 1)?);
    }
    Ok(extent)
}

/// Returns the sizes of the rows that were written first and last.
pub(super) fn sample(connection: &Connection, definition: &Definition) -> Result<SizeSample> {
    let mut select = connection.prepare_cached(&TrimSql::new(DIALECT, definition).sample()).map_err(map)?;
    select.query_row([], |row| Ok(SizeSample { rows: row.get(0)?, bytes: row.get(1)? })).map_err(map)
}

/// Returns the moments before a moment at which rows were last written, latest first.
pub(super) fn written_before(
    connection: &mut Connection,
    in_force: &InForce,
    before: Timestamp,
    rows: u64,
) -> Result<Vec<WrittenRows>> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let text = TrimSql::new(DIALECT, definition).moments("?1", rows, "?2");
    let mut select = transaction.prepare_cached(&text).map_err(map)?;
    let mut found = select.query(params![before.micros(), Timestamp::MIN.micros()]).map_err(map)?;
    let mut moments = Vec::new();
    while let Some(row) = found.next().map_err(map)? {
        let read = || -> rusqlite::Result<_> { Ok((row.get(0)?, row.get(1)?, (row.get(2)?, row.get(3)?))) };
        let (at, rows, long) = read().map_err(map)?;
        moments.push(WrittenRows::new(definition, timestamp(at)?, rows, long));
    }
    Ok(moments)
}

pub(super) fn timestamp(micros: i64) -> Result<Timestamp> {
    Timestamp::from_micros(micros).ok_or_else(|| Error::internal("a row has a time out of range"))
}
