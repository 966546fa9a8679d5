//! Reads pages. Each is read with its count from one snapshot, and only as far as there is memory for it.

use rusqlite::Connection;
use sea_query::{SelectStatement, SqliteQueryBuilder};

use super::{
    columns::{self, DIALECT, read_row},
    error::map,
    read,
    system::cell,
};
use crate::{
    error::{Error, Result},
    schema::{Definition, InForce, StoredRow},
    store::{
        Group, GroupQuery, Groups, Page, Query, ReadLease, ReadMemory, page,
        result_memory::{Read, ResultMemory},
        sql,
    },
};

/// The result of reading a page.
pub(super) enum PageRead {
    /// The page.
    Done(Page),
    /// The page takes this many bytes, which are not free.
    NeedsMemory(usize),
}

/// Reads a page, within the memory that is free or was reserved for it.
pub(super) fn read(
    connection: &mut Connection,
    in_force: &InForce,
    query: &Query,
    memory: &ReadMemory,
    reserved: Option<(usize, ReadLease)>,
) -> Result<PageRead> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let (bytes, extent) = match page::small_bound(definition, query) {
        Some(bytes) => (bytes, None),
        None => {
            let sizes = sizes(&transaction, &sql::sizes(DIALECT, definition, query))?;
            let extent = page::extent(definition, query, &sizes);
            (extent.bytes, Some(extent))
        }
    };
    let lease = match reserved {
        Some((enough, lease)) if enough >= bytes => Some(lease),
        _ => memory.try_reserve(bytes),
    };
    let Some(lease) = lease else { return Ok(PageRead::NeedsMemory(bytes)) };
    let limit = extent.map_or(query.paging.limit() + 1, |extent| extent.rows);
    let mut rows = selected(&transaction, definition, &sql::page(DIALECT, definition, query, limit))?;
    let more = extent.map_or_else(|| page::take_next(query, &mut rows), |extent| extent.more);
    let count = read::count(&transaction, in_force, query)?;
    Ok(PageRead::Done(page::assemble(query, rows, more, count, lease)))
}

/// Counts rows by the values of some columns.
pub(super) fn groups(
    connection: &mut Connection,
    in_force: &InForce,
    query: &GroupQuery,
    mut memory: ResultMemory,
) -> Result<Read<Groups>> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let kinds: Vec<_> = query.columns.iter().map(|column| column.kind(definition)).collect();
    let (text, values) = sql::groups(DIALECT, definition, query).build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let mut statement = transaction.prepare_cached(&text).map_err(map)?;
    let mut rows = statement.query(rusqlite::params_from_iter(cells)).map_err(map)?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next().map_err(map)? {
        let values = kinds.iter().enumerate().map(|(place, kind)| columns::read(kind, row, place));
        let values = values.collect::<rusqlite::Result<_>>().map_err(map)?;
        let group = Group { values, count: row.get(kinds.len()).map_err(map)? };
        if let Err(shortage) = memory.add(group.size()) {
            return Read::short(&shortage, "field");
        }
        groups.push(group);
    }
    Ok(Read::Done(Groups::within(query, groups, memory.finish())))
}

fn selected(
    connection: &Connection,
    definition: &Definition,
    select: &SelectStatement,
) -> Result<Vec<StoredRow>> {
    each(connection, select, |row| read_row(definition, row))
}

fn sizes(connection: &Connection, select: &SelectStatement) -> Result<Vec<usize>> {
    let sizes = each(connection, select, |row| row.get::<_, i64>(0))?;
    sizes.into_iter().map(|size| usize::try_from(size).map_err(Error::internal)).collect()
}

fn each<T>(
    connection: &Connection,
    select: &SelectStatement,
    read: impl Fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>> {
    let (text, values) = select.build(SqliteQueryBuilder);
    let cells = values.0.iter().map(cell).collect::<Result<Vec<_>>>()?;
    let mut statement = connection.prepare_cached(&text).map_err(map)?;
    let rows = statement.query_map(rusqlite::params_from_iter(cells), read).map_err(map)?;
    rows.collect::<Result<_, _>>().map_err(map)
}
