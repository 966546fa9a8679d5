//! Live: publishes committed changes to subscribers, in commit order and without gaps.
//!
//! ```text
//! change log ─► reader: one for all subscribers, reads each row once ─► batches ─► subscriptions
//!      └──────────── a subscription that has fallen behind reads by itself ──────────┘
//! ```
//!
//! A program that copies a storage reads its [changes](feed) page by page instead of subscribing. A client with
//! several subscriptions has a [set](SubscriptionSet) of them, which can also deliver notices.
//!
//! The reader broadcasts what is new. A subscription that finds a gap between its position and the next batch,
//! because it was slow or has just begun, reads the change log by itself until it has caught up. Rows are
//! buffered up to a limit in bytes; the oldest batches lose their rows first, and a slow subscriber reads those
//! from the store.

mod batch;
mod buffer;
mod channel;
mod coalescer;
mod cursor;
mod device_filter;
mod event;
mod feed;
mod interest;
mod reader;
mod request;
mod set;
mod subscription;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio_util::sync::CancellationToken;

use self::{
    channel::{Channel, Counters},
    cursor::Position,
    interest::Interest,
};
pub use self::{
    cursor::Cursor,
    event::{Event, FRAME_KINDS},
    feed::{FeedPage, FeedPosition, FeedRequest, FeedStart, MAX_CHANGES},
    request::{Backfill, Coalescing, HubEventKind, SubscriptionRequest},
    set::{SetItem, SetSubscription, SubscriptionSet},
    subscription::{Delivery, Subscription},
};
pub(crate) use self::{
    device_filter::{DeviceFilter, DeviceRef},
    event::HubEvents,
    request::not_applicable,
};
use crate::{context::Context, error::Result, ingest::sources::Sources, store::Span};

/// Publishes commits to subscribers.
#[derive(Debug, Clone)]
pub struct Live {
    context: Context,
    sources: Sources,
    hub_events: &'static HubEvents,
    channel: Arc<Channel>,
    /// Cancelled when requests must no longer wait for changes.
    waits: CancellationToken,
}

/// The load of live subscriptions, for status and metrics. The counters only grow.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Number of subscribers.
    pub listeners: u64,
    /// Events delivered to all subscribers together.
    pub events: u64,
    /// Number of times a subscriber fell behind and read the change log by itself.
    pub behind: u64,
}

impl Live {
    pub(crate) fn new(context: Context, sources: Sources, hub_events: &'static HubEvents) -> Self {
        let waits = CancellationToken::new();
        Self { context, sources, hub_events, channel: Arc::new(Channel::new()), waits }
    }

    /// Subscribes to commits from now on, or from a given position.
    pub(crate) async fn subscribe(
        &self,
        request: SubscriptionRequest,
        devices: DeviceFilter,
    ) -> Result<Subscription> {
        self.channel.reader.call_once(|| reader::start(&self.context, &self.channel, self.hub_events));
        let catalogue = self.context.store.catalogue();
        let interest = Interest::of(&request, catalogue, &self.sources, self.hub_events)?;
        Subscription::open(&self.context, &self.channel, self.hub_events, request, interest, devices).await
    }

    /// Returns an empty set of subscriptions.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> datadump_core::Result<()> {
    /// use datadump_core::{
    ///     Dump, Incoming, NoticeKind, SourceName,
    ///     live::{SetItem, SetSubscription, SubscriptionRequest},
    /// };
    ///
    /// let dump = Dump::builder().database("sqlite::memory:").open().await?;
    /// let mut set = dump.live().set();
    /// let rows = dump.subscribe(SubscriptionRequest::default()).await?;
    /// set.insert("rows", SetSubscription::of_changes(rows, None)?);
    /// set.insert("inbox", SetSubscription::of_notices(vec![NoticeKind::Throw], None));
    ///
    /// let inbox = SourceName::parse("inbox").unwrap();
    /// dump.throw(&inbox, Incoming { body: r#"{"speed": 1.75}"#.into(), ..Incoming::default() }).await?;
    /// for _ in 0..2 {
    ///     let (name, item) = set.next().await.unwrap();
    ///     assert_eq!(&*name, if matches!(item, SetItem::Notice(_)) { "inbox" } else { "rows" });
    /// }
    /// dump.close().await;
    /// # Ok(()) }
    /// ```
    pub fn set(&self) -> SubscriptionSet {
        SubscriptionSet::new(self.context.notices.clone())
    }

    /// Returns the load of live subscriptions.
    pub fn load(&self) -> Load {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counters { events, behind } = &self.channel.counters;
        Load { listeners: self.channel.subscribers() as u64, events: get(events), behind: get(behind) }
    }

    /// Returns the position after everything that is committed now.
    pub async fn position(&self) -> Result<Cursor> {
        let span = self.context.store.span().await?;
        Ok(Cursor { epoch: span.epoch.into(), position: Position::after(span.last) })
    }

    /// Returns the range of the change log from which a subscription can resume.
    pub async fn change_log(&self) -> Result<Span> {
        self.context.store.span().await
    }

    pub(crate) fn close(&self) {
        self.stop_waiting();
        self.channel.close();
    }
}
