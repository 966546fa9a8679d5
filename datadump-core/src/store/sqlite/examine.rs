//! Examines the impact of changes on existing rows, in one read-only snapshot.

use std::{sync::Arc, time::Instant};

use rusqlite::Connection;
use serde_json::Value as Json;

use super::{
    columns::{self, DIALECT},
    error::map,
    migrate::{plan::Plan, slices::SLICE_TIME},
    read,
};
use crate::{
    error::Result,
    schema::{Definition, Difference, Field, InForce, Index, Task, evolve},
    store::{
        ChangeImpact, Column,
        migrate::{self, FieldCheck, MAX_EXAMPLES},
        sql::{self, Name},
    },
};

/// Number of rows that are indexed to estimate how long all rows take.
const SAMPLE_ROWS: u64 = 20_000;

/// Maximum size of these rows, which are held in memory.
const SAMPLE_BYTES: usize = 16 << 20;

/// Factor by which an index build in the database is slower than that of the sample, which is not written to disk.
const DISK_FACTOR: f64 = 2.0;

/// Counts the rows that violate each change, and estimates how long writers wait for it.
pub(super) fn examine(
    connection: &mut Connection,
    in_force: &Arc<InForce>,
    difference: &Difference,
) -> Result<Vec<ChangeImpact>> {
    let Some(new) = &difference.target else { return Ok(Vec::new()) };
    let old = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    let plan = Plan::new(in_force.clone(), new.clone(), difference.clone());
    let mut checks = plan.checks();
    if !checks.is_empty() {
        check(&transaction, old, &mut checks)?;
    }
    let rows = read::count_rows(&transaction, old)?;
    let slice = if rows > 0 { u64::try_from(SLICE_TIME.as_millis()).unwrap_or_default() } else { 0 };
    let built = |index: &Index| build_ms(&transaction, old, new, index, rows);
    let mut impacts = Vec::with_capacity(difference.changes.len());
    for change in &difference.changes {
        let mut impact = migrate::impact(&checks, &change.task);
        match &change.task {
            Task::AddIndex(index) => {
                impact = index_impact(&transaction, old, new, index)?;
                impact.writers_wait_ms = built(index)?;
            }
            Task::DropColumn { .. } => impact.writers_wait_ms = slice,
            Task::ConvertColumn { to, .. } if plan.moves(*to) => {
                impact.writers_wait_ms = slice;
                let field = new.fields.get(*to).map(|field| &field.name);
                for index in plan.built_indexes() {
                    if field.is_some_and(|field| index.fields.contains(field)) {
                        impact.writers_wait_ms += built(&index)?;
                    }
                }
            }
            _ => {}
        }
        impacts.push(impact);
    }
    Ok(impacts)
}

/// Checks all rows.
fn check(connection: &Connection, old: &Definition, checks: &mut [FieldCheck<'_>]) -> Result<()> {
    let key = [sql::column(DIALECT, old, Column::Key)];
    let checked = checks.iter().map(|check| sql::column(DIALECT, old, Column::Field(check.from)));
    let names: Vec<String> = key.into_iter().chain(checked).map(|name| name.quoted()).collect();
    let text = format!("SELECT {} FROM {}", names.join(", "), sql::table(&old.name).quoted());
    let mut select = connection.prepare(&text).map_err(map)?;
    let mut rows = select.query([]).map_err(map)?;
    while let Some(row) = rows.next().map_err(map)? {
        let key = columns::read(&old.key.kind, row, 0).map_err(map)?;
        for (place, check) in checks.iter_mut().enumerate() {
            let value = columns::read(&check.before().kind, row, place + 1).map_err(map)?;
            check.check(&key, &value);
        }
    }
    Ok(())
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
        .query_map([], |row| columns::read(&old.key.kind, row, 0))
        .map_err(map)?
        .map(|key| key.map(|key| key.to_json(&old.key.kind)));
    impact.examples = keys.collect::<Result<Vec<Json>, _>>().map_err(map)?;
    Ok(impact)
}

/// Estimates how long it takes to build an index on this many rows, in milliseconds, from building one on a
/// sample of them in memory.
fn build_ms(
    connection: &Connection,
    old: &Definition,
    new: &Definition,
    index: &Index,
    rows: u64,
) -> Result<u64> {
    let fields = index.fields.iter().filter_map(|name| new.field(name.as_str()));
    let before = fields.filter_map(|(_, field)| evolve::origin(old, field));
    let column = |(_, field): (usize, &Field)| Name::field(DIALECT, &field.name).quoted();
    let names: Vec<String> =
        before.map(column).chain([sql::column(DIALECT, old, Column::Key).quoted()]).collect();
    let names = names.join(", ");
    let memory = Connection::open_in_memory().map_err(map)?;
    memory.execute_batch(&format!("CREATE TABLE sample ({names})")).map_err(map)?;
    let text = format!("SELECT {names} FROM {} LIMIT {SAMPLE_ROWS}", sql::table(&old.name).quoted());
    let mut select = connection.prepare(&text).map_err(map)?;
    let width = select.column_count();
    let insert = format!("INSERT INTO sample VALUES ({})", vec!["?"; width].join(", "));
    let mut insert = memory.prepare(&insert).map_err(map)?;
    let mut sample = select.query([]).map_err(map)?;
    let (mut sampled, mut bytes) = (0_u64, 0);
    while bytes < SAMPLE_BYTES
        && let Some(row) = sample.next().map_err(map)?
    {
        for place in 0..width {
            let value = row.get_ref(place).map_err(map)?;
            bytes += value.as_bytes_or_null().ok().flatten().map_or(8, <[u8]>::len);
            insert
                .raw_bind_parameter(place + 1, rusqlite::types::ToSqlOutput::Borrowed(value))
                .map_err(map)?;
        }
        insert.raw_execute().map_err(map)?;
        sampled += 1;
    }
    let began = Instant::now();
    memory.execute_batch(&format!("CREATE INDEX sorted ON sample ({names})")).map_err(map)?;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is an estimate, and not negative"
    )]
    let estimate =
        (began.elapsed().as_secs_f64() * 1000.0 * DISK_FACTOR * rows as f64 / sampled.max(1) as f64) as u64;
    Ok(if sampled > 0 { estimate } else { 0 })
}
