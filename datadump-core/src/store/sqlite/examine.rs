//! Examines the impact of changes on existing rows, in one read-only snapshot.

use rusqlite::Connection;
use serde_json::Value as Json;

use super::{columns::DIALECT, error::map, read};
use crate::{
    error::Result,
    schema::{Change, Definition, Difference, InForce, Index, Task},
    store::{
        ChangeImpact, Column,
        migrate::{self, FieldCheck, MAX_EXAMPLES},
        sql,
    },
};

/// Number of index entries built per millisecond, measured on two slow cores.
const INDEXED_PER_MS: u64 = 700;

/// Number of rows converted to a different type per millisecond.
const CONVERTED_PER_MS: u64 = 200;

/// Counts the rows that violate each change.
pub(super) fn examine(
    connection: &mut Connection,
    in_force: &InForce,
    new: Option<&Definition>,
    difference: &Difference,
) -> Result<Vec<ChangeImpact>> {
    let Some(new) = new else { return Ok(Vec::new()) };
    let old = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    let mut checks = FieldCheck::all(old, new, difference);
    if !checks.is_empty() {
        read::each_row(&transaction, old, "", [], |row| {
            checks.iter_mut().for_each(|check| check.check_row(&row));
            Ok(())
        })?;
    }
    let impact_of = |change: &Change| match &change.task {
        Task::AddIndex(index) => {
            let impact = index_impact(&transaction, old, new, index)?;
            Ok(ChangeImpact { writers_wait_ms: impact.scanned.div_ceil(INDEXED_PER_MS), ..impact })
        }
        task => Ok(migrate::impact(&checks, task, CONVERTED_PER_MS)),
    };
    difference.changes.iter().map(impact_of).collect()
}

/// Counts the rows to index, and for a unique index those that are duplicates.
fn index_impact(
    connection: &Connection,
    old: &Definition,
    new: &Definition,
    index: &Index,
) -> Result<ChangeImpact> {
    let table = sql::table(&old.name).quoted();
    let count = |text: &str| -> Result<u64> { connection.query_row(text, [], |row| row.get(0)).map_err(map) };
    let scanned = read::count_rows(connection, old)?;
    let mut impact = ChangeImpact { scanned, ..ChangeImpact::default() };
    let Some(columns) = migrate::unique_columns(DIALECT, old, new, index) else { return Ok(impact) };
    if columns.is_empty() {
        impact.violating = if scanned > 1 { scanned } else { 0 };
        return Ok(impact);
    }
    let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let (present, group) = (present.join(" AND "), columns.join(", "));
    let key = sql::column(DIALECT, old, Column::Key).quoted();
    let groups = format!(
        "SELECT count(*) AS same, min({key}) AS example FROM {table} WHERE {present} GROUP BY {group} HAVING count(*) > 1"
    );
    impact.violating = count(&format!("SELECT coalesce(sum(same), 0) FROM ({groups})"))?;
    let mut statement =
        connection.prepare(&format!("SELECT example FROM ({groups}) LIMIT {MAX_EXAMPLES}")).map_err(map)?;
    let keys = statement
        .query_map([], |row| super::columns::read(&old.key.kind, row, 0))
        .map_err(map)?
        .map(|key| key.map(|key| key.to_json(&old.key.kind)));
    impact.examples = keys.collect::<Result<Vec<Json>, _>>().map_err(map)?;
    Ok(impact)
}
