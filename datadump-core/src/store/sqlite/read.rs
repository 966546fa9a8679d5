//! Reads: single rows, pages, counts. Each runs in one snapshot, in which the version that the query was made
//! for must be in force.

use rusqlite::{Connection, OptionalExtension, Params, params};
use sea_query::{SelectStatement, SqliteQueryBuilder};

use super::{
    columns::{Bind, DIALECT, read, read_row},
    error::map,
    system::cell,
};
use crate::{
    error::{Error, Result},
    schema::{Definition, InForce, StoredRow, Value},
    store::{Column, Count, FoundRows, Group, GroupQuery, Groups, Page, Query, RowCount, page, sql},
};

/// Number of rows at each end of a table that an estimate examines.
const SAMPLE_ROWS: u64 = 10_000;

/// Checks that the database responds.
pub(super) fn ping(connection: &Connection) -> Result<()> {
    connection.query_row("SELECT 1", [], |_| Ok(())).map_err(map)
}

/// Fails unless the version that the query was made for is in force in this snapshot.
fn check_version(connection: &Connection, in_force: &InForce) -> Result<()> {
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
        && let Ok(Some(row)) = run_inline(connection, in_force, key)
    {
        return Ok(Some(row));
    }
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    check_version(&transaction, in_force)?;
    let mut select = transaction.prepare_cached(&by_key(definition)).map_err(map)?;
    select.query_row([Bind(key)], |row| read_row(definition, row)).optional().map_err(map)
}

/// Returns the row, if it exists and the version is in force. A single statement has one snapshot by itself;
/// a transaction would double the cost.
fn run_inline(
    connection: &Connection,
    in_force: &InForce,
    key: &Value,
) -> rusqlite::Result<Option<StoredRow>> {
    let definition = &in_force.definition;
    let text =
        format!("{} AND (SELECT version FROM datadump_storage WHERE id = ?2) = ?3", by_key(definition));
    let mut select = connection.prepare_cached(&text)?;
    let parameters = params![Bind(key), in_force.storage.get(), in_force.version];
    select.query_row(parameters, |row| read_row(definition, row)).optional()
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

/// Returns a page and its count from one snapshot.
pub(super) fn page(connection: &mut Connection, in_force: &InForce, query: &Query) -> Result<Page> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    check_version(&transaction, in_force)?;
    let rows = selected(&transaction, definition, &sql::page(DIALECT, definition, query))?;
    let count = count(&transaction, definition, query)?;
    Ok(page::assemble(query, rows, count))
}

/// Counts rows by the values of some columns.
pub(super) fn groups(connection: &mut Connection, in_force: &InForce, query: &GroupQuery) -> Result<Groups> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    check_version(&transaction, in_force)?;
    let (text, values) = sql::groups(DIALECT, definition, query).build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let mut statement = transaction.prepare_cached(&text).map_err(map)?;
    let kinds: Vec<_> = query.columns.iter().map(|column| column.kind(definition)).collect();
    let groups = statement.query_map(rusqlite::params_from_iter(cells), |row| {
        let values = kinds.iter().enumerate().map(|(place, kind)| read(kind, row, place));
        Ok(Group { values: values.collect::<Result<_, _>>()?, count: row.get(kinds.len())? })
    });
    let groups = groups.map_err(map)?.collect::<Result<Vec<_>, _>>().map_err(map)?;
    Ok(Groups::within(query, groups))
}

fn selected(
    connection: &Connection,
    definition: &Definition,
    select: &SelectStatement,
) -> Result<Vec<StoredRow>> {
    let (text, values) = select.build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    let rows = statement
        .query_map(rusqlite::params_from_iter(cells), |row| read_row(definition, row))
        .map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}

fn count(connection: &Connection, definition: &Definition, query: &Query) -> Result<RowCount> {
    let counted = |cap| number(connection, &sql::count(DIALECT, definition, query, cap));
    match query.count {
        Count::None => Ok(RowCount::Unknown),
        Count::Exact => counted(None).map(RowCount::Exactly),
        Count::Bounded | Count::Estimated => {
            let counted = counted(Some(page::COUNT_CAP))?;
            match page::exact(counted) {
                Some(count) => Ok(count),
                None => Ok(page::estimated(counted, estimate(connection, definition, query)?)),
            }
        }
    }
}

/// Estimates the number of matching rows: all rows, times the share that matches at both ends of the table.
fn estimate(connection: &Connection, definition: &Definition, query: &Query) -> Result<u64> {
    let total = count_rows(connection, definition)?;
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
