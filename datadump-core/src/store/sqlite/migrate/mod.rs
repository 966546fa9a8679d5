//! Migrations on SQLite. A reader reads all rows, in chunks, while writes continue. Values whose stored form
//! changes go into a new column, in slices: short transactions of the writer between other writes. Rows that
//! are written meanwhile are found in the change log. The final transaction processes the last of them,
//! changes the table without touching rows, builds indexes, and puts the definition in force. The values of
//! columns that are no longer used are removed in slices afterwards.
//!
//! A process that dies during a migration leaves the old version intact; the next one starts again, and skips
//! the rows that are filled already.

mod catch_up;
mod finish;
mod pending;
pub(super) mod plan;
pub(super) mod reclaim;
pub(super) mod running;
mod scan;
pub(super) mod slices;
mod table;

use std::{sync::Arc, time::Duration};

use self::{
    catch_up::LogPosition,
    finish::{CatchUp, Finished},
    pending::check_pending,
    plan::Plan,
    running::{Migrations, RunningMigration},
    table::TableColumns,
};
use super::{columns::DIALECT, inner::Inner, system, writer::Writer};
use crate::{
    error::{Error, Result},
    schema::StorageId,
    store::{State, Storage, declare as rules},
};

/// Delay before an interrupted migration is retried; doubled each time.
const MIN_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Upper bound of that delay.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(10);

/// Takes the pending version of a storage, if it has one, to applied or failed. Transient errors (a full
/// disk, busy readers) are retried here, because nothing else would resume the migration.
pub(super) async fn run(inner: &Inner, migrations: &Migrations, id: StorageId) -> Result<()> {
    let running = migrations.of(id);
    let _guard = running.lock.lock().await;
    let mut pause = MIN_RETRY_DELAY;
    while let Some(storage) = inner.catalogue.by_id(id).filter(|storage| storage.is_migrating()) {
        let version = storage.migration.version;
        let ended = match attempt(inner, &storage, &running).await {
            Err(error) if !may_pass(&error) => {
                let reason = match &error {
                    Error::Internal(cause) => cause.to_string(),
                    other => other.to_string(),
                };
                tracing::warn!(storage = %storage.name, version, reason, "migration failed");
                inner.on_writer(move |writer| give_up(writer, id, version, reason)).await
            }
            attempt => attempt,
        };
        match ended {
            Ok(()) => {}
            Err(error) if inner.queue.is_closed() => return Err(error),
            Err(error) => {
                tracing::warn!(storage = %storage.name, version, %error, "migration interrupted; retrying");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(MAX_RETRY_DELAY);
            }
        }
    }
    Ok(())
}

fn may_pass(error: &Error) -> bool {
    matches!(error, Error::Full(_) | Error::Unavailable(_) | Error::Overloaded | Error::Moved(_))
}

async fn attempt(inner: &Inner, storage: &Arc<Storage>, running: &RunningMigration) -> Result<()> {
    let version = storage.migration.version;
    let plan = Plan::of(storage).map(Arc::new);
    let (started, planned) = (storage.clone(), plan.clone());
    let start = inner.on_writer(move |writer| start(writer, &started, planned.as_deref())).await?;
    tracing::info!(storage = %storage.name, version, "migration started");
    let Some(plan) = plan else {
        let created = storage.clone();
        inner.on_writer(move |writer| finish::create(writer, &created)).await?;
        tracing::info!(storage = %storage.name, version, "migration applied");
        return Ok(());
    };
    scan::all(inner, &plan, version, running).await?;
    let mut behind = CatchUp::new(start);
    loop {
        let (finished, plan) = (storage.clone(), plan.clone());
        match inner.on_writer(move |writer| finish::finish(writer, &finished, &plan, behind)).await? {
            Finished::Applied => break,
            Finished::Behind(next) => behind = next,
        }
    }
    tracing::info!(storage = %storage.name, version, "migration applied");
    Ok(())
}

/// Records that the migration runs and prepares the table. Returns the position in the change log after which
/// rows may be written that the scan does not see.
fn start(writer: &mut Writer, storage: &Storage, plan: Option<&Plan>) -> Result<LogPosition> {
    check_pending(writer, storage.id, storage.migration.version)?;
    record(writer, storage.id, storage.migration.version, State::Running, None)?;
    let commit = writer.head.position();
    if let Some(plan) = plan {
        writer.log_pins.insert(storage.id, commit);
        writer.transact(|connection| plan.prepare(connection))?;
    }
    Ok(LogPosition { commit, changes: 0 })
}

/// Records why a migration failed. The columns that it was filling are no longer needed.
fn give_up(writer: &mut Writer, id: StorageId, version: i32, reason: String) -> Result<()> {
    let in_force = writer.catalogue.by_id(id).and_then(|storage| storage.in_force.clone());
    let abandoned = in_force.map_or(Ok(()), |in_force| {
        writer.transact(|connection| {
            let mut table = TableColumns::read(connection, &in_force.definition)?;
            if table.abandon_temporary() { table.store(connection, &in_force.definition) } else { Ok(()) }
        })
    });
    if let Err(error) = abandoned {
        tracing::warn!(storage = id.get(), %error, "cannot undo a failed migration");
    }
    record(writer, id, version, State::Failed, Some(reason))?;
    writer.log_pins.remove(&id);
    Ok(())
}

/// Records a state in the database, then in the catalogue.
fn record(
    writer: &mut Writer,
    id: StorageId,
    version: i32,
    state: State,
    error: Option<String>,
) -> Result<()> {
    let storage = writer.transact(|connection| {
        system::execute(connection, &rules::record_state(DIALECT, id, version, state, error))?;
        system::load_one(connection, id)
    })?;
    writer.catalogue.put(storage);
    Ok(())
}
