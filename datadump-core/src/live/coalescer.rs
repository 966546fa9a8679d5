//! Coalescing: of each series, the newest event waits until the next delivery is due.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use tokio::time::Instant;

use super::{Coalescing, Delivery, event::Event};

/// Maximum number of series that wait. Beyond it, the event that has waited longest is delivered early.
const MAX_SERIES: usize = 1_000;

/// The newest event of each series of a subscription.
#[derive(Debug)]
pub(super) struct Coalescer {
    options: Coalescing,
    /// By arrival, so that they are delivered in the order of their positions.
    waiting: BTreeMap<u64, (Arc<Event>, Option<String>)>,
    arrivals: HashMap<String, u64>,
    next_arrival: u64,
    /// Deliveries that are due.
    due: VecDeque<Delivery>,
    /// The earliest time of the next delivery.
    next_at: Instant,
    /// Approximate size of the events that wait.
    bytes: usize,
}

impl Coalescer {
    pub(super) fn new(options: Coalescing) -> Self {
        Self {
            options,
            waiting: BTreeMap::new(),
            arrivals: HashMap::new(),
            next_arrival: 0,
            due: VecDeque::new(),
            next_at: Instant::now(),
            bytes: 0,
        }
    }

    /// Adds a delivery, which replaces an earlier one of its series.
    pub(super) fn push(&mut self, delivery: Delivery) {
        match delivery {
            // A backfill is delivered as a whole.
            Delivery::Event(event) if event.cursor().is_some() => self.add(event),
            other => {
                self.release_all();
                self.due.push_back(other);
            }
        }
    }

    fn add(&mut self, event: Arc<Event>) {
        let series = event.series(&self.options.by);
        let arrival = self.next_arrival;
        self.next_arrival += 1;
        if let Some(name) = &series
            && let Some(before) = self.arrivals.insert(name.clone(), arrival)
            && let Some((before, series)) = self.waiting.remove(&before)
        {
            self.bytes -= size(&before, series.as_deref());
        }
        self.bytes += size(&event, series.as_deref());
        self.waiting.insert(arrival, (event, series));
        if self.waiting.len() > MAX_SERIES {
            self.release_oldest();
        }
    }

    /// Makes the event that has waited longest due. Returns whether there was one.
    pub(super) fn release_oldest(&mut self) -> bool {
        let Some((_, (event, series))) = self.waiting.pop_first() else { return false };
        self.bytes -= size(&event, series.as_deref());
        if let Some(series) = series {
            self.arrivals.remove(&series);
        }
        self.due.push_back(Delivery::Event(event));
        true
    }

    fn release_all(&mut self) {
        while self.release_oldest() {}
    }

    /// Makes everything due if the time has come.
    pub(super) fn tick(&mut self, now: Instant) {
        if !self.waiting.is_empty() && now >= self.next_at {
            self.release_all();
            self.next_at = now + self.options.interval;
        }
    }

    /// Returns the next delivery that is due.
    pub(super) fn pop(&mut self) -> Option<Delivery> {
        self.due.pop_front()
    }

    pub(super) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty() && self.waiting.is_empty()
    }

    /// Returns when the next delivery is due; `None` if nothing waits.
    pub(super) fn due_at(&self) -> Option<Instant> {
        (!self.waiting.is_empty()).then_some(self.next_at)
    }

    /// Returns the approximate size of the events that wait.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Returns the approximate size of an event and of the name of its series, which is there twice.
fn size(event: &Event, series: Option<&str>) -> usize {
    event.size() + 2 * series.map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        clock::Timestamp,
        live::{
            HubEvents,
            cursor::{Cursor, Position},
        },
        schema::{InForce, StorageId, StoredRow, Value, parse},
        store::{Change, ChangeKind, RowChange, Trim},
    };

    static HUB_EVENTS: HubEvents = HubEvents {
        is_readings: |_| false,
        reading: |_, _| None,
        describe: |_, _, _, _| ("", serde_json::Value::Null),
    };

    fn in_force() -> Arc<InForce> {
        let definition = serde_json::json!({"name": "note", "key": {"name": "id", "type": "long"},
                                            "fields": [{"name": "room", "type": "text"}]});
        Arc::new(InForce::new(StorageId(1), 1, parse::definition(&definition).unwrap()))
    }

    fn event(position: i64, change: &Change, row: Option<StoredRow>) -> Delivery {
        let cursor = Cursor { epoch: "a".into(), position: Position::after(position) };
        Delivery::Event(Arc::new(Event::changed(&in_force(), change, row, Some(cursor), &HUB_EVENTS)))
    }

    /// A change of the row with this key in this room, or its deletion.
    fn change(position: i64, key: i64, room: Option<&str>) -> Delivery {
        let kind = if room.is_some() { ChangeKind::Updated } else { ChangeKind::Deleted };
        let row = RowChange { storage: StorageId(1), kind, key: Value::Integer(key), version: 1 };
        let stored = room.map(|room| StoredRow {
            key: Value::Integer(key),
            values: vec![Value::Text(room.into())],
            version: 1,
            created_at: Timestamp::MIN,
            updated_at: Timestamp::MIN,
        });
        event(position, &Change::Row(row), stored)
    }

    fn trim(position: i64) -> Delivery {
        let (after, until) = (Timestamp::MIN, Timestamp::MIN);
        event(position, &Change::Trim(Trim { storage: StorageId(1), after, until, rows: 1 }), None)
    }

    fn coalescer(by: &[&str]) -> Coalescer {
        let by = by.iter().map(|field| (*field).to_owned()).collect();
        Coalescer::new(Coalescing { interval: Duration::from_secs(1), by })
    }

    fn positions(coalescer: &mut Coalescer) -> Vec<i64> {
        std::iter::from_fn(|| coalescer.pop())
            .map(|delivery| match delivery {
                Delivery::Event(event) => event.cursor().map_or(-1, |cursor| cursor.position.commit),
                Delivery::Gap { .. } => 0,
            })
            .collect()
    }

    fn check(by: &[&str], deliveries: Vec<Delivery>, expected: &[i64]) {
        let mut newest = coalescer(by);
        deliveries.into_iter().for_each(|delivery| newest.push(delivery));
        newest.tick(Instant::now());
        assert_eq!(positions(&mut newest), expected);
        assert!(newest.is_empty() && newest.arrivals.is_empty());
        assert_eq!(newest.bytes(), 0);
    }

    #[tokio::test]
    async fn the_newest_of_each_series_is_delivered_in_order() {
        let (kitchen, hall) = (Some("kitchen"), Some("hall"));
        let rows =
            || vec![change(1, 7, kitchen), change(2, 8, kitchen), change(3, 7, hall), change(4, 7, hall)];
        check(&[], rows(), &[2, 4]);
        check(&["room"], rows(), &[2, 4]);
        check(&["room"], vec![change(1, 7, hall), change(2, 8, kitchen), change(3, 9, hall)], &[2, 3]);
        check(&[], vec![change(1, 7, hall), change(2, 7, None)], &[2]);
        // The room of a deleted row is not known.
        check(&["room"], vec![change(1, 7, hall), change(2, 7, None)], &[1, 2]);
        check(&[], vec![trim(1), trim(2), change(3, 7, hall)], &[1, 2, 3]);
        let at = |position| Cursor { epoch: "a".into(), position: Position::after(position) };
        let gap = Delivery::Gap { from: at(1), to: at(5) };
        check(&[], vec![change(1, 7, hall), gap, change(6, 7, hall)], &[1, 0, 6]);
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_keep_their_distance() {
        let mut newest = coalescer(&[]);
        newest.push(change(1, 7, Some("hall")));
        newest.tick(Instant::now());
        assert_eq!(positions(&mut newest), [1], "the first is delivered at once");
        newest.push(change(2, 7, Some("hall")));
        newest.push(change(3, 7, Some("hall")));
        newest.tick(Instant::now());
        assert!(!newest.has_due() && !newest.is_empty());
        tokio::time::sleep_until(newest.due_at().unwrap()).await;
        newest.tick(Instant::now());
        assert_eq!((positions(&mut newest), newest.due_at()), (vec![3], None));
    }

    #[tokio::test]
    async fn a_thousand_series_wait_and_the_oldest_of_more_is_early() {
        let mut newest = coalescer(&[]);
        newest.next_at += Duration::from_secs(60);
        for key in 0..1_002 {
            newest.push(change(key, key, Some("hall")));
        }
        newest.tick(Instant::now());
        assert_eq!((positions(&mut newest), newest.waiting.len()), (vec![0, 1], MAX_SERIES));
        newest.push(change(1_002, 5, Some("hall")));
        assert!(!newest.has_due(), "it replaces one that waits");
    }
}
