//! The channel between the reader of the change log and the subscriptions.

use std::{
    collections::HashMap,
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::sync::broadcast;

use super::{batch::EventBatch, buffer::EventBuffer, cursor::Position, interest::Interest};
use crate::{
    error::{Error, Result},
    schema::StorageName,
};

/// Maximum number of batches that wait for slow subscribers.
const MAX_BUFFERED_BATCHES: usize = 1024;

/// Maximum size of the rows in those batches in bytes, not counting the newest batch.
const MAX_BUFFERED_BYTES: usize = 32 << 20;

/// The channel between the reader and the subscriptions.
#[derive(Debug)]
pub(super) struct Channel {
    /// `None` once the database is closed.
    batches: Mutex<Option<broadcast::Sender<Arc<EventBatch>>>>,
    buffer: Mutex<EventBuffer>,
    /// A range of positions in which no subscriber wanted anything, up to the reader's position; no
    /// subscriber is woken for it.
    skipped: Mutex<Option<(Position, Position)>>,
    interests: Mutex<HashMap<u64, Interest>>,
    next_id: AtomicU64,
    pub(super) reader: Once,
    pub(super) counters: Counters,
}

/// Counters since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) events: AtomicU64,
    pub(super) behind: AtomicU64,
}

/// Registers the interest of a subscription until it is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) channel: Arc<Channel>,
    id: u64,
}

impl Channel {
    pub(super) fn new() -> Self {
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

    /// Returns whether any subscriber wants changes of this storage.
    pub(super) fn wants(&self, storage: &StorageName) -> bool {
        self.interests.lock().values().any(|interest| interest.has(storage))
    }

    /// Returns the number of subscribers, not counting the service's own.
    pub(super) fn subscribers(&self) -> usize {
        self.interests.lock().values().filter(|interest| !matches!(interest, Interest::System(_))).count()
    }

    pub(super) fn register(
        self: &Arc<Self>,
        interest: Interest,
    ) -> Result<(Registration, broadcast::Receiver<Arc<EventBatch>>)> {
        let batches = self.batches.lock().as_ref().map(broadcast::Sender::subscribe);
        let batches = batches.ok_or_else(|| Error::Unavailable("the database is closed".into()))?;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.interests.lock().insert(id, interest);
        Ok((Registration { channel: self.clone(), id }, batches))
    }

    pub(super) fn has_receivers(&self) -> bool {
        self.batches.lock().as_ref().is_some_and(|batches| batches.receiver_count() > 0)
    }

    pub(super) fn publish(&self, batch: EventBatch) {
        let batch = Arc::new(batch);
        self.buffer.lock().push(&batch);
        if let Some(batches) = &*self.batches.lock() {
            // Sending fails only if there are no receivers.
            let _ = batches.send(batch);
        }
    }

    /// Records that nothing was wanted between the last published position and this one.
    pub(super) fn skip(&self, published: Position, reached: Position) {
        *self.skipped.lock() = Some((published, reached));
    }

    /// Returns the position that a subscriber at `position` has reached, including a skipped range that
    /// follows.
    pub(super) fn reached(&self, position: Position) -> Position {
        let skipped = *self.skipped.lock();
        skipped.filter(|(published, _)| *published <= position).map_or(position, |(_, end)| position.max(end))
    }

    pub(super) fn close(&self) {
        self.batches.lock().take();
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.channel.interests.lock().remove(&self.id);
    }
}
