//! The final step of a migration: one transaction that puts the new version in force.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rusqlite::{Connection, ErrorCode};

use super::{
    super::{columns::DIALECT, error::map, open, system, writer::Writer},
    catch_up::{LogPosition, catch_up},
    pending::check_pending,
    plan::Plan,
    slices::SLICE_TIME,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::{Definition, Index, StorageId},
    store::{Storage, declare as rules, sql},
};

/// Maximum time for catching up with rows that were written meanwhile, while other writes wait.
const MAX_CATCH_UP_TIME: Duration = Duration::from_millis(400);

/// The state of a migration after a final transaction.
pub(super) enum Finished {
    Applied,
    /// There was no time for all rows written since the scan began. Tells where to continue, for how long, and
    /// how many commits were left.
    Behind(CatchUp),
}

/// The position from which a migration continues to catch up, and the time that it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct CatchUp {
    pub(super) from: LogPosition,
    time: Duration,
    commits_left: i64,
}

impl CatchUp {
    pub(super) fn new(from: LogPosition) -> Self {
        Self { from, time: SLICE_TIME, commits_left: i64::MAX }
    }

    /// Takes more time if others write faster than this catches up.
    fn next(self, from: LogPosition, head: i64) -> Self {
        let commits_left = head - from.commit;
        let time = if commits_left < self.commits_left { self.time } else { self.time * 2 };
        Self { from, time: time.min(MAX_CATCH_UP_TIME), commits_left }
    }
}

/// Creates the table of a first version and puts it in force.
pub(super) fn create(writer: &mut Writer, storage: &Arc<Storage>) -> Result<()> {
    check_pending(writer, storage.id, storage.migration.version)?;
    let (id, now) = (storage.id, writer.options.clock.now());
    let created = writer.transact(|connection| {
        for statement in sql::create_table(DIALECT, id, &storage.migration.definition) {
            connection.execute_batch(&statement).map_err(map)?;
        }
        put_in_force(connection, storage, &storage.dropped, now)
    });
    writer.catalogue.put(created?);
    Ok(())
}

/// Catches up with the rows written since the scan began. If there is time for all of them, also changes the
/// table and puts the new version in force.
pub(super) fn finish(
    writer: &mut Writer,
    storage: &Arc<Storage>,
    plan: &Plan,
    behind: CatchUp,
) -> Result<Finished> {
    check_pending(writer, storage.id, storage.migration.version)?;
    let (id, now, head) = (storage.id, writer.options.clock.now(), writer.head.position());
    let applied = writer.transact(|connection| {
        let (from, is_end) = catch_up(connection, plan, behind.from, behind.time)?;
        if !is_end {
            return Ok(Err(behind.next(from, head)));
        }
        plan.swap(connection)?;
        build_indexes(connection, id, &plan.new, &plan.built_indexes())?;
        let dropped = plan.difference.dropped(&plan.old.definition, &storage.dropped);
        put_in_force(connection, storage, &dropped, now).map(Ok)
    });
    match applied? {
        Ok(applied) => writer.catalogue.put(applied),
        Err(behind) => return Ok(Finished::Behind(behind)),
    };
    writer.log_pins.remove(&id);
    // Drops cached statements, which refer to the old table.
    writer.connection.flush_prepared_statement_cache();
    writer.statements.remove(&id);
    Ok(Finished::Applied)
}

fn put_in_force(
    connection: &Connection,
    storage: &Storage,
    dropped: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<Storage> {
    let updates = rules::put_in_force(DIALECT, storage, dropped, now)?;
    updates.iter().try_for_each(|update| system::execute(connection, update))?;
    system::load_one(connection, storage.id)
}

/// Builds indexes, while writers wait.
fn build_indexes(
    connection: &Connection,
    id: StorageId,
    definition: &Definition,
    indexes: &[Index],
) -> Result<()> {
    open::yield_while_running(connection)?;
    let built = indexes.iter().try_for_each(|index| {
        let text = sql::create_index(DIALECT, id, definition, index);
        connection.execute_batch(&text).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => {
                let fields: Vec<String> = index.fields.iter().map(ToString::to_string).collect();
                let fields = fields.join(", ");
                Error::internal(format!("{fields} cannot be unique: several rows have the same value"))
            }
            _ => map(error),
        })
    });
    open::stop_yielding(connection)?;
    built
}
