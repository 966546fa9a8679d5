//! The feed in its tables: the number of a commit is drawn under a lock that is held until the commit, so
//! that who sees a number has seen all before it, on whichever node they were drawn.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use sea_orm::{ConnectionTrait, DatabaseTransaction};
use sqlx::PgPool;

use super::{Inner, error, locks};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    store::change_log::{Commit, FEED_BYTES, REMOVED, Retention, Span, unpack},
};

/// The channel on which processes tell each other that there is more.
pub(super) const CHANNEL: &str = "datadump_feed";

/// How far apart they do: what is committed meanwhile is told together.
const HINT: Duration = Duration::from_millis(10);

const CREATE: &str = "CREATE TABLE datadump_feed (id int8 PRIMARY KEY, epoch text NOT NULL); \
     CREATE TABLE datadump_entry (position int8 PRIMARY KEY, at int8 NOT NULL, bytes int8 NOT NULL, \
     changes bytea NOT NULL)";

/// Makes the tables, with a first entry that changes nothing: so there always is one. The epoch is a name of
/// our own.
pub(super) async fn create(transaction: &DatabaseTransaction, epoch: &str, now: Timestamp) -> Result<()> {
    let first = format!(
        "{CREATE}; INSERT INTO datadump_feed (id, epoch) VALUES (1, '{epoch}'); \
         INSERT INTO datadump_entry (position, at, bytes, changes) VALUES (0, {}, 0, '')",
        now.micros()
    );
    transaction.execute_unprepared(&first).await.map(|_| ()).map_err(error::orm)
}

/// What puts the next entry into a transaction, as SQL text: it goes with the commit. Only numbers stand in it.
pub(super) fn entry(at: Timestamp, changes: &[u8]) -> String {
    let (lock, at, length) = (locks::feed(), at.micros(), changes.len());
    let mut packed = String::with_capacity(2 * length);
    for byte in changes {
        // A text takes all that is written into it.
        let _ = write!(packed, "{byte:02x}");
    }
    // Two statements: the second one sees what was committed when the lock is held.
    let insert = insert(&at.to_string(), &length.to_string(), &format!("'\\x{packed}'"));
    format!("SELECT {lock}; {insert}")
}

/// The statement that puts the next entry, out of these expressions. The feed's lock has to be held when it
/// begins.
pub(super) fn insert(at: &str, length: &str, changes: &str) -> String {
    format!(
        "INSERT INTO datadump_entry (position, at, bytes, changes) \
         SELECT position + 1, {at}, bytes + {length}, {changes} \
         FROM datadump_entry ORDER BY position DESC LIMIT 1"
    )
}

/// What there is.
pub(super) async fn span(pool: &PgPool) -> Result<Span> {
    let text = "SELECT epoch, oldest.position, newest.position, \
                newest.bytes - oldest.bytes + length(oldest.changes), oldest.at FROM datadump_feed, \
                (SELECT * FROM datadump_entry ORDER BY position LIMIT 1) AS oldest, \
                (SELECT position, bytes FROM datadump_entry ORDER BY position DESC LIMIT 1) AS newest";
    Span::of(sqlx::query_as(text).fetch_one(pool).await.map_err(error::store)?)
}

/// The commits behind a position, in order: no more than so many, and no more bytes than those of one entry
/// beyond so many.
pub(super) async fn commits(pool: &PgPool, after: i64, most: usize) -> Result<Vec<Commit>> {
    // Those are left out before which enough was read: they and their bytes are counted from the first one's
    // on, which need not be the next one.
    let text = "WITH oldest AS (SELECT position, bytes - length(changes) AS before FROM datadump_entry \
                WHERE position > $1 ORDER BY position LIMIT 1) \
                SELECT e.position, e.at, e.changes FROM datadump_entry AS e, oldest \
                WHERE e.position >= oldest.position AND e.position < oldest.position + $2 \
                AND e.bytes - length(e.changes) <= $3 + oldest.before ORDER BY e.position";
    let number = |number: usize| i64::try_from(number).map_err(Error::internal);
    let question = sqlx::query_as(text).bind(after).bind(number(most)?).bind(number(FEED_BYTES)?);
    let rows: Vec<(i64, i64, Vec<u8>)> = question.fetch_all(pool).await.map_err(error::store)?;
    let commit = |(position, at, packed): (i64, i64, Vec<u8>)| {
        let at = Timestamp::from_micros(at).ok_or_else(|| Error::internal("an entry out of time"))?;
        Ok(Commit { position, at, changes: unpack(&packed)? })
    };
    rows.into_iter().map(commit).collect()
}

/// Tells other processes of what is committed here, for ever. A word that is lost costs time: they look by
/// themselves every few seconds.
pub(super) async fn hint(inner: &Arc<Inner>) {
    let mut hints = inner.hints.subscribe();
    while hints.changed().await.is_ok() {
        // It is as good as nothing after a crash: nobody waits for it to be on the disk.
        let told = sqlx::query("SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '')");
        let told = told.bind(CHANNEL).execute(&inner.connections.system);
        if let Err(error) = told.await {
            tracing::debug!(%error, "other nodes could not be told of a commit");
        }
        tokio::time::sleep(HINT).await;
    }
}

/// Removes entries that are too old or too many, for ever.
pub(super) async fn forget(inner: &Arc<Inner>) {
    let retention = inner.retention;
    loop {
        tokio::time::sleep(retention.pause()).await;
        match remove_old(&inner.connections.system, retention, inner.stamps.next()).await {
            Ok(()) => {}
            Err(error) => tracing::debug!(%error, "old entries of the feed could not be removed"),
        }
    }
}

async fn remove_old(pool: &PgPool, retention: Retention, now: Timestamp) -> Result<()> {
    let text = "WITH newest AS (SELECT position, bytes FROM datadump_entry ORDER BY position DESC LIMIT 1) \
                DELETE FROM datadump_entry WHERE position IN \
                (SELECT position FROM datadump_entry ORDER BY position LIMIT $1) \
                AND (at < $2 OR bytes < (SELECT bytes FROM newest) - $3) \
                AND position < (SELECT position FROM newest)";
    loop {
        let remove = sqlx::query(text).bind(i64::from(REMOVED)).bind(retention.oldest(now));
        let remove = remove.bind(retention.bytes());
        let removed = remove.execute(pool).await.map_err(error::store)?.rows_affected();
        if removed < u64::from(REMOVED) {
            return Ok(());
        }
    }
}
