//! Rows that hold much less than their storage could.

use datadump_tests::{Api, eventually};
use serde_json::{Map, Value as Json, json};

use super::Attack;

/// Number of fields of the storages.
const FIELDS: usize = 1_000;

/// Number of small rows. With a value for every field they would take 1.3 GB.
const ROWS: usize = 40_000;

/// Returns the attacks.
pub(super) fn attacks() -> Vec<Attack> {
    vec![
        Attack::new("small rows, inferred storage", |api| small_rows(api, Storage::Inferred)),
        Attack::new("small rows, defaults", |api| small_rows(api, Storage::WithDefaults)),
    ]
}

enum Storage {
    Inferred,
    /// Declared, with a default for each field.
    WithDefaults,
}

/// Throws rows with one field into a storage with many.
async fn small_rows(api: Api, storage: Storage) -> Vec<u16> {
    let (name, created) = match storage {
        Storage::Inferred => {
            let wide: Map<String, Json> = (0..FIELDS).map(|n| (format!("k{n}"), json!(n))).collect();
            ("wide", api.post("/throw/wide", &Json::Object(wide)).await)
        }
        Storage::WithDefaults => {
            let field = |n| json!({"name": format!("k{n}"), "type": "integer", "default": n});
            let fields: Vec<Json> = (0..FIELDS).map(field).collect();
            let key = json!({"name": "id", "type": "uuid", "generated": true});
            let definition = json!({"name": "declared", "key": key, "fields": fields});
            let declared = api.post("/api/v1/factory/storage/", &definition).await;
            ("declared", declared)
        }
    };
    let status = format!("/api/v1/factory/ready_status/{name}/");
    eventually("the storage is ready", || async {
        (api.get(&status).await.json()["applied"] == true).then_some(())
    })
    .await;
    let rows =
        api.request("POST", &format!("/throw/{name}?format=ndjson")).body(b"{\"k1\":1}\n".repeat(ROWS)).await;
    vec![created.status, rows.status]
}
