//! Every kind is stored and read back exactly.

use datadump_core::{
    schema::Value,
    store::{Expect, Outcome, Store},
};
use serde_json::json;

use super::support::*;

fn everything() -> serde_json::Value {
    json!({
        "name": "everything",
        "key": {"name": "id", "type": "long"},
        "fields": [
            {"name": "a_boolean", "type": "boolean", "nullable": true},
            {"name": "an_integer", "type": "integer", "nullable": true},
            {"name": "a_long", "type": "long", "nullable": true},
            {"name": "a_float", "type": "float", "nullable": true},
            {"name": "a_decimal", "type": "decimal", "precision": 18, "scale": 4, "nullable": true},
            {"name": "a_string", "type": "string", "max_length": 40, "nullable": true},
            {"name": "a_text", "type": "text", "nullable": true},
            {"name": "a_uuid", "type": "uuid", "nullable": true},
            {"name": "a_date", "type": "date", "nullable": true},
            {"name": "a_time", "type": "time", "nullable": true},
            {"name": "a_timestamp", "type": "timestamp", "nullable": true},
            {"name": "a_json", "type": "json", "nullable": true},
            {"name": "a_binary", "type": "binary", "nullable": true},
            {"name": "an_enum", "type": "enum", "values": ["red", "grün"], "nullable": true},
        ],
        "meta": {"scans": true},
    })
}

#[tokio::test]
async fn every_kind_round_trips() {
    let database = Database::new().await;
    let store = database.store().await;
    let storage = applied(&store, &everything()).await;
    let least = json!({
        "id": i64::MIN, "a_boolean": false, "an_integer": i32::MIN, "a_long": i64::MIN, "a_float": -1.7e308,
        "a_decimal": "-99999999999999.9999", "a_string": "", "a_text": "", "a_uuid": "00000000-0000-0000-0000-000000000000",
        "a_date": "0001-01-01", "a_time": "00:00:00", "a_timestamp": "0001-01-01T00:00:00Z",
        "a_json": [], "a_binary": "", "an_enum": "red",
    });
    let most = json!({
        "id": i64::MAX, "a_boolean": true, "an_integer": i32::MAX, "a_long": i64::MAX, "a_float": 5e-324,
        "a_decimal": "99999999999999.9999", "a_string": "'; DROP TABLE dog; -- \\ \" 🐕", "a_text": "line\nline\t\u{1}",
        "a_uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff", "a_date": "9999-12-31", "a_time": "23:59:59.999999",
        "a_timestamp": "9999-12-31T23:59:59.999999Z",
        "a_json": {"b": 1.50, "a": [null, true, "x\"\\"], "b2": 12345678901234567890_u64}, "a_binary": "AAH/", "an_enum": "grün",
    });
    let nothing = json!({"id": 0, "a_boolean": null, "an_integer": null, "a_long": null, "a_float": null,
        "a_decimal": null, "a_string": null, "a_text": null, "a_uuid": null, "a_date": null, "a_time": null,
        "a_timestamp": null, "a_json": null, "a_binary": null, "an_enum": null});
    let writes = [&least, &most, &nothing].map(|record| put(&storage, record, Expect::Anything));
    let proven: Vec<Vec<Value>> = writes
        .iter()
        .map(|write| match &write.action {
            datadump_core::store::Action::Put(row) => row.complete(),
            datadump_core::store::Action::Merge(_) | datadump_core::store::Action::Patch { .. } => panic!(),
            datadump_core::store::Action::Delete { .. } => Vec::new(),
        })
        .collect();
    let outcomes = write(&store, writes.to_vec()).await;
    for ((outcome, values), key) in outcomes.into_iter().zip(proven).zip([i64::MIN, i64::MAX, 0]) {
        let Outcome::Created(stored) = outcome else { panic!("{outcome:?}") };
        assert_eq!(stored.row.values, values);
        let read = get(&store, &storage, &Value::Integer(key)).await.unwrap();
        assert_eq!(read, stored.row);
    }
    let listed = page(&store, &storage, &[("ordering", "id")]).await;
    assert_eq!(listed.rows.len(), 3);
    store.close().await;
}

#[tokio::test]
async fn a_default_of_every_kind_fills_existing_rows() {
    let database = Database::new().await;
    let store = database.store().await;
    let first = json!({"name": "old", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "x", "type": "integer"}]});
    let storage = applied(&store, &first).await;
    write(&store, vec![put(&storage, &json!({"id": 1, "x": 1}), Expect::Anything)]).await;
    let defaults = [
        ("boolean", json!(true), json!({})),
        ("integer", json!(-7), json!({})),
        ("long", json!(1_i64 << 40), json!({})),
        ("float", json!(-0.1), json!({})),
        ("decimal", json!("-12.50"), json!({"precision": 6, "scale": 2})),
        ("string", json!("it's \\ \"ü\" $1 ; --"), json!({"max_length": 40})),
        ("text", json!("x'); DROP TABLE storage_old; --"), json!({})),
        ("uuid", json!("01890a5d-ac96-774b-bcce-b302099a8057"), json!({})),
        ("date", json!("2024-02-29"), json!({})),
        ("time", json!("12:34:56.789"), json!({})),
        ("timestamp", json!("2024-02-29T12:00:00.5Z"), json!({})),
        ("json", json!({"a": [1, "'"]}), json!({})),
        ("binary", json!("AAH/"), json!({})),
        ("enum", json!("b"), json!({"values": ["a", "b"]})),
    ];
    let mut second = first.clone();
    for (kind, default, more) in &defaults {
        let mut field = json!({"name": format!("a_{kind}"), "type": kind, "default": default});
        field.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        second = and(second, field);
    }
    let storage = applied(&store, &second).await;
    let old = get(&store, &storage, &Value::Integer(1)).await.unwrap();
    write(&store, vec![put(&storage, &json!({"id": 2, "x": 1}), Expect::Anything)]).await;
    let new = get(&store, &storage, &Value::Integer(2)).await.unwrap();
    assert_eq!(old.values, new.values);
    assert_eq!(
        database.number("SELECT count(*) FROM pg_attrdef").await,
        0,
        "no default is left in the table"
    );
    store.close().await;
}
