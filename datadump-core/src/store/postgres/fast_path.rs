//! The fast path: a whole transaction as one statement, in one round trip. It takes the storage's lock,
//! checks the version, inserts new rows into one storage, appends the change log entry, and commits. Most
//! throws take it.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, postgres::PgArguments};

use super::{
    apply::{self, Failure},
    batch::{LockedRows, Stamps, Target, decide_all, plan},
    call_state::{PendingBatch, writes},
    columns, copy,
    rows::WrittenRow,
    session::Session,
    statements::FieldStatements,
};
use crate::store::{Outcome, Reprove, Write, change_log::Packer};

/// New rows of one storage, ready to be written on the fast path.
pub(super) struct FastPath {
    statements: Arc<FieldStatements>,
    arguments: PgArguments,
    outcomes: Vec<Outcome>,
}

/// Prepares the fast path for these batches. `None` if they do anything but insert rows with known keys into
/// one users' storage, or if it takes more than one statement, or if there are so many rows that `COPY` is faster.
pub(super) fn prepare_batches(
    session: &mut Session,
    pending: &[PendingBatch<'_>],
    reprove: Reprove,
    stamps: &Stamps,
) -> Result<Option<FastPath>, Failure> {
    let Some((_, first)) = writes(pending).next() else { return Ok(None) };
    let in_force = first.in_force();
    let is_same_version = |write: &Write| {
        let other = write.in_force();
        (other.storage, other.version) == (in_force.storage, in_force.version)
    };
    if !session.has_fast_path
        || in_force.storage.is_system()
        || pending.iter().any(|pending| pending.batch.idempotency.is_some())
        || !writes(pending).all(|(_, write)| is_same_version(write))
    {
        return Ok(None);
    }
    let target = Target { statements: session.statements(in_force), in_force: in_force.clone() };
    let targets = std::slice::from_ref(&target);
    let planned = plan(writes(pending), targets, reprove)?;
    if planned.len() >= copy::MIN_COPY_ROWS || planned.iter().any(apply::needs_key) {
        return Ok(None);
    }
    let locked = LockedRows::new();
    let decided = decide_all(targets, &planned, &locked, stamps)?;
    if decided.outcomes.iter().any(Outcome::is_failure) {
        return Ok(None);
    }
    let mut packer = Packer::default();
    decided.outcomes.iter().try_for_each(|outcome| packer.outcome(outcome)).map_err(Failure::Catalogue)?;
    let (changes, packed) = (decided.changes(targets.len()), packer.finish());
    let (Some(changes), Some(packed)) = (changes.first(), packed) else { return Ok(None) };
    let rows: Vec<&WrittenRow<'_>> = changes.inserted.iter().map(|inserted| inserted.row).collect();
    // More than one run takes more than one statement.
    let runs = target.insert_runs(&rows);
    let [(fields, _)] = runs.as_slice() else { return Ok(None) };
    let mut arguments = apply::row_arrays(&in_force.definition, fields, &rows)?;
    columns::add(&mut arguments, stamps.next().micros())?;
    columns::add(&mut arguments, packed)?;
    columns::add(&mut arguments, i64::try_from(rows.len()).unwrap_or(i64::MAX))?;
    let statements = target.statements.of(fields);
    Ok(Some(FastPath { statements, arguments, outcomes: decided.outcomes }))
}

impl FastPath {
    /// Writes and commits. Returns `None`, having written nothing, if this version may not be written now.
    pub(super) async fn run(self, session: &mut Session) -> Result<Option<Vec<Outcome>>, Failure> {
        let query = sqlx::query_with(AssertSqlSafe(self.statements.fast_path.as_str()), self.arguments);
        let written = query.fetch_optional(&mut session.connection).await?;
        Ok(written.map(|_| self.outcomes))
    }
}
