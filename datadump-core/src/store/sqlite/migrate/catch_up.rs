//! Checks and converts the rows that were written since the scan began, which the change log names.

use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension};

use super::{
    super::{
        change_log,
        columns::{Bind, DIALECT},
        error::map,
    },
    plan::Plan,
};
use crate::{
    error::{Error, Result},
    store::{
        ChangeKind, Column,
        change_log::MAX_READ_BYTES,
        migrate::{FieldCheck, violations},
        sql,
    },
};

/// Maximum number of commits that are read at once.
const MAX_COMMITS: usize = 64;

/// A place in the change log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogPosition {
    /// The last commit that was read to its end.
    pub(super) commit: i64,
    /// Number of changes of the next commit that were read.
    pub(super) changes: usize,
}

/// Processes the changes after a position, in the open transaction, for some time. Returns the position it
/// reached, and whether nothing follows.
pub(super) fn catch_up(
    connection: &Connection,
    plan: &Plan,
    from: LogPosition,
    time: Duration,
) -> Result<(LogPosition, bool)> {
    let (began, mut at, mut checks) = (Instant::now(), from, plan.checks());
    if checks.is_empty() {
        return Ok((at, true));
    }
    let key = sql::column(DIALECT, &plan.old.definition, Column::Key).quoted();
    let mut select = connection.prepare_cached(&plan.select(&format!("WHERE {key} = ?"))).map_err(map)?;
    let mut row = |key: &_, checks: &mut [FieldCheck<'_>]| -> Result<()> {
        let row = select.query_row([Bind(key)], |row| plan.check(checks, row)).optional().map_err(map)?;
        let Some(patch) = row.and_then(|row| row.patch) else { return Ok(()) };
        let mut update = connection.prepare_cached(&plan.update()).map_err(map)?;
        let values = patch.values.iter().chain([&patch.key]).map(Bind);
        update.execute(rusqlite::params_from_iter(values)).map(|_| ()).map_err(map)
    };
    loop {
        let commits = change_log::commits(connection, at.commit, MAX_COMMITS, MAX_READ_BYTES)?;
        let is_end = commits.is_empty();
        for commit in commits {
            for change in commit.changes.iter().skip(at.changes) {
                at.changes += 1;
                if let Some(change) = change.row().filter(|change| change.storage == plan.old.storage)
                    && change.kind != ChangeKind::Deleted
                {
                    row(&change.key, &mut checks)?;
                    if began.elapsed() >= time {
                        return passed(&checks).map(|()| (at, false));
                    }
                }
            }
            at = LogPosition { commit: commit.position, changes: 0 };
        }
        if is_end {
            return passed(&checks).map(|()| (at, true));
        }
    }
}

fn passed(checks: &[FieldCheck<'_>]) -> Result<()> {
    violations(checks).map_or(Ok(()), |reason| Err(Error::internal(reason)))
}
