//! The SQL of the fast path.
//!
//! Some parts must see what is committed when they run, not when the statement began. They are functions of
//! the session (`pg_temp`): each statement inside a volatile function has a snapshot of its own.

use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

use super::{change_log, locks};

/// Creates the functions; returns whether they exist. They belong to the session, so that nodes of several
/// releases can share a database. Without the right to create them the session has no fast path.
pub(super) async fn prepare(connection: &mut PgConnection) -> bool {
    let functions = format!(
        "CREATE FUNCTION pg_temp.datadump_may_write(storage int8, version int8) RETURNS boolean \
         LANGUAGE plpgsql AS $$ BEGIN \
         IF NOT {} THEN RETURN false; END IF; \
         RETURN EXISTS (SELECT FROM datadump_storage AS s WHERE s.id = $1 AND s.version = $2); \
         END $$; \
         CREATE FUNCTION pg_temp.datadump_append(at int8, changes bytea) RETURNS void \
         LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM {}; {}; \
         END $$",
        locks::try_writing_expression("$1"),
        locks::change_log(),
        change_log::insert("$1", "length($2)", "$2"),
    );
    let created = connection.execute(AssertSqlSafe(functions)).await;
    if let Err(error) = &created {
        tracing::debug!(%error, "cannot create functions in pg_temp; the fast path is off");
    }
    created.is_ok()
}

/// Returns the statement, built around the storage's insert, whose parameters are `$1` to `${arrays}`.
pub(super) fn statement(mark: &str, insert: &str, storage: i64, version: i32, arrays: usize) -> String {
    let (at, changes, rows) = (arrays + 1, arrays + 2, arrays + 3);
    // The check runs before the insert, and counting the rows makes the insert finish before the change log's
    // lock is taken.
    format!(
        "{mark} WITH put AS ({insert} WHERE (SELECT pg_temp.datadump_may_write({storage}, {version})) RETURNING 1) \
         SELECT pg_temp.datadump_append(${at}, ${changes}) \
         FROM (SELECT count(*) AS rows FROM put) AS p WHERE p.rows = ${rows}"
    )
}
