//! Declares and removes storages, on the writer's thread.

use std::{collections::BTreeMap, sync::Arc};

use rusqlite::Connection;
use sea_orm::{ActiveValue::Set, ColumnTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::{error::map, system, writer::Writer};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
    store::{
        Declaration, State, Storage, declare as rules, sql,
        system::{storage, version},
    },
};

/// Names of dropped fields with their kinds.
pub(super) type DroppedFields = BTreeMap<String, String>;

/// Records a version to be applied.
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
        let row = rules::version_row(id, declaration, now);
        system::execute(connection, &version::Entity::insert(row).build(DbBackend::Sqlite))?;
        system::load_one(connection, id)
    })?;
    Ok(writer.catalogue.put(storage))
}

fn insert_storage(connection: &Connection, declaration: &Declaration, now: Timestamp) -> Result<StorageId> {
    let find =
        storage::Entity::find().filter(storage::Column::Folded.eq(declaration.definition.name.folded()));
    if let Some(existing) = system::all::<storage::Entity>(connection, &find)?.first() {
        let existing = system::load_one(connection, StorageId(existing.id))?;
        return Err(rules::name_taken(declaration, Some(&existing)));
    }
    let row = rules::storage_row(declaration, now);
    system::execute(connection, &storage::Entity::insert(row).build(DbBackend::Sqlite))?;
    Ok(StorageId(connection.last_insert_rowid()))
}

/// Checks that a version may follow `base`, and deletes failed attempts at it.
fn follow(
    connection: &Connection,
    declaration: &Declaration,
    id: StorageId,
    base: i32,
    now: Timestamp,
) -> Result<()> {
    let name = declaration.definition.name.as_str();
    let found = storage::Entity::find().filter(storage::Column::Id.eq(id.get()));
    let found = system::all::<storage::Entity>(connection, &found)?;
    let found = found.first().ok_or_else(|| Error::UnknownStorage(name.to_owned()))?;
    let last = system::all::<version::Entity>(connection, &rules::last_version(id).limit(1))?;
    rules::check_base(name, base, found, last.first())?;
    system::execute(connection, &rules::delete_failed(id, base).build(DbBackend::Sqlite))?;
    system::execute(connection, &rules::touch(id, now).build(DbBackend::Sqlite))?;
    Ok(())
}

/// Records the state of a version's migration.
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

/// Puts a version in force.
pub(super) fn put_in_force(
    connection: &Connection,
    id: StorageId,
    version: i32,
    dropped: &DroppedFields,
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
    rules::check_idle(
        storage.name.as_str(),
        storage.migration.version.into(),
        storage.migration.state.name(),
    )?;
    writer.transact(|connection| {
        let table = sql::table(&storage.name).quoted();
        connection.execute_batch(&format!("DROP TABLE IF EXISTS {table}")).map_err(map)?;
        let versions = version::Entity::delete_many().filter(version::Column::StorageId.eq(id.get()));
        system::execute(connection, &versions.build(DbBackend::Sqlite))?;
        let row = storage::Entity::delete_many().filter(storage::Column::Id.eq(id.get()));
        system::execute(connection, &row.build(DbBackend::Sqlite))?;
        Ok(())
    })?;
    writer.statements.remove(&id);
    writer.catalogue.remove(id);
    Ok(())
}
