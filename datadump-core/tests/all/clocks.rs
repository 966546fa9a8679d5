//! Clocks that are set forwards and back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use datadump_core::{
    Clock, Expect, Timestamp,
    schema::{InForce, parse},
    store::{
        ChangeLogRetention, Declaration, Options, Outcome, Paging, Store, Write, WriteBatch,
        conformance::Bench,
        query::{Towards, parse as parse_query},
    },
};
use serde_json::json;

use crate::databases::{Backend, Database, options};

const SECOND: i64 = 1_000_000;
const YEAR: i64 = 365 * 24 * 3600 * SECOND;

/// A clock that the test sets.
#[derive(Debug, Clone)]
struct ManualClock(Arc<AtomicI64>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl ManualClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000 * SECOND)))
    }

    fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    fn options(&self) -> Options {
        Options { clock: Arc::new(self.clone()), ..options() }
    }
}

async fn declared(store: &Arc<dyn Store>) -> Arc<InForce> {
    let sent = json!({"name": "s", "key": {"name": "id", "type": "long"},
                      "fields": [{"name": "n", "type": "long"}]});
    let definition = parse::definition(&sent).unwrap();
    let storage = store.declare(Declaration { definition, sent, base: None }).await.unwrap();
    store.migrate(storage.id).await.unwrap();
    store.catalogue().find("s").unwrap().ready().unwrap().clone()
}

async fn save(database: &Database, store: &Arc<dyn Store>, in_force: &Arc<InForce>, id: i64) -> Timestamp {
    let row = database.prove(in_force, &json!({"id": id, "n": id})).unwrap();
    let batch = WriteBatch::independent(vec![Write::put(row, Expect::Anything)]);
    match store.write(batch).await.unwrap().remove(0) {
        Outcome::Created(stored) | Outcome::Updated(stored) => stored.row.updated_at,
        outcome => panic!("{outcome:?}"),
    }
}

async fn times_are_those_of_the_clock_after_it_was_wrong(backend: Backend) {
    let (database, clock) = (Database::new(backend).await, ManualClock::new());
    let mut store = database.store_with(clock.options()).await.unwrap();
    let in_force = declared(&store).await;
    let steps = [0, SECOND, 10 * YEAR, SECOND, -10 * YEAR, 0, 5, -30 * SECOND, SECOND, -YEAR, YEAR];
    for (id, step) in (0..).zip(steps) {
        clock.advance(step);
        let stamp = save(&database, &store, &in_force, id).await;
        let ahead = stamp.micros() - clock.now().micros();
        assert!((0..=SECOND).contains(&ahead), "{step}: {stamp} at {}", clock.now());
        if id % 3 == 2 {
            store.close().await;
            store = database.store_with(clock.options()).await.unwrap();
        }
    }
    // Lists are ordered by time, whatever the order of writing was, and pages of them cover each row once.
    let mut query = parse_query::parameters(&in_force.definition, &[]).unwrap();
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        query.paging = Paging::Keyset { limit: 2, from: from.clone(), towards: Towards::Next };
        let page = store.page(&in_force, &query).await.unwrap();
        found.extend(page.rows.iter().map(|row| (row.updated_at, row.values.clone())));
        let Some(last) = page.rows.last().filter(|_| page.more) else { break };
        from = Some(query.order.iter().map(|order| order.column.value(last)).collect());
    }
    assert_eq!(found.len(), steps.len());
    assert!(found.is_sorted_by(|one, next| one.0 >= next.0), "{found:?}");
    store.close().await;
}

async fn the_change_log_is_pruned_without_gaps_after_the_clock_was_wrong(backend: Backend) {
    let (database, clock) = (Database::new(backend).await, ManualClock::new());
    let change_log = ChangeLogRetention { time: Duration::from_secs(1), ..ChangeLogRetention::default() };
    let store = database.store_with(Options { change_log, ..clock.options() }).await.unwrap();
    let in_force = declared(&store).await;
    for (id, step) in (0..).zip([0, 0, YEAR, 0, -YEAR, 0, 60 * SECOND]) {
        clock.advance(step);
        save(&database, &store, &in_force, id).await;
    }
    let recent = store.span().await.unwrap().last;
    for id in 7.. {
        // SQLite prunes between writes.
        save(&database, &store, &in_force, id).await;
        let span = store.span().await.unwrap();
        let commits = store.commits(span.first - 1, 100).await.unwrap();
        let positions: Vec<i64> = commits.iter().map(|commit| commit.position).collect();
        // It may have been pruned in between.
        if positions.first() == Some(&span.first) {
            assert_eq!(positions, (span.first..=span.last).collect::<Vec<_>>());
        }
        if span.first == recent {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_of_the_clock_after_it_was_wrong_on_sqlite() {
    times_are_those_of_the_clock_after_it_was_wrong(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_of_the_clock_after_it_was_wrong_on_postgres() {
    times_are_those_of_the_clock_after_it_was_wrong(Backend::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_change_log_is_pruned_without_gaps_after_the_clock_was_wrong_on_sqlite() {
    the_change_log_is_pruned_without_gaps_after_the_clock_was_wrong(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_change_log_is_pruned_without_gaps_after_the_clock_was_wrong_on_postgres() {
    the_change_log_is_pruned_without_gaps_after_the_clock_was_wrong(Backend::Postgres).await;
}
