//! Declares and removes storages, on the writer's thread.

use std::sync::Arc;

use rusqlite::Connection;
use sea_orm::{ColumnTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::{columns::DIALECT, error::map, system, writer::Writer};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    schema::StorageId,
    store::{
        Declaration, Storage, declare as rules,
        sql::{self, Name},
        system::{storage, version},
    },
};

pub(super) fn declare(writer: &mut Writer, declaration: &Declaration) -> Result<Arc<Storage>> {
    let (now, limit) = (writer.options.clock.now(), writer.options.max_storages);
    let storage = writer.transact(|connection| {
        let id = match declaration.base {
            None => {
                let id = insert_storage(connection, declaration, now)?;
                let count = "SELECT count(*) FROM datadump_storage";
                let count = connection.query_row(count, [], |row| row.get(0)).map_err(map)?;
                rules::check_limit(count, limit)?;
                id
            }
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
    system::execute(connection, &rules::touch(id, now).build(DbBackend::Sqlite))
}

pub(super) fn remove(writer: &mut Writer, id: StorageId) -> Result<()> {
    let storage = writer.catalogue.by_id(id);
    let storage = storage.ok_or_else(|| Error::UnknownStorage(id.get().to_string()))?;
    rules::check_idle(
        storage.name.as_str(),
        storage.migration.version.into(),
        storage.migration.state.name(),
    )?;
    writer.transact(|connection| {
        // A storage whose first version was never applied has no table. A table of that name would be someone
        // else's.
        if storage.in_force.is_some() {
            drop_table(connection, &sql::table(&storage.name))?;
        }
        rules::remove(DIALECT, id).iter().try_for_each(|delete| system::execute(connection, delete))
    })?;
    writer.statements.remove(&id);
    writer.catalogue.remove(id);
    Ok(())
}

/// Drops a table. If it is gone, or a view has its name, there is nothing to drop.
fn drop_table(connection: &Connection, table: &Name) -> Result<()> {
    let find = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ? COLLATE NOCASE)";
    let exists: bool = connection.query_row(find, [table.as_str()], |row| row.get(0)).map_err(map)?;
    if exists {
        connection.execute_batch(&format!("DROP TABLE {}", table.quoted())).map_err(map)?;
    }
    Ok(())
}
