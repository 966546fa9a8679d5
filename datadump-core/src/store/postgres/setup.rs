//! Requirements on the database, and the system tables in it.

use sea_orm::{ConnectionTrait, DatabaseConnection, EntityTrait, TransactionTrait};
use sqlx::{Connection as _, PgConnection};

use super::{error, locks};
use crate::{
    error::{Error, Result},
    store::{
        Options,
        sql::Dialect,
        system::{self, info},
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
    for statement in system::create_catalogue(Dialect::Postgres) {
        transaction.execute_unprepared(&statement).await.map_err(error::orm)?;
    }
    let info = info::Entity::find().one(&transaction).await.map_err(error::orm)?;
    for statement in system::prepare(Dialect::Postgres, info.as_ref(), options)? {
        transaction.execute_unprepared(&statement).await.map_err(error::orm)?;
    }
    transaction.commit().await.map_err(error::orm)
}
