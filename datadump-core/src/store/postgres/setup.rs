//! What a database must be to serve, and the tables of the system in it.

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

/// The oldest server that has what is needed.
const OLDEST: i32 = 12;

/// Settings of the server without which a power cut can take what was committed. We can force none of
/// them; `synchronous_commit` we do.
const SYNCED: &str = "SELECT name::text, CASE name \
        WHEN 'fsync' THEN 'what is committed may be lost when the machine goes down' \
        ELSE 'pages may be torn when the machine goes down' END \
    FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off' ORDER BY name";

/// Refuses a database that cannot hold or compare what is put into it. Answers what is wrong with it
/// otherwise, for people.
pub(super) async fn check(mut connection: PgConnection) -> Result<Vec<String>> {
    let risks: Vec<(String, String)> =
        sqlx::query_as(SYNCED).fetch_all(&mut connection).await.map_err(error::opening)?;
    let warnings = risks.into_iter().map(|(name, risk)| format!("PostgreSQL runs with {name} = off: {risk}"));
    let warnings = warnings.collect();
    let question = "SELECT current_setting('server_encoding'), \
                    EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu'), \
                    pg_is_in_recovery(), current_setting('server_version_num')::int4 / 10000";
    let (encoding, icu, replica, version): (String, bool, bool, i32) =
        sqlx::query_as(question).fetch_one(&mut connection).await.map_err(error::opening)?;
    let fault = if version < OLDEST {
        format!("the server is PostgreSQL {version}; {OLDEST} or newer is needed")
    } else if encoding != "UTF8" {
        format!("the database's encoding is {encoding}; one made with ENCODING 'UTF8' is needed")
    } else if !icu {
        "the database has no collation `und-x-icu`: a PostgreSQL built with ICU is needed".into()
    } else if replica {
        "the database is a read-only replica; the primary is needed".into()
    } else {
        return connection.close().await.map(|()| warnings).map_err(error::opening);
    };
    Err(Error::Database(fault))
}

/// Creates the tables of the system, or brings them up to this release. Several processes may be
/// starting at once: the first one does it, the others wait for it and find it done.
pub(super) async fn upgrade(system: &DatabaseConnection, options: &Options) -> Result<()> {
    let now = options.clock.now();
    let transaction = system.begin().await.map_err(error::orm)?;
    transaction.execute_unprepared(&locks::setup()).await.map_err(error::orm)?;
    for statement in system::create_tables(DbBackend::Postgres) {
        transaction.execute_raw(statement).await.map_err(error::orm)?;
    }
    let found = info::Entity::find().one(&transaction).await.map_err(error::orm)?;
    if let Some(found) = &found {
        system::check_version(found.system_version)?;
    }
    let version = found.as_ref().map_or(0, |found| found.system_version);
    create_own(&transaction, version).await?;
    if version < system::FEED {
        change_log::create(&transaction, &system::epoch(&options.ids), now).await?;
    }
    let present = Set(system::VERSION);
    if found.is_some() {
        let row = info::ActiveModel { system_version: present, ..Default::default() };
        info::Entity::update_many().set(row).exec(&transaction).await.map_err(error::orm)?;
    } else {
        let first = info::ActiveModel { id: Set(1), system_version: present, created_at: Set(now.micros()) };
        info::Entity::insert(first).exec(&transaction).await.map_err(error::orm)?;
    }
    transaction.commit().await.map_err(error::orm)
}

/// Makes the tables of our own storages that this version did not have.
async fn create_own(transaction: &DatabaseTransaction, version: i64) -> Result<()> {
    for own in SystemStorage::ALL.into_iter().filter(|own| own.since() > version) {
        let definition = own.definition().ok_or_else(|| Error::internal("a storage of our own is wrong"))?;
        for statement in ddl::create(own.id(), &definition) {
            transaction.execute_unprepared(&statement).await.map_err(error::orm)?;
        }
    }
    Ok(())
}
