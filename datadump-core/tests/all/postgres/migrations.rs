//! The effects of migrations on tables and rows, and the changes they refuse.

use datadump_core::{
    Error,
    schema::Value,
    store::{Expect, Outcome, ReadMemory, State, Store},
};
use serde_json::json;

use super::support::*;

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
    let versions = store.versions(id, 0, 100, &ReadMemory::unlimited()).await.unwrap().versions;
    assert_eq!(
        versions.iter().map(|v| (v.version, v.state)).collect::<Vec<_>>(),
        [(1, State::Applied), (2, State::Applied)]
    );
    store.close().await;
}

#[tokio::test]
async fn a_failed_migration_gives_the_reason_and_leaves_nothing() {
    let database = Database::new().await;
    let store = database.store().await;
    let first = dog();
    let dog = applied(&store, &first).await;
    dogs(&store, &dog, 3000).await;
    for (definition, reason) in [
        (
            with(grown(), "size", "max", json!(2994)),
            "field `size`: 5 rows violate it, for example \"CHIP002995\"",
        ),
        (
            with(grown(), "color", "unique", json!(true)),
            "`color` cannot be unique: several rows have the same value, for example black",
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
    // A version that failed can be corrected and declared again.
    let dog = applied(&store, &grown()).await;
    assert_eq!(dog.version, 2);
    assert_eq!(store.versions(dog.storage, 0, 100, &ReadMemory::unlimited()).await.unwrap().count, 2);
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
async fn a_narrowed_type_can_grow_again_without_a_rewrite() {
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
async fn an_unrelated_table_of_the_same_name_is_left_alone() {
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
async fn a_migrating_storage_accepts_no_other_version_and_cannot_be_removed() {
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
            .number(
                // System storages have negative numbers.
                "SELECT count(*) FROM pg_class \
                 WHERE relname LIKE 'storage%' OR relname LIKE 'dd\\_%' AND relname NOT LIKE 'dd\\_%\\_-%'"
            )
            .await,
        0
    );
    store.close().await;
}

#[tokio::test]
async fn a_plan_counts_violations_and_lists_its_statements() {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_violates_an_index_being_built_waits_for_it() {
    let database = Database::new().await;
    let store = std::sync::Arc::new(database.store().await);
    let dog = applied(&store, &dog()).await;
    let a = json!({"chip_id": "A", "color": "red", "size": 1, "tag": null});
    write(&store, vec![put(&dog, &a, Expect::Anything)]).await;
    // PostgreSQL enforces a unique index some time before it is valid: it waits for older snapshots.
    let mut snapshot = database.connection().await;
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
    sqlx::raw_sql(begin).execute(&mut snapshot).await.unwrap();
    let queued = declare(&store, &with(self::dog(), "color", "unique", json!(true))).await.unwrap();
    let migrating = tokio::spawn({
        let store = store.clone();
        async move { store.migrate(queued.id).await }
    });
    let building = "SELECT count(*) FROM pg_index WHERE indisready AND NOT indisvalid";
    while database.number(building).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let waiting = tokio::spawn({
        let (store, dog) = (store.clone(), dog.clone());
        let b = json!({"chip_id": "B", "color": "red", "size": 2, "tag": null});
        async move { write(&store, vec![put(&dog, &b, Expect::Anything)]).await }
    });
    // Other rows of the same storage do not wait.
    let c = json!({"chip_id": "C", "color": "blue", "size": 3, "tag": null});
    assert_eq!(words(&write(&store, vec![put(&dog, &c, Expect::Anything)]).await), ["created"]);
    assert!(!waiting.is_finished(), "the row is not refused for an index that is not in force");
    write(&store, vec![delete(&dog, Value::Text("A".into()), Expect::Anything)]).await;
    assert_eq!(words(&waiting.await.unwrap()), ["created"], "it no longer violates the index");
    sqlx::raw_sql("COMMIT").execute(&mut snapshot).await.unwrap();
    migrating.await.unwrap().unwrap();
    assert_eq!(in_force(&store, "dog").version, 2);
    store.close().await;
}
