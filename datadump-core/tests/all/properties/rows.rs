//! A valid row is read back unchanged.

use std::sync::Arc;

use datadump_core::{
    Expect,
    schema::{Row, parse},
    store::{Declaration, Outcome, Write, WriteBatch, conformance::Bench},
};
use proptest::{strategy::Strategy, strategy::ValueTree};
use serde_json::json;

use super::{CASES, runner, values};
use crate::databases::{Backend, Database};

async fn rows_are_read_back_equal(backend: Backend) {
    let database = Database::new(backend).await;
    let store = database.store().await.unwrap();
    let sent = values::definition();
    let definition = parse::definition(&sent).unwrap();
    let storage = store.declare(Declaration { definition, sent, base: None }).await.unwrap();
    store.migrate(storage.id).await.unwrap();
    let in_force = store.catalogue().find("everything").unwrap().ready().unwrap().clone();

    let (mut runner, record) = (runner(), values::record());
    let rows: Vec<Row> = (0..CASES)
        .map(|id| {
            let mut record = record.new_tree(&mut runner).unwrap().current();
            record["id"] = json!(id);
            database.prove(&in_force, &record).unwrap_or_else(|error| panic!("{error}: {record}"))
        })
        .collect();
    let writes = rows.iter().map(|row| Write::put(row.clone(), Expect::Absent));
    let outcomes = store.write(WriteBatch::independent(writes.collect())).await.unwrap();
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Outcome::Created(_))));
    store.close().await;

    let store = database.store().await.unwrap();
    for row in &rows {
        let stored = store.get(&in_force, row.key().unwrap()).await.unwrap().unwrap();
        assert_eq!(stored.values, row.complete(), "{:?}", row.to_record());
        // Format the row as JSON text and parse it again, as over HTTP.
        let text = stored.to_json(&in_force.definition).to_string();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let again = database.prove(&in_force, &without_service_columns(json)).unwrap();
        assert_eq!(again.complete(), row.complete(), "as JSON: {:?}", row.to_record());
    }
    drop(Arc::clone(&in_force));
    store.close().await;
}

fn without_service_columns(mut json: serde_json::Value) -> serde_json::Value {
    for name in ["version", "created_at", "updated_at"] {
        json.as_object_mut().unwrap().remove(name);
    }
    json
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_read_back_equal_on_sqlite() {
    rows_are_read_back_equal(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_read_back_equal_on_postgres() {
    rows_are_read_back_equal(Backend::Postgres).await;
}
