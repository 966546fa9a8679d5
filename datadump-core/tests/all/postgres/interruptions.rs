//! Migrations interrupted at any moment, and reads and writes during them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_core::{
    schema::Value,
    store::{Expect, State, Store, WriteBatch},
};
use serde_json::json;

use super::support::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_interrupted_at_any_moment_completes() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 20_000).await;
    let storage = declare(&store, &grown()).await.unwrap();
    store.close().await;
    drop(store);
    let (mut cuts, mut running) = (0, 0);
    for millis in (5..).step_by(37) {
        let store = database.store().await;
        if store.progress(storage.id).await.unwrap().state == State::Applied {
            store.close().await;
            break;
        }
        let cut = tokio::time::timeout(Duration::from_millis(millis), store.migrate(storage.id)).await;
        let progress = store.progress(storage.id).await.unwrap();
        assert_ne!(progress.state, State::Failed, "{progress:?}");
        if cut.is_err() {
            cuts += 1;
            running += i32::from(progress.state == State::Running);
        }
        // The storage works all the time.
        let now = in_force(&store, "dog");
        let outcomes = write(&store, vec![put(&now, &a_dog(7), Expect::Anything)]).await;
        assert_eq!(words(&outcomes), ["updated"]);
        assert_eq!(page(&store, &now, &[("limit", "5")]).await.rows.len(), 5);
        store.close().await;
    }
    println!("cut off {cuts} times, {running} of them while it was running");
    assert!(cuts > 3);
    assert_eq!(left_over(&database).await, 0);
    assert_eq!(database.number("SELECT count(*) FROM storage_dog WHERE size::text = ltrim(right(chip_id, 6), '0') OR size = 0").await, 20_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reads_and_writes_continue_during_a_migration() {
    let database = Database::new().await;
    let store = Arc::new(database.store().await);
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 60_000).await;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, stop) = (store.clone(), stop.clone());
        tokio::spawn(async move {
            let mut waits = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let dog = in_force(&store, "dog");
                let started = Instant::now();
                let row = get(&store, &dog, &Value::Text("CHIP000042".into())).await.unwrap();
                assert_eq!(row.values[0], Value::Text("black".into()));
                assert_eq!(page(&store, &dog, &[("limit", "20"), ("count", "none")]).await.rows.len(), 20);
                waits.push(started.elapsed());
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            waits.sort_unstable();
            (waits[waits.len() / 2], waits[waits.len() * 99 / 100], waits[waits.len() - 1], waits.len())
        })
    };
    let writer = {
        let (store, stop) = (store.clone(), stop.clone());
        tokio::spawn(async move {
            let (mut count, mut worst) = (0_u32, Duration::ZERO);
            while !stop.load(Ordering::Relaxed) {
                let dog = in_force(&store, "dog");
                let started = Instant::now();
                let record =
                    json!({"chip_id": format!("NEW{count}"), "color": "white", "size": count, "tag": null});
                let outcomes = write(
                    &store,
                    vec![
                        put(&dog, &record, Expect::Anything),
                        put(&dog, &a_dog((count * 31 % 60_000) as usize), Expect::Anything),
                    ],
                )
                .await;
                assert_eq!(words(&outcomes), ["created", "updated"]);
                worst = worst.max(started.elapsed());
                count += 1;
            }
            (count, worst)
        })
    };
    tokio::time::sleep(Duration::from_millis(500)).await;
    let started = Instant::now();
    applied(&store, &grown()).await;
    let took = started.elapsed();
    tokio::time::sleep(Duration::from_millis(200)).await;
    stop.store(true, Ordering::Relaxed);
    let (median, p99, most, reads) = reader.await.unwrap();
    let (count, worst) = writer.await.unwrap();
    println!(
        "migration {took:?}; {reads} reads: median {median:?}, p99 {p99:?}, most {most:?}; {count} writes, slowest {worst:?}"
    );
    assert!(most < Duration::from_secs(2), "{most:?}");
    assert_eq!(database.number("SELECT count(*) FROM storage_dog").await, 60_000 + i64::from(count));
    assert_eq!(database.number("SELECT count(*) FROM storage_dog WHERE size IS NULL").await, 0);
    assert_eq!(
        database
            .number("SELECT count(*) FROM storage_dog WHERE color = 'white' AND 'NEW' || size <> chip_id")
            .await,
        0
    );
    assert_eq!(left_over(&database).await, 0);
    store.close().await;
}

#[tokio::test]
async fn another_node_takes_over_the_migration_of_a_dead_one() {
    let database = Database::new().await;
    let one = database.store().await;
    let dog = applied(&one, &dog()).await;
    dogs(&one, &dog, 2000).await;
    let other = database.store().await;
    let storage = declare(&one, &grown()).await.unwrap();
    one.close().await;
    for _ in 0..100 {
        if in_force(&other, "dog").version == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(other.progress(storage.id).await.unwrap().state, State::Applied);
    other.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_to_other_storages_continue_while_one_is_blocked() {
    let database = Database::new().await;
    let store = Arc::new(database.store().await);
    let dog = applied(&store, &dog()).await;
    let cat = json!({"name": "cat", "key": {"name": "id", "type": "integer"}, "fields": [{"name": "x", "type": "integer"}]});
    let cat = applied(&store, &cat).await;
    // As the final transaction of a migration does.
    let mut holder = database.connection().await;
    let lock = format!("BEGIN; SELECT pg_advisory_xact_lock(1684275201, {})", dog.storage.get());
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut holder).await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let (store, dog) = (store.clone(), dog.clone());
            tokio::spawn(async move {
                store.write(WriteBatch::independent(vec![put(&dog, &a_dog(n), Expect::Anything)])).await
            })
        })
        .collect();
    let started = Instant::now();
    for n in 0..50 {
        write(&store, vec![put(&cat, &json!({"id": n, "x": 1}), Expect::Anything)]).await;
    }
    println!("50 writes beside a blocked storage took {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(waiting.iter().all(|call| !call.is_finished()));
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    for call in waiting {
        assert_eq!(words(&call.await.unwrap().unwrap()), ["created"]);
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_continues_after_its_connection_is_lost() {
    let database = Database::new().await;
    let store = Arc::new(database.store().await);
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 20_000).await;
    let storage = declare(&store, &grown()).await.unwrap();
    let running = {
        let store = store.clone();
        tokio::spawn(async move { store.migrate(storage.id).await })
    };
    let mut lost = 0;
    for millis in [30, 80, 150, 250, 400] {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        if running.is_finished() {
            break;
        }
        database
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
        lost += 1;
    }
    println!("all connections were lost {lost} times");
    assert!(lost > 0);
    running.await.unwrap().unwrap();
    assert_eq!(in_force(&store, "dog").version, 2);
    assert_eq!(left_over(&database).await, 0);
    store.close().await;
}
