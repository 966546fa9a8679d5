//! Declaring and removing storages, on the writer's thread.

use std::sync::Arc;

use rusqlite::Connection;
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, DbBackend, EntityTrait, QueryFilter, QueryTrait,
};

use super::{error::map, late, system, writer::Writer};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
    store::{
        Declaration, State, Storage, sql,
        system::{storage, version},
    },
};

/// Records a version that is to be applied.
pub(super) fn declare(writer: &mut Writer, declaration: &Declaration) -> Result<Arc<Storage>> {
    let now = writer.options.clock.now();
    let storage = writer.transact(|connection| {
        let id = match declaration.base {
            None => insert_storage(connection, declaration, now)?,
            Some((id, base)) => {
                follow(connection, declaration, id, base, now)?;
                id
            }
        };
        let version = declaration.base.map_or(0, |(_, base)| base) + 1;
        let row = version::ActiveModel {
            storage_id: Set(id.get()),
            version: Set(version.into()),
            sent: Set(declaration.sent.to_string()),
            state: Set(State::Queued.name().into()),
            error: Set(None),
            rows_done: Set(0),
            rows_total: Set(0),
            created_at: Set(now.micros()),
            applied_at: Set(None),
        };
        system::execute(connection, &version::Entity::insert(row).build(DbBackend::Sqlite))?;
        system::load_one(connection, id)
    })?;
    Ok(writer.catalogue.put(storage))
}

fn insert_storage(connection: &Connection, declaration: &Declaration, now: Timestamp) -> Result<StorageId> {
    let name = &declaration.definition.name;
    let find = storage::Entity::find().filter(storage::Column::Folded.eq(name.folded()));
    if !system::all::<storage::Entity>(connection, &find)?.is_empty() {
        return Err(Error::StalePlan(name.to_string()));
    }
    let row = storage::ActiveModel {
        id: NotSet,
        name: Set(name.to_string()),
        folded: Set(name.folded()),
        version: Set(0),
        dropped: Set("{}".into()),
        created_at: Set(now.micros()),
        updated_at: Set(now.micros()),
    };
    system::execute(connection, &storage::Entity::insert(row).build(DbBackend::Sqlite))?;
    Ok(StorageId(connection.last_insert_rowid()))
}

/// Checks that a version may follow `base` now, and clears away an attempt at it that failed.
fn follow(
    connection: &Connection,
    declaration: &Declaration,
    id: StorageId,
    base: i32,
    now: Timestamp,
) -> Result<()> {
    let name = || declaration.definition.name.to_string();
    let found = storage::Entity::find().filter(storage::Column::Id.eq(id.get()));
    let found = system::all::<storage::Entity>(connection, &found)?;
    let found = found.first().ok_or_else(|| Error::UnknownStorage(name()))?;
    let entry = system::load_one(connection, id)?;
    if entry.locked() {
        return Err(Error::Migrating { storage: name(), version: entry.migration.version });
    }
    if found.version != i64::from(base) {
        return Err(Error::StalePlan(name()));
    }
    let failed = version::Entity::delete_many()
        .filter(version::Column::StorageId.eq(id.get()))
        .filter(version::Column::Version.gt(base));
    system::execute(connection, &failed.build(DbBackend::Sqlite))?;
    touch(connection, id, now)
}

/// Says that something about a storage changed.
fn touch(connection: &Connection, id: StorageId, now: Timestamp) -> Result<()> {
    let row =
        storage::ActiveModel { id: Unchanged(id.get()), updated_at: Set(now.micros()), ..Default::default() };
    let update = storage::Entity::update_many().set(row).filter(storage::Column::Id.eq(id.get()));
    system::execute(connection, &update.build(DbBackend::Sqlite))?;
    Ok(())
}

/// Records how far a version's migration is.
pub(super) fn record_state(
    connection: &Connection,
    id: StorageId,
    version: i32,
    row: version::ActiveModel,
) -> Result<()> {
    let update = version::Entity::update_many()
        .set(row)
        .filter(version::Column::StorageId.eq(id.get()))
        .filter(version::Column::Version.eq(version));
    system::execute(connection, &update.build(DbBackend::Sqlite))?;
    Ok(())
}

/// Makes a version the one in force.
pub(super) fn put_in_force(
    connection: &Connection,
    id: StorageId,
    version: i32,
    dropped: &super::Dropped,
    now: Timestamp,
) -> Result<()> {
    let row = storage::ActiveModel {
        version: Set(version.into()),
        dropped: Set(serde_json::to_string(dropped).map_err(Error::internal)?),
        updated_at: Set(now.micros()),
        ..Default::default()
    };
    let update = storage::Entity::update_many().set(row).filter(storage::Column::Id.eq(id.get()));
    system::execute(connection, &update.build(DbBackend::Sqlite))?;
    let row = version::ActiveModel {
        state: Set(State::Applied.name().into()),
        applied_at: Set(Some(now.micros())),
        ..Default::default()
    };
    record_state(connection, id, version, row)
}

/// Removes a storage with its rows.
pub(super) fn remove(writer: &mut Writer, id: StorageId) -> Result<()> {
    let storage = writer.catalogue.by_id(id);
    let storage = storage.ok_or_else(|| Error::UnknownStorage(id.get().to_string()))?;
    if storage.locked() {
        let version = storage.migration.version;
        return Err(Error::Migrating { storage: storage.name.to_string(), version });
    }
    writer.transact(|connection| {
        let table = sql::table(&storage.name).quoted();
        connection.execute_batch(&format!("DROP TABLE IF EXISTS {table}")).map_err(map)?;
        connection.execute_batch(&late::end(id)).map_err(map)?;
        let versions = version::Entity::delete_many().filter(version::Column::StorageId.eq(id.get()));
        system::execute(connection, &versions.build(DbBackend::Sqlite))?;
        let row = storage::Entity::delete_many().filter(storage::Column::Id.eq(id.get()));
        system::execute(connection, &row.build(DbBackend::Sqlite))?;
        Ok(())
    })?;
    writer.statements.remove(&id);
    writer.catalogue.take(id);
    Ok(())
}
