//! The system tables, alike on both databases: sea-orm entities, and how the catalogue is read from them.

pub(super) mod info;
pub(super) mod storage;
pub(super) mod version;

use std::{collections::BTreeMap, sync::Arc};

use sea_orm::{DbBackend, Schema, Statement};
use serde_json::Value as Json;

use super::catalogue::{Migration, State, Storage, VersionRecord};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    id::Ids,
    schema::{Definition, InForce, StorageId, parse},
};

/// Version of the system tables that this release creates, and to which it upgrades older databases when it
/// opens them. A database with a higher version is refused.
pub(super) const VERSION: i64 = 1;

/// Upgrade steps of the system tables, oldest first: the step at index 0 takes a database from version 1 to
/// version 2, and so on.
///
/// A step returns the statements for one backend; all pending steps run in the transaction that opens the
/// database. A new database is created directly in the current layout. So a change of the layout
/// ([`create_tables`], the change log's tables, or the [system storages](super::system_storages)) adds a step
/// here, raises [`VERSION`], and keeps the fixtures of the older version in `tests/fixtures`, from which the
/// upgrade is tested on both databases.
const UPGRADES: &[fn(DbBackend) -> Vec<String>] = &[];

/// Returns the statements that upgrade the system tables from this version to [`VERSION`].
pub(super) fn upgrade(backend: DbBackend, found: i64) -> Vec<String> {
    let done = usize::try_from(found.saturating_sub(1)).unwrap_or_default();
    UPGRADES.iter().skip(done).flat_map(|step| step(backend)).collect()
}

/// Returns a new epoch, which identifies the positions of one database's change log.
pub(super) fn epoch(ids: &Ids) -> String {
    // The last digits of an id are random.
    ids.next().simple().to_string().split_off(20)
}

/// Returns the statements that create the tables of the catalogue.
pub(super) fn create_tables(backend: DbBackend) -> Vec<Statement> {
    let schema = Schema::new(backend);
    vec![
        backend.build(schema.create_table_from_entity(info::Entity).if_not_exists()),
        backend.build(schema.create_table_from_entity(storage::Entity).if_not_exists()),
        backend.build(schema.create_table_from_entity(version::Entity).if_not_exists()),
    ]
}

/// Refuses a database of a newer release.
pub(super) fn check_version(found: i64) -> Result<()> {
    if found > VERSION {
        return Err(Error::NewerDatabase { found, supported: VERSION });
    }
    Ok(())
}

/// Builds the catalogue from the rows of both tables.
pub(super) fn catalogue(
    storages: Vec<storage::Model>,
    versions: Vec<version::Model>,
) -> Result<Vec<Storage>> {
    let mut by_storage: BTreeMap<i64, Vec<version::Model>> = BTreeMap::new();
    for version in versions {
        by_storage.entry(version.storage_id).or_default().push(version);
    }
    storages
        .into_iter()
        .map(|storage| {
            let versions = by_storage.remove(&storage.id).unwrap_or_default();
            assemble(&storage, versions)
        })
        .collect()
}

/// Builds a catalogue entry from its row and the rows of its versions.
pub(super) fn assemble(storage: &storage::Model, mut versions: Vec<version::Model>) -> Result<Storage> {
    let broken = |what: &str| Error::internal(format!("catalogue of `{}`: {what}", storage.name));
    versions.sort_by_key(|version| version.version);
    let id = StorageId(storage.id);
    let last = versions.last().ok_or_else(|| broken("it has no version"))?;
    let definition_of = |version: &version::Model| -> Result<(Definition, Json)> {
        let sent: Json = serde_json::from_str(&version.sent).map_err(Error::internal)?;
        Ok((parse::named(&storage.name, &sent)?, sent))
    };
    let (definition, sent) = definition_of(last)?;
    let name = definition.name.clone();
    let migration = Migration {
        version: number(last.version)?,
        definition: Arc::new(definition),
        sent,
        state: State::from_name(&last.state)
            .ok_or_else(|| broken("its last version has an unknown state"))?,
        error: last.error.clone(),
    };
    let (in_force, sent) = match versions.iter().find(|version| version.version == storage.version) {
        Some(version) => {
            let (definition, sent) = definition_of(version)?;
            (Some(Arc::new(InForce::new(id, number(version.version)?, definition))), sent)
        }
        None if storage.version == 0 => (None, Json::Null),
        None => return Err(broken("the version in force is missing")),
    };
    Ok(Storage {
        id,
        name,
        in_force,
        sent,
        migration,
        dropped: serde_json::from_str(&storage.dropped).map_err(Error::internal)?,
        created_at: time(storage.created_at)?,
        updated_at: time(storage.updated_at)?,
    })
}

/// Converts the row of a version to its entry in the history.
pub(super) fn record(version: version::Model) -> Result<VersionRecord> {
    Ok(VersionRecord {
        version: number(version.version)?,
        sent: serde_json::from_str(&version.sent).map_err(Error::internal)?,
        state: State::from_name(&version.state)
            .ok_or_else(|| Error::internal(format!("unknown state {}", version.state)))?,
        error: version.error,
        created_at: time(version.created_at)?,
        applied_at: version.applied_at.map(time).transpose()?,
    })
}

fn number(version: i64) -> Result<i32> {
    i32::try_from(version).map_err(Error::internal)
}

fn time(micros: i64) -> Result<Timestamp> {
    Timestamp::from_micros(micros).ok_or_else(|| Error::internal("a time in the catalogue is out of range"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_after_the_first_has_an_upgrade_step() {
        assert_eq!(VERSION, 1 + i64::try_from(UPGRADES.len()).unwrap());
    }
}
