//! Group commit, and rows that the database refuses.

use std::{sync::Arc, time::Duration};

use datadump_core::{
    Error,
    schema::Value,
    store::{Expect, Outcome, Store, WriteBatch},
};
use serde_json::json;

use super::support::*;

#[tokio::test]
async fn writes_of_one_key_in_one_batch_take_effect_in_order() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    let key = || Value::Text("CHIP000001".into());
    let outcomes = write(
        &store,
        vec![
            put(&dog, &a_dog(1), Expect::Absent),
            put(&dog, &a_dog(1), Expect::Absent),
            put(&dog, &a_dog(1), Expect::Version(1)),
            put(&dog, &a_dog(1), Expect::Version(1)),
            delete(&dog, key(), Expect::Exactly(2)),
            delete(&dog, key(), Expect::Anything),
            put(&dog, &a_dog(1), Expect::Version(7)),
        ],
    )
    .await;
    assert_eq!(
        words(&outcomes),
        ["created", "refused", "updated", "refused", "deleted", "missing", "created"]
    );
    assert_eq!(get(&store, &dog, &key()).await.unwrap().version, 7);
    store.close().await;
}

#[tokio::test]
async fn rows_that_violate_a_unique_index_do_not_affect_others() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    let tagged = |number: usize, tag: &str| {
        let mut record = a_dog(number);
        record["tag"] = json!(tag);
        put(&dog, &record, Expect::Anything)
    };
    write(&store, vec![tagged(0, "taken")]).await;
    // Every 97th row has the same unique code as the first one.
    let writes = (1..=4000).map(|n| tagged(n, if n % 97 == 0 { "taken" } else { "" }.to_owned().as_str()));
    let writes: Vec<_> = (1..=4000)
        .zip(writes)
        .map(|(n, write)| if n % 97 == 0 { write } else { tagged(n, &format!("tag {n}")) })
        .collect();
    let outcomes = write(&store, writes).await;
    for (n, outcome) in (1..=4000).zip(&outcomes) {
        match outcome {
            Outcome::Invalid(faults) if n % 97 == 0 => {
                assert_eq!(faults[0].code, "unique");
                assert_eq!(faults[0].at.to_string(), "tag");
            }
            Outcome::Created(_) if n % 97 != 0 => {}
            other => panic!("{n}: {other:?}"),
        }
    }
    assert_eq!(database.number("SELECT count(*) FROM storage_dog").await, 4001 - 4000 / 97);
    store.close().await;
}

#[tokio::test]
async fn a_unique_value_can_move_between_rows_in_one_batch() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    let tagged = |number: usize, tag: &str| {
        let mut record = a_dog(number);
        record["tag"] = json!(tag);
        put(&dog, &record, Expect::Anything)
    };
    write(&store, vec![tagged(1, "a"), tagged(2, "b")]).await;
    // The key order is the wrong way round: row 1 may only take `b` after row 2 has freed it.
    let outcomes = write(&store, vec![tagged(2, "c"), tagged(1, "b")]).await;
    assert_eq!(words(&outcomes), ["updated", "updated"]);
    let outcomes =
        write(&store, vec![delete(&dog, Value::Text("CHIP000001".into()), Expect::Exists), tagged(3, "b")])
            .await;
    assert_eq!(words(&outcomes), ["deleted", "created"]);
    store.close().await;
}

#[tokio::test]
async fn a_violation_of_a_unique_index_names_its_fields() {
    let database = Database::new().await;
    let store = database.store().await;
    let definition = json!({"name": "seat", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "row", "type": "integer"}, {"name": "place", "type": "integer", "nullable": true}],
        "meta": {"unique_together": [["row", "place"]]}});
    let seat = applied(&store, &definition).await;
    let at = |id: i32, row: i32, place: Option<i32>| {
        put(&seat, &json!({"id": id, "row": row, "place": place}), Expect::Anything)
    };
    let outcomes =
        write(&store, vec![at(1, 1, Some(1)), at(2, 1, Some(1)), at(3, 1, None), at(4, 1, None)]).await;
    assert_eq!(words(&outcomes), ["created", "invalid", "created", "created"]);
    let Outcome::Invalid(faults) = &outcomes[1] else { panic!() };
    assert!(faults[0].detail.contains("`row` and `place`"), "{faults:?}");
    store.close().await;
}

#[tokio::test]
async fn generated_keys_skip_explicit_ones() {
    let database = Database::new().await;
    let store = database.store().await;
    let definition = json!({"name": "note", "key": {"name": "id", "type": "integer", "generated": true},
        "fields": [{"name": "text", "type": "text"}]});
    let note = applied(&store, &definition).await;
    let by_hand = |id: i32| put(&note, &json!({"id": id, "text": "by hand"}), Expect::Anything);
    let drawn = || put(&note, &json!({"text": "drawn"}), Expect::Anything);
    write(&store, (1..=500).map(by_hand).collect()).await;
    let outcomes = write(&store, vec![drawn(), by_hand(503), drawn(), drawn(), drawn()]).await;
    assert_eq!(words(&outcomes), ["created"; 5]);
    let mut keys: Vec<i64> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Outcome::Created(stored) => match stored.row.key {
                Value::Integer(key) => key,
                _ => panic!(),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 5);
    assert!(keys[0] > 500, "{keys:?}");
    store.close().await;
}

#[tokio::test]
async fn newest_first_is_exact() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 300).await;
    write(&store, vec![put(&dog, &a_dog(7), Expect::Anything)]).await;
    let rows = page(&store, &dog, &[("limit", "300")]).await.rows;
    let sizes: Vec<Value> = rows.iter().map(|row| row.values[1].clone()).collect();
    let expected: Vec<Value> =
        std::iter::once(7).chain((0..300).rev().filter(|n| *n != 7)).map(Value::Integer).collect();
    assert_eq!(sizes, expected);
    store.close().await;
}

#[tokio::test]
async fn writes_to_a_removed_storage_fail() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    let other = json!({"name": "cat", "key": {"name": "id", "type": "integer"}, "fields": [{"name": "x", "type": "integer"}]});
    let cat = applied(&store, &other).await;
    store.remove(dog.storage).await.unwrap();
    let both =
        vec![put(&dog, &a_dog(1), Expect::Anything), put(&cat, &json!({"id": 1, "x": 1}), Expect::Anything)];
    let error = store.write(WriteBatch::independent(both)).await.unwrap_err();
    assert!(is_unknown(&error), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM storage_cat").await, 0, "nothing of the call was done");
    assert!(matches!(store.catalogue().find("dog"), Err(Error::UnknownStorage(_))));
    store.close().await;
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let database = Database::new().await;
    let small = datadump_core::store::Options { queue_rows: 10, ..options() };
    let store =
        Arc::new(datadump_core::store::postgres::PostgresStore::open(database.url(), small).await.unwrap());
    let dog = applied(&store, &dog()).await;
    // Another session has locked the table, so nothing is written.
    let mut holder = database.connection().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE storage_dog").execute(&mut holder).await.unwrap();
    let waiting = {
        let (store, dog) = (store.clone(), dog.clone());
        tokio::spawn(async move {
            store
                .write(WriteBatch::independent(
                    (0..10).map(|n| put(&dog, &a_dog(n), Expect::Anything)).collect(),
                ))
                .await
        })
    };
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = store.write(WriteBatch::independent(vec![put(&dog, &a_dog(11), Expect::Anything)])).await;
    assert!(matches!(refused, Err(Error::Overloaded)), "{refused:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap().len(), 10);
    store.close().await;
}

#[tokio::test]
async fn a_lost_connection_is_opened_again() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 10).await;
    for round in 0..5 {
        database
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        let outcomes = write(&store, vec![put(&dog, &a_dog(round), Expect::Anything)]).await;
        assert_eq!(words(&outcomes), ["updated"]);
        assert!(get(&store, &dog, &Value::Text("CHIP000001".into())).await.is_some());
    }
    store.close().await;
}

#[tokio::test]
async fn closing_finishes_accepted_writes() {
    let database = Database::new().await;
    let store = Arc::new(database.store().await);
    let dog = applied(&store, &dog()).await;
    let mut calls = Vec::new();
    for n in 0..200 {
        let (store, dog) = (store.clone(), dog.clone());
        calls.push(tokio::spawn(async move {
            store.write(WriteBatch::independent(vec![put(&dog, &a_dog(n), Expect::Anything)])).await
        }));
    }
    tokio::task::yield_now().await;
    store.close().await;
    let mut stored = 0;
    for call in calls {
        stored += i64::from(call.await.unwrap().is_ok());
    }
    assert_eq!(database.number("SELECT count(*) FROM storage_dog").await, stored);
    assert!(
        store.write(WriteBatch::independent(vec![put(&dog, &a_dog(1), Expect::Anything)])).await.is_err()
    );
}
