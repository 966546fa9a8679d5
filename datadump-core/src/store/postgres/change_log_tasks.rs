//! The background tasks of the change log: other nodes are notified of commits, and old entries are removed.

use std::{sync::Arc, time::Duration};

use sqlx::PgPool;

use super::{change_log::CHANNEL, error, inner::Inner};
use crate::{
    clock::Timestamp,
    error::Result,
    store::change_log::{ChangeLogRetention, PRUNE_BATCH_ENTRIES},
};

/// Minimum interval between two notifications.
const NOTIFY_INTERVAL: Duration = Duration::from_millis(10);

/// Notifies other processes of commits made here. A lost notification only costs time: readers poll every few
/// seconds.
pub(super) async fn notify_nodes(inner: Arc<Inner>) {
    let mut commits = inner.notify.subscribe();
    while commits.changed().await.is_ok() {
        // A notification is worth nothing after a crash, so it need not wait for a sync.
        let notify = sqlx::query("SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, '')");
        let notify = notify.bind(CHANNEL).execute(&inner.connections.system);
        if let Err(error) = notify.await {
            tracing::debug!(%error, "cannot notify other nodes of a commit");
        }
        tokio::time::sleep(NOTIFY_INTERVAL).await;
    }
}

/// Removes entries that exceed the retention, at intervals.
pub(super) async fn prune(inner: Arc<Inner>) {
    let retention = inner.retention;
    loop {
        tokio::time::sleep(retention.prune_interval()).await;
        if let Err(error) = remove_old(&inner.connections.system, retention, inner.stamps.next()).await {
            tracing::debug!(%error, "cannot prune the change log");
        }
    }
}

async fn remove_old(pool: &PgPool, retention: ChangeLogRetention, now: Timestamp) -> Result<()> {
    // Up to the first entry to keep, so that positions stay dense when times are not in order.
    let text = "WITH newest AS (SELECT position, bytes FROM datadump_change_log ORDER BY position DESC LIMIT 1), \
                oldest AS (SELECT position, at, bytes FROM datadump_change_log ORDER BY position LIMIT $1), \
                kept AS (SELECT position FROM oldest \
                WHERE at BETWEEN $2 AND $3 AND bytes >= (SELECT bytes FROM newest) - $4 \
                UNION ALL SELECT position FROM newest) \
                DELETE FROM datadump_change_log WHERE position IN (SELECT position FROM oldest) \
                AND position < (SELECT min(position) FROM kept)";
    loop {
        let remove = sqlx::query(text).bind(i64::from(PRUNE_BATCH_ENTRIES)).bind(retention.oldest(now));
        let remove = remove.bind(retention.latest(now)).bind(retention.bytes());
        let removed = remove.execute(pool).await.map_err(error::store)?.rows_affected();
        if removed < u64::from(PRUNE_BATCH_ENTRIES) {
            return Ok(());
        }
    }
}
