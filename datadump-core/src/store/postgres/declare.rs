//! Declares storages, and reads their versions.

use std::sync::Arc;

use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, SqlErr, Statement, TransactionTrait,
};

use super::{catalogue::notify, error, inner::Inner, locks};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
    store::{
        Declaration, Progress, ReadMemory, Storage, VersionPage, declare as rules,
        system::{self, storage, version},
    },
};

pub(super) async fn declare(inner: &Inner, declaration: Declaration, now: Timestamp) -> Result<Arc<Storage>> {
    let Inner { system, mirror, max_storages: limit, .. } = inner;
    let name = declaration.definition.name.to_string();
    if declaration.base.is_none() && mirror.catalogue.folded(&name).is_none() {
        // At the limit, a throw to many storages should not ask the database for each.
        rules::check_limit(mirror.catalogue.all().len() as u64 + 1, *limit)?;
    }
    let transaction = system.begin().await.map_err(error::orm)?;
    let id = match declaration.base {
        None => match insert(&transaction, &declaration, now).await? {
            Some(id) => {
                let count = storage::Entity::find().count(&transaction).await.map_err(error::orm)?;
                rules::check_limit(count, *limit)?;
                id
            }
            None => {
                transaction.rollback().await.map_err(error::orm)?;
                mirror.refresh().await?;
                return Err(rules::name_taken(&declaration, mirror.catalogue.folded(&name).as_deref()));
            }
        },
        Some((id, base)) => {
            follow(&transaction, &name, id, base, now).await?;
            id
        }
    };
    let row = rules::version_row(id, &declaration, now);
    version::Entity::insert(row).exec_without_returning(&transaction).await.map_err(error::orm)?;
    notify(&transaction, id).await?;
    transaction.commit().await.map_err(error::orm)?;
    mirror.refresh_one(id).await?.ok_or(Error::UnknownStorage(name))
}

/// Inserts a new storage; `None` if the name is already taken. One at a time, so that they can be counted.
async fn insert(
    transaction: &DatabaseTransaction,
    declaration: &Declaration,
    now: Timestamp,
) -> Result<Option<StorageId>> {
    transaction.execute_unprepared(&locks::new_storage()).await.map_err(error::orm)?;
    match storage::Entity::insert(rules::storage_row(declaration, now)).exec(transaction).await {
        Ok(inserted) => Ok(Some(StorageId(inserted.last_insert_id))),
        Err(failure) if matches!(failure.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => Ok(None),
        Err(failure) => Err(error::orm(failure)),
    }
}

/// Checks that a version may follow `base`, and deletes failed attempts at it.
async fn follow(
    transaction: &DatabaseTransaction,
    name: &str,
    id: StorageId,
    base: i32,
    now: Timestamp,
) -> Result<()> {
    // Locks the row until the transaction ends.
    let found = storage::Entity::find_by_id(id.get()).lock_exclusive().one(transaction).await;
    let found = found.map_err(error::orm)?.ok_or_else(|| Error::UnknownStorage(name.to_owned()))?;
    rules::check_base(name, base, &found, last(transaction, id).await?.as_ref())?;
    rules::delete_failed(id, base).exec(transaction).await.map_err(error::orm)?;
    rules::touch(id, now).exec(transaction).await.map_err(error::orm)?;
    Ok(())
}

/// Returns the row of the storage's last version.
async fn last(connection: &impl ConnectionTrait, id: StorageId) -> Result<Option<version::Model>> {
    rules::last_version(id).one(connection).await.map_err(error::orm)
}

/// Returns the progress of a storage's last migration.
pub(super) async fn progress(system: &DatabaseConnection, id: StorageId) -> Result<Progress> {
    let row = last(system, id).await?.ok_or_else(|| unknown(id))?;
    Ok(Progress {
        version: i32::try_from(row.version).map_err(Error::internal)?,
        state: system::state(&row)?,
        rows_done: u64::try_from(row.rows_done).unwrap_or(0),
        rows_total: u64::try_from(row.rows_total).unwrap_or(0),
        error: row.error,
    })
}

/// Returns some of the versions of a storage, oldest first.
pub(super) async fn versions(
    system: &DatabaseConnection,
    id: StorageId,
    (skip, limit): (u64, u64),
    memory: &ReadMemory,
) -> Result<VersionPage> {
    let sizes = Statement::from_sql_and_values(DbBackend::Postgres, system::VERSION_SIZES, [id.get().into()]);
    let sizes = system.query_all_raw(sizes).await.map_err(error::orm)?;
    let size = |row: &QueryResult| Ok((row.try_get_by_index(0)?, row.try_get_by_index::<i32>(1)?.into()));
    let sizes: Result<Vec<(i64, i64)>, DbErr> = sizes.iter().map(size).collect();
    let sizes = sizes.map_err(error::orm)?;
    if sizes.is_empty() {
        return Err(unknown(id));
    }
    let (range, bytes) = system::version_range(&sizes, skip, limit);
    let memory = memory.reserve(bytes).await?;
    let rows = version::Entity::find()
        .filter(version::Column::StorageId.eq(id.get()))
        .filter(version::Column::Version.between(*range.start(), *range.end()))
        .order_by_asc(version::Column::Version)
        .all(system)
        .await
        .map_err(error::orm)?;
    let versions = rows.into_iter().map(system::record).collect::<Result<_>>()?;
    Ok(VersionPage { count: sizes.len() as u64, versions, memory })
}

/// Returns the error for a storage that does not exist.
pub(super) fn unknown(id: StorageId) -> Error {
    Error::UnknownStorage(format!("number {}", id.get()))
}
