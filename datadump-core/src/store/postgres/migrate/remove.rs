//! Removes a storage with all its rows, whatever has become of its table.

use sqlx::Row as _;

use super::session::MigrationSession;
use crate::{
    error::{Error, Result},
    schema::{StorageId, StorageName},
    store::{
        declare as rules,
        postgres::{catalogue::notification, declare::unknown, error, inner::Inner, locks},
        sql::{self, Dialect, Name},
    },
};

/// Removes a storage without a pending migration.
pub(in crate::store::postgres) async fn remove(inner: &Inner, id: StorageId) -> Result<()> {
    let connection = inner.connections.migrator().await.map_err(error::store)?;
    let mut session = MigrationSession::new(inner, connection, id, 0);
    // Waits for writers to end; later ones find that the storage no longer exists.
    session.begin(&locks::alone(id)).await.map_err(error::store)?;
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
        drop_table(&mut session, &table).await.map_err(refusal)?;
    }
    // Left by a migration that could not be undone.
    let keeper = Name::keeper(id).quoted();
    session.execute(&format!("DROP FUNCTION IF EXISTS {keeper}() CASCADE")).await.map_err(refusal)?;
    for delete in rules::remove(Dialect::Postgres, id) {
        session.run(delete).await.map_err(error::store)?;
    }
    session.execute(&notification(id)).await.map_err(error::store)?;
    session.commit().await.map_err(error::store)?;
    inner.mirror.refresh_one(id).await?;
    Ok(())
}

/// Drops the table with everything that depends on it, such as a view. If it is gone, or something else has
/// its name, there is nothing to drop.
async fn drop_table(session: &mut MigrationSession, table: &str) -> sqlx::Result<()> {
    let sql = "SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = to_regclass($1)";
    let is_table = sqlx::query_scalar(sql).bind(table).fetch_optional(&mut session.connection).await?;
    if is_table == Some(true) {
        session.lock_table(table).await?;
        session.execute(&format!("DROP TABLE {table} CASCADE")).await?;
    }
    Ok(())
}

/// Maps the error of a statement that drops something. The user can do something about a missing privilege.
fn refusal(error: sqlx::Error) -> Error {
    match error::code(&error) {
        Some("42501") => Error::Unavailable(error.into()),
        _ => error::store(error),
    }
}
