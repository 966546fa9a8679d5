//! Removes old rows of a storage, and measures how much it holds.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::{columns::DIALECT, error::map, read, writer::Writer};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, InForce},
    store::{
        Capacity, Column, Extent, Trim, TrimStep,
        change_log::Packer,
        extent::{SAMPLE_ROWS, SizeSample, excess_until},
        sql,
    },
};

/// Removes the rows of a range of time, at most about this many, in one transaction.
pub(super) fn trim(
    writer: &mut Writer,
    in_force: &InForce,
    (after, until): (Timestamp, Timestamp),
    rows: u64,
) -> Result<Option<TrimStep>> {
    let began = Instant::now();
    if writer.catalogue.by_id(in_force.storage).is_none() {
        return Err(Error::UnknownStorage(in_force.definition.name.to_string()));
    }
    let done = writer.disk_health.check_intact().and_then(|()| {
        let (mut stamps, head) = (writer.stamps(), writer.head);
        let transaction =
            writer.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
        let Some(trim) = remove(&transaction, in_force, (after, until), rows)? else { return Ok(None) };
        let mut packer = Packer::default();
        packer.trim(&trim);
        let next = match packer.finish() {
            Some(changes) => head.append(&transaction, stamps.next(), &changes)?,
            None => head,
        };
        transaction.commit().map_err(map)?;
        Ok(Some((trim, next, stamps.last())))
    });
    let Some((trim, head, last_stamp)) = writer.after(done)? else { return Ok(None) };
    (writer.head, writer.last_stamp) = (head, last_stamp);
    if writer.commit_signal.receiver_count() > 0 {
        writer.commit_signal.send_modify(|signal| *signal += 1);
    }
    Ok(Some(TrimStep { trim, took: began.elapsed() }))
}

/// Removes the rows in the open transaction. Rows that were written at the same moment are removed together.
fn remove(
    connection: &Connection,
    in_force: &InForce,
    (after, until): (Timestamp, Timestamp),
    rows: u64,
) -> Result<Option<Trim>> {
    let Names { table, key, updated_at } = Names::of(&in_force.definition);
    let range = format!("FROM {table} WHERE {updated_at} > ?1 AND {updated_at} <= ?2");
    let last = format!("SELECT {updated_at} {range} ORDER BY {updated_at}, {key} LIMIT 1 OFFSET ?3");
    let mut last = connection.prepare_cached(&last).map_err(map)?;
    let offset = i64::try_from(rows.saturating_sub(1)).unwrap_or(i64::MAX);
    let last = last.query_row(params![after.micros(), until.micros(), offset], |row| row.get(0));
    let until = last.optional().map_err(map)?.map_or(Ok(until), timestamp)?;
    let mut delete = connection.prepare_cached(&format!("DELETE {range}")).map_err(map)?;
    let deleted = delete.execute([after.micros(), until.micros()]).map_err(map)?;
    let trim = Trim { storage: in_force.storage, after, until, rows: deleted as u64 };
    Ok((deleted > 0).then_some(trim))
}

/// Measures a storage in one snapshot.
pub(super) fn extent(connection: &mut Connection, in_force: &InForce, capacity: Capacity) -> Result<Extent> {
    let definition = &in_force.definition;
    let transaction = connection.transaction().map_err(map)?;
    read::check_version(&transaction, in_force)?;
    let rows = read::count_rows(&transaction, definition)?;
    let Names { table, key, updated_at } = Names::of(definition);
    let nth = |offset: u64| -> Result<Option<Timestamp>> {
        let text = format!("SELECT {updated_at} FROM {table} ORDER BY {updated_at}, {key} LIMIT 1 OFFSET ?1");
        let mut select = transaction.prepare_cached(&text).map_err(map)?;
        let offset = i64::try_from(offset).map_err(Error::internal)?;
        select.query_row([offset], |row| row.get(0)).optional().map_err(map)?.map(timestamp).transpose()
    };
    let mut sample = SizeSample::default();
    for direction in ["ASC", "DESC"] {
        let text = format!(
            "SELECT count(*), coalesce(sum(size), 0) FROM (SELECT {} AS size FROM {table} \
             ORDER BY {updated_at} {direction}, {key} {direction} LIMIT {SAMPLE_ROWS})",
            sql::row_size(DIALECT, definition)
        );
        let mut select = transaction.prepare_cached(&text).map_err(map)?;
        let end: (u64, u64) = select.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(map)?;
        sample.rows += end.0;
        sample.bytes += end.1;
    }
    let bytes = sample.estimate(definition, rows);
    let excess = match capacity.excess(rows, bytes) {
        0 => None,
        excess => {
            let last = nth(excess - 1)?;
            let next = nth(excess)?;
            last.and_then(|last| excess_until(last, next))
        }
    };
    Ok(Extent { rows, bytes, oldest: nth(0)?, excess })
}

/// The quoted names of a table and of the columns that order it by time.
struct Names {
    table: String,
    key: String,
    updated_at: String,
}

impl Names {
    fn of(definition: &Definition) -> Self {
        let column = |of| sql::column(DIALECT, definition, of).quoted();
        let (key, updated_at) = (column(Column::Key), column(Column::UpdatedAt));
        Self { table: sql::table(&definition.name).quoted(), key, updated_at }
    }
}

fn timestamp(micros: i64) -> Result<Timestamp> {
    Timestamp::from_micros(micros).ok_or_else(|| Error::internal("a row has a time out of range"))
}
