//! Several processes on one database, each represented by a store.

use std::sync::Arc;

use datadump_core::{
    Error,
    schema::Value,
    store::{Expect, Outcome, Store, postgres::PostgresStore},
};
use serde_json::json;

use super::support::*;

#[tokio::test]
async fn several_can_open_an_empty_database_at_once() {
    let database = Database::new().await;
    let opened = futures_of((0..6).map(|_| PostgresStore::open(database.url(), options())).collect()).await;
    for store in opened {
        store.unwrap().close().await;
    }
}

async fn futures_of<F>(futures: Vec<F>) -> Vec<F::Output>
where
    F: Future + Send,
    F::Output: Send,
{
    let mut set = Vec::new();
    let mut pinned: Vec<_> = futures.into_iter().map(Box::pin).collect();
    // All are polled together, in order, until each is done.
    let mut done: Vec<Option<F::Output>> = pinned.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        let mut pending = false;
        for (future, slot) in pinned.iter_mut().zip(&mut done) {
            if slot.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(output) => *slot = Some(output),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    set.extend(done.into_iter().flatten());
    set
}

#[tokio::test]
async fn a_declared_storage_is_known_to_all_nodes() {
    let database = Database::new().await;
    let (one, other) = (database.store().await, database.store().await);
    let first = applied(&one, &dog()).await;
    until("the storage", || other.catalogue().get("dog").is_some_and(|s| s.in_force.is_some())).await;
    let seen = in_force(&other, "dog");
    assert_eq!(seen, first);
    write(&other, vec![put(&seen, &a_dog(1), Expect::Anything)]).await;
    applied(&one, &and(dog(), json!({"name": "good", "type": "boolean", "default": true}))).await;
    until("version 2", || in_force(&other, "dog").version == 2).await;
    one.remove(first.storage).await.unwrap();
    until("the removal", || other.catalogue().get("dog").is_none()).await;
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_row_is_validated_again_when_another_version_is_in_force() {
    let database = Database::new().await;
    let (one, other) = (database.store().await, database.store().await);
    let old = applied(&one, &dog()).await;
    until("the storage", || other.catalogue().get("dog").is_some_and(|s| s.in_force.is_some())).await;
    applied(&other, &and(dog(), json!({"name": "good", "type": "boolean", "default": true}))).await;
    // The row still has version 1.
    let outcomes = write(&one, vec![put(&old, &a_dog(1), Expect::Anything)]).await;
    let Outcome::Created(stored) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(stored.in_force.version, 2);
    assert_eq!(stored.row.values[3], Value::Boolean(true));
    applied(
        &other,
        &and(
            with(dog(), "size", "max", json!(10)),
            json!({"name": "good", "type": "boolean", "default": true}),
        ),
    )
    .await;
    let outcomes =
        write(&one, vec![put(&old, &a_dog(11), Expect::Anything), put(&old, &a_dog(9), Expect::Anything)])
            .await;
    assert_eq!(words(&outcomes), ["invalid", "created"]);
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn only_one_node_can_declare_a_name() {
    let database = Database::new().await;
    let (one, other) = (database.store().await, database.store().await);
    let dog = dog();
    let (first, second) = tokio::join!(declare(&one, &dog), declare(&other, &dog));
    let (won, lost) = if first.is_ok() { (first, second) } else { (second, first) };
    assert!(matches!(lost, Err(Error::Migrating { .. } | Error::StalePlan(_))), "{lost:?}");
    let id = won.unwrap().id;
    let (a, b) = tokio::join!(one.migrate(id), other.migrate(id));
    a.and(b).unwrap();
    assert_eq!(in_force(&one, "dog").version, 1);
    assert_eq!(in_force(&other, "dog").version, 1);
    let second = and(dog, json!({"name": "good", "type": "boolean", "default": true}));
    let (first, second) = tokio::join!(declare(&one, &second), declare(&other, &second));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_increment_from_two_nodes_is_lost() {
    let database = Database::new().await;
    let one = Arc::new(database.store().await);
    let counter = json!({"name": "counter", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "value", "type": "long"}]});
    let counter = applied(&one, &counter).await;
    let other = Arc::new(database.store().await);
    write(&one, vec![put(&counter, &json!({"id": 1, "value": 0}), Expect::Anything)]).await;
    let mut clients = Vec::new();
    for client in 0..4 {
        let store = if client % 2 == 0 { one.clone() } else { other.clone() };
        let counter = counter.clone();
        clients.push(tokio::spawn(async move {
            let (mut versions, mut lost) = (Vec::new(), 0);
            while versions.len() < 250 {
                let row = get(&store, &counter, &Value::Integer(1)).await.unwrap();
                let Value::Integer(value) = row.values[0] else { panic!() };
                let next = put(&counter, &json!({"id": 1, "value": value + 1}), Expect::Exactly(row.version));
                match write(&store, vec![next]).await.remove(0) {
                    Outcome::Updated(stored) => versions.push(stored.row.version),
                    Outcome::Refused(Some(current)) => {
                        assert!(current.row.version > row.version);
                        lost += 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
            (versions, lost)
        }));
    }
    let (mut versions, mut lost) = (Vec::new(), 0);
    for client in clients {
        let (of_client, lost_by_client) = client.await.unwrap();
        versions.extend(of_client);
        lost += lost_by_client;
    }
    versions.sort_unstable();
    assert_eq!(versions, (2..=1001).collect::<Vec<i32>>());
    assert_eq!(database.number("SELECT value FROM storage_counter").await, 1000);
    println!("1,000 increments, {lost} lost races");
    one.close().await;
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_inserts_of_the_same_keys_make_one_row_each() {
    let database = Database::new().await;
    let one = Arc::new(database.store().await);
    let dog = applied(&one, &dog()).await;
    let other = Arc::new(database.store().await);
    let mut clients = Vec::new();
    for client in 0..8 {
        let store = if client % 2 == 0 { one.clone() } else { other.clone() };
        let dog = dog.clone();
        clients.push(tokio::spawn(async move {
            let mut created = 0;
            for round in 0..20 {
                // The same keys in a different order each time, which would deadlock if they were not sorted.
                let mut numbers: Vec<usize> = (0..50).map(|n| round * 50 + n).collect();
                numbers.rotate_left(client * 7 % 50);
                let writes = numbers.iter().map(|n| put(&dog, &a_dog(*n), Expect::Anything)).collect();
                let outcomes = write(&store, writes).await;
                created += outcomes.iter().filter(|o| matches!(o, Outcome::Created(_))).count();
            }
            created
        }));
    }
    let mut created = 0;
    for client in clients {
        created += client.await.unwrap();
    }
    assert_eq!(created, 1000);
    assert_eq!(database.number("SELECT sum(version) FROM storage_dog").await, 8000);
    one.close().await;
    other.close().await;
}
