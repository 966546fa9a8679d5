//! Live: what is committed, told to whoever listens, in the order of the commits, with nothing left out.
//!
//! ```text
//! feed ─► follower: one for all who listen; asks for the rows once ─► pieces ─► subscriptions
//!   └───────────────── who is behind, or begins behind, reads by itself ──────────┘
//! ```
//!
//! The follower says what is new to all at once. A subscription that finds that a piece is not the next one for
//! it (it was slow, or it has just begun) reads the feed by itself until it has caught up. So little waits in
//! memory for those who are slow, and what a stream brings depends on the database alone: of the pieces that wait
//! the oldest lose their rows when these are too many bytes, and who still wants them reads them by itself.

mod cursor;
mod event;
mod follow;
mod kept;
mod of;
mod piece;
mod subscription;
mod wanted;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::broadcast;

pub(super) use self::of::{Named, Of};
pub use self::{
    cursor::Cursor,
    event::{Event, WAYS},
    subscription::{Backfill, Subscribe, Subscription, Told},
};
use self::{cursor::Place, kept::Kept, piece::Piece, wanted::Wanted};
use super::Dump;
use crate::{
    error::{Error, Result},
    schema::StorageName,
    store::Span,
};

/// How many pieces wait for those who are slow.
const WAITING: usize = 1024;

/// How many bytes of rows wait with them, beside those of the newest.
const WAITING_BYTES: usize = 32 << 20;

/// Who listens.
#[derive(Debug)]
pub(super) struct Live {
    /// None when the database is closed.
    pieces: Mutex<Option<broadcast::Sender<Arc<Piece>>>>,
    kept: Mutex<Kept>,
    /// Between these, the later of which the follower has reached, nothing was wanted: nobody is woken for that.
    passed: Mutex<Option<(Place, Place)>>,
    wanted: Mutex<HashMap<u64, Wanted>>,
    next: AtomicU64,
    followed: Once,
    counted: Counted,
}

/// What was counted since the start.
#[derive(Debug, Default)]
struct Counted {
    events: AtomicU64,
    behind: AtomicU64,
}

/// What listening comes to, for status and metrics. The counters only grow.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// How many listen.
    pub listeners: u64,
    /// Events told, to all of them together.
    pub events: u64,
    /// How often one was behind, and has read by itself until it had caught up.
    pub behind: u64,
}

/// That somebody listens, until it is dropped.
#[derive(Debug)]
struct Listening {
    live: Arc<Live>,
    number: u64,
}

impl Live {
    pub(super) fn new() -> Self {
        Self {
            pieces: Mutex::new(Some(broadcast::Sender::new(WAITING))),
            kept: Mutex::new(Kept::new(WAITING_BYTES)),
            passed: Mutex::default(),
            wanted: Mutex::default(),
            next: AtomicU64::new(0),
            followed: Once::new(),
            counted: Counted::default(),
        }
    }

    /// Whether somebody wants what happens in this storage.
    fn wants(&self, storage: &StorageName) -> bool {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).values().any(|wanted| wanted.has(storage))
    }

    /// How many listen; this process itself is nobody.
    fn listeners(&self) -> usize {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.values().filter(|wanted| !matches!(wanted, Wanted::SystemStorage(_))).count()
    }

    fn load(&self) -> Load {
        let listeners = self.listeners() as u64;
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Load { listeners, events: get(&self.counted.events), behind: get(&self.counted.behind) }
    }

    fn listen(self: &Arc<Self>, wanted: Wanted) -> Result<(Listening, broadcast::Receiver<Arc<Piece>>)> {
        let pieces = self.pieces().as_ref().map(broadcast::Sender::subscribe);
        let pieces = pieces.ok_or_else(|| Error::Unavailable("the database is closed".into()))?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).insert(number, wanted);
        Ok((Listening { live: self.clone(), number }, pieces))
    }

    fn is_listened_to(&self) -> bool {
        self.pieces().as_ref().is_some_and(|pieces| pieces.receiver_count() > 0)
    }

    fn tell(&self, piece: Piece) {
        let piece = Arc::new(piece);
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).keep(&piece);
        if let Some(pieces) = &*self.pieces() {
            // When nobody listens any more nobody misses it.
            let _ = pieces.send(piece);
        }
    }

    /// Nothing was wanted between the last that was told and here.
    fn pass(&self, told: Place, here: Place) {
        *self.passed.lock().unwrap_or_else(PoisonError::into_inner) = Some((told, here));
    }

    /// How far one is who is here and has heard all that was told.
    fn passed(&self, here: Place) -> Place {
        let passed = *self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        passed.filter(|(told, _)| *told <= here).map_or(here, |(_, read)| here.max(read))
    }

    /// Nothing is told any more.
    pub(super) fn close(&self) {
        self.pieces().take();
    }

    fn pieces(&self) -> MutexGuard<'_, Option<broadcast::Sender<Arc<Piece>>>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.live.wanted.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.number);
    }
}

impl Dump {
    /// Tells what is committed from now on, or from a position on: every change of a row in the order of the
    /// commits, those of other nodes too.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{Dump, Incoming, SourceName, live::{Subscribe, Told}};
    /// use futures_util::StreamExt as _;
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let mut told = Box::pin(dump.subscribe(Subscribe::default()).await?.stream());
    /// let inbox = SourceName::parse("inbox").unwrap();
    /// dump.throw(&inbox, Incoming { body: r#"{"speed": 1.75}"#.into(), ..Incoming::default() }).await?;
    /// while let Some(one) = told.next().await {
    ///     if let Told::Event(event) = one {
    ///         assert!(event.data().contains("1.75"));
    ///         break;
    ///     }
    /// }
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub async fn subscribe(&self, asked: Subscribe) -> Result<Subscription> {
        let of = self.of(asked.device.as_deref(), asked.sensor.as_deref()).await?;
        self.listen(asked, of).await
    }

    /// The same for what is known already.
    pub(super) async fn listen(&self, asked: Subscribe, of: Of) -> Result<Subscription> {
        self.live.followed.call_once(|| follow::start(&self.store, &self.live));
        let wanted = Wanted::of(self, &asked)?;
        Subscription::open(&self.store, &self.live, asked, (wanted, of), self.clock.now()).await
    }

    /// What listening comes to.
    pub fn listening(&self) -> Load {
        self.live.load()
    }

    /// What there is of the feed: from where on one can [subscribe](Self::subscribe).
    pub async fn feed(&self) -> Result<Span> {
        self.store.span().await
    }
}
