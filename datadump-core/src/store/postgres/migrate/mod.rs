//! Migrations on PostgreSQL. All slow work is done in repeatable steps while reads and writes continue. The
//! definition in force changes only in the final transaction, together with the table. So if a process dies
//! at any moment, the next one can complete the migration from the state it left.
//!
//! A session lock marks the process that runs a storage's migration. It cannot outlive its process, so no
//! migration gets stuck.

pub(super) mod check;
mod convert;
pub(super) mod ddl;
mod finish;
mod grow;
mod index;
pub(super) mod plan;
mod progress;
pub(super) mod remove;
pub(super) mod running;
mod session;
mod undo;

use std::{sync::Arc, time::Duration};

use sqlx::AssertSqlSafe;

use self::{
    plan::Plan,
    progress::MigrationProgress,
    session::{Halt, MigrationSession},
};
use super::{error::ErrorClass, inner::Inner, locks};
use crate::{
    error::{Error, Result},
    schema::{StorageId, evolve},
    store::{
        State, Storage,
        sql::{self, Dialect},
    },
};

/// Interval at which a migration run by another process is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Maximum number of attempts to read the catalogue.
const MAX_REFRESH_TRIES: usize = 3;

/// Maximum delay before retrying after the database was unreachable.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(5);

/// Maximum number of attempts while other sessions are in the way, or a statement exceeds the server's limits.
const MAX_BLOCKED_TRIES: u32 = 20;

/// Takes the pending version of a storage, if it has one, to applied or failed.
pub(super) async fn run(inner: &Inner, id: StorageId) -> Result<()> {
    let lock = inner.migrations.of(id);
    let _guard = lock.lock().await;
    let mut tries = 0_u32;
    loop {
        let Some(storage) = read_storage(inner, id).await?.filter(|storage| storage.is_migrating()) else {
            return Ok(());
        };
        let is_last = tries >= MAX_BLOCKED_TRIES;
        let attempt = tokio::select! {
            attempt = attempt(inner, &storage, is_last) => attempt,
            () = inner.closing.cancelled() => return Err(Error::Unavailable("the database is closed".into())),
        };
        match attempt {
            Ok(MigrationAttempt::Ended) => {}
            Ok(MigrationAttempt::RunningElsewhere) => tokio::time::sleep(POLL_INTERVAL).await,
            // The database is unreachable, or other sessions are in the way: retry.
            Err(error) => {
                tries += 1;
                tracing::warn!(storage = %storage.name, %error, tries, "migration interrupted; retrying");
                tokio::time::sleep(MAX_RETRY_DELAY.min(POLL_INTERVAL * tries)).await;
            }
        }
    }
}

/// Reads the storage from the database, retrying if the connection is lost.
async fn read_storage(inner: &Inner, id: StorageId) -> Result<Option<Arc<Storage>>> {
    for _ in 1..MAX_REFRESH_TRIES {
        match inner.mirror.refresh_one(id).await {
            Err(Error::Unavailable(_)) => tokio::time::sleep(POLL_INTERVAL).await,
            found => return found,
        }
    }
    inner.mirror.refresh_one(id).await
}

enum MigrationAttempt {
    Ended,
    /// Another process runs it.
    RunningElsewhere,
}

async fn attempt(inner: &Inner, storage: &Arc<Storage>, is_last: bool) -> sqlx::Result<MigrationAttempt> {
    let (id, version) = (storage.id, storage.migration.version);
    let elsewhere = sqlx::query_scalar(AssertSqlSafe(locks::is_migrating(id)));
    if elsewhere.fetch_one(&inner.connections.system).await? {
        return Ok(MigrationAttempt::RunningElsewhere);
    }
    let connection = inner.connections.migrator().await?;
    let mut session = MigrationSession::new(inner, connection, id, version);
    let is_locked = sqlx::query_scalar(AssertSqlSafe(locks::try_migrating(id)));
    if !is_locked.fetch_one(&mut session.connection).await? {
        return Ok(MigrationAttempt::RunningElsewhere);
    }
    let reason = match steps(inner, &mut session, storage).await {
        Ok(()) => {
            tracing::info!(storage = %storage.name, version, "migration applied");
            return Ok(MigrationAttempt::Ended);
        }
        Err(Halt::Over) => return Ok(MigrationAttempt::Ended),
        Err(Halt::Refused(reason)) => reason,
        Err(Halt::Sql(error)) => match ErrorClass::of(&error) {
            // The database is unreachable, or its disk is full: no other version could be applied either.
            ErrorClass::Lost | ErrorClass::Full => return Err(error),
            ErrorClass::Again | ErrorClass::Slow if !is_last => return Err(error),
            _ => error.to_string(),
        },
    };
    tracing::warn!(storage = %storage.name, version, reason, "migration failed");
    match give_up(inner, &mut session, storage, &reason).await {
        Ok(()) | Err(Halt::Over) => Ok(MigrationAttempt::Ended),
        Err(Halt::Sql(error)) => Err(error),
        Err(Halt::Refused(reason)) => Err(sqlx::Error::InvalidArgument(reason)),
    }
}

async fn steps(inner: &Inner, session: &mut MigrationSession, storage: &Arc<Storage>) -> Result<(), Halt> {
    // The catalogue may be outdated: another process may have ended the migration.
    session.state(State::Running, None).await?;
    tracing::info!(storage = %storage.name, version = session.version, "migration started");
    let now = || inner.stamps.next();
    let Some(plan) = plan(storage) else {
        let statements = sql::create_table(Dialect::Postgres, storage.id, &storage.migration.definition);
        return finish::create(session, storage, &statements, now()).await;
    };
    let prepare = plan.prepare();
    if !prepare.is_empty() {
        session.change(&prepare).await?;
    }
    let mut progress = MigrationProgress::of(session, &plan).await?;
    grow::fill(session, &plan, &mut progress).await?;
    if plan.converts() {
        // Before any work, and again afterwards because every row was written.
        check::all(session, &plan, &mut progress).await?;
        convert::between_writes(session, &plan, &mut progress).await?;
    }
    let horizon = check::horizon(session).await?;
    check::all(session, &plan, &mut progress).await?;
    index::build(session, &plan).await?;
    finish::finish(session, &plan, storage, &horizon, now()).await?;
    if !plan.moved.is_empty() {
        // The planner knows nothing about new columns yet. If this fails, autovacuum does it later.
        let _ = session.execute(&format!("ANALYZE {}", plan.table)).await;
    }
    Ok(())
}

/// Returns the plan of a storage's pending migration; `None` for its first version.
fn plan(storage: &Storage) -> Option<Plan> {
    let old = storage.in_force.clone()?;
    let new = storage.migration.definition.clone();
    let difference = evolve::difference(&old.definition, &new, &storage.dropped);
    Some(Plan::new(old, new, difference))
}

/// Removes what the migration created, and records why it failed. That is recorded even if something remains,
/// because the table was changed by someone else or may no longer be changed: it does no harm, and the next
/// attempt finds it.
async fn give_up(
    inner: &Inner,
    session: &mut MigrationSession,
    storage: &Storage,
    reason: &str,
) -> Result<(), Halt> {
    session.rollback().await?;
    if let Some(plan) = plan(storage) {
        undo::undo(session, &plan).await?;
    }
    session.state(State::Failed, Some(reason.to_owned())).await?;
    // Callers that waited for the end read the catalogue next.
    let _ = inner.mirror.refresh_one(storage.id).await;
    Ok(())
}

/// Takes over migrations of processes that died; never returns.
pub(super) async fn adopt(inner: Arc<Inner>) {
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        for storage in inner.mirror.catalogue.all() {
            if storage.is_migrating() && !inner.migrations.is_running(storage.id) {
                let inner = inner.clone();
                tokio::spawn(async move {
                    if let Err(error) = run(&inner, storage.id).await {
                        tracing::debug!(%error, "cannot take over the migration of another process");
                    }
                });
            }
        }
    }
}
