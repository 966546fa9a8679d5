//! Notices of storages: what was declared, changed or removed, and the progress of migrations.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::Definitions;
use crate::{
    error::Result,
    notices::NoticeKind,
    schema::{StorageId, StorageName},
};

/// Minimum interval between notices of one storage. What happens in between is reported as one.
const INTERVAL: Duration = Duration::from_millis(100);

impl Definitions {
    /// Publishes a notice of every storage that changes, while anyone listens.
    pub(super) fn announce_changes(&self) {
        let definitions = self.clone();
        self.context.background.spawn(async move {
            loop {
                let changed = definitions.context.store.catalogue().changed().next().await;
                if !definitions.context.notices.is_wanted(NoticeKind::Storage) {
                    continue;
                }
                for (id, name) in changed {
                    match definitions.state(id, &name).await {
                        Ok(state) => {
                            let notices = &definitions.context.notices;
                            notices.publish(NoticeKind::Storage, move || state.clone());
                        }
                        Err(error) => tracing::debug!(%name, %error, "the state of a storage is unknown"),
                    }
                }
                tokio::time::sleep(INTERVAL).await;
            }
        });
    }

    async fn state(&self, id: StorageId, name: &StorageName) -> Result<Json> {
        let Some(storage) = self.context.store.catalogue().by_id(id) else {
            return Ok(json!({"name": name.as_str(), "version": null, "state": "removed",
                             "rows_done": 0, "rows_total": 0, "error": null}));
        };
        let progress = self.context.store.progress(id).await?;
        Ok(json!({
            "name": storage.name.as_str(),
            "version": progress.version,
            "state": progress.state.name(),
            "rows_done": progress.rows_done,
            "rows_total": progress.rows_total,
            "error": progress.error,
        }))
    }
}
