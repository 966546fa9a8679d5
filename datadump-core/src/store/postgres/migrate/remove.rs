//! Removes a storage with all its rows.

use sqlx::Row as _;

use super::session::MigrationSession;
use crate::{
    error::{Error, Result},
    schema::{StorageId, StorageName},
    store::{
        declare as rules,
        postgres::{catalogue::notification, declare::unknown, error, inner::Inner, locks},
        sql::{self, Dialect},
    },
};

/// Removes a storage without a pending migration.
pub(in crate::store::postgres) async fn remove(inner: &Inner, id: StorageId) -> Result<()> {
    let connection = inner.connections.migrator().await.map_err(error::store)?;
    let mut session = MigrationSession { connection, id, version: 0 };
    // Waits for writers to end; later ones find that the storage no longer exists.
    session.execute(&format!("BEGIN; {}", locks::alone(id))).await.map_err(error::store)?;
    let sql = "SELECT s.name, s.version, v.version AS last, v.state FROM datadump_storage AS s \
                    JOIN datadump_version AS v ON v.storage_id = s.id \
                    WHERE s.id = $1 ORDER BY v.version DESC LIMIT 1 FOR UPDATE";
    let found = sqlx::query(sql).bind(id.get()).fetch_optional(&mut session.connection).await;
    let found = found.map_err(error::store)?.ok_or_else(|| unknown(id))?;
    let text = |column| found.try_get::<String, _>(column).map_err(error::store);
    let number = |column| found.try_get::<i64, _>(column).map_err(error::store);
    let name = text("name")?;
    rules::check_idle(&name, number("last")?, &text("state")?)?;
    // A storage whose first version was never applied has no table. A table of that name would be someone
    // else's.
    if number("version")? > 0 {
        let table = sql::table(&StorageName::parse(&name).map_err(Error::internal)?).quoted();
        session.lock_table(&table).await.map_err(error::store)?;
        session.execute(&format!("DROP TABLE {table}")).await.map_err(error::store)?;
    }
    for delete in rules::remove(Dialect::Postgres, id) {
        session.run(delete).await.map_err(error::store)?;
    }
    session.execute(&format!("{}; COMMIT", notification(id))).await.map_err(error::store)?;
    inner.mirror.refresh_one(id).await?;
    Ok(())
}
