//! Builds indexes while writes go on.

use sqlx::{Row as _, postgres::PgDatabaseError};

use super::{
    plan::{IndexBuild, Plan},
    session::{Halt, MigrationSession},
};
use crate::store::postgres::error::{code, details};

/// Builds all indexes that can be built before the final transaction.
pub(super) async fn build(session: &mut MigrationSession, plan: &Plan) -> Result<(), Halt> {
    for build in &plan.builds {
        match index_state(session, &plan.table, &build.name).await? {
            IndexState::Valid => continue,
            IndexState::NotOurs => {
                let name = &build.name;
                return Err(Halt::Refused(format!(
                    "the database has another relation named {name}; rename or drop it, then try again"
                )));
            }
            // Left by an interrupted attempt; every write still maintains it.
            IndexState::Invalid => {
                session.execute(&format!("DROP INDEX CONCURRENTLY {}", build.name)).await?;
            }
            IndexState::Missing => {}
        }
        create(session, plan, build).await?;
    }
    Ok(())
}

async fn create(session: &mut MigrationSession, plan: &Plan, build: &IndexBuild) -> Result<(), Halt> {
    match session.execute(&plan.create_index(build)).await {
        Err(error) if code(&error) == Some("23505") => Err(Halt::Refused(duplicates(build, &error))),
        done => Ok(done?),
    }
}

/// Returns why converted values were not stored: a unique index may refuse them.
pub(super) fn refused_duplicates(plan: &Plan, error: sqlx::Error) -> Halt {
    let name = details(&error).filter(|details| details.code() == "23505");
    let name = name.and_then(PgDatabaseError::constraint).map(|name| format!("\"{name}\""));
    match plan.builds.iter().find(|build| name.as_ref() == Some(&build.name)) {
        Some(build) => Halt::Refused(duplicates(build, &error)),
        None => Halt::Sql(error),
    }
}

/// The relation that has the name of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexState {
    Missing,
    Valid,
    Invalid,
    /// A relation with the name of the index that does not belong to the table.
    NotOurs,
}

pub(super) async fn index_state(
    session: &mut MigrationSession,
    table: &str,
    name: &str,
) -> sqlx::Result<IndexState> {
    let sql = "SELECT i.indisvalid AND i.indisready FROM pg_class AS c \
               LEFT JOIN pg_index AS i ON i.indexrelid = c.oid AND i.indrelid = to_regclass($2) \
               WHERE c.oid = to_regclass($1)";
    let row = sqlx::query(sql).bind(name).bind(table).fetch_optional(&mut session.connection).await?;
    Ok(match row.map(|row| row.try_get::<Option<bool>, _>(0)).transpose()? {
        None => IndexState::Missing,
        Some(None) => IndexState::NotOurs,
        Some(Some(true)) => IndexState::Valid,
        Some(Some(false)) => IndexState::Invalid,
    })
}

/// Returns why an index cannot be unique.
fn duplicates(build: &IndexBuild, error: &sqlx::Error) -> String {
    let fields: Vec<String> = build.index.fields.iter().map(|field| format!("`{field}`")).collect();
    // `Key (color)=(black) is duplicated.`, with the column's current name.
    let details = details(error).and_then(|details| details.detail()).unwrap_or_default();
    let example = details.split_once(")=(").and_then(|(_, rest)| rest.rsplit_once(") "));
    let example = example.map(|(values, _)| format!(", for example {values}")).unwrap_or_default();
    format!("{} cannot be unique: several rows have the same value{example}", fields.join(", "))
}
