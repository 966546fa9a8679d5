//! A transaction that is one statement, so one round trip: it takes the lock, looks at the version, inserts
//! new rows of one storage, puts the entry of the feed behind them, and commits. Most throws are no more.
//!
//! What has to see what was committed up to now, and not up to when the statement began, stands in functions
//! of the session: each statement inside of them sees what is there when it begins.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, Executor as _, PgConnection, postgres::PgArguments};

use super::{
    apply::{self, Failure},
    batch::{Stamps, Target, fold, items},
    change_log, columns, copy, locks,
    session::Session,
    text::Texts,
    work::{Open, all, proof},
};
use crate::{
    schema::StoredRow,
    store::{Outcome, Reprove, Write, change_log::Packer},
};

/// Makes the functions; whether they are there. They are the session's own, so that nodes of several releases
/// get along. Who may not make any does without them.
pub(super) async fn prepare(connection: &mut PgConnection) -> bool {
    let functions = format!(
        "CREATE FUNCTION pg_temp.datadump_may_write(storage int8, version int8) RETURNS boolean \
         LANGUAGE plpgsql AS $$ BEGIN \
         IF NOT {} THEN RETURN false; END IF; \
         RETURN EXISTS (SELECT FROM datadump_storage AS s WHERE s.id = $1 AND s.version = $2); \
         END $$; \
         CREATE FUNCTION pg_temp.datadump_put_entry(at int8, changes bytea) RETURNS void \
         LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM {}; {}; \
         END $$",
        locks::try_writing_numbered("$1"),
        locks::feed(),
        change_log::insert("$1", "length($2)", "$2"),
    );
    let made = connection.execute(AssertSqlSafe(functions)).await;
    if let Err(error) = &made {
        tracing::debug!(%error, "the database does not let sessions have functions of their own");
    }
    made.is_ok()
}

/// The statement, in the parts that are another's: the arrays are numbered from one on, and so many.
pub(super) fn text(mark: &str, insert: &str, storage: i64, version: i32, arrays: usize) -> String {
    let (at, changes, rows) = (arrays + 1, arrays + 2, arrays + 3);
    // It looks whether it may before it inserts, and counts all rows before it takes the feed's lock.
    format!(
        "{mark} WITH put AS ({insert} WHERE (SELECT pg_temp.datadump_may_write({storage}, {version})) RETURNING 1) \
         SELECT pg_temp.datadump_put_entry(${at}, ${changes}) \
         FROM (SELECT count(*) AS rows FROM put) AS p WHERE p.rows = ${rows}"
    )
}

/// New rows, all of one storage, on their way.
pub(super) struct Single {
    texts: Arc<Texts>,
    arguments: PgArguments,
    outcomes: Vec<Outcome>,
}

/// What these calls are in a single statement, if they can be: when all they do is to insert rows into one
/// storage whose keys are known, and not so many that there is a faster way.
pub(super) fn plan(
    session: &mut Session,
    todo: &[Open<'_>],
    reprove: Reprove,
    stamps: &Stamps,
) -> Result<Option<Single>, Failure> {
    let Some((_, _, first)) = all(todo).next() else { return Ok(None) };
    let in_force = proof(first);
    let is_alike = |write: &Write| {
        let other = proof(write);
        (other.storage, other.version) == (in_force.storage, in_force.version)
    };
    if !session.can_be_single
        || in_force.storage.is_system()
        || todo.iter().any(|open| open.call.once.is_some())
        || !all(todo).all(|(_, _, write)| is_alike(write))
    {
        return Ok(None);
    }
    let texts = session.texts(in_force);
    let targets = [Target { texts: texts.clone(), in_force: in_force.clone() }];
    let items = items(todo, &targets, reprove)?;
    if items.len() >= copy::MANY || items.iter().any(apply::wants_key) {
        return Ok(None);
    }
    let found = Vec::new();
    let folded = fold(&targets, &items, &found, stamps)?;
    if folded.outcomes.iter().any(Outcome::is_failure) {
        return Ok(None);
    }
    let mut packer = Packer::default();
    folded.outcomes.iter().try_for_each(|outcome| packer.outcome(outcome)).map_err(Failure::Catalogue)?;
    let (changes, packed) = (folded.changes(targets.len()), packer.finish());
    let (Some(changes), Some(packed)) = (changes.first(), packed) else { return Ok(None) };
    let rows: Vec<&StoredRow> = changes.inserted.iter().map(|inserted| inserted.row).collect();
    let mut arguments = apply::whole(&in_force.definition, &rows)?;
    columns::add(&mut arguments, stamps.next().micros())?;
    columns::add(&mut arguments, packed)?;
    columns::add(&mut arguments, i64::try_from(rows.len()).unwrap_or(i64::MAX))?;
    Ok(Some(Single { texts, arguments, outcomes: folded.outcomes }))
}

impl Single {
    /// Writes and commits; nothing is written when this version of the storage may not be.
    pub(super) async fn run(self, session: &mut Session) -> Result<Option<Vec<Outcome>>, Failure> {
        let query = sqlx::query_with(AssertSqlSafe(self.texts.single.as_str()), self.arguments);
        let written = query.fetch_optional(&mut session.connection).await?;
        Ok(written.map(|_| self.outcomes))
    }
}
