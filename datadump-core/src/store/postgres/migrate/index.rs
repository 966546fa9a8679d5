//! Builds indexes while writes go on.

use sqlx::Row as _;

use super::{
    plan::{BuildPhase, IndexBuild, Plan},
    session::{Halt, MigrationSession},
};
use crate::store::postgres::error::{code, details};

/// Builds all indexes that can be built before the final transaction.
pub(super) async fn build(session: &mut MigrationSession, plan: &Plan) -> Result<(), Halt> {
    for build in plan.builds.iter().filter(|build| build.when == BuildPhase::Early) {
        match index_state(session, &build.name).await? {
            IndexState::Valid => continue,
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

pub(super) async fn create(
    session: &mut MigrationSession,
    plan: &Plan,
    build: &IndexBuild,
) -> Result<(), Halt> {
    match session.execute(&plan.create_index(build)).await {
        Err(error) if code(&error) == Some("23505") => Err(Halt::Refused(duplicates(build, &error))),
        done => Ok(done?),
    }
}

enum IndexState {
    Missing,
    Valid,
    Invalid,
}

async fn index_state(session: &mut MigrationSession, name: &str) -> Result<IndexState, Halt> {
    let sql = "SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass($1)";
    let row = sqlx::query(sql).bind(name).fetch_optional(&mut session.connection).await?;
    Ok(match row.map(|row| row.try_get(0)).transpose()? {
        None => IndexState::Missing,
        Some(true) => IndexState::Valid,
        Some(false) => IndexState::Invalid,
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
