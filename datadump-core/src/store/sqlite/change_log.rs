//! The feed in its tables: one writer, so that the next number is one more than the last.

use std::time::{Duration, Instant};

use rusqlite::{Connection, Row, params};

use super::error::map;
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    store::change_log::{Commit, REMOVED, Retention, Span, unpack},
};

const CREATE: &str = "CREATE TABLE datadump_feed (id INTEGER PRIMARY KEY, epoch TEXT NOT NULL) STRICT; \
     CREATE TABLE datadump_entry (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, bytes INTEGER NOT NULL, \
     changes BLOB NOT NULL) STRICT";

/// The newest entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    position: i64,
    /// Those of all entries there ever were.
    bytes: i64,
}

/// Makes the tables, with a first entry that changes nothing: so there always is one.
pub(super) fn create(connection: &Connection, epoch: &str, now: Timestamp) -> Result<()> {
    connection.execute_batch(CREATE).map_err(map)?;
    connection.execute("INSERT INTO datadump_feed (id, epoch) VALUES (1, ?1)", [epoch]).map_err(map)?;
    let first = "INSERT INTO datadump_entry (position, at, bytes, changes) VALUES (0, ?1, 0, x'')";
    connection.execute(first, [now.micros()]).map_err(map)?;
    Ok(())
}

impl Head {
    pub(super) fn read(connection: &Connection) -> Result<Self> {
        let newest = "SELECT position, bytes FROM datadump_entry ORDER BY position DESC LIMIT 1";
        let head = |row: &Row<'_>| Ok(Self { position: row.get(0)?, bytes: row.get(1)? });
        connection.query_row(newest, [], head).map_err(map)
    }

    /// Puts the next entry into the transaction; the head that there is when it is committed.
    pub(super) fn put(self, connection: &Connection, at: Timestamp, changes: &[u8]) -> Result<Self> {
        let bytes = i64::try_from(changes.len()).map_err(Error::internal)?;
        let next = Self { position: self.position + 1, bytes: self.bytes + bytes };
        let text = "INSERT INTO datadump_entry (position, at, bytes, changes) VALUES (?1, ?2, ?3, ?4)";
        let mut insert = connection.prepare_cached(text).map_err(map)?;
        insert.execute(params![next.position, at.micros(), next.bytes, changes]).map_err(map)?;
        Ok(next)
    }

    /// Removes some of the oldest entries that are too old or too many; whether there may be more.
    pub(super) fn remove_old(
        self,
        connection: &Connection,
        retention: &Retention,
        now: Timestamp,
    ) -> Result<bool> {
        let text = "DELETE FROM datadump_entry WHERE position IN \
                    (SELECT position FROM datadump_entry ORDER BY position LIMIT ?1) \
                    AND (at < ?2 OR bytes < ?3) AND position < ?4";
        let (oldest, least) = (retention.oldest(now), self.bytes.saturating_sub(retention.bytes()));
        let mut remove = connection.prepare_cached(text).map_err(map)?;
        let removed = remove.execute(params![REMOVED, oldest, least, self.position]).map_err(map)?;
        Ok(removed == REMOVED as usize)
    }
}

/// When to look for old entries again.
#[derive(Debug)]
pub(super) struct Tidying {
    last: Instant,
    pause: Duration,
}

impl Tidying {
    pub(super) fn new(retention: &Retention) -> Self {
        Self { last: Instant::now(), pause: retention.pause() }
    }

    pub(super) fn is_due(&self) -> bool {
        self.last.elapsed() >= self.pause
    }

    /// It was looked; there may be more.
    pub(super) fn done(&mut self, more: bool) {
        if !more {
            self.last = Instant::now();
        }
    }
}

/// What there is.
pub(super) fn span(connection: &Connection) -> Result<Span> {
    let text = "SELECT epoch, oldest.position, newest.position, \
                newest.bytes - oldest.bytes + length(oldest.changes), oldest.at FROM datadump_feed, \
                (SELECT * FROM datadump_entry ORDER BY position LIMIT 1) AS oldest, \
                (SELECT position, bytes FROM datadump_entry ORDER BY position DESC LIMIT 1) AS newest";
    let mut select = connection.prepare_cached(text).map_err(map)?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
    Span::of(select.query_row([], read).map_err(map)?)
}

/// The commits behind a position, in order: no more than so many, and no more bytes than those of one entry
/// beyond so many.
pub(super) fn commits(connection: &Connection, after: i64, most: usize, bytes: usize) -> Result<Vec<Commit>> {
    let text =
        "SELECT position, at, changes FROM datadump_entry WHERE position > ?1 ORDER BY position LIMIT ?2";
    let most = i64::try_from(most).map_err(Error::internal)?;
    let mut select = connection.prepare_cached(text).map_err(map)?;
    let mut rows = select.query([after, most]).map_err(map)?;
    let (mut commits, mut read) = (Vec::new(), 0);
    while read <= bytes
        && let Some(row) = rows.next().map_err(map)?
    {
        let (position, at): (i64, i64) = (row.get(0).map_err(map)?, row.get(1).map_err(map)?);
        let packed = row.get_ref(2).map_err(map)?.as_blob().map_err(Error::internal)?;
        read += packed.len();
        let at = Timestamp::from_micros(at).ok_or_else(|| Error::internal("an entry out of time"))?;
        commits.push(Commit { position, at, changes: unpack(packed)? });
    }
    Ok(commits)
}
