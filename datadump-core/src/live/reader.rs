//! Reads new entries of the change log and publishes them to all subscribers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    batch::BatchReader,
    channel::Channel,
    cursor::{Cursor, Position},
    event::HubEvents,
};
use crate::{context::Context, error::Result, store::Store};

/// Maximum number of commits read at a time.
const MAX_COMMITS: usize = 256;

/// Pause between reads if only the service itself subscribes. It knows its own changes, so this only delays
/// the changes of other nodes.
const SYSTEM_PAUSE: Duration = Duration::from_millis(50);

/// Minimum pause after a read that contained nothing for any subscriber, so that subscribing to a quiet
/// storage costs little while another one is busy.
const UNWANTED_PAUSE: Duration = Duration::from_millis(5);

/// Pause per subscriber after a batch was published, and its maximum. Subscribers are busy with the batch
/// during this time, and it is cheaper to publish all commits of this time together.
const SUBSCRIBER_PAUSE: Duration = Duration::from_micros(20);
const MAX_PAUSE: Duration = Duration::from_millis(20);

/// Pause after an error before the change log is reread.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Starts the reader; it runs until the database is closed.
pub(super) fn start(context: &Context, channel: &Arc<Channel>, hub_events: &'static HubEvents) {
    let (store, channel) = (context.store.clone(), channel.clone());
    let commits = store.commit_signal();
    let reader = LogReader { store, channel, progress: None, batches: BatchReader::new(hub_events) };
    context.background.spawn(reader.run(commits));
}

struct LogReader {
    store: Arc<dyn Store>,
    channel: Arc<Channel>,
    /// `None` while there are no subscribers.
    progress: Option<Progress>,
    batches: BatchReader,
}

struct Progress {
    /// The position up to which the change log was read.
    read: Cursor,
    /// The position up to which it was published, if anything was; nothing after it was wanted.
    published: Option<Position>,
}

impl Drop for LogReader {
    /// Ends the subscriptions, which may outlive the database.
    fn drop(&mut self) {
        self.channel.close();
    }
}

impl LogReader {
    async fn run(mut self, mut commits: watch::Receiver<u64>) {
        loop {
            let published = self.publish().await;
            if let Err(error) = &published {
                tracing::debug!(%error, "the change log could not be read; retrying");
                commits.mark_changed();
            }
            let ended = Instant::now();
            if commits.changed().await.is_err() {
                return;
            }
            let subscribers = self.channel.subscribers();
            let count = u32::try_from(subscribers).unwrap_or(u32::MAX);
            let for_all = MAX_PAUSE.min(SUBSCRIBER_PAUSE.saturating_mul(count));
            let pause = match published {
                Err(_) => RETRY_DELAY,
                Ok(_) if subscribers == 0 => SYSTEM_PAUSE,
                Ok(false) => for_all.max(UNWANTED_PAUSE),
                Ok(true) => for_all,
            };
            // Timers have a resolution of one millisecond.
            if pause >= Duration::from_millis(1) {
                tokio::time::sleep_until((ended + pause).into()).await;
            }
            commits.mark_unchanged();
        }
    }

    /// Publishes all new entries; returns whether any subscriber wanted them.
    async fn publish(&mut self) -> Result<bool> {
        let mut is_wanted = false;
        let (store, channel) = (self.store.as_ref(), &self.channel);
        loop {
            if !channel.has_receivers() {
                self.progress = None;
                return Ok(is_wanted);
            }
            let progress = match &mut self.progress {
                Some(progress) => progress,
                none => {
                    // Subscribers read earlier commits by themselves.
                    let span = store.span().await?;
                    let position = Position::after(span.last - 1);
                    let read = Cursor { epoch: span.epoch.into(), position };
                    none.insert(Progress { read, published: None })
                }
            };
            let commits = store.commits(progress.read.position.rest().0, MAX_COMMITS).await?;
            let Some(last) = commits.last().map(|commit| Position::after(commit.position)) else {
                return Ok(is_wanted);
            };
            while progress.read.position < last {
                let wants = |name: &_| channel.wants(name);
                let batch = self.batches.next(store, &commits, &progress.read, wants).await?;
                progress.read.position = batch.end;
                is_wanted |= batch.bytes > 0;
                // The first batch is published even if it is empty: an earlier subscriber may have to catch up.
                match progress.published.filter(|_| batch.bytes == 0) {
                    Some(published) => channel.skip(published, progress.read.position),
                    None => {
                        channel.publish(match progress.published.replace(progress.read.position) {
                            Some(published) => batch.since(published),
                            None => batch,
                        });
                    }
                }
            }
        }
    }
}
