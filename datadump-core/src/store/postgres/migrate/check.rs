//! Whether the rows fit the new definition: a first look at all of them while writes go on, and a
//! second one, in the last transaction, at those that have changed since.

use serde_json::Value as Json;
use sqlx::{
    AssertSqlSafe, Row as _,
    postgres::{PgArguments, PgRow},
};

use super::{Halt, MigrationProgress, plan::Plan, session::Session};
use crate::{
    schema::{Definition, Field, Value, evolve},
    store::{postgres::columns, sql::Name},
};

/// How many rows are read at once.
const BATCH_ROWS: usize = 5_000;

/// How many keys of violating rows are named.
const MAX_EXAMPLES: usize = 5;

/// PlannedAction a value of an old field has to pass to stand in the new one.
#[derive(Debug)]
pub(in crate::store::postgres) struct Check<'p> {
    pub(in crate::store::postgres) from: usize,
    pub(in crate::store::postgres) to: usize,
    before: &'p Field,
    after: &'p Field,
    pub(in crate::store::postgres) scanned: u64,
    pub(in crate::store::postgres) violating: u64,
    pub(in crate::store::postgres) examples: Vec<Json>,
}

impl<'p> Check<'p> {
    pub(in crate::store::postgres) fn new(
        old: &'p Definition,
        new: &'p Definition,
        (from, to): (usize, usize),
    ) -> Option<Self> {
        let (before, after) = (old.fields.get(from)?, new.fields.get(to)?);
        Some(Self { from, to, before, after, scanned: 0, violating: 0, examples: Vec::new() })
    }

    /// The value as the new field holds it; none when it does not fit.
    pub(in crate::store::postgres) fn converted(&self, value: &Value) -> Option<Value> {
        evolve::fitting(value, self.before, self.after)
    }

    /// Looks at the value of one row.
    fn look(&mut self, definition: &Definition, key: &Value, value: &Value) {
        self.scanned += 1;
        if self.converted(value).is_none() {
            self.violating += 1;
            if self.examples.len() < MAX_EXAMPLES {
                self.examples.push(key.to_json(&definition.key.kind));
            }
        }
    }
}

/// The checks of a migration.
pub(in crate::store::postgres) fn checks<'p>(
    old: &'p Definition,
    new: &'p Definition,
    pairs: &[(usize, usize)],
) -> Vec<Check<'p>> {
    pairs.iter().filter_map(|pair| Check::new(old, new, *pair)).collect()
}

/// PlannedAction reads the key and the old values that the checks are about.
pub(in crate::store::postgres) fn select(old: &Definition, checks: &[Check<'_>]) -> String {
    let columns = checks.iter().map(|check| Name::field(&check.before.name).quoted());
    let columns: Vec<String> = [Name::field(&old.key.name).quoted()].into_iter().chain(columns).collect();
    format!("SELECT {} FROM {}", columns.join(", "), super::super::statements::table(&old.name))
}

/// So many rows after a key, in the order of keys.
pub(in crate::store::postgres) fn page(
    old: &Definition,
    checks: &[Check<'_>],
    after: Option<&Value>,
) -> sqlx::Result<(String, PgArguments)> {
    let (select, key) = (select(old, checks), Name::field(&old.key.name).quoted());
    let mut arguments = PgArguments::default();
    let beyond = match after {
        Some(after) => {
            columns::bind(&mut arguments, &old.key.kind, std::iter::once(after))?;
            format!("WHERE {key} > ($1{})[1]", columns::array_cast(&old.key.kind))
        }
        None => String::new(),
    };
    Ok((format!("{select} {beyond} ORDER BY {key} LIMIT {BATCH_ROWS}"), arguments))
}

/// Looks at rows; the key of the last one, when there may be more.
pub(in crate::store::postgres) fn look(
    old: &Definition,
    checks: &mut [Check<'_>],
    rows: &[PgRow],
) -> sqlx::Result<Option<Value>> {
    let mut last = None;
    for row in rows {
        let key = columns::value(row, 0, &old.key.kind)?;
        for (place, check) in checks.iter_mut().enumerate() {
            let value = columns::value(row, place + 1, &check.before.kind)?;
            check.look(old, &key, &value);
        }
        last = Some(key);
    }
    Ok(last.filter(|_| rows.len() >= BATCH_ROWS))
}

/// Looks at all rows.
pub(super) async fn all(
    session: &mut Session,
    plan: &Plan,
    progress: &mut MigrationProgress,
) -> Result<(), Halt> {
    let old = &plan.old.definition;
    let mut checks = checks(old, &plan.new, &plan.difference.scans());
    if checks.is_empty() {
        return Ok(());
    }
    let mut after: Option<Value> = None;
    loop {
        let (question, arguments) = page(old, &checks, after.as_ref())?;
        let query = sqlx::query_with(AssertSqlSafe(question), arguments);
        let rows = query.fetch_all(&mut session.connection).await?;
        after = look(old, &mut checks, &rows)?;
        progress.advance(session, rows.len() as u64).await?;
        if after.is_none() {
            return verdict(&checks);
        }
    }
}

/// From which transaction on rows may have changed without having been looked at.
pub(super) async fn horizon(session: &mut Session) -> Result<String, Halt> {
    let rows =
        session.fetch("SELECT (txid_snapshot_xmin(txid_current_snapshot()) & 4294967295)::text").await?;
    rows.first().map(|row| row.try_get(0)).transpose()?.ok_or(Halt::Over)
}

/// Looks at the rows that have changed since the first look. Nobody writes meanwhile.
pub(super) async fn changed(session: &mut Session, plan: &Plan, horizon: &str) -> Result<(), Halt> {
    let old = &plan.old.definition;
    let mut checks = checks(old, &plan.new, &plan.difference.scans());
    if checks.is_empty() {
        return Ok(());
    }
    // Transaction numbers go round in a circle; their age does not.
    let question = format!("{} WHERE age(xmin) <= age('{horizon}'::xid)", select(old, &checks));
    // By a cursor: it may be the whole table that has changed.
    session.execute(&format!("DECLARE latest NO SCROLL CURSOR FOR {question}")).await?;
    loop {
        let rows = session.fetch(&format!("FETCH {BATCH_ROWS} FROM latest")).await?;
        look(old, &mut checks, &rows)?;
        if rows.len() < BATCH_ROWS {
            break;
        }
    }
    session.execute("CLOSE latest").await?;
    verdict(&checks)
}

fn verdict(checks: &[Check<'_>]) -> Result<(), Halt> {
    let reasons: Vec<String> = checks
        .iter()
        .filter(|check| check.violating > 0)
        .map(|check| {
            let keys: Vec<String> = check.examples.iter().map(Json::to_string).collect();
            let (name, count) = (&check.after.name, check.violating);
            format!("field `{name}`: {count} rows do not fit it, among them {}", keys.join(", "))
        })
        .collect();
    if reasons.is_empty() { Ok(()) } else { Err(Halt::Refused(reasons.join("; "))) }
}
