//! Migrations that the database refuses half-way: each ends with the reason, and the storage can be removed.

use std::time::Duration;

use datadump_core::store::{State, Store, postgres::PostgresStore};
use serde_json::json;

use super::support::*;

/// Declares a version and returns why it failed, which must not take long.
async fn refused(store: &PostgresStore, definition: &serde_json::Value) -> String {
    let storage = declare(store, definition).await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(30), store.migrate(storage.id)).await;
    ended.expect("the migration does not end").unwrap();
    let progress = store.progress(storage.id).await.unwrap();
    assert_eq!(progress.state, State::Failed);
    progress.error.unwrap()
}

#[tokio::test]
async fn a_migration_of_a_table_that_was_changed_by_hand_fails_and_the_storage_can_be_removed() {
    for (fault, reason) in [
        ("DROP TABLE storage_dog", "does not exist"),
        ("ALTER TABLE storage_dog RENAME TO elsewhere", "does not exist"),
        ("ALTER TABLE storage_dog DROP COLUMN color", "\"color\" does not exist"),
        ("DROP TABLE storage_dog; CREATE VIEW storage_dog AS SELECT 1 AS x", "storage_dog"),
        // The column of a size that becomes a long is replaced.
        ("CREATE VIEW sizes AS SELECT size FROM storage_dog", "other objects depend on it"),
    ] {
        let database = Database::new().await;
        let store = database.store().await;
        let dog = applied(&store, &dog()).await;
        dogs(&store, &dog, 10).await;
        database.execute(fault).await;
        let error = refused(&store, &grown()).await;
        assert!(error.contains(reason), "{fault}: {error}");
        // Neither does a second attempt get stuck.
        refused(&store, &grown()).await;
        store.remove(dog.storage).await.unwrap_or_else(|error| panic!("{fault}: {error}"));
        assert_eq!(database.number("SELECT count(*) FROM datadump_version").await, 0);
        let functions = "SELECT count(*) FROM pg_proc WHERE proname LIKE 'dd\\_keep%'";
        assert_eq!(database.number(functions).await, 0, "{fault}");
        database.execute("DROP VIEW IF EXISTS storage_dog").await;
        applied(&store, &super::support::dog()).await;
        store.close().await;
    }
}

#[tokio::test]
async fn a_relation_with_the_name_of_an_index_fails_the_migration_and_stays() {
    let database = Database::new().await;
    let store = database.store().await;
    let old = applied(&store, &dog()).await;
    let ddl = store.ddl(
        Some(&old),
        &datadump_core::schema::parse::definition(&grown()).unwrap(),
        &difference(&old, &grown()),
    );
    let create = ddl.iter().find_map(|sql| sql.strip_prefix("CREATE INDEX CONCURRENTLY ")).unwrap();
    let (index, _) = create.split_once(" ON ").unwrap();
    database.execute(&format!("CREATE TABLE other (x int4); CREATE INDEX {index} ON other (x)")).await;
    let error = refused(&store, &grown()).await;
    assert!(error.contains(&format!("another relation named {index}")), "{error}");
    assert_eq!(database.number("SELECT count(*) FROM pg_index WHERE indrelid = 'other'::regclass").await, 1);
    database.execute("DROP TABLE other").await;
    applied(&store, &grown()).await;
    assert_eq!(left_over(&database).await, 0);
    store.close().await;
}

/// A role that lost its privileges, as after a change of the owner.
#[tokio::test]
async fn a_migration_without_privileges_fails_and_its_undo_does_not_repeat_for_ever() {
    let database = Database::new().await;
    let role = format!("limited_{}", uuid::Uuid::now_v7().simple());
    let name = database.url().rsplit_once('/').unwrap().1.to_owned();
    database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'secret'; GRANT ALL ON DATABASE {name} TO {role}; \
             GRANT ALL ON SCHEMA public TO {role}"
        ))
        .await;
    let (_, host) = database.url().rsplit_once('@').unwrap();
    let store = PostgresStore::open(&format!("postgres://{role}:secret@{host}"), options()).await.unwrap();
    let dog = applied(&store, &dog()).await;
    dogs(&store, &dog, 10).await;
    database
        .execute(&format!(
            "ALTER TABLE storage_dog OWNER TO CURRENT_USER; GRANT SELECT, INSERT, UPDATE, DELETE ON storage_dog TO {role}"
        ))
        .await;
    let error = refused(&store, &grown()).await;
    assert!(error.contains("must be owner"), "{error}");
    dogs(&store, &dog, 20).await;
    assert_eq!(database.number("SELECT count(*) FROM storage_dog").await, 20);
    let error = store.remove(dog.storage).await.unwrap_err().to_string();
    assert!(error.contains("must be owner"), "{error}");
    database.execute(&format!("REVOKE CREATE ON SCHEMA public FROM {role}")).await;
    let other = json!({"name": "cat", "key": {"name": "id", "type": "long"}, "fields": [{"name": "n", "type": "long"}]});
    let error = refused(&store, &other).await;
    assert!(error.contains("permission denied"), "{error}");
    let cat = store.catalogue().find("cat").unwrap();
    store.remove(cat.id).await.unwrap();
    database.execute(&format!("ALTER TABLE storage_dog OWNER TO {role}")).await;
    store.remove(dog.storage).await.unwrap();
    store.close().await;
    database.execute(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}")).await;
}
