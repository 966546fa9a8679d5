//! The service's own storages: in databases that did not have them, and heard of by all nodes.

use datadump_core::{
    schema::Value,
    store::{Expect, Store, Write, WriteBatch, postgres::PostgresStore, system_storages::SystemStorage},
};
use serde_json::{Value as Json, json};

use super::support::*;

fn source(store: &PostgresStore, settings: &Json) -> Write {
    let definition = store.catalogue().system(SystemStorage::Source).unwrap();
    put(&definition, &json!({"name": "s", "settings": settings}), Expect::Anything)
}

#[tokio::test]
async fn a_database_of_the_first_version_gets_them_once() {
    let database = Database::new().await;
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/system-1.sql");
    let statements = std::fs::read_to_string(fixture).unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut database.connection().await).await.unwrap();
    let version = "SELECT system_version FROM datadump_info";
    assert_eq!(database.number(version).await, 1);
    let rows = database.number("SELECT count(*) FROM storage_dog").await;
    // Several nodes of the new release at once, as when all are replaced.
    let (one, other) = tokio::join!(
        PostgresStore::open(database.url(), options()),
        PostgresStore::open(database.url(), options())
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(database.number(version).await, 6);
    assert_eq!(words(&write(&one, vec![source(&one, &json!({}))]).await), ["created"]);
    other.close().await;
    one.close().await;
    let again = database.store().await;
    let definition = again.catalogue().system(SystemStorage::Source).unwrap();
    assert!(get(&again, &definition, &Value::Text("s".into())).await.is_some());
    assert_eq!(database.number("SELECT count(*) FROM storage_dog").await, rows);
    assert!(rows > 0 && again.catalogue().get("dog").is_some());
    again.close().await;
}

#[tokio::test]
async fn what_one_node_changes_in_sources_the_others_hear() {
    let database = Database::new().await;
    let (one, other) = (database.store().await, database.store().await);
    // What each says when it begins to listen.
    let (mut here, mut there) = (one.config_signal(), other.config_signal());
    until("the first word", || *here.borrow() > 0 && *there.borrow() > 0).await;
    let (before, before_there) = (*here.borrow_and_update(), *there.borrow_and_update());
    let call = WriteBatch::atomic(vec![source(&one, &json!({"a": 1}))]);
    assert_eq!(words(&one.write(call).await.unwrap()), ["created"]);
    assert!(*here.borrow() > before, "it is told here before the answer");
    until("word of the change", || *there.borrow() > before_there).await;
    // The same again is no change.
    let definition = one.catalogue().system(SystemStorage::Source).unwrap();
    let same = put(&definition, &json!({"name": "s", "settings": {"a": 1}}), Expect::Different);
    assert_eq!(words(&write(&one, vec![same]).await), ["same"]);
    // Nobody says anything of this one; it is found all the same.
    let before = *there.borrow_and_update();
    database.execute("UPDATE datadump_source SET version = 7").await;
    until("a change without a word", || *there.borrow() > before).await;
    let before = *there.borrow_and_update();
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    until("word after a lost connection", || *there.borrow() > before).await;
    one.close().await;
    other.close().await;
}
