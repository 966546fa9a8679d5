//! Several subscriptions and notices for one consumer, which share one bound on memory.
//!
//! The subscriptions take turns: the one whose turn it is delivers what it holds before the next one receives or
//! reads anything, so that only one of them holds rows.

use std::{collections::VecDeque, mem, sync::Arc};

use futures_util::future::OptionFuture;
use tokio::time::{Instant, sleep_until};

use super::{Coalescing, Cursor, Delivery, Subscription, coalescer::Coalescer};
use crate::{
    error::Result,
    notices::{Notice, NoticeKind, NoticeReceiver, Notices, Received},
};

/// Maximum size of all coalesced events that wait, in bytes. Beyond it, the oldest are delivered early.
const MAX_COALESCED_BYTES: usize = 1 << 20;

/// Subscriptions, each with a name, for one consumer.
#[derive(Debug)]
pub struct SubscriptionSet {
    members: Vec<Member>,
    /// The member whose turn it is.
    turn: usize,
    notices: NoticeReceiver,
    /// Items made of the last notice, one for each member that wants it.
    announced: VecDeque<(Arc<str>, SetItem)>,
    /// True if the last item was a notice: then rows have precedence.
    was_notice: bool,
}

/// A subscription of a set.
#[derive(Debug, Default)]
pub struct SetSubscription {
    subscription: Option<Subscription>,
    coalescer: Option<Coalescer>,
    notices: Vec<NoticeKind>,
}

/// An item that a set delivers.
#[derive(Debug, Clone)]
pub enum SetItem {
    /// From the subscription.
    Delivery(Delivery),
    /// A notice.
    Notice(Arc<Notice>),
    /// This many notices of a kind were lost, because the consumer was slow.
    LostNotices(NoticeKind, u64),
}

#[derive(Debug)]
struct Member {
    name: Arc<str>,
    of: SetSubscription,
}

/// Action of a member in its turn.
enum Step {
    Deliver(Delivery),
    /// It has to read the store first.
    Read,
    /// It has received something that it does not deliver, or not yet.
    Received,
    Nothing,
}

impl SetSubscription {
    /// Returns a subscription to changes, limited to the newest events on request.
    ///
    /// # Errors
    ///
    /// If the storage does not have the fields by which its series are told apart.
    pub fn of_changes(subscription: Subscription, coalescing: Option<Coalescing>) -> Result<Self> {
        if let Some(coalescing) = &coalescing {
            subscription.check_series(&coalescing.by)?;
        }
        let coalescer = coalescing.map(Coalescer::new);
        Ok(Self { subscription: Some(subscription), coalescer, notices: Vec::new() })
    }

    /// Returns a subscription to notices, and to events of the hub.
    pub fn of_notices(notices: Vec<NoticeKind>, hub_events: Option<Subscription>) -> Self {
        Self { subscription: hub_events, coalescer: None, notices }
    }

    /// Takes a step. Nothing is received before everything that is held was delivered.
    fn step(&mut self, now: Instant, coalesced: usize) -> Step {
        let Some(subscription) = &mut self.subscription else { return Step::Nothing };
        let (mut has_received, before) = (false, self.coalescer.as_ref().map_or(0, Coalescer::bytes));
        loop {
            let Some(coalescer) = &mut self.coalescer else {
                if let Some(delivery) = subscription.pop() {
                    return Step::Deliver(delivery);
                }
                break;
            };
            if let Some(delivery) = coalescer.pop() {
                return Step::Deliver(delivery);
            }
            while let Some(delivery) = subscription.pop() {
                has_received = true;
                coalescer.push(delivery);
            }
            coalescer.tick(now);
            let others = coalesced.saturating_sub(before);
            while others + coalescer.bytes() > MAX_COALESCED_BYTES && coalescer.release_oldest() {}
            if !coalescer.has_due() {
                break;
            }
        }
        if has_received {
            Step::Received
        } else if subscription.is_reading() {
            Step::Read
        } else if subscription.try_wait() {
            Step::Received
        } else {
            Step::Nothing
        }
    }

    /// Returns whether it holds deliveries that need not wait.
    fn has_ready(&self) -> bool {
        self.subscription.as_ref().is_some_and(Subscription::has_ready)
            || self.coalescer.as_ref().is_some_and(Coalescer::has_due)
    }

    fn coalesced(&self) -> usize {
        self.coalescer.as_ref().map_or(0, Coalescer::bytes)
    }
}

impl SubscriptionSet {
    pub(super) fn new(notices: Notices) -> Self {
        Self {
            members: Vec::new(),
            turn: 0,
            notices: NoticeReceiver::new(notices),
            announced: VecDeque::new(),
            was_notice: false,
        }
    }

    /// Adds a subscription under a name, and replaces the one that had it.
    pub fn insert(&mut self, name: &str, subscription: SetSubscription) {
        self.remove(name);
        self.members.push(Member { name: name.into(), of: subscription });
        self.listen();
    }

    /// Removes a subscription; nothing of it is delivered any more. Returns whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.members.len();
        self.members.retain(|member| *member.name != *name);
        self.announced.retain(|(of, _)| **of != *name);
        self.turn = 0;
        self.listen();
        self.members.len() < before
    }

    /// Returns the number of subscriptions.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Returns whether there is no subscription.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Returns whether there is a subscription with this name.
    pub fn contains(&self, name: &str) -> bool {
        self.members.iter().any(|member| *member.name == *name)
    }

    /// Returns the position of each subscription that has passed events since its last delivery, or since the last
    /// call.
    pub fn progress(&mut self) -> Vec<(Arc<str>, Cursor)> {
        let progress = self.members.iter_mut().filter_map(|Member { name, of }| {
            // What is coalesced is not delivered.
            let is_empty = of.coalescer.as_ref().is_none_or(Coalescer::is_empty);
            let passed = of.subscription.as_mut().filter(|_| is_empty)?.progress()?;
            Some((name.clone(), passed))
        });
        progress.collect()
    }

    /// Waits for the next item. Returns `None` if the database is closed or does not respond.
    pub async fn next(&mut self) -> Option<(Arc<str>, SetItem)> {
        loop {
            // Notices must not keep a subscription from catching up.
            let reads_first = mem::take(&mut self.was_notice) && self.reading().is_some();
            if !reads_first && let Some(item) = self.try_next() {
                return Some(item);
            }
            if let Some(reading) = self.reading() {
                if !reading.read().await {
                    return None;
                }
                let has_read = reading.has_ready();
                self.turn += usize::from(!has_read);
                continue;
            }
            let due = self.members.iter().filter_map(|member| member.of.coalescer.as_ref()?.due_at()).min();
            let sleep = OptionFuture::from(due.map(sleep_until));
            // All receive the same batches: what wakes one of them wakes all.
            let first = self.members.iter_mut().position(|member| member.of.subscription.is_some());
            let subscription = first.and_then(|first| self.members.get_mut(first)?.of.subscription.as_mut());
            let received = OptionFuture::from(subscription.map(Subscription::wait));
            tokio::select! {
                Some(is_alive) = received => {
                    if !is_alive {
                        return None;
                    }
                    self.turn = first.unwrap_or_default();
                }
                notice = self.notices.next() => self.announce(&notice),
                Some(()) = sleep => {}
            }
        }
    }

    /// Returns the next item if there is one without waiting and reading.
    pub fn try_next(&mut self) -> Option<(Arc<str>, SetItem)> {
        if self.was_notice {
            self.was_notice = false;
            let rows = self.next_of_rows();
            return rows.or_else(|| self.next_of_notices());
        }
        let notice = self.next_of_notices();
        notice.or_else(|| self.next_of_rows())
    }

    fn next_of_notices(&mut self) -> Option<(Arc<str>, SetItem)> {
        while self.announced.is_empty() {
            let notice = self.notices.try_next()?;
            self.announce(&notice);
        }
        let item = self.announced.pop_front()?;
        self.was_notice = true;
        Some(item)
    }

    fn next_of_rows(&mut self) -> Option<(Arc<str>, SetItem)> {
        let (now, mut idle) = (Instant::now(), 0);
        let mut coalesced: usize = self.members.iter().map(|member| member.of.coalesced()).sum();
        while idle < self.members.len() {
            let Some(member) = self.members.get_mut(self.turn) else {
                self.turn = 0;
                continue;
            };
            let before = member.of.coalesced();
            let step = member.of.step(now, coalesced);
            coalesced = (coalesced + member.of.coalesced()).saturating_sub(before);
            match step {
                Step::Deliver(delivery) => {
                    let name = member.name.clone();
                    self.turn += usize::from(!member.of.has_ready());
                    return Some((name, SetItem::Delivery(delivery)));
                }
                Step::Read => return None,
                Step::Received => {
                    idle = 0;
                    self.turn += usize::from(!member.of.has_ready());
                }
                Step::Nothing => {
                    idle += 1;
                    self.turn += 1;
                }
            }
        }
        None
    }

    /// Returns the subscription whose turn it is, if it has to read the store.
    fn reading(&mut self) -> Option<&mut Subscription> {
        let subscription = self.members.get_mut(self.turn)?.of.subscription.as_mut()?;
        subscription.is_reading().then_some(subscription)
    }

    fn announce(&mut self, received: &Received) {
        let (kind, item) = match received {
            Received::Notice(notice) => (notice.kind(), SetItem::Notice(notice.clone())),
            Received::Lost(kind, lost) => (*kind, SetItem::LostNotices(*kind, *lost)),
        };
        let wanting = self.members.iter().filter(|member| member.of.notices.contains(&kind));
        self.announced.extend(wanting.map(|member| (member.name.clone(), item.clone())));
    }

    fn listen(&mut self) {
        let members = &self.members;
        self.notices.listen(|kind| members.iter().any(|member| member.of.notices.contains(&kind)));
    }
}
