//! A byte-bounded buffer of rows for slow subscribers.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
};

use super::batch::EventBatch;

/// The published batches that a subscriber may not have received yet.
#[derive(Debug)]
pub(super) struct EventBuffer {
    max_bytes: usize,
    bytes: usize,
    /// Oldest first, each with its size.
    batches: VecDeque<(Weak<EventBatch>, usize)>,
}

impl EventBuffer {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, bytes: 0, batches: VecDeque::new() }
    }

    /// Adds a batch, and drops the rows of the oldest batches when there are too many bytes. The newest batch
    /// keeps its rows whatever its size, because most subscribers are about to receive it.
    pub(super) fn push(&mut self, batch: &Arc<EventBatch>) {
        // Batches are received in order, so all batches after the first one that is still alive are alive
        // too.
        while let Some((oldest, bytes)) = self.batches.front() {
            let oldest = oldest.upgrade();
            if oldest.is_some() && self.bytes <= self.max_bytes {
                break;
            }
            if let Some(oldest) = oldest {
                oldest.drop_rows();
            }
            self.bytes -= bytes;
            self.batches.pop_front();
        }
        self.bytes += batch.bytes;
        self.batches.push_back((Arc::downgrade(batch), batch.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::Timestamp,
        live::{HubEvents, cursor::Position, event::Event},
        schema::{InForce, StorageId, StoredRow, Value, parse},
    };

    static HUB_EVENTS: HubEvents = HubEvents {
        is_readings: |_| false,
        reading: |_, _| None,
        describe: |_, _, _, _| ("", serde_json::Value::Null),
    };

    fn batch(bytes: usize) -> Arc<EventBatch> {
        let definition = serde_json::json!({"name": "note", "key": {"name": "id", "type": "long"},
                                            "fields": [{"name": "text", "type": "text"}]});
        let definition = parse::definition(&definition).unwrap();
        let values = vec![Value::Text("x".repeat(bytes / 3))];
        let now = Timestamp::MIN;
        let row = StoredRow { key: Value::Integer(1), values, version: 1, created_at: now, updated_at: now };
        let event = Event::backfilled(&Arc::new(InForce::new(StorageId(1), 1, definition)), row, &HUB_EVENTS);
        Arc::new(EventBatch::new(Position::after(1), Position::after(2), vec![Arc::new(event)]))
    }

    #[test]
    fn the_oldest_batches_lose_their_rows_and_received_batches_do_not_count() {
        let mut buffer = EventBuffer::new(10_000);
        let batches = [4_000, 4_000, 4_000, 4_000].map(batch);
        for batch in &batches {
            buffer.push(batch);
        }
        let have_rows = batches.each_ref().map(|batch| batch.events().is_some());
        assert_eq!(have_rows, [false, true, true, true], "{}", buffer.bytes);
        assert_eq!(batches[0].storages[0].as_str(), "note");
        drop(batches);
        let large = batch(100_000);
        buffer.push(&large);
        assert_eq!(buffer.bytes, large.bytes);
        assert!(large.events().is_some(), "the newest keeps its rows");
        let next = batch(4_000);
        buffer.push(&next);
        assert!(large.events().is_none() && next.events().is_some());
    }
}
