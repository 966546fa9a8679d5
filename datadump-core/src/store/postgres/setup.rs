//! Requirements on the database, and the system tables in it.

use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, EntityTrait,
    TransactionTrait,
};
use sqlx::{Connection as _, PgConnection};

use super::{change_log, ddl, error, locks};
use crate::{
    error::{Error, Result},
    store::{
        Options,
        system::{self, info},
        system_storages::SystemStorage,
    },
};

/// Oldest supported major version of the server.
const MIN_SERVER_VERSION: i32 = 12;

/// Selects server settings that risk losing committed data on a power failure. They cannot be changed from a
/// session, unlike `synchronous_commit`.
const SYNCED: &str = "SELECT name::text, CASE name \
        WHEN 'fsync' THEN 'committed data may be lost if the machine crashes' \
        ELSE 'pages may be torn if the machine crashes' END \
    FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name";

/// Checks that the database can store and compare everything. Returns human-readable warnings.
pub(super) async fn check(mut connection: PgConnection) -> Result<Vec<String>> {
    let risks: Vec<(String, String)> =
        sqlx::query_as(SYNCED).fetch_all(&mut connection).await.map_err(error::opening)?;
    let warnings = risks.into_iter().map(|(name, risk)| format!("PostgreSQL runs with {name} = off: {risk}"));
    let warnings = warnings.collect();
    let sql = "SELECT current_setting('server_encoding'), \
                    EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu'), \
                    pg_is_in_recovery(), current_setting('server_version_num')::int4 / 10000";
    let (encoding, icu, replica, version): (String, bool, bool, i32) =
        sqlx::query_as(sql).fetch_one(&mut connection).await.map_err(error::opening)?;
    let fault = if version < MIN_SERVER_VERSION {
        format!("the server is PostgreSQL {version}; version {MIN_SERVER_VERSION} or newer is required")
    } else if encoding != "UTF8" {
        format!("the database's encoding is {encoding}; create it with ENCODING 'UTF8'")
    } else if !icu {
        "the database has no collation `und-x-icu`; use a PostgreSQL built with ICU".into()
    } else if replica {
        "the database is a read-only replica; connect to the primary".into()
    } else {
        return connection.close().await.map(|()| warnings).map_err(error::opening);
    };
    Err(Error::Database(fault))
}

/// Creates the system tables, or upgrades them to the layout of this release. If several processes start at
/// the same time, the first one does it and the others wait for it.
pub(super) async fn prepare(system: &DatabaseConnection, options: &Options) -> Result<()> {
    let transaction = system.begin().await.map_err(error::orm)?;
    transaction.execute_unprepared(&locks::setup()).await.map_err(error::orm)?;
    for statement in system::create_tables(DbBackend::Postgres) {
        transaction.execute_raw(statement).await.map_err(error::orm)?;
    }
    match info::Entity::find().one(&transaction).await.map_err(error::orm)? {
        Some(found) => upgrade(&transaction, found.system_version).await?,
        None => create(&transaction, options).await?,
    }
    transaction.commit().await.map_err(error::orm)
}

async fn upgrade(transaction: &DatabaseTransaction, found: i64) -> Result<()> {
    system::check_version(found)?;
    for statement in system::upgrade(DbBackend::Postgres, found) {
        transaction.execute_unprepared(&statement).await.map_err(error::orm)?;
    }
    let row = info::ActiveModel { system_version: Set(system::VERSION), ..Default::default() };
    info::Entity::update_many().set(row).exec(transaction).await.map_err(error::orm)?;
    Ok(())
}

async fn create(transaction: &DatabaseTransaction, options: &Options) -> Result<()> {
    let now = options.clock.now();
    for storage in SystemStorage::ALL {
        let definition = storage.definition();
        let definition = definition.ok_or_else(|| Error::internal("a system storage is not valid"))?;
        for statement in ddl::create(storage.id(), &definition) {
            transaction.execute_unprepared(&statement).await.map_err(error::orm)?;
        }
    }
    change_log::create(transaction, &system::epoch(&options.ids), now).await?;
    let row =
        info::ActiveModel { id: Set(1), system_version: Set(system::VERSION), created_at: Set(now.micros()) };
    info::Entity::insert(row).exec(transaction).await.map_err(error::orm)?;
    Ok(())
}
