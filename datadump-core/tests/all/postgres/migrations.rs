//! Migrations: cut off at any moment, beside reads and writes, and refused.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_core::{
    Error,
    schema::Value,
    store::{Call, Expect, Outcome, State, Store},
};
use serde_json::{Value as Json, json};

use super::support::*;

/// All that takes long, at once: a growing column, a new index, a check, an index on what grows.
fn grown() -> Json {
    let mut definition = with(dog(), "size", "type", json!("long"));
    definition = with(definition, "color", "max_length", json!(64));
    definition = and(definition, json!({"name": "good", "type": "boolean", "default": true}));
    definition["meta"] = json!({"indexes": [{"fields": ["size", "color"]}, {"fields": ["good"]}]});
    with(definition, "size", "max", json!(1_000_000))
}

async fn left_over(database: &Database) -> i64 {
    let columns = database
        .number("SELECT count(*) FROM pg_attribute WHERE attrelid = 'storage_dog'::regclass AND attname LIKE '\\_\\_%' AND NOT attisdropped")
        .await;
    let triggers =
        database.number("SELECT count(*) FROM pg_trigger WHERE tgrelid = 'storage_dog'::regclass").await;
    let functions = database.number("SELECT count(*) FROM pg_proc WHERE proname LIKE 'dd\\_keep%'").await;
    let invalid = database.number("SELECT count(*) FROM pg_index WHERE NOT indisvalid").await;
    columns + triggers + functions + invalid
}

#[tokio::test]
async fn a_growing_storage_keeps_its_rows() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 6000).await;
    let id = dog.storage;
    let dog = applied(&store, &grown()).await;
    assert_eq!(database.number("SELECT count(*) FROM storage_dog").await, 6000);
    assert_eq!(left_over(&database).await, 0);
    let row = get(&store, &dog, &Value::Text("CHIP000042".into())).await.unwrap();
    assert_eq!(row.values[1..], [Value::Integer(42), Value::Null, Value::Boolean(true)]);
    assert_eq!(row.version, 1);
    let types: Vec<String> = {
        let mut connection = database.connection().await;
        sqlx::query_scalar(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute \
             WHERE attrelid = 'storage_dog'::regclass AND attname IN ('size', 'color') ORDER BY attname",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap()
    };
    assert_eq!(types, ["character varying(64)", "bigint"]);
    let progress = store.progress(id).await.unwrap();
    assert_eq!(progress.rows_done, progress.rows_total);
    assert!(progress.rows_total >= 12_000, "{progress:?}");
    write(
        &store,
        vec![put(&dog, &json!({"chip_id": "X", "color": "c", "size": 5, "tag": null}), Expect::Anything)],
    )
    .await;
    let versions = store.versions(id).await.unwrap();
    assert_eq!(
        versions.iter().map(|v| (v.version, v.state)).collect::<Vec<_>>(),
        [(1, State::Applied), (2, State::Applied)]
    );
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_migration_that_is_cut_off_at_any_moment_comes_to_its_end() {
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
        // The storage works all the while.
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
async fn reads_and_writes_go_on_while_a_storage_grows() {
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
async fn a_refused_migration_says_why_and_leaves_nothing() {
    let database = Database::new().await;
    let store = database.store().await;
    let first = dog();
    let dog = applied(&store, &first).await;
    dogs(&store, &dog, 3000).await;
    for (definition, reason) in [
        (
            with(grown(), "size", "max", json!(2994)),
            "field `size`: 5 rows do not fit it, among them \"CHIP002995\"",
        ),
        (
            with(grown(), "color", "unique", json!(true)),
            "`color`: there are rows with the same value, for example black",
        ),
        (with(first.clone(), "tag", "nullable", json!(false)), "field `tag`: 3000 rows"),
        (with(first.clone(), "color", "type", json!("boolean")), "field `color`: 3000 rows"),
    ] {
        let mut definition = definition;
        if definition["fields"][0]["type"] == "boolean" {
            definition["fields"][0].as_object_mut().unwrap().remove("max_length");
        }
        let said = failing(&store, &definition).await;
        assert!(said.contains(reason), "{said}");
        assert_eq!(left_over(&database).await, 0);
        let now = in_force(&store, "dog");
        assert_eq!(now.version, 1);
        let outcomes = write(&store, vec![put(&now, &a_dog(1), Expect::Anything)]).await;
        assert_eq!(words(&outcomes), ["updated"]);
        let indexes =
            database.number("SELECT count(*) FROM pg_indexes WHERE tablename = 'storage_dog'").await;
        assert_eq!(indexes, 4);
    }
    // A version that failed can be sent again, corrected.
    let dog = applied(&store, &grown()).await;
    assert_eq!(dog.version, 2);
    assert_eq!(store.versions(dog.storage).await.unwrap().len(), 2);
    store.close().await;
}

#[tokio::test]
async fn values_are_converted_renamed_and_dropped() {
    let database = Database::new().await;
    let store = database.store().await;
    let first = json!({"name": "dog", "key": {"name": "chip_id", "type": "string", "max_length": 16},
    "fields": [
        {"name": "color", "type": "string", "max_length": 32},
        {"name": "size", "type": "integer", "db_index": true},
        {"name": "price", "type": "decimal", "precision": 8, "scale": 2, "nullable": true},
        {"name": "code", "type": "string", "max_length": 10, "unique": true},
    ]});
    let dog = applied(&store, &first).await;
    let writes = (0..12_000).map(|n| {
        let record = json!({"chip_id": format!("C{n}"), "color": "x", "size": n, "price": format!("{n}.50"), "code": n.to_string()});
        put(&dog, &record, Expect::Anything)
    });
    write(&store, writes.collect()).await;
    let second = json!({"name": "dog", "key": {"name": "chip_id", "type": "string", "max_length": 16},
    "fields": [
        {"name": "size", "type": "text"},
        {"name": "cost", "renamed_from": "price", "type": "decimal", "precision": 12, "scale": 4, "nullable": true},
        {"name": "code", "type": "integer", "unique": true},
    ]});
    let dog = applied(&store, &second).await;
    let row = get(&store, &dog, &Value::Text("C77".into())).await.unwrap();
    assert_eq!(row.values, [Value::Text("77".into()), Value::Decimal(775_000), Value::Integer(77)]);
    assert_eq!(left_over(&database).await, 0);
    let storage = store.catalogue().get("dog").unwrap();
    assert_eq!(storage.dropped.get("color").map(String::as_str), Some("string"));
    assert_eq!(storage.dropped.get("price").map(String::as_str), Some("decimal"));
    let clash = json!({"chip_id": "new", "size": "s", "cost": "1", "code": 77});
    let outcomes = write(&store, vec![put(&dog, &clash, Expect::Anything)]).await;
    let Outcome::Invalid(faults) = &outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(faults[0].at.to_string(), "code");
    store.close().await;
}

#[tokio::test]
async fn a_type_that_was_narrowed_can_grow_again_without_a_rewrite() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 10).await;
    let file = "SELECT relfilenode::bigint FROM pg_class WHERE oid = 'storage_dog'::regclass";
    let before = database.number(file).await;
    for length in [16, 24, 40, 20, 39] {
        applied(&store, &with(super::support::dog(), "color", "max_length", json!(length))).await;
    }
    assert_eq!(database.number(file).await, before);
    store.close().await;
}

#[tokio::test]
async fn another_node_takes_over_what_a_dead_one_left() {
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

#[tokio::test]
async fn a_table_of_that_name_that_is_not_ours_is_left_alone() {
    let database = Database::new().await;
    database.execute("CREATE TABLE storage_dog (x integer)").await;
    let store = database.store().await;
    let reason = failing(&store, &dog()).await;
    assert!(reason.contains("storage_dog"), "{reason}");
    let id = store.catalogue().get("dog").unwrap().id;
    store.remove(id).await.unwrap();
    assert_eq!(database.number("SELECT count(*) FROM storage_dog").await, 0);
    store.close().await;
}

#[tokio::test]
async fn a_storage_being_migrated_takes_no_other_version_and_stays() {
    let database = Database::new().await;
    let store = database.store().await;
    let dog = applied(&store, &dog()).await;
    let storage = declare(&store, &grown()).await.unwrap();
    let again = declare(&store, &grown()).await;
    assert!(matches!(again, Err(Error::Migrating { version: 2, .. })), "{again:?}");
    let removed = store.remove(dog.storage).await;
    assert!(matches!(removed, Err(Error::Migrating { version: 2, .. })), "{removed:?}");
    store.migrate(storage.id).await.unwrap();
    store.remove(dog.storage).await.unwrap();
    assert_eq!(
        database
            .number("SELECT count(*) FROM pg_class WHERE relname LIKE 'storage%' OR relname LIKE 'dd\\_%'")
            .await,
        0
    );
    store.close().await;
}

#[tokio::test]
async fn a_plan_counts_what_stands_in_its_way_and_says_what_would_run() {
    let database = Database::new().await;
    let store = database.store().await;
    let first = dog();
    let dog = applied(&store, &first).await;
    dogs(&store, &dog, 50).await;
    let definition = with(with(first, "size", "max", json!(40)), "color", "unique", json!(true));
    let difference = difference(&dog, &definition);
    let examined = store.examine(&dog, &difference).await.unwrap();
    assert_eq!(examined.len(), difference.changes.len());
    for (change, examined) in difference.changes.iter().zip(&examined) {
        match change.name.as_str() {
            "size" => {
                assert_eq!((examined.scanned, examined.violating), (50, 9));
                assert_eq!(
                    examined.examples,
                    ["CHIP000041", "CHIP000042", "CHIP000043", "CHIP000044", "CHIP000045"]
                );
            }
            "color" if change.detail.starts_with("new unique") => {
                assert_eq!((examined.scanned, examined.violating, examined.examples.len()), (50, 50, 5));
            }
            _ => assert_eq!(examined.violating, 0),
        }
    }
    let target = datadump_core::schema::parse::definition(&definition).unwrap();
    let ddl = store.ddl(Some(&dog), &target, &difference);
    assert!(ddl.iter().any(|statement| statement.contains("CREATE UNIQUE INDEX CONCURRENTLY")), "{ddl:?}");
    assert_eq!(in_force(&store, "dog").version, 1);
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_to_other_storages_go_on_while_one_cannot_be_written() {
    let database = Database::new().await;
    let store = Arc::new(database.store().await);
    let dog = applied(&store, &dog()).await;
    let cat = json!({"name": "cat", "key": {"name": "id", "type": "integer"}, "fields": [{"name": "x", "type": "integer"}]});
    let cat = applied(&store, &cat).await;
    // As a migration's last transaction does.
    let mut holder = database.connection().await;
    let lock = format!("BEGIN; SELECT pg_advisory_xact_lock(1684275201, {})", dog.storage.get());
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut holder).await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|n| {
            let (store, dog) = (store.clone(), dog.clone());
            tokio::spawn(async move {
                store.write(Call::each(vec![put(&dog, &a_dog(n), Expect::Anything)])).await
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
async fn a_migration_goes_on_when_its_connection_is_lost() {
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
