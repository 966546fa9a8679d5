//! Names and keys with arbitrary characters are stored exactly, or refused with a reason, and never interpreted. Also
//! tests paths: trailing slashes and HEAD.

use datadump_tests::{Server, dog, on_both, segment};
use serde_json::{Value as Json, json};

on_both![
    keys_with_any_characters_are_found,
    numeric_keys_are_parsed_as_numbers,
    names_of_storages_and_fields_of_any_script_work,
    names_of_the_databases_own_columns_are_data,
    paths_work_with_and_without_a_trailing_slash,
    head_responds_like_get_without_a_body,
];

const KEYS: [&str; 30] = [
    "plain",
    " ",
    " leading and trailing ",
    "a/b",
    "/",
    "//",
    "../../etc/passwd",
    "a%2Fb",
    "%",
    "%00",
    "a+b",
    "a&b=c",
    "a?b#c",
    "it's",
    "\"quoted\"",
    "back\\slash",
    "`tick`",
    "'; DROP TABLE storage_thing; --",
    "1 OR 1=1",
    "$1",
    "?1",
    ":id",
    "new\nline\ttab\r",
    "Größe",
    "собака",
    "犬🐕",
    "e\u{301}",
    "é",
    "\u{202e}right to left",
    "null",
];

async fn keys_with_any_characters_are_found(server: Server) {
    server
        .declare(&json!({
            "name": "thing",
            "key": {"name": "id", "type": "string", "max_length": 200},
            "fields": [{"name": "text", "type": "string", "max_length": 200, "db_index": true}],
        }))
        .await;
    for key in KEYS {
        let row = json!({"id": key, "text": key});
        let stored = server.post("/api/v1/storage/thing/", &row).await.is(201).json();
        assert_eq!((&stored["id"], &stored["text"]), (&json!(key), &json!(key)));
    }
    let count = server.get("/api/v1/storage/thing/").await.is(200).json();
    assert_eq!(count["count"], KEYS.len(), "each is a row of its own");
    for key in KEYS {
        let path = format!("/api/v1/storage/thing/{}/", segment(key));
        assert_eq!(server.get(&path).await.is(200).json()["id"], key);
        assert_eq!(server.get(path.trim_end_matches('/')).await.is(200).json()["id"], key);
        for filter in ["id", "text", "text__eq", "id__startswith", "text__endswith", "text__contains"] {
            let list = server.get("/api/v1/storage/thing/").query(&[(filter, key)]).await.is(200).json();
            let found = list["results"].as_array().unwrap().iter().any(|row| row["id"] == key);
            assert!(found, "{filter}={key:?}: {list}");
        }
        let put = json!({"text": "changed"});
        assert_eq!(server.put(&path, &put).await.is(200).json()["version"], 2, "{key:?}");
        server.delete(&path).await.is(204).ok();
        server.get(&path).await.problem_about(404, &[key]);
    }
    assert_eq!(server.get("/api/v1/storage/thing/").await.is(200).json()["count"], 0);
}

async fn numeric_keys_are_parsed_as_numbers(server: Server) {
    server
        .declare(&json!({
            "name": "thing",
            "key": {"name": "id", "type": "long"},
            "fields": [{"name": "a", "type": "integer"}],
        }))
        .await;
    for key in [0_i64, -1, 7, i64::MAX, i64::MIN] {
        server.post("/api/v1/storage/thing/", &json!({"id": key, "a": 1})).await.is(201).ok();
        assert_eq!(server.get(&format!("/api/v1/storage/thing/{key}/")).await.is(200).json()["id"], key);
    }
    for key in ["8", "x", "1.0", "9223372036854775808", "1 OR 1=1", "0x7", ""] {
        let response = server.get(&format!("/api/v1/storage/thing/{}/", segment(key))).await;
        assert!([400, 404].contains(&response.status), "{key:?}: {response:?}");
        response.ok();
    }
}

async fn names_of_storages_and_fields_of_any_script_work(server: Server) {
    let long = "n".repeat(55);
    let names =
        ["a", "9", "a-b", "A_b", "Hündin-2", "собака", "犬", "select", "table", "storage_x", "null", &long];
    for name in names {
        let field = format!("{}-ö", &name.chars().take(20).collect::<String>());
        server
            .declare(&json!({
                "name": name,
                "key": {"name": "order", "type": "integer"},
                "fields": [{"name": &field, "type": "string", "max_length": 9, "db_index": true, "unique": true},
                           {"name": "from", "type": "integer", "nullable": true, "db_index": true},
                           {"name": "limit", "type": "integer", "default": 3, "db_index": true}],
            }))
            .await;
        let list = format!("/api/v1/storage/{}/", segment(name));
        let row = json!({"order": 1, &field: "x"});
        assert_eq!(server.post(&list, &row).await.is(201).json()[&field], "x");
        for filter in [field.as_str(), "order", "limit__eq"] {
            let value = if filter == field {
                "x"
            } else if filter == "order" {
                "1"
            } else {
                "3"
            };
            let found =
                server.get(&list).query(&[(filter, value), ("ordering", "-from")]).await.is(200).json();
            assert_eq!(found["count"], 1, "{name} {filter}: {found}");
        }
        let again = json!({"order": 2, &field: "x"});
        server.post(&list, &again).await.problem_about(400, &[&field]);
        let definition =
            server.get(&format!("/api/v1/factory/storage/{}/", segment(name))).await.is(200).json();
        assert_eq!(definition["name"], name);
    }
    let all = server.get("/api/v1/factory/storage/").await.is(200).json();
    assert_eq!(all["count"], names.len());
}

async fn names_of_the_databases_own_columns_are_data(server: Server) {
    let own = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "rowid", "oid", "CTID", "Rowid"];
    for (place, name) in own.into_iter().enumerate() {
        // In a new storage, then as a new field of one that exists.
        for (source, number) in [(format!("own{place}"), 1), ("shared".into(), 2)] {
            let throw = format!("/throw/{source}");
            let id = format!("{name}-{number}");
            let record = json!({"_id": &id, "n": place, name: number});
            let receipt = server.post(&throw, &record).await.is(200).json();
            assert_eq!(receipt["accepted"], 1, "{name}: {receipt}");
            let rows = server.get(&format!("/api/v1/storage/{source}/")).query(&[("_id", &id)]);
            let row = rows.await.is(200).json()["results"][0].clone();
            // `CTID` and `ctid` are the same name in one storage: the second one stays in `_extra`.
            let is_extra = source == "shared" && name.to_lowercase() != name;
            let found = if is_extra { &row["_extra"][name] } else { &row[name] };
            assert_eq!(*found, number, "{name}: {row}");
        }
        let list = format!("/api/v1/storage/own{place}/");
        let found = server.get(&list).query(&[(name, "1"), ("ordering", &format!("-{name}"))]);
        assert_eq!(found.await.is(200).json()["count"], 1, "{name}");
    }
    for source in ["own0", "shared"] {
        let storage = format!("/api/v1/factory/storage/{source}/?confirm={source}");
        server.delete(&storage).await.is(204).ok();
    }
    // A key too.
    server
        .declare(&json!({
            "name": "keyed",
            "key": {"name": "xmin", "type": "long", "generated": true},
            "fields": [{"name": "ctid", "type": "integer", "unique": true}],
        }))
        .await;
    let row = server.post("/api/v1/storage/keyed/", &json!({"ctid": 5})).await.is(201).json();
    assert_eq!((&row["xmin"], &row["ctid"]), (&json!(1), &json!(5)));
    server.post("/api/v1/storage/keyed/", &json!({"ctid": 5})).await.problem_about(400, &["ctid"]);
}

async fn paths_work_with_and_without_a_trailing_slash(server: Server) {
    server.declare(&dog()).await;
    server.post("/api/v1/storage/dog", &rex()).await.is(201).ok();
    for path in [
        "/api/v1/factory/storage",
        "/api/v1/factory/storage/dog",
        "/api/v1/factory/storage/dog/versions",
        "/api/v1/factory/ready_status/dog",
        "/api/v1/storage/dog",
        "/api/v1/storage/dog/CHIP1",
        "/api/v1/status",
        "/health",
        "/ready",
        "/metrics",
    ] {
        for path in [path.to_owned(), format!("{path}/")] {
            assert_eq!(server.get(&path).await.status, 200, "{path}");
        }
    }
    server.post("/api/v1/factory/storage/dog/plan", &dog()).await.is(200).ok();
    server.put("/api/v1/storage/dog/CHIP1", &rex()).await.is(200).ok();
    server.patch("/api/v1/storage/dog/CHIP1", &json!({"color": "red"})).await.is(200).ok();
    server.delete("/api/v1/storage/dog/CHIP1").await.is(204).ok();
}

async fn head_responds_like_get_without_a_body(server: Server) {
    server.declare(&dog()).await;
    server.post("/api/v1/storage/dog/", &rex()).await.is(201).ok();
    for path in [
        "/api/v1/storage/dog/",
        "/api/v1/storage/dog/CHIP1/",
        "/api/v1/factory/storage/",
        "/health",
        "/metrics",
    ] {
        let response = server.request("HEAD", path).await.is(200);
        assert!(response.body.is_empty(), "{response:?}");
        let got = server.get(path).await.is(200);
        assert_eq!(response.header("content-type"), got.header("content-type"), "{path}");
        assert_eq!(response.header("etag"), got.header("etag"), "{path}");
    }
    for path in ["/api/v1/storage/nope/", "/api/v1/storage/dog/nope/", "/nope"] {
        assert!(server.request("HEAD", path).await.is(404).body.is_empty());
    }
    assert_eq!(server.get("/api/v1/storage/dog/").await.is(200).json()["count"], 1);
}

fn rex() -> Json {
    json!({"chip_id": "CHIP1", "color": "black", "collar_size": 40})
}
