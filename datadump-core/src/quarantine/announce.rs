//! Notices of the quarantine: how many entries wait.

use std::time::{Duration, Instant};

use serde_json::json;

use super::Quarantine;
use crate::notices::NoticeKind;

/// Minimum interval between two notices.
const INTERVAL: Duration = Duration::from_millis(250);

impl Quarantine {
    /// Publishes the number of waiting entries whenever this process has changed some, while anyone listens.
    pub(super) fn announce_changes(&self) {
        let (quarantine, mut changes) = (self.clone(), self.context.store.quarantine_signal());
        self.context.background.spawn(async move {
            while changes.changed().await.is_ok() {
                let notices = &quarantine.context.notices;
                if !notices.is_wanted(NoticeKind::Quarantine) {
                    continue;
                }
                let began = Instant::now();
                match quarantine.waiting().await {
                    Ok(count) => notices.publish(NoticeKind::Quarantine, move || json!({"count": count})),
                    Err(error) => tracing::debug!(%error, "the quarantine could not be counted"),
                }
                // Counting many entries takes a while: at most a fifth of the time.
                tokio::time::sleep(INTERVAL.max(4 * began.elapsed())).await;
            }
        });
    }
}
