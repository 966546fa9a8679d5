//! System storages: created once by several nodes, and their changes signalled to all of them.

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
async fn nodes_that_open_an_empty_database_at_once_create_the_system_tables_once() {
    let database = Database::new().await;
    let (one, other) = tokio::join!(
        PostgresStore::open(database.url(), options()),
        PostgresStore::open(database.url(), options())
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(database.number("SELECT system_version FROM datadump_info").await, 2);
    assert_eq!(database.number("SELECT count(*) FROM datadump_change_log_info").await, 1);
    assert_eq!(words(&write(&one, vec![source(&one, &json!({}))]).await), ["created"]);
    other.close().await;
    one.close().await;
    let again = database.store().await;
    let definition = again.catalogue().system(SystemStorage::Source).unwrap();
    assert!(get(&again, &definition, &Value::Text("s".into())).await.is_some());
    again.close().await;
}

#[tokio::test]
async fn a_change_of_sources_is_signalled_to_all_nodes() {
    let database = Database::new().await;
    let (one, other) = (database.store().await, database.store().await);
    // Each node raises the signal once when it begins to listen.
    let (mut here, mut there) = (one.config_signal(), other.config_signal());
    until("the first signal", || *here.borrow() > 0 && *there.borrow() > 0).await;
    let (before, before_there) = (*here.borrow_and_update(), *there.borrow_and_update());
    let call = WriteBatch::atomic(vec![source(&one, &json!({"a": 1}))]);
    assert_eq!(words(&one.write(call).await.unwrap()), ["created"]);
    assert!(*here.borrow() > before, "the node that wrote is signalled before the write returns");
    until("the signal of the change", || *there.borrow() > before_there).await;
    // An unchanged row raises no signal.
    let definition = one.catalogue().system(SystemStorage::Source).unwrap();
    let same = put(&definition, &json!({"name": "s", "settings": {"a": 1}}), Expect::Different);
    assert_eq!(words(&write(&one, vec![same]).await), ["unchanged"]);
    // A change without a notification is found by polling.
    let before = *there.borrow_and_update();
    database.execute("UPDATE datadump_source SET version = 7").await;
    until("the signal of a change without a notification", || *there.borrow() > before).await;
    let before = *there.borrow_and_update();
    database
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
    until("the signal after a lost connection", || *there.borrow() > before).await;
    one.close().await;
    other.close().await;
}
