//! Reads the feed as it grows, and tells everybody who listens.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::watch;

use super::{Live, event};
use crate::{error::Result, store::Store};

/// How many commits are read at a time.
const COMMITS: usize = 256;

/// Before it is tried again, after the database did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows until the store is closed, or nobody has it any more.
pub(super) fn start(store: &Arc<dyn Store>, live: &Arc<Live>) {
    let news = store.news();
    let follower = Follower { store: Arc::downgrade(store), live: Arc::downgrade(live), after: None };
    tokio::spawn(follower.run(news));
}

struct Follower {
    store: Weak<dyn Store>,
    live: Weak<Live>,
    /// Up to where it has told; none while nobody listens.
    after: Option<i64>,
}

impl Follower {
    async fn run(mut self, mut news: watch::Receiver<u64>) {
        loop {
            if let Err(error) = self.tell().await {
                tracing::debug!(%error, "what was committed could not be told; it is tried again");
                tokio::time::sleep(PAUSE).await;
                news.mark_changed();
            }
            if news.changed().await.is_err() || self.store.strong_count() == 0 {
                return;
            }
        }
    }

    /// Tells all that is new.
    async fn tell(&mut self) -> Result<()> {
        let (Some(store), Some(live)) = (self.store.upgrade(), self.live.upgrade()) else { return Ok(()) };
        loop {
            if !live.is_listened_to() {
                self.after = None;
                return Ok(());
            }
            let after = match self.after {
                Some(after) => after,
                // Who listens already reads by itself what was before.
                None => store.span().await?.last - 1,
            };
            self.after = Some(after);
            let commits = store.commits(after, COMMITS).await?;
            if commits.is_empty() {
                return Ok(());
            }
            for commit in commits {
                let mut first = 0;
                loop {
                    let piece = event::piece(store.as_ref(), &commit, first, |name| live.wants(name)).await?;
                    let end = first + event::TOGETHER;
                    live.tell(piece);
                    if end >= commit.changes.len() {
                        break;
                    }
                    first = end;
                }
                self.after = Some(commit.position);
            }
        }
    }
}
