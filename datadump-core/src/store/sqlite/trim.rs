//! Removes old rows of a storage.

use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior, params};

use super::{columns::DIALECT, error::map, extent::timestamp, writer::Writer};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::InForce,
    store::{
        StepLimit, Trim, TrimStep, change_log::Packer, extent::StepEnd, sql::TrimSql,
        system_storages::SystemStorage,
    },
};

/// Removes the rows of a range of time, up to about a limit, in one transaction.
pub(super) fn trim(
    writer: &mut Writer,
    in_force: &InForce,
    (after, until): (Timestamp, Timestamp),
    limit: StepLimit,
) -> Result<Option<TrimStep>> {
    let began = Instant::now();
    if writer.catalogue.by_id(in_force.storage).is_none() {
        return Err(Error::UnknownStorage(in_force.definition.name.to_string()));
    }
    let done = writer.disk_health.check_intact().and_then(|()| {
        let (mut stamps, head) = (writer.stamps(), writer.head);
        let transaction =
            writer.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(map)?;
        let Some(trim) = remove(&transaction, in_force, (after, until), limit)? else { return Ok(None) };
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
    if in_force.storage == SystemStorage::Quarantine.id() {
        writer.quarantine_signal.send_modify(|signal| *signal += 1);
    }
    Ok(Some(TrimStep { trim, took: began.elapsed() }))
}

/// Removes the rows in the open transaction. Rows that were written at the same moment are removed together.
fn remove(
    connection: &Connection,
    in_force: &InForce,
    (after, until): (Timestamp, Timestamp),
    limit: StepLimit,
) -> Result<Option<Trim>> {
    let sql = TrimSql::new(DIALECT, &in_force.definition);
    let range = sql.range("?1", "?2");
    let until = last_of_step(connection, &sql.oldest(&range, "?3"), (after, until), limit)?.unwrap_or(until);
    let mut delete = connection.prepare_cached(&format!("DELETE {range}")).map_err(map)?;
    let deleted = delete.execute([after.micros(), until.micros()]).map_err(map)?;
    let trim = Trim { storage: in_force.storage, after, until, rows: deleted as u64 };
    Ok((deleted > 0).then_some(trim))
}

/// Returns the time of the row at which a step ends; `None` if the whole range fits into it.
fn last_of_step(
    connection: &Connection,
    oldest: &str,
    (after, until): (Timestamp, Timestamp),
    limit: StepLimit,
) -> Result<Option<Timestamp>> {
    let mut select = connection.prepare_cached(oldest).map_err(map)?;
    let most = i64::try_from(limit.rows.max(1)).unwrap_or(i64::MAX);
    let mut rows = select.query(params![after.micros(), until.micros(), most]).map_err(map)?;
    let mut end = StepEnd::new(limit);
    while let Some(row) = rows.next().map_err(map)? {
        if end.is_reached(row.get(1).map_err(map)?) {
            return timestamp(row.get(0).map_err(map)?).map(Some);
        }
    }
    Ok(None)
}
