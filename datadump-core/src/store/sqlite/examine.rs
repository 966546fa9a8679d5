//! Examines the impact of changes on existing rows, in one read-only snapshot.

use rusqlite::Connection;
use serde_json::Value as Json;

use super::{columns::read_row, error::map};
use crate::{
    error::{Error, Result},
    schema::{Definition, Difference, Field, InForce, Index, IndexKind, StoredRow, Task, Value, evolve},
    store::{ChangeImpact, Column, sql},
};

/// Maximum number of example keys.
const MAX_EXAMPLES: usize = 5;

/// Index entries built per millisecond, measured on two slow cores.
const INDEXED_PER_MS: u64 = 700;

/// Rows converted to another type per millisecond.
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
    let mut examined = vec![ChangeImpact::default(); difference.changes.len()];
    let checks: Vec<(usize, FieldCheck<'_>)> = difference
        .changes
        .iter()
        .enumerate()
        .filter_map(|(place, change)| FieldCheck::of(old, new, &change.task).map(|check| (place, check)))
        .collect();
    if !checks.is_empty() {
        scan(&transaction, old, |row| {
            for (place, check) in &checks {
                let Some(entry) = examined.get_mut(*place) else { continue };
                entry.scanned += 1;
                if check.violated_by(&row) {
                    entry.violating += 1;
                    if entry.examples.len() < MAX_EXAMPLES {
                        entry.examples.push(row.key.to_json(&old.key.kind));
                    }
                }
            }
            Ok(())
        })?;
    }
    for (change, entry) in difference.changes.iter().zip(&mut examined) {
        match &change.task {
            Task::AddIndex(index) => {
                *entry = index_examined(&transaction, old, new, index)?;
                entry.writers_wait_ms = entry.scanned.div_ceil(INDEXED_PER_MS);
            }
            Task::ConvertColumn { .. } => entry.writers_wait_ms = entry.scanned.div_ceil(CONVERTED_PER_MS),
            _ => {}
        }
    }
    Ok(examined)
}

/// A check that values of an old field fit the new one.
pub(super) struct FieldCheck<'a> {
    from: usize,
    before: &'a Field,
    after: &'a Field,
}

impl<'a> FieldCheck<'a> {
    /// Returns the check for a task, if it needs one.
    pub(super) fn of(old: &'a Definition, new: &'a Definition, task: &Task) -> Option<Self> {
        let (Task::CheckRows { from, to } | Task::ConvertColumn { from, to }) = task else { return None };
        Some(Self { from: *from, before: old.fields.get(*from)?, after: new.fields.get(*to)? })
    }

    /// Returns whether a row, read by the old definition, does not fit.
    pub(super) fn violated_by(&self, row: &StoredRow) -> bool {
        let value = row.values.get(self.from).unwrap_or(&Value::Null);
        evolve::fitting(value, self.before, self.after).is_none()
    }

    /// Returns the field's name in the new definition.
    pub(super) fn name(&self) -> &str {
        self.after.name.as_str()
    }
}

/// Reads all rows.
fn scan(
    connection: &Connection,
    definition: &Definition,
    mut each: impl FnMut(StoredRow) -> Result<()>,
) -> Result<()> {
    let names = sql::column_list(definition);
    let table = sql::table(&definition.name).quoted();
    let text = format!("SELECT {names} FROM {table}");
    let mut statement = connection.prepare(&text).map_err(map)?;
    let mut rows = statement.query([]).map_err(map)?;
    while let Some(row) = rows.next().map_err(map)? {
        each(read_row(definition, row).map_err(map)?)?;
    }
    Ok(())
}

/// Counts the rows to index, and for a unique index those that are duplicates.
fn index_examined(
    connection: &Connection,
    old: &Definition,
    new: &Definition,
    index: &Index,
) -> Result<ChangeImpact> {
    let table = sql::table(&old.name).quoted();
    let count = |text: &str| -> Result<u64> { connection.query_row(text, [], |row| row.get(0)).map_err(map) };
    let scanned = count(&format!("SELECT count(*) FROM {table}"))?;
    let mut examined = ChangeImpact { scanned, ..ChangeImpact::default() };
    if index.kind != IndexKind::Unique {
        return Ok(examined);
    }
    let mut columns = Vec::new();
    for name in &index.fields {
        let Some((_, field)) = new.field(name.as_str()) else { continue };
        match evolve::origin(old, field) {
            Some((_, before)) => columns.push(sql::Name::field(&before.name).quoted()),
            // A new field is null in every row, which violates nothing, or has the same value in every row.
            None if field.backfill().is_none_or(Value::is_null) => return Ok(examined),
            None => {}
        }
    }
    if columns.is_empty() {
        examined.violating = if scanned > 1 { scanned } else { 0 };
        return Ok(examined);
    }
    let present: Vec<String> = columns.iter().map(|column| format!("{column} IS NOT NULL")).collect();
    let (present, group) = (present.join(" AND "), columns.join(", "));
    let key = sql::column(old, Column::Key).quoted();
    let groups = format!(
        "SELECT count(*) AS same, min({key}) AS example FROM {table} WHERE {present} GROUP BY {group} HAVING count(*) > 1"
    );
    examined.violating = count(&format!("SELECT coalesce(sum(same), 0) FROM ({groups})"))?;
    let mut statement =
        connection.prepare(&format!("SELECT example FROM ({groups}) LIMIT {MAX_EXAMPLES}")).map_err(map)?;
    let keys = statement
        .query_map([], |row| super::columns::read(&old.key.kind, row, 0))
        .map_err(map)?
        .map(|key| key.map(|key| key.to_json(&old.key.kind)));
    examined.examples = keys.collect::<Result<Vec<Json>, _>>().map_err(map)?;
    Ok(examined)
}

/// Returns the error for a migration that fails on violating rows.
pub(super) fn refusal(check: &FieldCheck<'_>, violating: u64, examples: &[Json]) -> Error {
    let keys: Vec<String> = examples.iter().map(Json::to_string).collect();
    Error::internal(format!(
        "field `{}`: {violating} rows violate it, for example {}",
        check.name(),
        keys.join(", ")
    ))
}
