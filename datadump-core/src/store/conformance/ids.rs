//! Checks of inferred storages: keys that are UUIDs or other strings, and service columns that leave the
//! data's names free.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::{
    bench::{Bench, TestStore, ensure, ensure_eq},
    rows::name,
};
use crate::{
    error::Result,
    schema::Value,
    store::{Expect, Write},
};

fn inbox() -> Json {
    json!({
        "name": "inbox", "key": {"name": "_id", "type": "id"},
        // Fields named like the service columns of other storages.
        "fields": [{"name": "id", "type": "long", "nullable": true},
                   {"name": "version", "type": "text", "nullable": true},
                   {"name": "created_at", "type": "timestamp", "nullable": true},
                   {"name": "updated_at", "type": "boolean", "nullable": true},
                   {"name": "key", "type": "text", "nullable": true}],
        "meta": {"auto": true, "scans": true},
    })
}

/// Keys: UUIDs, the same UUIDs in other spellings, and strings that sort before, among and after them.
const KEYS: [&str; 18] = [
    "01970000-0000-7000-8000-000000000001",
    "01970000-0000-7000-8000-00000000000a",
    "01970000-0000-7000-8000-00000000000A",
    "01970000-0000-7000-8000-00000000000",
    "{01970000-0000-7000-8000-000000000001}",
    "01970000000070008000000000000001",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "00000000-0000-0000-0000-000000000000",
    "0",
    "01970000-0000-7000",
    "7",
    "a",
    "A",
    "ä",
    "zz",
    " ",
    "'; DROP TABLE--",
    "\u{1F600}",
];

pub(super) async fn keys_of_type_id_hold_uuids_and_texts(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, inbox()).await?;
    for (number, key) in KEYS.iter().enumerate() {
        let record = json!({"_id": key, "id": number, "version": key, "created_at": "2026-01-01T00:00:00Z",
                            "updated_at": true, "key": "k"});
        ensure_eq(key, name(&test.save("inbox", record).await?), "created")?;
    }
    // A number becomes its text; a row without a key gets a UUID.
    let outcome = test.put("inbox", &json!({"_id": 7, "id": 7}), Expect::Exactly(1))?;
    ensure_eq("7", name(&test.write(outcome).await?), "updated")?;
    let test = test.reopen().await?;
    for (number, key) in KEYS.iter().enumerate() {
        ensure_eq(
            key,
            test.field("inbox", json!(key), "id").await?,
            json!(if *key == "7" { 7 } else { number }),
        )?;
        let row = test.get("inbox", json!(key)).await?;
        let canonical = row.as_ref().is_some_and(|row| matches!(row.key, Value::Uuid(_)));
        let expected = uuid::Uuid::try_parse(key).is_ok_and(|uuid| uuid.to_string() == *key);
        ensure_eq(&format!("{key} is a UUID"), canonical, expected)?;
        let (page, _) = test.list("inbox", &[("_id", key)]).await?;
        ensure_eq(&format!("the rows with {key}"), page.rows.len(), 1)?;
    }
    let (page, _) = test.list("inbox", &[("_id__in", &KEYS[..12].join(","))]).await?;
    ensure_eq("several of them", page.rows.len(), 12)?;
    let definition = test.in_force("inbox")?;
    let row = test.get("inbox", json!("a")).await?;
    let json = row.map(|row| row.to_json(&definition.definition)).unwrap_or_default();
    ensure_eq("its version", &json["_version"], &json!(1))?;
    ensure_eq("its field `version`", &json["version"], &json!("a"))?;
    ensure(
        "it has its service columns",
        json["_received_at"].is_string() && json["_updated_at"].is_string(),
    )?;
    for ordering in ["_id", "-_id", "", "-_updated_at", "_received_at", "-version,_id"] {
        let keys = test.walk("inbox", "4", Some(ordering).filter(|text| !text.is_empty())).await?;
        let distinct: BTreeSet<_> = keys.iter().map(|key| format!("{key:?}")).collect();
        ensure_eq(&format!("rows by {ordering:?}"), (keys.len(), distinct.len()), (KEYS.len(), KEYS.len()))?;
    }
    let delete = Write::delete(definition, Value::Text("ä".into()), Expect::Exactly(1));
    ensure_eq("a deletion", name(&test.write(delete).await?), "deleted")?;
    let given = test.save("inbox", json!({"id": 100})).await?;
    ensure_eq("a row without a key", name(&given), "created")
}
