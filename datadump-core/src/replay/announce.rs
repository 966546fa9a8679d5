//! Notices of replays: progress and end.

use std::{sync::Arc, time::Duration};

use serde_json::{Value as Json, json};

use super::{Replay, ReplayState, Replays};
use crate::notices::NoticeKind;

/// Minimum interval between notices of one replay.
const INTERVAL: Duration = Duration::from_millis(100);

impl Replays {
    /// Publishes the progress of a replay until it has ended.
    pub(super) fn announce(&self, replay: &Arc<Replay>) {
        let (notices, mut progress) = (self.context.notices.clone(), replay.state.subscribe());
        self.context.background.spawn(async move {
            loop {
                let state = progress.borrow_and_update().clone();
                let is_running = state.state == "running";
                notices.publish(NoticeKind::Replay, move || to_json(&state));
                if !is_running {
                    return;
                }
                tokio::time::sleep(INTERVAL).await;
                if progress.changed().await.is_err() {
                    return;
                }
            }
        });
    }
}

/// Returns a replay as it is listed, without its errors, which may be long.
fn to_json(state: &ReplayState) -> Json {
    let ReplayState { id, state, dry_run, done, total, stored, failed, skipped, superseded, errors: _ } =
        state;
    json!({"id": id, "state": state, "dry_run": dry_run, "done": done, "total": total, "stored": stored,
           "failed": failed, "skipped": skipped, "superseded": superseded})
}
