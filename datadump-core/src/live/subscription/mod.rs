//! A subscription: receives batches, catches up after a break, and filters events.

mod backfill;

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, atomic::Ordering},
};

use futures_util::{Stream, stream};
use tokio::{
    sync::broadcast::{
        self,
        error::{RecvError, TryRecvError},
    },
    task::coop::consume_budget,
};

use super::{
    batch::{BatchReader, EventBatch},
    channel::{Channel, Registration},
    cursor::{Cursor, Position},
    device_filter::DeviceFilter,
    event::{Event, HubEvents},
    interest::Interest,
    request::{SubscriptionRequest, not_applicable},
};
use crate::{
    context::Context,
    error::Result,
    schema::{InForce, StorageId, StorageName, Value},
    store::{ChangeKind, Commit, Filter, Store, query::parse, system_storages::SystemStorage},
};

/// Maximum number of commits that a subscription reads at a time while it catches up.
const MAX_COMMITS: usize = 16;

/// An item delivered by a subscription.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// A row that changed, or one of the backfill.
    Event(Arc<Event>),
    /// A missing part of the change log, which is no longer retained or belongs to another database.
    Gap {
        /// The last position that was delivered.
        from: Cursor,
        /// The position at which delivery continues.
        to: Cursor,
    },
}

/// A subscription to committed changes.
#[derive(Debug)]
pub struct Subscription {
    store: Arc<dyn Store>,
    hub_events: &'static HubEvents,
    batches: broadcast::Receiver<Arc<EventBatch>>,
    registration: Registration,
    interest: Interest,
    devices: DeviceFilter,
    filters: Vec<(String, String)>,
    /// The filters, parsed for one version of the storage.
    filter: Option<(Arc<InForce>, Option<Filter>)>,
    epoch: Arc<str>,
    /// The position up to which it has read, including deliveries that are ready.
    position: Position,
    /// The position up to which it has delivered.
    delivered: Position,
    /// Rows of the backfill that are not read yet.
    backfill: VecDeque<(StorageId, Value)>,
    /// Deliveries that are ready, at most one batch.
    ready: VecDeque<Delivery>,
    /// Commits read while catching up; `None` when it is up to date.
    catching_up: Option<Vec<Commit>>,
    reader: BatchReader,
    /// Versions of rows that the backfill has delivered, and the commit up to which they may be delivered
    /// again.
    backfilled: HashMap<(StorageName, String), i32>,
    backfilled_until: i64,
}

impl Subscription {
    pub(super) async fn open(
        context: &Context,
        channel: &Arc<Channel>,
        hub_events: &'static HubEvents,
        request: SubscriptionRequest,
        interest: Interest,
        devices: DeviceFilter,
    ) -> Result<Self> {
        if !request.filters.is_empty() && interest.one().is_none() {
            return Err(not_applicable("storage", "filters apply to one storage, which must be named"));
        }
        let store = &context.store;
        // Registered before the position is read, so that nothing committed after it is missed.
        let (registration, batches) = channel.register(interest.clone())?;
        let span = store.span().await?;
        let mut subscription = Self {
            store: store.clone(),
            hub_events,
            batches,
            registration,
            interest,
            devices,
            filters: request.filters,
            filter: None,
            position: Position::after(span.last),
            delivered: Position::after(span.last),
            backfill: VecDeque::new(),
            ready: VecDeque::new(),
            catching_up: None,
            reader: BatchReader::new(hub_events),
            backfilled: HashMap::new(),
            backfilled_until: span.last,
            epoch: span.epoch.into(),
        };
        if let Some(name) = subscription.interest.one()
            && !subscription.filters.is_empty()
        {
            let storage = store.catalogue().find(name.as_str())?;
            subscription.filter_for(storage.ready()?)?;
        }
        if let Some(from) = request.from {
            subscription.resume_from(from, span.last);
            subscription.delivered = subscription.position;
        } else if let Some(backfill) = request.backfill {
            subscription.plan_backfill(backfill, context.now()).await?;
        }
        Ok(subscription)
    }

    /// Checks that these fields of its storage exist, by which its series are told apart.
    pub(super) fn check_series(&self, fields: &[String]) -> Result<()> {
        if fields.is_empty() {
            return Ok(());
        }
        let detail = "series by field are those of one storage, which must be named";
        let name = self.interest.one().ok_or_else(|| not_applicable("by", detail))?;
        let storage = self.store.catalogue().find(name.as_str())?;
        let definition = &storage.ready()?.definition;
        match fields.iter().find(|field| definition.field(field).is_none()) {
            Some(unknown) => Err(not_applicable("by", format!("storage `{name}` has no field `{unknown}`"))),
            None => Ok(()),
        }
    }

    /// Returns the current position, if it is beyond the last delivered event and the last position returned
    /// by this function.
    pub fn progress(&mut self) -> Option<Cursor> {
        let cursor = Some(self.cursor()).filter(|cursor| cursor.position > self.delivered)?;
        self.delivered = cursor.position;
        Some(cursor)
    }

    /// Returns the current position; everything of interest up to it has been delivered.
    pub fn cursor(&self) -> Cursor {
        let is_all_delivered = self.ready.is_empty() && self.backfill.is_empty();
        self.at(match &self.catching_up {
            _ if !is_all_delivered => self.delivered,
            Some(_) => self.position,
            None => self.registration.channel.reached(self.position),
        })
    }

    /// Returns whether [`pop`](Self::pop) has a delivery.
    pub(super) fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Returns the next delivery that is ready.
    pub(super) fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.ready.pop_front()?;
        match &delivery {
            Delivery::Event(event) => {
                self.delivered = event.cursor().map_or(self.delivered, |cursor| cursor.position);
                self.registration.channel.counters.events.fetch_add(1, Ordering::Relaxed);
            }
            Delivery::Gap { to, .. } => self.delivered = to.position,
        }
        Some(delivery)
    }

    /// Waits for the next delivery. Returns `None` if the database is closed or does not respond; a new
    /// subscription can resume from the cursor.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            if let Some(delivery) = self.pop() {
                return Some(delivery);
            }
            let is_alive = if self.is_reading() { self.read().await } else { self.wait().await };
            if !is_alive {
                return None;
            }
        }
    }

    /// Returns whether it has to read the store before it can deliver more.
    pub(super) fn is_reading(&self) -> bool {
        !self.backfill.is_empty() || self.catching_up.is_some()
    }

    /// Reads the next rows from the store. Returns whether that was possible.
    pub(super) async fn read(&mut self) -> bool {
        let read = if self.backfill.is_empty() { self.catch_up().await } else { self.read_backfill().await };
        read.inspect_err(|error| tracing::debug!(%error, "a subscription failed")).is_ok()
    }

    /// Waits for the next batch. Returns `false` if the database is closed.
    pub(super) async fn wait(&mut self) -> bool {
        match self.batches.recv().await {
            Ok(batch) => self.receive(&batch),
            Err(RecvError::Lagged(_)) => self.fall_behind(),
            Err(RecvError::Closed) => return false,
        }
        true
    }

    /// Takes the next batch if there is one without waiting. Returns whether there was.
    pub(super) fn try_wait(&mut self) -> bool {
        match self.batches.try_recv() {
            Ok(batch) => self.receive(&batch),
            Err(TryRecvError::Lagged(_)) => self.fall_behind(),
            Err(TryRecvError::Empty | TryRecvError::Closed) => return false,
        }
        true
    }

    /// Converts the subscription into a stream of deliveries.
    pub fn stream(self) -> impl Stream<Item = Delivery> + Send {
        stream::unfold(self, async |mut subscription| {
            subscription.next().await.map(|next| (next, subscription))
        })
    }

    /// Returns the next delivery if there is one without waiting.
    pub fn try_next(&mut self) -> Option<Delivery> {
        loop {
            if let Some(delivery) = self.pop() {
                return Some(delivery);
            }
            if self.is_reading() || !self.try_wait() {
                return None;
            }
        }
    }

    /// Handles the next batch: skips what has been delivered already, and catches up if there is a gap before
    /// it.
    fn receive(&mut self, batch: &EventBatch) {
        if batch.end <= self.position {
            return;
        }
        let none_wanted = || !batch.storages.iter().any(|storage| self.interest.has(storage));
        match batch.events() {
            Some(events) if batch.start <= self.position => self.take(batch.end, &events),
            None if batch.start <= self.position && none_wanted() => self.take(batch.end, &[]),
            _ => self.fall_behind(),
        }
    }

    /// Reads the change log by itself until it has caught up.
    fn fall_behind(&mut self) {
        self.catching_up = Some(Vec::new());
        self.registration.channel.counters.behind.fetch_add(1, Ordering::Relaxed);
    }

    fn at(&self, position: Position) -> Cursor {
        Cursor { epoch: self.epoch.clone(), position }
    }

    /// Resumes after a cursor. A part of the change log that is no longer retained is only found to be
    /// missing when it is read.
    fn resume_from(&mut self, from: Cursor, last: i64) {
        let (after, _) = from.position.rest();
        if from.epoch != self.epoch || after > last {
            self.ready.push_back(Delivery::Gap { from, to: self.at(self.position) });
            return;
        }
        self.position = from.position;
        self.catching_up = Some(Vec::new());
    }

    /// Reads the next part of the change log; at its end the subscription is up to date.
    async fn catch_up(&mut self) -> Result<()> {
        let Some(commits) = &mut self.catching_up else { return Ok(()) };
        // Long stretches may contain nothing of interest: let other tasks run in between.
        consume_budget().await;
        let (after, _) = self.position.rest();
        if commits.last().is_none_or(|last| Position::after(last.position) <= self.position) {
            *commits = self.store.commits(after, MAX_COMMITS).await?;
            let Some(first) = commits.first() else {
                self.catching_up = None;
                return Ok(());
            };
            if first.position > after + 1 {
                let to = Position::after(first.position - 1);
                let from = std::mem::replace(&mut self.position, to);
                let from = self.at(from);
                self.ready.push_back(Delivery::Gap { from, to: self.at(to) });
                return Ok(());
            }
        }
        let wants = |name: &_| self.interest.has(name);
        let after = Cursor { epoch: self.epoch.clone(), position: self.position };
        let batch = self.reader.next(self.store.as_ref(), commits, &after, wants).await?;
        self.take(batch.end, &batch.events().unwrap_or_default());
        Ok(())
    }

    /// Queues the events of interest for delivery.
    fn take(&mut self, end: Position, events: &[Arc<Event>]) {
        for event in events {
            let is_new = event.cursor().is_none_or(|cursor| cursor.position > self.position);
            if is_new && self.interest.has(&event.storage) && !self.is_backfilled(event) && self.passes(event)
            {
                self.ready.push_back(Delivery::Event(event.clone()));
            }
        }
        self.position = end;
        if self.position > Position::after(self.backfilled_until) {
            self.backfilled = HashMap::new();
        }
    }

    /// Returns whether the backfill has delivered the row as it was after this change.
    fn is_backfilled(&mut self, event: &Event) -> bool {
        if self.backfilled.is_empty() {
            return false;
        }
        let Some(row) = event.change.row() else {
            // The rows that were removed are not known by key. A row that is recreated starts with version 1.
            self.backfilled.retain(|(storage, _), _| *storage != event.storage);
            return false;
        };
        let key = (event.storage.clone(), format!("{:?}", row.key));
        if row.kind == ChangeKind::Deleted {
            // The same.
            self.backfilled.remove(&key);
        }
        self.backfilled.get(&key).is_some_and(|version| row.version <= *version)
    }

    fn passes(&mut self, event: &Event) -> bool {
        // Old transitions and commands are cleaned up; that is not an event.
        let is_cleaned_up =
            matches!(event.system(), Some((SystemStorage::Transition | SystemStorage::Command, _)));
        if is_cleaned_up && event.kind() == Some(ChangeKind::Deleted) {
            return false;
        }
        if event.stored.as_ref().is_some_and(|stored| !self.devices.matches(&stored.in_force, &stored.row)) {
            return false;
        }
        if self.filters.is_empty() {
            return true;
        }
        let Some(stored) = &event.stored else { return true };
        match self.filter_for(&stored.in_force) {
            Ok(filter) => filter.is_none_or(|filter| filter.matches(&stored.row)),
            // A field used in a filter was dropped: nothing passes.
            Err(_) => false,
        }
    }

    fn filter_for(&mut self, in_force: &Arc<InForce>) -> Result<Option<&Filter>> {
        let known = self
            .filter
            .as_ref()
            .is_some_and(|(known, _)| (known.storage, known.version) == (in_force.storage, in_force.version));
        if !known {
            let filter = parse::filters(&in_force.definition, &self.filters)?;
            self.filter = Some((in_force.clone(), filter));
        }
        Ok(self.filter.as_ref().and_then(|(_, filter)| filter.as_ref()))
    }
}
