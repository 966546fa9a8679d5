//! The system tables on SQLite: sea-orm entities and statements, executed with rusqlite.

use std::{collections::BTreeMap, ops::RangeInclusive};

use rusqlite::{Connection, types::Value as Cell};
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, FromQueryResult, ProxyRow, QueryFilter, QueryOrder, QueryResult,
    QueryTrait, Select, Statement,
};
use sea_query::Value as Bound;

use super::{columns::DIALECT, error::map};
use crate::{
    error::{Error, Result},
    schema::StorageId,
    store::{
        Options, Storage, VersionRecord,
        system::{self, info, storage, version},
    },
};

/// Creates the system tables, or upgrades them to the layout of this release.
pub(super) fn prepare(connection: &mut Connection, options: &Options) -> Result<()> {
    let transaction = connection.transaction().map_err(map)?;
    let execute = |statements: Vec<String>| transaction.execute_batch(&statements.join(";")).map_err(map);
    execute(system::create_catalogue(DIALECT))?;
    let info = all::<info::Entity>(&transaction, &info::Entity::find())?;
    execute(system::prepare(DIALECT, info.first(), options)?)?;
    transaction.commit().map_err(map)
}

pub(super) fn load(connection: &Connection) -> Result<Vec<Storage>> {
    let storages = all::<storage::Entity>(connection, &storage::Entity::find())?;
    let versions = all::<version::Entity>(connection, &version::Entity::find())?;
    system::catalogue(storages, versions)
}

/// Reads one storage of the catalogue.
pub(super) fn load_one(connection: &Connection, id: StorageId) -> Result<Storage> {
    let find = storage::Entity::find().filter(storage::Column::Id.eq(id.get()));
    let found = all::<storage::Entity>(connection, &find)?;
    let storage = found.first().ok_or_else(|| Error::internal("a storage is missing in the catalogue"))?;
    let versions = version::Entity::find().filter(version::Column::StorageId.eq(id.get()));
    system::assemble(storage, all::<version::Entity>(connection, &versions)?)
}

/// Returns the numbers and sizes of all versions of a storage.
pub(super) fn version_sizes(connection: &Connection, id: StorageId) -> Result<Vec<(i64, i64)>> {
    let mut prepared = connection.prepare_cached(system::VERSION_SIZES).map_err(map)?;
    let sizes = prepared.query_map([id.get()], |row| Ok((row.get(0)?, row.get(1)?))).map_err(map)?;
    sizes.collect::<Result<_, _>>().map_err(map)
}

pub(super) fn versions(
    connection: &Connection,
    id: StorageId,
    range: RangeInclusive<i64>,
) -> Result<Vec<VersionRecord>> {
    let find = version::Entity::find()
        .filter(version::Column::StorageId.eq(id.get()))
        .filter(version::Column::Version.between(*range.start(), *range.end()))
        .order_by_asc(version::Column::Version);
    all::<version::Entity>(connection, &find)?.into_iter().map(system::record).collect()
}

pub(super) fn execute(connection: &Connection, statement: &Statement) -> Result<()> {
    let mut prepared = connection.prepare(&statement.sql).map_err(map)?;
    prepared.execute(rusqlite::params_from_iter(cells(statement)?)).map(|_| ()).map_err(map)
}

/// Returns all rows of a select, as models.
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

/// Converts a value that SQLite returned for sea-orm. The entities have no other types.
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

/// Converts a value that sea-query binds for SQLite.
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
        other => return Err(Error::internal(format!("SQLite has no type for this value: {other:?}"))),
    })
}
