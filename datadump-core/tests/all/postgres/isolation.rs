//! Rows that the database refuses in large and in atomic batches: one transaction each, with few
//! subtransactions.

use datadump_core::{
    schema::{InForce, Value},
    store::{Expect, Store, Write, WriteBatch},
};
use serde_json::json;
use std::sync::Arc;

use super::support::*;

/// Number of subtransactions whose state PostgreSQL caches per backend.
const KNOWN_BY_HEART: i64 = 64;

fn seat(seat: &Arc<InForce>, id: usize, code: &str) -> Write {
    put(seat, &json!({"id": id, "code": code}), Expect::Anything)
}

async fn seats(
    database: &Database,
    count: usize,
) -> (datadump_core::store::postgres::PostgresStore, Arc<InForce>) {
    let store = database.store().await;
    let definition = json!({"name": "seat", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "code", "type": "string", "max_length": 16, "unique": true}]});
    let in_force = applied(&store, &definition).await;
    let writes = (0..count).map(|id| seat(&in_force, id, &format!("c{id}"))).collect();
    write(&store, writes).await;
    (store, in_force)
}

/// Counts the transactions and subtransactions that wrote the changed rows.
async fn transactions(database: &Database) -> i64 {
    database.number("SELECT count(DISTINCT xmin::text) FROM storage_seat WHERE version > 1").await
}

#[tokio::test]
async fn many_refused_updates_leave_the_others_in_one_transaction() {
    let database = Database::new().await;
    let (store, in_force) = seats(&database, 1000).await;
    // Every third row has the same unique code as row 0.
    let writes = (1..1000)
        .map(|id| seat(&in_force, id, &if id % 3 == 0 { "c0".to_owned() } else { format!("new {id}") }));
    let outcomes = write(&store, writes.collect()).await;
    for (id, word) in (1..1000).zip(words(&outcomes)) {
        assert_eq!(word, if id % 3 == 0 { "invalid" } else { "updated" }, "{id}");
    }
    assert_eq!(database.number("SELECT count(*) FROM storage_seat WHERE code LIKE 'new %'").await, 666);
    let transactions = transactions(&database).await;
    assert!(transactions < KNOWN_BY_HEART, "{transactions}");
    store.close().await;
}

#[tokio::test]
async fn unique_values_can_move_through_many_rows_in_any_key_order() {
    for together in [false, true] {
        let database = Database::new().await;
        let (store, in_force) = seats(&database, 300).await;
        // The last row gives up its code, the one before it takes that code, and so on.
        let mut writes = vec![seat(&in_force, 299, "free")];
        writes.extend((0..299).rev().map(|id| seat(&in_force, id, &format!("c{}", id + 1))));
        let call = if together { WriteBatch::atomic(writes) } else { WriteBatch::independent(writes) };
        let outcomes = store.write(call).await.unwrap();
        assert_eq!(words(&outcomes), ["updated"; 300]);
        let wrong = "SELECT count(*) FROM storage_seat WHERE id < 299 AND code <> 'c' || (id + 1)::text";
        assert_eq!(database.number(wrong).await, 0);
        let transactions = transactions(&database).await;
        assert!(transactions < KNOWN_BY_HEART, "{transactions}");
        store.close().await;
    }
}

#[tokio::test]
async fn an_atomic_batch_refused_at_its_end_leaves_nothing_and_does_not_affect_others() {
    let database = Database::new().await;
    let (store, in_force) = seats(&database, 300).await;
    let store = Arc::new(store);
    let mut writes = vec![seat(&in_force, 299, "free")];
    writes.extend((10..299).rev().map(|id| seat(&in_force, id, &format!("c{}", id + 1))));
    writes.push(seat(&in_force, 1000, "c0"));
    // All in one transaction, queued behind a first batch that is being written.
    let calls = [
        WriteBatch::independent(vec![seat(&in_force, 2000, "first")]),
        WriteBatch::independent((2001..2100).map(|id| seat(&in_force, id, &format!("n{id}"))).collect()),
        WriteBatch::atomic(writes),
        WriteBatch::independent(
            (2100..2200)
                .map(|id| seat(&in_force, id, if id == 2150 { "c1" } else { "" }.to_owned().as_str()))
                .collect(),
        ),
        WriteBatch::atomic((2200..2300).map(|id| seat(&in_force, id, &format!("n{id}"))).collect()),
    ];
    let calls: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let store = store.clone();
            tokio::spawn(async move { store.write(call).await.unwrap() })
        })
        .collect();
    let mut outcomes = Vec::new();
    for call in calls {
        outcomes.push(call.await.unwrap());
    }
    assert_eq!(words(&outcomes[0]), ["created"]);
    assert_eq!(words(&outcomes[1]), ["created"; 99]);
    assert_eq!(words(&outcomes[2])[..290], ["rolled back"; 290]);
    assert_eq!(words(&outcomes[2])[290], "invalid");
    let created = words(&outcomes[3]).iter().filter(|word| **word == "created").count();
    assert_eq!(created, 1, "they all want the same code, and the first one gets it");
    assert_eq!(words(&outcomes[3])[0], "created");
    assert_eq!(words(&outcomes[4]), ["created"; 100]);
    assert_eq!(database.number("SELECT count(*) FROM storage_seat").await, 300 + 1 + 99 + 1 + 100);
    assert_eq!(transactions(&database).await, 0, "no row that was there has changed");
    assert!(get(&store, &in_force, &Value::Integer(1000)).await.is_none());
    store.close().await;
}
