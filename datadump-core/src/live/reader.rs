//! Reads the feed as it grows, and tells everybody who listens.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    Live,
    cursor::{Cursor, Place},
    piece::Reading,
};
use crate::{error::Result, store::Store};

/// How many commits are read at a time.
const COMMITS: usize = 256;

/// How long news gather when only this process itself listens: what it changes it knows, so this is how late it
/// hears of other nodes.
const OWN: Duration = Duration::from_millis(50);

/// How long they gather after some that nobody wanted, until they are read again: who listens to a quiet storage
/// is to cost little beside a busy one.
const UNWANTED: Duration = Duration::from_millis(5);

/// How long they gather for each who listens, after some that were told, and the longest: until about then those who
/// listen are busy taking what they were told, and what comes meanwhile costs less together.
const EACH: Duration = Duration::from_micros(20);
const ALL: Duration = Duration::from_millis(20);

/// Before it is tried again, after the database did not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// Follows until the store is closed, or nobody has it any more.
pub(super) fn start(store: &Arc<dyn Store>, live: &Arc<Live>) {
    let news = store.commit_signal();
    let (store, live) = (Arc::downgrade(store), Arc::downgrade(live));
    let follower = Follower { store, live, at: None, reading: Reading::new() };
    tokio::spawn(follower.run(news));
}

struct Follower {
    store: Weak<dyn Store>,
    live: Weak<Live>,
    /// Where it is; none while nobody listens.
    at: Option<At>,
    reading: Reading,
}

/// How far a follower has come.
struct At {
    /// With reading.
    read: Cursor,
    /// With telling; none as yet. Nothing of what lies between was wanted.
    told: Option<Place>,
}

impl Follower {
    async fn run(mut self, mut news: watch::Receiver<u64>) {
        loop {
            let told = self.tell().await;
            if let Err(error) = &told {
                tracing::debug!(%error, "what was committed could not be told; it is tried again");
                news.mark_changed();
            }
            let ended = Instant::now();
            if news.changed().await.is_err() || self.store.strong_count() == 0 {
                return;
            }
            let listeners = self.live.upgrade().map_or(1, |live| live.listeners());
            let for_all = ALL.min(EACH.saturating_mul(u32::try_from(listeners).unwrap_or(u32::MAX)));
            let gather = match told {
                Err(_) => PAUSE,
                Ok(_) if listeners == 0 => OWN,
                Ok(false) => for_all.max(UNWANTED),
                Ok(true) => for_all,
            };
            // The clock of a sleep counts milliseconds.
            if gather >= Duration::from_millis(1) {
                tokio::time::sleep_until((ended + gather).into()).await;
            }
            news.mark_unchanged();
        }
    }

    /// Tells all that is new; whether anybody wanted any of it.
    async fn tell(&mut self) -> Result<bool> {
        let mut is_wanted = false;
        let (Some(store), Some(live)) = (self.store.upgrade(), self.live.upgrade()) else {
            return Ok(is_wanted);
        };
        loop {
            if !live.is_listened_to() {
                self.at = None;
                return Ok(is_wanted);
            }
            let at = match &mut self.at {
                Some(at) => at,
                none => {
                    // Who listens already reads by itself what was before.
                    let span = store.span().await?;
                    let read = Cursor { epoch: span.epoch.into(), place: Place::behind(span.last - 1) };
                    none.insert(At { read, told: None })
                }
            };
            let commits = store.commits(at.read.place.rest().0, COMMITS).await?;
            let Some(last) = commits.last().map(|commit| Place::behind(commit.position)) else {
                return Ok(is_wanted);
            };
            while at.read.place < last {
                let wants = |name: &_| live.wants(name);
                let piece = self.reading.next(store.as_ref(), &commits, &at.read, wants).await?;
                at.read.place = piece.behind;
                is_wanted |= piece.bytes > 0;
                // The first is told in any case: who has begun to listen before may have to read by itself.
                match at.told.filter(|_| piece.bytes == 0) {
                    Some(told) => live.pass(told, at.read.place),
                    None => {
                        live.tell(match at.told.replace(at.read.place) {
                            Some(told) => piece.since(told),
                            None => piece,
                        });
                    }
                }
            }
        }
    }
}
