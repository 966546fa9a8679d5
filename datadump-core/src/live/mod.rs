//! Live: publishes what is committed to subscribers, in commit order and without gaps.
//!
//! ```text
//! change log ─► reader: one for all subscribers, reads each row once ─► batches ─► subscriptions
//!      └──────────── a subscription that has fallen behind reads by itself ──────────┘
//! ```
//!
//! The reader broadcasts what is new. A subscription that finds a gap between its position and the next batch,
//! because it was slow or has just begun, reads the change log by itself until it has caught up. Rows are
//! buffered up to a limit in bytes; the oldest batches lose their rows first, and a slow subscriber reads those
//! from the store.

mod batch;
mod buffer;
mod cursor;
mod device_filter;
mod event;
mod interest;
mod reader;
mod subscription;

use std::{
    collections::HashMap,
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::broadcast;

use self::{batch::EventBatch, buffer::EventBuffer, cursor::Position, interest::Interest};
pub use self::{
    cursor::Cursor,
    event::{Event, FRAME_KINDS},
    subscription::{Backfill, Delivery, Subscription, SubscriptionRequest},
};
pub(crate) use self::{
    device_filter::{DeviceFilter, DeviceRef},
    event::HubEvents,
};
use crate::{
    context::Context,
    error::{Error, Result},
    ingest::sources::Sources,
    schema::StorageName,
    store::Span,
};

/// Maximum number of batches that wait for slow subscribers.
const MAX_BUFFERED_BATCHES: usize = 1024;

/// Maximum bytes of rows in those batches, not counting the newest.
const MAX_BUFFERED_BYTES: usize = 32 << 20;

/// Publishes commits to subscribers.
#[derive(Debug, Clone)]
pub struct Live {
    context: Context,
    sources: Sources,
    hub_events: &'static HubEvents,
    channel: Arc<Channel>,
}

/// The channel between the reader and the subscriptions.
#[derive(Debug)]
struct Channel {
    /// None once the database is closed.
    batches: Mutex<Option<broadcast::Sender<Arc<EventBatch>>>>,
    buffer: Mutex<EventBuffer>,
    /// Between the first position and the second, which the reader has reached, nobody wanted anything: no
    /// subscriber is woken for that.
    skipped: Mutex<Option<(Position, Position)>>,
    interests: Mutex<HashMap<u64, Interest>>,
    next_id: AtomicU64,
    reader: Once,
    counters: Counters,
}

/// Counters since the start.
#[derive(Debug, Default)]
struct Counters {
    events: AtomicU64,
    behind: AtomicU64,
}

/// The load of live subscriptions, for status and metrics. The counters only grow.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Number of subscribers.
    pub listeners: u64,
    /// Events delivered to all subscribers together.
    pub events: u64,
    /// How often a subscriber fell behind and read the change log by itself.
    pub behind: u64,
}

/// Registers the interest of a subscription until it is dropped.
#[derive(Debug)]
struct Registration {
    channel: Arc<Channel>,
    id: u64,
}

impl Channel {
    fn new() -> Self {
        Self {
            batches: Mutex::new(Some(broadcast::Sender::new(MAX_BUFFERED_BATCHES))),
            buffer: Mutex::new(EventBuffer::new(MAX_BUFFERED_BYTES)),
            skipped: Mutex::default(),
            interests: Mutex::default(),
            next_id: AtomicU64::new(0),
            reader: Once::new(),
            counters: Counters::default(),
        }
    }

    /// Whether any subscriber wants changes of this storage.
    fn wants(&self, storage: &StorageName) -> bool {
        self.interests.lock().values().any(|interest| interest.has(storage))
    }

    /// Number of subscribers, without those of the service itself.
    fn subscribers(&self) -> usize {
        self.interests.lock().values().filter(|interest| !matches!(interest, Interest::System(_))).count()
    }

    fn register(
        self: &Arc<Self>,
        interest: Interest,
    ) -> Result<(Registration, broadcast::Receiver<Arc<EventBatch>>)> {
        let batches = self.batches().as_ref().map(broadcast::Sender::subscribe);
        let batches = batches.ok_or_else(|| Error::Unavailable("the database is closed".into()))?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.interests.lock().insert(id, interest);
        Ok((Registration { channel: self.clone(), id }, batches))
    }

    fn has_receivers(&self) -> bool {
        self.batches().as_ref().is_some_and(|batches| batches.receiver_count() > 0)
    }

    fn publish(&self, batch: EventBatch) {
        let batch = Arc::new(batch);
        self.buffer.lock().push(&batch);
        if let Some(batches) = &*self.batches() {
            // Without receivers nobody misses it.
            let _ = batches.send(batch);
        }
    }

    /// Notes that nothing was wanted between the last published position and this one.
    fn skip(&self, published: Position, reached: Position) {
        *self.skipped.lock() = Some((published, reached));
    }

    /// The position of a subscriber that has received everything published, and is at this position.
    fn reached(&self, position: Position) -> Position {
        let skipped = *self.skipped.lock();
        skipped.filter(|(published, _)| *published <= position).map_or(position, |(_, end)| position.max(end))
    }

    fn batches(&self) -> MutexGuard<'_, Option<broadcast::Sender<Arc<EventBatch>>>> {
        self.batches.lock()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.channel.interests.lock().remove(&self.id);
    }
}

impl Live {
    pub(crate) fn new(context: Context, sources: Sources, hub_events: &'static HubEvents) -> Self {
        Self { context, sources, hub_events, channel: Arc::new(Channel::new()) }
    }

    /// Subscribes to what is committed from now on, or from a position on.
    pub(crate) async fn subscribe(
        &self,
        request: SubscriptionRequest,
        devices: DeviceFilter,
    ) -> Result<Subscription> {
        self.channel.reader.call_once(|| reader::start(self));
        let interest = Interest::of(self, &request)?;
        Subscription::open(self, request, interest, devices).await
    }

    /// The load of live subscriptions.
    pub fn load(&self) -> Load {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { events, behind } = &self.channel.counters;
        Load { listeners: self.channel.subscribers() as u64, events: get(events), behind: get(behind) }
    }

    /// The range of the change log from which a subscription can resume.
    pub async fn change_log(&self) -> Result<Span> {
        self.context.store.span().await
    }

    /// Ends all subscriptions.
    pub(crate) fn close(&self) {
        self.channel.batches().take();
    }
}
