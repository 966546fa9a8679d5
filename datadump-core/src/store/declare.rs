//! The rules of declaring and removing storages, shared by both backends: which version may follow which, and
//! the statements on the system tables that record it.

use std::collections::BTreeMap;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, DeleteMany, EntityTrait, QueryFilter, QueryOrder, QueryTrait as _, Select, Statement,
    UpdateMany,
};
use sea_query::Expr;

use super::{
    Declaration, State, Storage,
    sql::Dialect,
    system::{storage, version},
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
};

/// Returns the row of a new storage, which has no version in force yet.
pub(super) fn storage_row(declaration: &Declaration, now: Timestamp) -> storage::ActiveModel {
    let name = &declaration.definition.name;
    storage::ActiveModel {
        id: NotSet,
        name: Set(name.to_string()),
        folded: Set(name.folded()),
        version: Set(0),
        dropped: Set("{}".into()),
        created_at: Set(now.micros()),
        updated_at: Set(now.micros()),
    }
}

pub(super) fn version_row(id: StorageId, declaration: &Declaration, now: Timestamp) -> version::ActiveModel {
    let base = declaration.base.map_or(0, |(_, base)| base);
    version::ActiveModel {
        storage_id: Set(id.get()),
        version: Set(i64::from(base) + 1),
        sent: Set(declaration.sent.to_string()),
        state: Set(State::Queued.name().into()),
        error: Set(None),
        rows_done: Set(0),
        rows_total: Set(0),
        created_at: Set(now.micros()),
        applied_at: Set(None),
    }
}

/// Returns why a new storage cannot have this name, given the storage that has it in any letter case: it was
/// created by someone else since the plan was made.
pub(super) fn name_taken(declaration: &Declaration, existing: Option<&Storage>) -> Error {
    match existing.filter(|existing| existing.is_migrating()) {
        Some(existing) => migrating(existing.name.as_str(), existing.migration.version),
        None => Error::StalePlan(declaration.definition.name.to_string()),
    }
}

/// Checks the number of storages, with the new one.
pub(super) fn check_limit(count: u64, limit: usize) -> Result<()> {
    if count > limit as u64 { Err(Error::TooManyStorages { limit }) } else { Ok(()) }
}

/// Checks that a version may follow `base`: no migration is pending, and `base` is still in force.
pub(super) fn check_base(
    name: &str,
    base: i32,
    found: &storage::Model,
    last: Option<&version::Model>,
) -> Result<()> {
    if let Some(last) = last {
        check_idle(name, last.version, &last.state)?;
    }
    if found.version != i64::from(base) {
        return Err(Error::StalePlan(name.to_owned()));
    }
    Ok(())
}

/// Checks that no migration is pending, given the last version of a storage and its state.
pub(super) fn check_idle(name: &str, last_version: i64, state: &str) -> Result<()> {
    if State::from_name(state).is_some_and(State::is_pending) {
        return Err(migrating(name, i32::try_from(last_version).map_err(Error::internal)?));
    }
    Ok(())
}

fn migrating(name: &str, version: i32) -> Error {
    Error::Migrating { storage: name.to_owned(), version }
}

pub(super) fn last_version(id: StorageId) -> Select<version::Entity> {
    version::Entity::find()
        .filter(version::Column::StorageId.eq(id.get()))
        .order_by_desc(version::Column::Version)
}

/// Deletes the failed attempts at the version after `base`.
pub(super) fn delete_failed(id: StorageId, base: i32) -> DeleteMany<version::Entity> {
    version::Entity::delete_many()
        .filter(version::Column::StorageId.eq(id.get()))
        .filter(version::Column::Version.gt(base))
}

/// Sets the time at which a storage was last changed.
pub(super) fn touch(id: StorageId, now: Timestamp) -> UpdateMany<storage::Entity> {
    let row = storage::ActiveModel { updated_at: Set(now.micros()), ..Default::default() };
    storage::Entity::update_many().set(row).filter(storage::Column::Id.eq(id.get()))
}

/// Records the state of a pending migration.
pub(super) fn record_state(
    dialect: Dialect,
    id: StorageId,
    version: i32,
    state: State,
    error: Option<String>,
) -> Statement {
    let row =
        version::ActiveModel { state: Set(state.name().into()), error: Set(error), ..Default::default() };
    let pending = [State::Queued, State::Running].map(State::name);
    update_version(id, version, row).filter(version::Column::State.is_in(pending)).build(dialect.backend())
}

/// Puts the pending version of a storage in force. Each statement changes one row, unless another process has
/// ended the migration.
pub(super) fn put_in_force(
    dialect: Dialect,
    storage: &Storage,
    dropped: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<[Statement; 2]> {
    let (id, version) = (storage.id, storage.migration.version);
    let base = storage.in_force.as_ref().map_or(0, |in_force| in_force.version);
    let row = storage::ActiveModel {
        version: Set(version.into()),
        dropped: Set(serde_json::to_string(dropped).map_err(Error::internal)?),
        updated_at: Set(now.micros()),
        ..Default::default()
    };
    let in_force = storage::Entity::update_many().set(row).filter(storage::Column::Id.eq(id.get()));
    let row = version::ActiveModel {
        state: Set(State::Applied.name().into()),
        error: Set(None),
        applied_at: Set(Some(now.micros())),
        ..Default::default()
    };
    let applied = update_version(id, version, row)
        .col_expr(version::Column::RowsDone, Expr::col(version::Column::RowsTotal))
        .filter(version::Column::State.eq(State::Running.name()));
    Ok([
        in_force.filter(storage::Column::Version.eq(base)).build(dialect.backend()),
        applied.build(dialect.backend()),
    ])
}

fn update_version(id: StorageId, version: i32, row: version::ActiveModel) -> UpdateMany<version::Entity> {
    version::Entity::update_many()
        .set(row)
        .filter(version::Column::StorageId.eq(id.get()))
        .filter(version::Column::Version.eq(version))
}

pub(super) fn remove(dialect: Dialect, id: StorageId) -> [Statement; 2] {
    let versions = version::Entity::delete_many().filter(version::Column::StorageId.eq(id.get()));
    let row = storage::Entity::delete_many().filter(storage::Column::Id.eq(id.get()));
    [versions.build(dialect.backend()), row.build(dialect.backend())]
}
