//! The catalogue in memory, kept as the database has it: whoever changes a storage notifies all
//! processes, and who missed that finds out within seconds. In the same way they hear that sources
//! or programs have changed, which others read.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IsolationLevel, QueryFilter,
    TransactionTrait,
};
use sqlx::{PgPool, postgres::PgListener};
use tokio::sync::{Mutex, watch};

use super::{change_log, error};
use crate::{
    error::Result,
    schema::StorageId,
    store::{
        Catalogue, Storage,
        system::{self, storage, version},
    },
};

/// The channel on which processes tell each other that a storage has changed: its number follows.
const CHANNEL: &str = "datadump_catalogue";

/// How often to look whether a notification was missed.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// A fingerprint of all that the catalogue is made of.
const FINGERPRINT: &str = "SELECT \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(id || '/' || version || '/' || updated_at, 0)), 0) \
     FROM datadump_storage) || '|' || \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(storage_id || '/' || version || '/' || state \
     || '/' || created_at, 0)), 0) FROM datadump_version)";

/// The same of those of our own storages whose changes are heard.
const CONFIG_FINGERPRINT: &str = "SELECT \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(name || '/' || version || '/' || updated_at, 0)), 0) \
     FROM datadump_source) || '|' || \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(id || '/' || version || '/' || updated_at, 0)), 0) \
     FROM datadump_processor)";

/// The catalogue, and how it is read again.
#[derive(Debug)]
pub(super) struct CatalogueMirror {
    pub(super) catalogue: Arc<Catalogue>,
    /// Grows when one of our own storages may have changed.
    config_signal: watch::Sender<u64>,
    /// Grows when there may be more in the feed.
    pub(super) commit_signal: watch::Sender<u64>,
    system: DatabaseConnection,
    /// One reader at a time, so that what was read earlier never replaces what was read later.
    seen: Mutex<String>,
}

impl CatalogueMirror {
    /// An empty one.
    pub(super) fn new(system: DatabaseConnection) -> Self {
        let (config_signal, commit_signal) = (watch::Sender::new(0), watch::Sender::new(0));
        Self { catalogue: Arc::default(), config_signal, commit_signal, system, seen: Mutex::default() }
    }

    /// A number that grows when one of our own storages may have changed.
    pub(super) fn config_signal(&self) -> watch::Receiver<u64> {
        self.config_signal.subscribe()
    }

    /// Says that one of our own storages may have changed.
    pub(super) fn notify_config(&self) {
        self.config_signal.send_modify(|signal| *signal += 1);
    }

    /// Says that there may be more in the feed.
    pub(super) fn notify_commit(&self) {
        self.commit_signal.send_modify(|signal| *signal += 1);
    }

    /// Reads all storages again.
    pub(super) async fn refresh(&self) -> Result<()> {
        let mut seen = self.seen.lock().await;
        *seen = self.load().await?;
        Ok(())
    }

    /// Reads all storages again if any has changed.
    async fn refresh_changed(&self, pool: &PgPool) -> Result<()> {
        let mut seen = self.seen.lock().await;
        let now = fingerprint(pool, FINGERPRINT).await?;
        if *seen != now {
            self.load().await?;
            *seen = now;
        }
        Ok(())
    }

    async fn load(&self) -> Result<String> {
        let transaction = self.snapshot().await?;
        let storages = storage::Entity::find().all(&transaction).await.map_err(error::orm)?;
        let versions = version::Entity::find().all(&transaction).await.map_err(error::orm)?;
        transaction.commit().await.map_err(error::orm)?;
        self.catalogue.replace(system::catalogue(storages, versions)?);
        Ok(String::new())
    }

    /// Reads one storage again.
    pub(super) async fn refresh_one(&self, id: StorageId) -> Result<Option<Arc<Storage>>> {
        let _one_at_a_time = self.seen.lock().await;
        let transaction = self.snapshot().await?;
        let found = storage::Entity::find_by_id(id.get()).one(&transaction).await.map_err(error::orm)?;
        let versions = version::Entity::find().filter(version::Column::StorageId.eq(id.get()));
        let versions = versions.all(&transaction).await.map_err(error::orm)?;
        transaction.commit().await.map_err(error::orm)?;
        match found {
            Some(found) => Ok(Some(self.catalogue.put(system::assemble(&found, versions)?))),
            None => {
                self.catalogue.remove(id);
                Ok(None)
            }
        }
    }

    /// A transaction in which both tables are seen as they were at one moment.
    async fn snapshot(&self) -> Result<sea_orm::DatabaseTransaction> {
        let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        self.system.begin_with_config(Some(level), Some(access)).await.map_err(error::orm)
    }

    /// Follows the changes of other processes, for ever.
    pub(super) async fn follow(&self, listening: &PgPool, system: &PgPool) {
        loop {
            if let Err(error) = self.listen(listening, system).await {
                tracing::debug!(%error, "changes of the catalogue are not heard of; trying again");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn listen(&self, listening: &PgPool, system: &PgPool) -> Result<()> {
        let mut listener = PgListener::connect_with(listening).await.map_err(error::store)?;
        listener.listen_all([CHANNEL, change_log::CHANNEL]).await.map_err(error::store)?;
        self.refresh().await?;
        let mut own = fingerprint(system, CONFIG_FINGERPRINT).await?;
        self.notify_config();
        loop {
            match tokio::time::timeout(POLL_INTERVAL, listener.try_recv()).await {
                Ok(Ok(Some(notification))) if notification.channel() == change_log::CHANNEL => {
                    self.notify_commit()
                }
                Ok(Ok(Some(notification))) => match notification.payload().parse().map(StorageId) {
                    Ok(id) if id.is_system() => self.notify_config(),
                    Ok(id) => {
                        self.refresh_one(id).await?;
                    }
                    Err(_) => self.refresh().await?,
                },
                // Reconnected: what was said meanwhile was not heard.
                Ok(Ok(None)) => {
                    self.refresh().await?;
                    self.notify_config();
                    self.notify_commit();
                }
                Ok(Err(error)) => return Err(error::store(error)),
                Err(_) => {
                    self.notify_commit();
                    self.refresh_changed(system).await?;
                    let now = fingerprint(system, CONFIG_FINGERPRINT).await?;
                    if own != now {
                        own = now;
                        self.notify_config();
                    }
                }
            }
        }
    }
}

async fn fingerprint(pool: &PgPool, question: &'static str) -> Result<String> {
    sqlx::query_scalar(question).fetch_one(pool).await.map_err(error::store)
}

/// Tells all processes, at the commit of this transaction, that a storage has changed.
pub(super) async fn notify(transaction: &impl ConnectionTrait, id: StorageId) -> Result<()> {
    transaction.execute_unprepared(&notification(id)).await.map_err(error::orm)?;
    Ok(())
}

/// The same, as SQL text. Only a number of our own stands in it.
pub(super) fn notification(id: StorageId) -> String {
    format!("SELECT pg_notify('{CHANNEL}', '{}')", id.get())
}
