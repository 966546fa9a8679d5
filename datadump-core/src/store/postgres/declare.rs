//! Declaring and removing storages, and what is recorded of their versions.

use std::sync::Arc;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, SqlErr, TransactionTrait,
};

use super::{
    catalogue::{Mirror, notify},
    error,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
    store::{
        Declaration, Progress, State, Storage, VersionRecord,
        system::{self, storage, version},
    },
};

/// Records a version that is to be applied.
pub(super) async fn declare(
    system: &DatabaseConnection,
    mirror: &Mirror,
    declaration: Declaration,
    now: Timestamp,
) -> Result<Arc<Storage>> {
    let name = declaration.definition.name.to_string();
    let transaction = system.begin().await.map_err(error::orm)?;
    let (id, base) = match declaration.base {
        None => match insert(&transaction, &declaration, now).await? {
            Some(id) => (id, 0),
            None => {
                transaction.rollback().await.map_err(error::orm)?;
                return Err(taken(mirror, &declaration).await);
            }
        },
        Some((id, base)) => {
            follow(&transaction, &name, id, base, now).await?;
            (id, base)
        }
    };
    let row = version::ActiveModel {
        storage_id: Set(id.get()),
        version: Set(i64::from(base) + 1),
        sent: Set(declaration.sent.to_string()),
        state: Set(State::Queued.name().into()),
        error: Set(None),
        rows_done: Set(0),
        rows_total: Set(0),
        created_at: Set(now.micros()),
        applied_at: Set(None),
    };
    version::Entity::insert(row).exec_without_returning(&transaction).await.map_err(error::orm)?;
    notify(&transaction, id).await?;
    transaction.commit().await.map_err(error::orm)?;
    mirror.refresh_one(id).await?.ok_or(Error::UnknownStorage(name))
}

/// Inserts a new storage; none when another one has the name.
async fn insert(
    transaction: &DatabaseTransaction,
    declaration: &Declaration,
    now: Timestamp,
) -> Result<Option<StorageId>> {
    let name = &declaration.definition.name;
    let row = storage::ActiveModel {
        id: NotSet,
        name: Set(name.to_string()),
        folded: Set(name.folded()),
        version: Set(0),
        dropped: Set("{}".into()),
        created_at: Set(now.micros()),
        updated_at: Set(now.micros()),
    };
    match storage::Entity::insert(row).exec(transaction).await {
        Ok(inserted) => Ok(Some(StorageId(inserted.last_insert_id))),
        Err(failure) if matches!(failure.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(None),
        Err(failure) => Err(error::orm(failure)),
    }
}

/// Why a new storage cannot have its name: somebody was faster.
async fn taken(mirror: &Mirror, declaration: &Declaration) -> Error {
    if let Err(error) = mirror.refresh().await {
        return error;
    }
    let name = &declaration.definition.name;
    match mirror.catalogue.folded(name.as_str()).filter(|storage| storage.locked()) {
        Some(storage) => {
            Error::Migrating { storage: storage.name.to_string(), version: storage.migration.version }
        }
        None => Error::StalePlan(name.to_string()),
    }
}

/// Checks that a version may follow `base` now, and clears away an attempt at it that failed.
async fn follow(
    transaction: &DatabaseTransaction,
    name: &str,
    id: StorageId,
    base: i32,
    now: Timestamp,
) -> Result<()> {
    let found = locked(transaction, id).await?.ok_or_else(|| Error::UnknownStorage(name.to_owned()))?;
    check_idle(transaction, id, name).await?;
    if found.version != i64::from(base) {
        return Err(Error::StalePlan(name.to_owned()));
    }
    version::Entity::delete_many()
        .filter(version::Column::StorageId.eq(id.get()))
        .filter(version::Column::Version.gt(base))
        .exec(transaction)
        .await
        .map_err(error::orm)?;
    let touched = storage::ActiveModel { updated_at: Set(now.micros()), ..Default::default() };
    let update = storage::Entity::update_many().set(touched).filter(storage::Column::Id.eq(id.get()));
    update.exec(transaction).await.map_err(error::orm)?;
    Ok(())
}

/// The storage's row, which nobody else changes until the transaction's end.
async fn locked(transaction: &DatabaseTransaction, id: StorageId) -> Result<Option<storage::Model>> {
    storage::Entity::find_by_id(id.get()).lock_exclusive().one(transaction).await.map_err(error::orm)
}

/// Refuses while a migration is pending.
async fn check_idle(transaction: &DatabaseTransaction, id: StorageId, name: &str) -> Result<()> {
    match last(transaction, id).await? {
        Some(row) if State::from_name(&row.state).is_some_and(State::is_pending) => {
            let version = i32::try_from(row.version).map_err(Error::internal)?;
            Err(Error::Migrating { storage: name.to_owned(), version })
        }
        _ => Ok(()),
    }
}

/// The row of the storage's last version.
async fn last(connection: &impl ConnectionTrait, id: StorageId) -> Result<Option<version::Model>> {
    version::Entity::find()
        .filter(version::Column::StorageId.eq(id.get()))
        .order_by_desc(version::Column::Version)
        .one(connection)
        .await
        .map_err(error::orm)
}

/// How far the last migration of a storage is.
pub(super) async fn progress(system: &DatabaseConnection, id: StorageId) -> Result<Progress> {
    let row = last(system, id).await?.ok_or_else(|| unknown(id))?;
    Ok(Progress {
        version: i32::try_from(row.version).map_err(Error::internal)?,
        state: State::from_name(&row.state).ok_or_else(|| Error::internal("a state nobody knows"))?,
        rows_done: u64::try_from(row.rows_done).unwrap_or(0),
        rows_total: u64::try_from(row.rows_total).unwrap_or(0),
        error: row.error,
    })
}

/// All versions of a storage, first to last.
pub(super) async fn versions(system: &DatabaseConnection, id: StorageId) -> Result<Vec<VersionRecord>> {
    let rows = version::Entity::find()
        .filter(version::Column::StorageId.eq(id.get()))
        .order_by_asc(version::Column::Version)
        .all(system)
        .await
        .map_err(error::orm)?;
    if rows.is_empty() {
        return Err(unknown(id));
    }
    rows.into_iter().map(system::record).collect()
}

/// A storage that is not there.
pub(super) fn unknown(id: StorageId) -> Error {
    Error::UnknownStorage(format!("number {}", id.get()))
}
