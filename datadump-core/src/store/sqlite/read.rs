//! Reads: single rows and counts. Each runs in one snapshot, in which the version that the query was made
//! for must be in force.

use std::fmt::Write as _;

use rusqlite::{Connection, OptionalExtension, Params};
use sea_query::{SelectStatement, SqliteQueryBuilder};

use super::{
    columns::{Bind, DIALECT, read_row},
    error::map,
    storage_size,
    system::cell,
};
use crate::{
    error::{Error, Result},
    schema::{Definition, InForce, StoredRow, Value},
    store::{Column, Count, FoundRows, Query, RowCount, page, sql},
};

/// Number of rows at each end of a table that an estimate examines.
const SAMPLE_ROWS: u64 = 10_000;

/// Fails unless the version that the query was made for is in force in this snapshot.
pub(super) fn check_version(connection: &Connection, in_force: &InForce) -> Result<()> {
    // System storages do not change while the process runs.
    if in_force.storage.is_system() {
        return Ok(());
    }
    let mut select =
        connection.prepare_cached("SELECT version FROM datadump_storage WHERE id = ?").map_err(map)?;
    let version: Option<i32> =
        select.query_row([in_force.storage.get()], |row| row.get(0)).optional().map_err(map)?;
    if version == Some(in_force.version) {
        return Ok(());
    }
    Err(Error::Moved(in_force.definition.name.to_string()))
}

pub(super) fn get(connection: &mut Connection, in_force: &InForce, key: &Value) -> Result<Option<StoredRow>> {
    // If this fails or finds nothing, the transaction below tells a missing row from a missing version.
    // System storages have no version to look up.
    if !in_force.storage.is_system()
        && let Some(row) = find(connection, in_force, key, usize::MAX)
    {
        return Ok(Some(row));
    }
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    check_version(&transaction, in_force)?;
    let mut select = transaction.prepare_cached(&by_key(definition)).map_err(map)?;
    select.query_row([Bind(key)], |row| read_row(definition, row)).optional().map_err(map)
}

/// Returns the row, if it exists, its long values have at most this many bytes, and the version is in force. A
/// single statement has one snapshot by itself; a transaction would double the cost.
pub(super) fn find(
    connection: &Connection,
    in_force: &InForce,
    key: &Value,
    bytes: usize,
) -> Option<StoredRow> {
    let definition = &in_force.definition;
    let mut text = by_key(definition);
    if !in_force.storage.is_system() {
        // Nothing but numbers of this process.
        let (storage, version) = (in_force.storage.get(), in_force.version);
        let _ = write!(text, " AND (SELECT version FROM datadump_storage WHERE id = {storage}) = {version}");
    }
    if let Ok(bytes) = i64::try_from(bytes) {
        let _ = write!(text, " AND {} <= {bytes}", sql::row_size(DIALECT, definition));
    }
    let mut select = connection.prepare_cached(&text).ok()?;
    select.query_row([Bind(key)], |row| read_row(definition, row)).ok()
}

/// Looks up rows by key until they reach this many bytes.
pub(super) fn rows(
    connection: &mut Connection,
    in_force: &InForce,
    keys: &[Value],
    bytes: usize,
) -> Result<FoundRows> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    check_version(&transaction, in_force)?;
    let mut select = transaction.prepare_cached(&by_key(definition)).map_err(map)?;
    let (mut found, mut read) = (FoundRows::default(), 0);
    for key in keys {
        let row = select.query_row([Bind(key)], |row| read_row(definition, row)).optional().map_err(map)?;
        read += row.as_ref().map_or(0, StoredRow::size);
        found.rows.extend(row);
        found.keys += 1;
        if read >= bytes {
            break;
        }
    }
    Ok(found)
}

fn by_key(definition: &Definition) -> String {
    format!(
        "{} WHERE {} = ?1",
        sql::select_all(DIALECT, definition),
        sql::column(DIALECT, definition, Column::Key).quoted()
    )
}

pub(super) fn count(connection: &Connection, in_force: &InForce, query: &Query) -> Result<RowCount> {
    let definition = &in_force.definition;
    let counted = |cap| number(connection, &sql::count(DIALECT, definition, query, cap));
    match query.count {
        Count::None => Ok(RowCount::Unknown),
        Count::Exact => counted(None).map(RowCount::Exactly),
        Count::Bounded | Count::Estimated => {
            let counted = counted(Some(page::COUNT_CAP))?;
            match page::exact(counted) {
                Some(count) => Ok(count),
                None => Ok(page::estimated(counted, estimate(connection, in_force, query)?)),
            }
        }
    }
}

/// Estimates the number of matching rows: all rows, times the share that matches at both ends of the table.
fn estimate(connection: &Connection, in_force: &InForce, query: &Query) -> Result<u64> {
    let definition = &in_force.definition;
    let total = match storage_size::estimated_rows(connection, in_force.storage)? {
        Some(total) => total,
        None => count_rows(connection, definition)?,
    };
    let Some(filter) = &query.filter else { return Ok(total) };
    let key = sql::column(DIALECT, definition, Column::Key).quoted();
    let (mut seen, mut matching) = (0_u64, 0_u64);
    for direction in ["ASC", "DESC"] {
        let sample = format!("ORDER BY {key} {direction} LIMIT {SAMPLE_ROWS}");
        each_row(connection, definition, &sample, [], |row| {
            seen += 1;
            matching += u64::from(filter.matches(&row));
            Ok(())
        })?;
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is an estimate, and not negative"
    )]
    let about = (total as f64 * matching as f64 / seen.max(1) as f64) as u64;
    Ok(about)
}

pub(super) fn count_rows(connection: &Connection, definition: &Definition) -> Result<u64> {
    let count = format!("SELECT count(*) FROM {}", sql::table(&definition.name).quoted());
    connection.query_row(&count, [], |row| row.get(0)).map_err(map)
}

/// Reads the rows that remain after these clauses, one by one.
pub(super) fn each_row(
    connection: &Connection,
    definition: &Definition,
    clauses: &str,
    parameters: impl Params,
    mut each: impl FnMut(StoredRow) -> Result<()>,
) -> Result<()> {
    let text = format!("{} {clauses}", sql::select_all(DIALECT, definition));
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    let mut rows = statement.query(parameters).map_err(map)?;
    while let Some(row) = rows.next().map_err(map)? {
        each(read_row(definition, row).map_err(map)?)?;
    }
    Ok(())
}

fn number(connection: &Connection, select: &SelectStatement) -> Result<u64> {
    let (text, values) = select.build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    statement.query_row(rusqlite::params_from_iter(cells), |row| row.get(0)).map_err(map)
}
