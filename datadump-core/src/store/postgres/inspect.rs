//! Reads the version of a database without changing it.

use std::str::FromStr;

use sqlx::{Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};

use super::{connect::ACQUIRE_TIMEOUT, error, setup};
use crate::error::Result;

/// Returns the version of the system tables, `None` if there are none, and warnings about the server. Fails if
/// the server cannot be used.
pub(crate) async fn system_version(url: &str) -> Result<(Option<i64>, Vec<String>)> {
    let options = PgConnectOptions::from_str(url).map_err(error::opening)?.application_name("datadump");
    let connecting = tokio::time::timeout(ACQUIRE_TIMEOUT, PgConnection::connect_with(&options));
    let connection = connecting.await.unwrap_or(Err(sqlx::Error::PoolTimedOut));
    let mut connection = connection.map_err(error::opening)?;
    let version = read(&mut connection).await.map_err(error::opening)?;
    Ok((version, setup::check(connection).await?))
}

async fn read(connection: &mut PgConnection) -> sqlx::Result<Option<i64>> {
    connection.execute("SET default_transaction_read_only = on").await?;
    let exists = sqlx::query_scalar("SELECT to_regclass('datadump_info') IS NOT NULL");
    if !exists.fetch_one(&mut *connection).await? {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT system_version FROM datadump_info").fetch_optional(connection).await
}
