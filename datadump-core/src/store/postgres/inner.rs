//! The state that the store shares with its writers, background tasks and migrations.

use sea_orm::DatabaseConnection;
use sqlx::PgConnection;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use super::{
    batch::Stamps, catalogue::CatalogueMirror, connect::Connections, migrate::running::MigrationLocks,
};
use crate::store::ChangeLogRetention;

/// The state of a store.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) connections: Connections,
    pub(super) system: DatabaseConnection,
    pub(super) mirror: CatalogueMirror,
    pub(super) migrations: MigrationLocks,
    pub(super) stamps: Stamps,
    /// The connection that removes old rows, once it is open and unless it is in use.
    pub(super) trimming: Mutex<Option<PgConnection>>,
    /// Raised when other processes have to be notified of commits.
    pub(super) notify: watch::Sender<()>,
    /// Cancelled when the store is closed.
    pub(super) closing: CancellationToken,
    /// Maximum number of storages.
    pub(super) max_storages: usize,
    /// Retention of the change log.
    pub(super) retention: ChangeLogRetention,
}

impl Inner {
    /// Signals a new entry of the change log, here and to other processes.
    pub(super) fn notify_commit(&self) {
        self.mirror.notify_commit();
        self.notify.send_replace(());
    }
}
