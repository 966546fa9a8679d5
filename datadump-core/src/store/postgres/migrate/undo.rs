//! Undoes a failed migration, as far as the database allows it.

use super::{
    index::{IndexState, index_state},
    plan::Plan,
    session::MigrationSession,
};
use crate::store::postgres::error::ErrorClass;

/// Removes the columns, indexes and triggers that the migration created. What cannot be removed is left.
pub(super) async fn undo(session: &mut MigrationSession, plan: &Plan) -> sqlx::Result<()> {
    let mut statements = plan.roll_back();
    for build in &plan.builds {
        // Another relation may have the name.
        if let IndexState::Valid | IndexState::Invalid =
            index_state(session, &plan.table, &build.name).await?
        {
            statements.push(format!("DROP INDEX IF EXISTS {}", build.name));
        }
    }
    match transaction(session, plan, &statements).await {
        Err(error) if is_refusal(&error) => {
            tracing::warn!(storage = plan.id().get(), %error, "a failed migration could not be undone");
            session.rollback().await
        }
        undone => undone,
    }
}

async fn transaction(session: &mut MigrationSession, plan: &Plan, statements: &[String]) -> sqlx::Result<()> {
    session.begin("").await?;
    session.lock_table(&plan.table).await?;
    for statement in statements {
        match session.execute(&format!("SAVEPOINT undo; {statement}; RELEASE SAVEPOINT undo")).await {
            Err(error) if is_refusal(&error) => {
                tracing::warn!(storage = plan.id().get(), %error, "part of a failed migration remains");
                session.execute("ROLLBACK TO SAVEPOINT undo; RELEASE SAVEPOINT undo").await?;
            }
            undone => undone?,
        }
    }
    session.commit().await
}

/// Returns whether to leave it at this failure: trying again would have the same result, or the lock was tried
/// for long enough.
fn is_refusal(error: &sqlx::Error) -> bool {
    matches!(
        ErrorClass::of(error),
        ErrorClass::Row | ErrorClass::Moved | ErrorClass::Again | ErrorClass::Other
    )
}
