//! The final transaction: with its commit the new version comes into force, on all nodes at once.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::{
    check, convert, ddl,
    plan::Plan,
    session::{Halt, MigrationSession},
};
use crate::{
    clock::Timestamp,
    schema::Kind,
    store::{
        Storage, declare as rules,
        postgres::{catalogue::notification, locks},
        sql::{Dialect, Name},
    },
};

/// Creates the table of a first version and puts it in force.
pub(super) async fn create(
    session: &mut MigrationSession,
    storage: &Storage,
    statements: &[String],
    now: Timestamp,
) -> Result<(), Halt> {
    session.begin(&statements.join("; ")).await?;
    put_in_force(session, storage, &storage.dropped, now).await
}

/// Replaces columns and indexes by the filled and built ones, and puts the new version in force.
pub(super) async fn finish(
    session: &mut MigrationSession,
    plan: &Plan,
    storage: &Storage,
    horizon: &str,
    now: Timestamp,
) -> Result<(), Halt> {
    // Waits for writers to end their transactions; later ones are blocked.
    session.begin(&format!("SET LOCAL lock_timeout = '10s'; {}", locks::alone(plan.id()))).await?;
    session.execute("SET LOCAL lock_timeout = 0").await?;
    check::changed(session, plan, horizon).await?;
    convert::rest(session, plan).await?;
    // If only the definition changes, the table need not be locked.
    let mut statements = plan.swap();
    statements.extend(wider(session, plan).await?);
    if !statements.is_empty() {
        session.lock_table(&plan.table).await?;
        session.execute(&statements.join("; ")).await?;
    }
    let dropped = plan.difference.dropped(&plan.old.definition, &storage.dropped);
    put_in_force(session, storage, &dropped, now).await
}

/// Returns the statements that raise limits of columns. A column narrowed earlier has kept its type, and
/// "raising" the limit to less than that would rewrite the table.
async fn wider(session: &mut MigrationSession, plan: &Plan) -> Result<Vec<String>, Halt> {
    let mut statements = Vec::new();
    for (field, column_type) in plan.wider() {
        let before = plan.difference.changes.iter().find_map(|change| match change.task {
            crate::schema::Task::GrowColumn { from, to } if plan.new_field(to) == Some(field) => {
                plan.old_field(from)
            }
            _ => None,
        });
        let Some(before) = before else { continue };
        let name = Name::field(Dialect::Postgres, &before.name);
        let sql = "SELECT format_type(atttypid, NULL), \
                        CASE WHEN atttypid = 'numeric'::regtype THEN ((atttypmod - 4) >> 16) & 65535 \
                        ELSE atttypmod - 4 END \
                        FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped";
        let query = sqlx::query(sql).bind(&plan.table).bind(name.as_str().to_owned());
        let Some(row) = query.fetch_optional(&mut session.connection).await? else { continue };
        let (name, size): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
        let enough = |wanted: u32| i64::from(size) >= i64::from(wanted);
        let fits = match &field.kind {
            Kind::String { max_length } => name == "text" || enough(*max_length),
            Kind::Text { .. } => name == "text",
            Kind::Decimal { precision, .. } => enough(*precision),
            _ => false,
        };
        if !fits {
            statements.push(ddl::widen(&plan.table, field, &column_type));
        }
    }
    Ok(statements)
}

/// Puts the version in force and commits.
async fn put_in_force(
    session: &mut MigrationSession,
    storage: &Storage,
    dropped: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<(), Halt> {
    let updates = rules::put_in_force(Dialect::Postgres, storage, dropped, now);
    for update in updates.map_err(|error| Halt::Refused(error.to_string()))? {
        if session.run(update).await? != 1 {
            session.rollback().await?;
            return Err(Halt::Over);
        }
    }
    session.execute(&notification(session.id)).await?;
    session.commit().await?;
    Ok(())
}
