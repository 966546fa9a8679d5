//! The change log on PostgreSQL. The position of a commit is determined under a lock that is held until the
//! commit, so that a reader who sees a position has seen all before it, whichever node committed them.

use std::fmt::Write as _;

use sqlx::PgPool;

use super::{error, locks};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    store::change_log::{Commit, MAX_READ_BYTES, SELECT_SPAN, Span},
};

/// The channel on which processes notify each other of commits.
pub(super) const CHANNEL: &str = "datadump_change_log";

/// Returns the statements that append an entry, to be sent with the `COMMIT`. They contain only numbers.
pub(super) fn append(at: Timestamp, changes: &[u8]) -> String {
    format!("SELECT {}; {}", locks::change_log(), insert_packed(at, changes))
}

/// Returns the same statements with a check in between: if it fails, no entry is appended. It sees everything that
/// precedes the entry.
pub(super) fn append_if(check: &str, at: Timestamp, changes: &[u8]) -> String {
    format!("SELECT {}; {check}; {}", locks::change_log(), insert_packed(at, changes))
}

/// Returns the statement that appends an entry. The change log's lock must be held when it begins, so that it sees
/// everything that was committed before the lock was taken.
fn insert_packed(at: Timestamp, changes: &[u8]) -> String {
    let (at, length) = (at.micros(), changes.len());
    let mut packed = String::with_capacity(2 * length);
    for byte in changes {
        // Writing to a String cannot fail.
        let _ = write!(packed, "{byte:02x}");
    }
    insert(&at.to_string(), &length.to_string(), &format!("'\\x{packed}'"))
}

/// Returns the statement that appends an entry with these SQL expressions. The change log's lock must be held
/// when it begins.
pub(super) fn insert(at: &str, length: &str, changes: &str) -> String {
    format!(
        "INSERT INTO datadump_change_log (position, at, bytes, changes) \
         SELECT position + 1, {at}, bytes + {length}, {changes} \
         FROM datadump_change_log ORDER BY position DESC LIMIT 1"
    )
}

pub(super) async fn span(pool: &PgPool) -> Result<Span> {
    Span::from_row(sqlx::query_as(SELECT_SPAN).fetch_one(pool).await.map_err(error::store)?)
}

/// Returns up to `limit` commits after a position, in order, and stops once their packed size exceeds
/// [`MAX_READ_BYTES`].
pub(super) async fn commits(pool: &PgPool, after: i64, limit: usize) -> Result<Vec<Commit>> {
    // Counts commits and bytes from the oldest entry after the position, which need not be the next position.
    let text = "WITH oldest AS (SELECT position, bytes - length(changes) AS before FROM datadump_change_log \
                WHERE position > $1 ORDER BY position LIMIT 1) \
                SELECT e.position, e.at, e.changes FROM datadump_change_log AS e, oldest \
                WHERE e.position >= oldest.position AND e.position < oldest.position + $2 \
                AND e.bytes - length(e.changes) <= $3 + oldest.before ORDER BY e.position";
    let number = |number: usize| i64::try_from(number).map_err(Error::internal);
    let query = sqlx::query_as(text).bind(after).bind(number(limit)?).bind(number(MAX_READ_BYTES)?);
    let rows: Vec<(i64, i64, Vec<u8>)> = query.fetch_all(pool).await.map_err(error::store)?;
    rows.into_iter().map(|(position, at, changes)| Commit::from_row(position, at, &changes)).collect()
}
