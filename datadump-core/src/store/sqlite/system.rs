//! The system tables on SQLite: sea-orm's entities and statements, run by rusqlite.

use std::collections::BTreeMap;

use rusqlite::{Connection, types::Value as Cell};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbBackend, EntityTrait, FromQueryResult, ProxyRow, QueryFilter,
    QueryOrder, QueryResult, QueryTrait, Select, Statement,
};
use sea_query::Value as Bound;

use super::{change_log, columns::create_table, error::map, late};
use crate::{
    error::{Error, Result},
    schema::StorageId,
    store::{
        Options, Storage, VersionRecord,
        system::{self, info, storage, version},
        system_storages::SystemStorage,
    },
};

/// Makes the system tables, or brings them up to this release.
pub(super) fn prepare(connection: &mut Connection, options: &Options) -> Result<()> {
    let now = options.clock.now();
    let transaction = connection.transaction().map_err(map)?;
    let known: bool = transaction
        .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'datadump_info')", [], |row| {
            row.get(0)
        })
        .map_err(map)?;
    if known {
        let info: Vec<info::Model> = all::<info::Entity>(&transaction, &info::Entity::find())?;
        let found = info.first().ok_or_else(|| Error::internal("datadump_info is empty"))?;
        system::check_version(found.system_version)?;
        create_own(&transaction, found.system_version)?;
        if found.system_version < system::FEED {
            change_log::create(&transaction, &system::epoch(&options.ids), now)?;
        }
        if found.system_version < system::LATE {
            transaction.execute_batch(late::CREATE).map_err(map)?;
        }
        let row = info::ActiveModel { system_version: Set(system::VERSION), ..Default::default() };
        execute(&transaction, &info::Entity::update_many().set(row).build(DbBackend::Sqlite))?;
        return transaction.commit().map_err(map);
    }
    for statement in system::create_tables(DbBackend::Sqlite) {
        execute(&transaction, &statement)?;
    }
    let row =
        info::ActiveModel { id: Set(1), system_version: Set(system::VERSION), created_at: Set(now.micros()) };
    execute(&transaction, &info::Entity::insert(row).build(DbBackend::Sqlite))?;
    create_own(&transaction, 0)?;
    change_log::create(&transaction, &system::epoch(&options.ids), now)?;
    transaction.execute_batch(late::CREATE).map_err(map)?;
    transaction.commit().map_err(map)
}

/// Makes the tables of our own storages that this version did not have.
fn create_own(connection: &Connection, version: i64) -> Result<()> {
    for own in SystemStorage::ALL.into_iter().filter(|own| own.since() > version) {
        let definition = own.definition().ok_or_else(|| Error::internal("a storage of our own is wrong"))?;
        for text in create_table(own.id(), &definition) {
            connection.execute_batch(&text).map_err(map)?;
        }
    }
    Ok(())
}

/// The whole catalogue.
pub(super) fn load(connection: &Connection) -> Result<Vec<Storage>> {
    let storages = all::<storage::Entity>(connection, &storage::Entity::find())?;
    let versions = all::<version::Entity>(connection, &version::Entity::find())?;
    system::catalogue(storages, versions)
}

/// One storage of the catalogue.
pub(super) fn load_one(connection: &Connection, id: StorageId) -> Result<Storage> {
    let find = storage::Entity::find().filter(storage::Column::Id.eq(id.get()));
    let found = all::<storage::Entity>(connection, &find)?;
    let storage = found.first().ok_or_else(|| Error::internal("a storage is missing"))?;
    let versions = version::Entity::find().filter(version::Column::StorageId.eq(id.get()));
    system::assemble(storage, all::<version::Entity>(connection, &versions)?)
}

/// The history of a storage.
pub(super) fn versions(connection: &Connection, id: StorageId) -> Result<Vec<VersionRecord>> {
    let find = version::Entity::find()
        .filter(version::Column::StorageId.eq(id.get()))
        .order_by_asc(version::Column::Version);
    all::<version::Entity>(connection, &find)?.into_iter().map(system::record).collect()
}

/// Runs a statement.
pub(super) fn execute(connection: &Connection, statement: &Statement) -> Result<usize> {
    let mut prepared = connection.prepare(&statement.sql).map_err(map)?;
    prepared.execute(rusqlite::params_from_iter(cells(statement)?)).map_err(map)
}

/// All rows of a select, as models.
pub(super) fn all<E: EntityTrait>(connection: &Connection, select: &Select<E>) -> Result<Vec<E::Model>> {
    let statement = select.build(DbBackend::Sqlite);
    let mut prepared = connection.prepare(&statement.sql).map_err(map)?;
    let names: Vec<String> = prepared.column_names().into_iter().map(str::to_owned).collect();
    let rows = prepared
        .query_map(rusqlite::params_from_iter(cells(&statement)?), |row| {
            let mut values = BTreeMap::new();
            for (place, name) in names.iter().enumerate() {
                values.insert(name.clone(), bound(row.get(place)?));
            }
            Ok(ProxyRow::new(values))
        })
        .map_err(map)?;
    let rows: Vec<ProxyRow> = rows.collect::<Result<_, _>>().map_err(map)?;
    rows.into_iter()
        .map(|row| E::Model::from_query_result(&QueryResult::from(row), "").map_err(Error::internal))
        .collect()
}

/// What SQLite has read, as sea-orm takes it. The entities have no other types than these.
fn bound(cell: Cell) -> Bound {
    match cell {
        Cell::Null => Bound::String(None),
        Cell::Integer(number) => Bound::BigInt(Some(number)),
        Cell::Real(number) => Bound::Double(Some(number)),
        Cell::Text(text) => Bound::String(Some(text)),
        Cell::Blob(bytes) => Bound::Bytes(Some(bytes)),
    }
}

fn cells(statement: &Statement) -> Result<Vec<Cell>> {
    let values = statement.values.as_ref().map(|values| values.0.as_slice()).unwrap_or_default();
    values.iter().map(cell).collect()
}

/// What sea-query binds, as SQLite takes it.
pub(super) fn cell(value: &Bound) -> Result<Cell> {
    Ok(match value {
        Bound::Bool(value) => value.map_or(Cell::Null, |value| Cell::Integer(value.into())),
        Bound::Int(value) => value.map_or(Cell::Null, |value| Cell::Integer(value.into())),
        Bound::BigInt(value) => value.map_or(Cell::Null, Cell::Integer),
        Bound::BigUnsigned(value) => match value {
            Some(value) => Cell::Integer(i64::try_from(*value).map_err(Error::internal)?),
            None => Cell::Null,
        },
        Bound::Double(value) => value.map_or(Cell::Null, Cell::Real),
        Bound::String(value) => value.clone().map_or(Cell::Null, Cell::Text),
        Bound::Bytes(value) => value.clone().map_or(Cell::Null, Cell::Blob),
        other => return Err(Error::internal(format!("a value SQLite does not take: {other:?}"))),
    })
}
