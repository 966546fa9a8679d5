//! The change log on SQLite. There is one writer, so the next position is the last one plus one.

use rusqlite::{Connection, Row, params};

use super::error::map;
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    store::change_log::{ChangeLogRetention, Commit, PRUNE_BATCH_ENTRIES, SELECT_SPAN, Span},
};

/// The newest entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    position: i64,
    /// Total size of all entries ever written, in bytes.
    bytes: i64,
}

impl Head {
    pub(super) fn read(connection: &Connection) -> Result<Self> {
        let newest = "SELECT position, bytes FROM datadump_change_log ORDER BY position DESC LIMIT 1";
        let head = |row: &Row<'_>| Ok(Self { position: row.get(0)?, bytes: row.get(1)? });
        connection.query_row(newest, [], head).map_err(map)
    }

    /// Appends an entry to the open transaction. Returns the head to use once it is committed.
    pub(super) fn append(self, connection: &Connection, at: Timestamp, changes: &[u8]) -> Result<Self> {
        let bytes = i64::try_from(changes.len()).map_err(Error::internal)?;
        let next = Self { position: self.position + 1, bytes: self.bytes + bytes };
        let text = "INSERT INTO datadump_change_log (position, at, bytes, changes) VALUES (?1, ?2, ?3, ?4)";
        let mut insert = connection.prepare_cached(text).map_err(map)?;
        insert.execute(params![next.position, at.micros(), next.bytes, changes]).map_err(map)?;
        Ok(next)
    }

    pub(super) fn position(self) -> i64 {
        self.position
    }

    /// Removes some of the oldest entries that exceed the retention, but none after `needed`; returns whether
    /// there may be more.
    pub(super) fn prune(
        self,
        connection: &Connection,
        retention: &ChangeLogRetention,
        now: Timestamp,
        needed: Option<i64>,
    ) -> Result<bool> {
        // Up to the first entry to keep, so that positions stay dense when times are not in order.
        let text = "WITH oldest AS (SELECT position, at, bytes FROM datadump_change_log ORDER BY position LIMIT ?1), \
                    kept AS (SELECT position FROM oldest WHERE at BETWEEN ?2 AND ?5 AND bytes >= ?3 \
                    UNION ALL SELECT ?4) \
                    DELETE FROM datadump_change_log WHERE position IN (SELECT position FROM oldest) \
                    AND position < (SELECT min(position) FROM kept)";
        let (oldest, least) = (retention.oldest(now), self.bytes.saturating_sub(retention.bytes()));
        let end = needed.map_or(self.position, |needed| self.position.min(needed + 1));
        let mut delete = connection.prepare_cached(text).map_err(map)?;
        let deleted = delete
            .execute(params![PRUNE_BATCH_ENTRIES, oldest, least, end, retention.latest(now)])
            .map_err(map)?;
        Ok(deleted == PRUNE_BATCH_ENTRIES as usize)
    }
}

pub(super) fn span(connection: &Connection) -> Result<Span> {
    let mut select = connection.prepare_cached(SELECT_SPAN).map_err(map)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
    Span::from_row(select.query_row([], read).map_err(map)?)
}

/// Returns up to `limit` commits after a position, in order, and stops once their packed size exceeds
/// `max_bytes`.
pub(super) fn commits(
    connection: &Connection,
    after: i64,
    limit: usize,
    max_bytes: usize,
) -> Result<Vec<Commit>> {
    let text = "SELECT position, at, changes FROM datadump_change_log WHERE position > ?1 \
                ORDER BY position LIMIT ?2";
    let limit = i64::try_from(limit).map_err(Error::internal)?;
    let mut select = connection.prepare_cached(text).map_err(map)?;
    let mut rows = select.query([after, limit]).map_err(map)?;
    let (mut commits, mut bytes) = (Vec::new(), 0);
    while bytes <= max_bytes
        && let Some(row) = rows.next().map_err(map)?
    {
        let (position, at): (i64, i64) = (row.get(0).map_err(map)?, row.get(1).map_err(map)?);
        let changes = row.get_ref(2).map_err(map)?.as_blob().map_err(Error::internal)?;
        bytes += changes.len();
        commits.push(Commit::from_row(position, at, changes)?);
    }
    Ok(commits)
}
