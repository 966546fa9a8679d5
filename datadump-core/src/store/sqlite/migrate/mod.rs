//! Migrations on SQLite. Reading all rows is slow but changes nothing, so a reader does it while writes
//! continue. All changes, and putting the definition in force, are one transaction of the writer. A process
//! that dies during a migration leaves the old version intact.

pub(super) mod ddl;
mod finish;
pub(super) mod running;
mod scan;

use std::{sync::Arc, time::Duration};

use self::running::RunningMigration;
use super::{SqliteStore, columns::DIALECT, system};
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
pub(super) async fn run(store: &SqliteStore, id: StorageId) -> Result<()> {
    let running = store.migrations.of(id);
    let _guard = running.lock.lock().await;
    let mut pause = MIN_RETRY_DELAY;
    while let Some(storage) = store.catalogue.by_id(id).filter(|storage| storage.is_migrating()) {
        let version = storage.migration.version;
        let ended = match attempt(store, &storage, &running).await {
            Err(error) if !may_pass(&error) => {
                let reason = match &error {
                    Error::Internal(cause) => cause.to_string(),
                    other => other.to_string(),
                };
                tracing::warn!(storage = %storage.name, version, reason, "migration failed");
                store.on_writer(move |writer| record(writer, id, version, State::Failed, Some(reason))).await
            }
            attempt => attempt,
        };
        match ended {
            Ok(()) => {}
            Err(error) if store.queue.is_closed() => return Err(error),
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

async fn attempt(store: &SqliteStore, storage: &Arc<Storage>, running: &RunningMigration) -> Result<()> {
    let (id, version) = (storage.id, storage.migration.version);
    let scan_start = store.on_writer(move |writer| {
        record(writer, id, version, State::Running, None)?;
        Ok(writer.last_stamp)
    });
    let scan_start = scan_start.await?;
    tracing::info!(storage = %storage.name, version, "migration started");
    scan::all(store, storage, running).await?;
    let finished = storage.clone();
    store.on_writer(move |writer| finish::finish(writer, &finished, scan_start)).await?;
    tracing::info!(storage = %storage.name, version, "migration applied");
    Ok(())
}

/// Records a state in the database, then in the catalogue.
fn record(
    writer: &mut super::writer::Writer,
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
