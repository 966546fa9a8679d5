//! The system tables, alike on both databases: sea-orm entities, and how the catalogue is read from them.

pub(super) mod info;
pub(super) mod storage;
pub(super) mod version;

use std::{collections::BTreeMap, ops::RangeInclusive, sync::Arc};

use sea_orm::{ActiveValue::Set, DbBackend, EntityTrait, QueryTrait as _, Schema};
use serde_json::Value as Json;

use super::{
    Options,
    catalogue::{Migration, State, Storage, VersionRecord},
    change_log,
    query::MAX_PAGE_BYTES,
    sql::{self, Dialect},
    system_storages::SystemStorage,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    id::Ids,
    schema::{Definition, InForce, StorageId, parse},
};

/// Version of the system tables that this release creates, and to which it upgrades older databases when it
/// opens them. A database with a higher version is refused.
pub(crate) const VERSION: i64 = 2;

/// Upgrade steps of the system tables, oldest first: the step at index 0 takes a database from version 1 to
/// version 2, and so on.
///
/// A step returns the statements for one backend; all pending steps run in the transaction that opens the
/// database. A new database is created directly in the current layout. So a change of the layout
/// (the catalogue's tables, the change log's tables, or the [system storages](super::system_storages)) adds a step
/// here, raises [`VERSION`], and keeps the fixtures of the older version in `tests/fixtures`, from which the
/// upgrade is tested on both databases.
const UPGRADES: &[fn(DbBackend) -> Vec<String>] = &[add_request_heads];

/// Returns the statements that create the tables of the catalogue, unless they exist.
pub(super) fn create_catalogue(dialect: Dialect) -> Vec<String> {
    let (backend, schema) = (dialect.backend(), Schema::new(dialect.backend()));
    vec![
        backend.build(schema.create_table_from_entity(info::Entity).if_not_exists()).to_string(),
        backend.build(schema.create_table_from_entity(storage::Entity).if_not_exists()).to_string(),
        backend.build(schema.create_table_from_entity(version::Entity).if_not_exists()).to_string(),
    ]
}

/// Returns the statements that create the other system tables, or upgrade them to the layout of this release
/// if the database has an `info` row. A database of a newer release is refused.
pub(super) fn prepare(
    dialect: Dialect,
    info: Option<&info::Model>,
    options: &Options,
) -> Result<Vec<String>> {
    let backend = dialect.backend();
    if let Some(info) = info {
        return upgrade(backend, info.system_version);
    }
    let mut statements = Vec::new();
    for storage in SystemStorage::ALL {
        let definition = storage.definition();
        let definition = definition.ok_or_else(|| Error::internal("a system storage is not valid"))?;
        statements.extend(sql::create_table(dialect, storage.id(), &definition));
    }
    let now = options.clock.now();
    statements.extend(change_log::create(dialect, &epoch(&options.ids), now));
    let row = info::ActiveModel { id: Set(1), system_version: Set(VERSION), created_at: Set(now.micros()) };
    statements.push(info::Entity::insert(row).build(backend).to_string());
    Ok(statements)
}

/// Adds the head of the request to quarantine entries and kept throws.
fn add_request_heads(backend: DbBackend) -> Vec<String> {
    let (text, json) = match backend {
        DbBackend::Postgres => (r#"text COLLATE "C""#, "json"),
        _ => ("TEXT", "TEXT"),
    };
    let columns = [("method", text), ("path", text), ("transport", text), ("headers", json)];
    let of_table = |table: &'static str| {
        columns.map(|(name, kind)| format!(r#"ALTER TABLE "{table}" ADD COLUMN "{name}" {kind}"#))
    };
    ["datadump_quarantine", "datadump_throw"].into_iter().flat_map(of_table).collect()
}

fn upgrade(backend: DbBackend, found: i64) -> Result<Vec<String>> {
    if found > VERSION {
        return Err(Error::NewerDatabase { found, supported: VERSION });
    }
    let done = usize::try_from(found.saturating_sub(1)).unwrap_or_default();
    let row = info::ActiveModel { system_version: Set(VERSION), ..Default::default() };
    let record = info::Entity::update_many().set(row).build(backend).to_string();
    Ok(UPGRADES.iter().skip(done).flat_map(|step| step(backend)).chain([record]).collect())
}

/// Returns a new epoch, which identifies the positions of one database's change log.
fn epoch(ids: &Ids) -> String {
    // The last digits of an id are random.
    ids.next().simple().to_string().split_off(20)
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
        state: state(last)?,
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

/// The numbers of all versions of a storage, and the sizes of their definitions.
pub(super) const VERSION_SIZES: &str =
    "SELECT version, octet_length(sent) FROM datadump_version WHERE storage_id = $1 ORDER BY version";

/// An empty page: versions are numbered from 1.
const NO_VERSION: (RangeInclusive<i64>, usize) = (0..=0, 0);

/// Returns the versions on a page, and how many bytes they take. `sizes` are the numbers and sizes of all
/// versions of a storage.
pub(super) fn version_range(sizes: &[(i64, i64)], skip: u64, limit: u64) -> (RangeInclusive<i64>, usize) {
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut page: Option<(RangeInclusive<i64>, usize)> = None;
    for (version, size) in sizes.iter().skip(skip).take(limit) {
        let size = usize::try_from(*size).unwrap_or(usize::MAX);
        page = match page {
            None => Some((*version..=*version, size)),
            Some((range, bytes)) if bytes.saturating_add(size) <= MAX_PAGE_BYTES => {
                Some((*range.start()..=*version, bytes + size))
            }
            full => return full.unwrap_or(NO_VERSION),
        };
    }
    page.unwrap_or(NO_VERSION)
}

/// Converts the row of a version to its entry in the history.
pub(super) fn record(version: version::Model) -> Result<VersionRecord> {
    Ok(VersionRecord {
        version: number(version.version)?,
        state: state(&version)?,
        sent: version.sent,
        error: version.error,
        created_at: time(version.created_at)?,
        applied_at: version.applied_at.map(time).transpose()?,
    })
}

/// Returns the state of a version's migration.
pub(super) fn state(version: &version::Model) -> Result<State> {
    let unknown = || Error::internal(format!("a version has the unknown state {}", version.state));
    State::from_name(&version.state).ok_or_else(unknown)
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
    fn a_page_of_versions_ends_at_its_limit_or_size() {
        let large = i64::try_from(MAX_PAGE_BYTES / 2).unwrap();
        let sizes = [(1, 10), (2, 20), (4, large), (5, large), (6, 3 * large), (7, 1)];
        for (skip, limit, expected) in [
            (0, 2, (1..=2, 30)),
            (1, 1, (2..=2, 20)),
            (0, 100, (1..=4, 30 + MAX_PAGE_BYTES / 2)),
            (4, 100, (6..=6, 3 * (MAX_PAGE_BYTES / 2))),
            (5, 100, (7..=7, 1)),
            (6, 100, NO_VERSION),
            (u64::MAX, 100, NO_VERSION),
        ] {
            assert_eq!(version_range(&sizes, skip, limit), expected, "{skip} {limit}");
        }
    }

    #[test]
    fn every_version_after_the_first_has_an_upgrade_step() {
        assert_eq!(VERSION, 1 + i64::try_from(UPGRADES.len()).unwrap());
    }
}
