//! Keeps the catalogue in memory up to date with the database. A process that changes a storage notifies the
//! others; a lost notification is found by polling within seconds. Changes of sources and programs, which
//! other parts cache, are signalled in the same way.

use std::{sync::Arc, time::Duration};

use sea_orm::{
    AccessMode, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, IsolationLevel, QueryFilter,
    TransactionTrait,
};
use sqlx::{PgPool, postgres::PgListener};
use tokio::sync::{Mutex, watch};

use super::{change_log, error};
use crate::{
    error::{Error, Result},
    schema::StorageId,
    store::{
        Catalogue, Storage,
        system::{self, storage, version},
    },
};

/// The channel for changes of storages; the payload is the storage's number.
const CHANNEL: &str = "datadump_catalogue";

/// Interval at which the backend checks for lost notifications.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Selects a fingerprint of the catalogue's tables.
const FINGERPRINT: &str = "SELECT \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(id || '/' || version || '/' || updated_at, 0)), 0) \
     FROM datadump_storage) || '|' || \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(storage_id || '/' || version || '/' || state \
     || '/' || created_at, 0)), 0) FROM datadump_version)";

/// Selects a fingerprint of the system storages that hold configuration.
const CONFIG_FINGERPRINT: &str = "SELECT \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(name || '/' || version || '/' || updated_at, 0)), 0) \
     FROM datadump_source) || '|' || \
    (SELECT count(*) || ':' || coalesce(sum(hashtextextended(id || '/' || version || '/' || updated_at, 0)), 0) \
     FROM datadump_processor)";

/// The catalogue, and how it is refreshed.
#[derive(Debug)]
pub(super) struct CatalogueMirror {
    pub(super) catalogue: Arc<Catalogue>,
    /// Raised when sources or programs may have changed.
    pub(super) config_signal: watch::Sender<u64>,
    /// Raised when this process has changed quarantine entries.
    pub(super) quarantine_signal: watch::Sender<u64>,
    /// Raised when the change log may have new entries.
    pub(super) commit_signal: watch::Sender<u64>,
    system: DatabaseConnection,
    /// Fingerprint of the last refresh. Its lock admits one refresh at a time, so that older data never
    /// replaces newer.
    seen: Mutex<String>,
}

impl CatalogueMirror {
    pub(super) fn new(system: DatabaseConnection) -> Self {
        Self {
            catalogue: Arc::default(),
            config_signal: watch::Sender::new(0),
            quarantine_signal: watch::Sender::new(0),
            commit_signal: watch::Sender::new(0),
            system,
            seen: Mutex::default(),
        }
    }

    /// Signals that sources or programs may have changed.
    pub(super) fn notify_config(&self) {
        self.config_signal.send_modify(|signal| *signal += 1);
    }

    /// Signals that this process has changed quarantine entries.
    pub(super) fn notify_quarantine(&self) {
        self.quarantine_signal.send_modify(|signal| *signal += 1);
    }

    /// Signals that the change log may have new entries.
    pub(super) fn notify_commit(&self) {
        self.commit_signal.send_modify(|signal| *signal += 1);
    }

    /// Reads all storages.
    pub(super) async fn refresh(&self) -> Result<()> {
        let mut seen = self.seen.lock().await;
        self.load().await?;
        seen.clear();
        Ok(())
    }

    async fn refresh_changed(&self, pool: &PgPool) -> Result<()> {
        let mut seen = self.seen.lock().await;
        let now = fingerprint(pool, FINGERPRINT).await?;
        if *seen != now {
            self.load().await?;
            *seen = now;
        }
        Ok(())
    }

    async fn load(&self) -> Result<()> {
        let transaction = self.snapshot().await?;
        let storages = storage::Entity::find().all(&transaction).await.map_err(error::orm)?;
        let versions = version::Entity::find().all(&transaction).await.map_err(error::orm)?;
        transaction.commit().await.map_err(error::orm)?;
        // Parsing the definitions may take a while.
        let parsed = tokio::task::spawn_blocking(move || system::catalogue(storages, versions)).await;
        self.catalogue.replace(parsed.map_err(Error::internal)??);
        Ok(())
    }

    pub(super) async fn refresh_one(&self, id: StorageId) -> Result<Option<Arc<Storage>>> {
        let _one_at_a_time = self.seen.lock().await;
        let transaction = self.snapshot().await?;
        let found = storage::Entity::find_by_id(id.get()).one(&transaction).await.map_err(error::orm)?;
        let versions = version::Entity::find().filter(version::Column::StorageId.eq(id.get()));
        let versions = versions.all(&transaction).await.map_err(error::orm)?;
        transaction.commit().await.map_err(error::orm)?;
        match found {
            Some(found) => {
                let parsed = tokio::task::spawn_blocking(move || system::assemble(&found, versions)).await;
                Ok(Some(self.catalogue.put(parsed.map_err(Error::internal)??)))
            }
            None => {
                self.catalogue.remove(id);
                Ok(None)
            }
        }
    }

    /// Begins a transaction that sees both tables in one snapshot.
    async fn snapshot(&self) -> Result<sea_orm::DatabaseTransaction> {
        let (level, access) = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        self.system.begin_with_config(Some(level), Some(access)).await.map_err(error::orm)
    }

    /// Follows the changes of other processes; never returns.
    pub(super) async fn follow(&self, listening: &PgPool, system: &PgPool) {
        loop {
            if let Err(error) = self.listen(listening, system).await {
                tracing::debug!(%error, "cannot listen for changes of the catalogue; retrying");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn listen(&self, listening: &PgPool, system: &PgPool) -> Result<()> {
        let mut listener = PgListener::connect_with(listening).await.map_err(error::store)?;
        listener.listen_all([CHANNEL, change_log::CHANNEL]).await.map_err(error::store)?;
        self.refresh().await?;
        let mut config = fingerprint(system, CONFIG_FINGERPRINT).await?;
        self.notify_config();
        loop {
            match tokio::time::timeout(POLL_INTERVAL, listener.try_recv()).await {
                Ok(Ok(Some(notification))) if notification.channel() == change_log::CHANNEL => {
                    self.notify_commit();
                }
                Ok(Ok(Some(notification))) => match notification.payload().parse().map(StorageId) {
                    Ok(id) if id.is_system() => self.notify_config(),
                    Ok(id) => {
                        self.refresh_one(id).await?;
                    }
                    Err(_) => self.refresh().await?,
                },
                // Reconnected: notifications may have been lost.
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
                    if config != now {
                        config = now;
                        self.notify_config();
                    }
                }
            }
        }
    }
}

async fn fingerprint(pool: &PgPool, sql: &'static str) -> Result<String> {
    sqlx::query_scalar(sql).fetch_one(pool).await.map_err(error::store)
}

/// Notifies all processes, when this transaction commits, that a storage has changed.
pub(super) async fn notify(transaction: &impl ConnectionTrait, id: StorageId) -> Result<()> {
    transaction.execute_unprepared(&notification(id)).await.map_err(error::orm)?;
    Ok(())
}

/// Returns the statement that notifies all processes. It contains only a number.
pub(super) fn notification(id: StorageId) -> String {
    format!("SELECT pg_notify('{CHANNEL}', '{}')", id.get())
}
