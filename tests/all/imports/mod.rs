//! Imports: files of any length, committed chunk by chunk into one storage.

mod errors;
mod formats;
mod plan;
mod resume;

use std::fmt::Write as _;

use datadump_tests::{Server, dog, on_both};
use serde_json::{Value as Json, json};

on_both![
    a_declared_storage_takes_rows_that_fit,
    rows_come_back_as_they_were_exported,
    an_existing_key_is_merged_replaced_ignored_or_an_error,
    an_import_goes_past_the_settings_of_the_source,
    imports_are_listed_and_survive_a_restart,
];

/// Imports a body, which must succeed.
async fn import(server: &Server, path: &str, body: impl Into<Vec<u8>>) -> Json {
    server.request("POST", &format!("/api/v1/storage/{path}")).body(body).await.is(200).json()
}

/// Returns the rows of a storage in an order, without their service columns.
async fn rows(server: &Server, storage: &str, ordering: &str) -> Vec<Json> {
    let path = format!("/api/v1/storage/{storage}/?ordering={ordering}&limit=1000");
    let list = server.get(&path).await.is(200).json();
    let mut rows = list["results"].as_array().unwrap().clone();
    for row in &mut rows {
        let members = row.as_object_mut().unwrap();
        for name in ["version", "created_at", "updated_at", "_version", "_received_at", "_updated_at"] {
            members.remove(name);
        }
    }
    rows
}

async fn count(server: &Server, storage: &str) -> u64 {
    let response = server.get(&format!("/api/v1/storage/{storage}/?limit=1&count=exact")).await;
    if matches!(response.status, 404 | 503) { 0 } else { response.is(200).json()["count"].as_u64().unwrap() }
}

/// Returns lines of NDJSON.
fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ =
            writeln!(text, "{{\"n\": {number}, \"text\": \"the quick brown fox jumps over the lazy dog\"}}");
        text
    })
}

/// Returns the same lines as an array.
fn array(count: usize) -> String {
    format!("[\n{}\n]\n", lines(count).trim_end().replace('\n', ",\n"))
}

/// Returns a table with quoted cells of several lines.
fn table(count: usize) -> String {
    (0..count).fold("n;text\r\n".to_owned(), |mut text, number| {
        let _ = write!(text, "{number};\"the quick\nbrown \"\"fox\"\" ; jumps\"\r\n");
        text
    })
}

async fn a_declared_storage_takes_rows_that_fit(server: Server) {
    server.declare(&dog()).await;
    let body =
        "chip_id,color,collar_size\nA,red,40\nB,,41\nC,blue,large\nD,green\nE,black,42,x\nF,white,43\n";
    let state = import(&server, "dog/import/?format=csv", body).await;
    assert_eq!(state["rows"], json!({"read": 6, "stored": 3, "ignored": 0, "quarantined": 3}), "{state}");
    let errors = state["errors"].as_array().unwrap().iter();
    let places: Vec<_> =
        errors.map(|error| (error["line"].as_u64().unwrap(), error["field"].clone())).collect();
    let expected = [(4, json!("collar_size")), (5, json!("collar_size")), (6, json!("column_4"))];
    assert_eq!(places, expected, "{state}");
    let entry = state["errors"][0]["quarantine"].as_str().unwrap();
    let entry = server.get(&format!("/api/v1/quarantine/{entry}/")).await.is(200).json();
    assert_eq!(
        (&entry["source"], &entry["storage"], &entry["throw"], &entry["line"], &entry["record"]["color"]),
        (&json!("_import"), &json!("dog"), &state["id"], &json!(4), &json!("blue"))
    );
    // An empty cell is an empty text where there is no null.
    let stored = rows(&server, "dog", "chip_id").await;
    assert_eq!((stored.len(), &stored[1]["chip_id"], &stored[1]["color"]), (3, &json!("B"), &json!("")));
    // A corrected record is replayed into its storage.
    let path = format!("/api/v1/quarantine/{}/replay/", entry["id"].as_str().unwrap());
    let corrected = json!({"body": "{\"chip_id\": \"C\", \"color\": \"blue\", \"collar_size\": 44}"});
    let replay = server.post(&path, &corrected).await.is(200).json();
    assert_eq!(replay["stored"], 1, "{replay}");
    let found = server.get("/api/v1/storage/dog/C/").await.is(200).json();
    assert_eq!(found["collar_size"], 44);
    assert!(server.get("/api/v1/source/").await.is(200).json()["results"].as_array().unwrap().is_empty());
    // So is a line of NDJSON, once the storage takes it.
    let state =
        import(&server, "dog/import/", "{\"chip_id\": \"G\", \"version\": 7}\n{\"chip_id\": \"A\"}\n").await;
    assert_eq!(state["rows"]["quarantined"], 1, "{state}");
    let entry = state["errors"][0]["quarantine"].as_str().unwrap();
    server
        .post("/api/v1/storage/dog/", &json!({"chip_id": "G", "color": "red", "collar_size": 1}))
        .await
        .is(201)
        .ok();
    let replay = server
        .post(&format!("/api/v1/quarantine/{entry}/replay/?overwrite=1"), &json!({}))
        .await
        .is(200)
        .json();
    assert_eq!((&replay["failed"], &replay["superseded"]), (&json!(0), &json!(0)), "{replay}");
}

/// Rows of a list or an export can be imported again, service columns included.
async fn rows_come_back_as_they_were_exported(server: Server) {
    let definition = json!({
        "name": "kinds",
        "key": {"name": "id", "type": "long"},
        "fields": [
            {"name": "text", "type": "text"}, {"name": "maybe", "type": "text", "nullable": true},
            {"name": "size", "type": "float"}, {"name": "good", "type": "boolean"},
            {"name": "price", "type": "decimal", "precision": 10, "scale": 2},
            {"name": "data", "type": "json", "nullable": true}, {"name": "at", "type": "timestamp"},
            {"name": "bytes", "type": "binary", "nullable": true},
        ],
    });
    let copy = |name: &str| {
        let mut copy = definition.clone();
        copy["name"] = json!(name);
        copy
    };
    for name in ["kinds", "from_lines", "from_array", "from_table"] {
        server.declare(&copy(name)).await;
    }
    for row in [
        json!({"id": 1, "text": "=1+1", "maybe": null, "size": 1.5, "good": true, "price": "1.10",
               "data": {"a": [1, "x,y"]}, "at": "2026-03-01T12:00:00Z", "bytes": "AQID"}),
        json!({"id": 2, "text": "", "maybe": "", "size": -2.0, "good": false, "price": "-3.00",
               "data": null, "at": "1900-01-01T00:00:00.000001Z", "bytes": null}),
        json!({"id": 3, "text": "'-1", "maybe": "42", "size": 3.0, "good": false, "price": "0.00",
               "data": "text", "at": "2026-03-01T12:00:00Z", "bytes": null}),
    ] {
        server.post("/api/v1/storage/kinds/", &row).await.is(201).ok();
        server
            .patch(&format!("/api/v1/storage/kinds/{}/", row["id"]), &json!({"good": row["good"]}))
            .await
            .is(200)
            .ok();
    }
    let list = server.get("/api/v1/storage/kinds/").await.is(200).json();
    let exported = list["results"].as_array().unwrap();
    let text = exported.iter().map(Json::to_string).collect::<Vec<_>>();
    import(&server, "from_lines/import/", text.join("\n")).await;
    import(&server, "from_array/import/", format!("[{}]", text.join(","))).await;
    let table = "id,text,maybe,size,good,price,data,at,bytes,version,created_at,updated_at\n\
        1,'=1+1,,1.5,true,1.10,\"{\"\"a\"\":[1,\"\"x,y\"\"]}\",2026-03-01T12:00:00.000000Z,AQID,2,2026-03-01T12:00:00Z,x\n\
        2,,\"\",-2.0,false,-3.00,,1900-01-01T00:00:00.000001Z,,1,,\n\
        3,''-1,42,3,false,0.00,\"\"\"text\"\"\",2026-03-01T12:00:00Z,,1,,\n";
    import(&server, "from_table/import/", table).await;
    let expected = rows(&server, "kinds", "id").await;
    for name in ["from_lines", "from_array", "from_table"] {
        assert_eq!(rows(&server, name, "id").await, expected, "{name}");
        let first = server.get(&format!("/api/v1/storage/{name}/1/")).await.is(200).json();
        assert_eq!(first["version"], 1, "versions begin anew");
    }
    // An inferred storage has other service columns, and `_extra`.
    for body in
        ["{\"n\": 1, \"t\": \"x\", \"d\": {\"a\": 1}}", "{\"n\": \"many\", \"t\": \"=x\", \"_own\": true}"]
    {
        server.request("POST", "/throw/auto").body(body).await.is(200).ok();
    }
    let list = server.get("/api/v1/storage/auto/").await.is(200).json();
    let text = list["results"].as_array().unwrap().iter().map(Json::to_string).collect::<Vec<_>>().join("\n");
    let state = import(&server, "auto/import/", text.clone()).await;
    assert_eq!(state["rows"], json!({"read": 2, "stored": 0, "ignored": 2, "quarantined": 0}), "{state}");
    let expected = rows(&server, "auto", "_id").await;
    for row in &expected {
        server.delete(&format!("/api/v1/storage/auto/{}/", row["_id"].as_str().unwrap())).await.is(204).ok();
    }
    import(&server, "auto/import/", text).await;
    assert_eq!(rows(&server, "auto", "_id").await, expected);
    let cells = |row: &Json| {
        let cell = |value: &Json| match value {
            Json::Null => String::new(),
            Json::String(text) if text.starts_with('=') => format!("'{text}"),
            Json::String(text) => text.clone(),
            other => format!("\"{}\"", other.to_string().replace('"', "\"\"")),
        };
        let names = ["_id", "n", "t", "d", "_extra"];
        names.map(|name| cell(&row[name])).join(",") + ",1,2026-03-01T12:00:00Z,\n"
    };
    let table: String = expected.iter().map(cells).collect();
    let table = format!("_id,n,t,d,_extra,_version,_received_at,_updated_at\n{table}");
    let state = import(&server, "auto/import/", table).await;
    assert_eq!(state["rows"]["ignored"], 2, "{state}");
    assert_eq!(rows(&server, "auto", "_id").await, expected);
}

async fn an_existing_key_is_merged_replaced_ignored_or_an_error(server: Server) {
    let definition = json!({
        "name": "item", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "a", "type": "text", "default": "-"}, {"name": "b", "type": "text", "default": "-"}],
    });
    server.declare(&definition).await;
    for (on_conflict, counts, expected) in [
        ("", [2, 1, 0], json!({"id": 1, "a": "new", "b": "old"})),
        ("merge", [2, 1, 0], json!({"id": 1, "a": "new", "b": "old"})),
        ("replace", [2, 1, 0], json!({"id": 1, "a": "new", "b": "-"})),
        ("ignore", [1, 2, 0], json!({"id": 1, "a": "old", "b": "old"})),
        ("error", [1, 0, 2], json!({"id": 1, "a": "old", "b": "old"})),
    ] {
        for id in 1..4 {
            server.delete(&format!("/api/v1/storage/item/{id}/")).await;
        }
        for (id, text) in [(1, "old"), (2, "same")] {
            server.post("/api/v1/storage/item/", &json!({"id": id, "a": text, "b": text})).await.is(201).ok();
        }
        let query =
            if on_conflict.is_empty() { String::new() } else { format!("?on_conflict={on_conflict}") };
        let body = "{\"id\": 1, \"a\": \"new\"}\n{\"id\": 2, \"a\": \"same\", \"b\": \"same\"}\n{\"id\": 3, \"a\": \"x\"}\n";
        let state = import(&server, &format!("item/import/{query}"), body).await;
        let [stored, ignored, quarantined] = counts;
        let counts = json!({"read": 3, "stored": stored, "ignored": ignored, "quarantined": quarantined});
        assert_eq!(state["rows"], counts, "{on_conflict}: {state}");
        assert_eq!(rows(&server, "item", "id").await[0], expected, "{on_conflict}");
        if on_conflict == "error" {
            assert_eq!(
                (&state["errors"][0]["code"], &state["errors"][0]["line"]),
                (&json!("exists"), &json!(1)),
                "{state}"
            );
        }
    }
    // Inferred storages alike, and keys within one file.
    let body = "_id,a,b\nk,1,2\nk,3,\n";
    for (on_conflict, expected) in
        [("replace", json!([3, null])), ("ignore", json!([1, 2])), ("error", json!([1, 2]))]
    {
        let name = format!("auto_{on_conflict}");
        import(&server, &format!("{name}/import/?on_conflict={on_conflict}"), body).await;
        let found = rows(&server, &name, "_id").await;
        assert_eq!(json!([found[0]["a"], found[0]["b"]]), expected, "{on_conflict}");
    }
}

async fn an_import_goes_past_the_settings_of_the_source(server: Server) {
    let program = json!({"name": "drop", "takes": "record", "program": "abort"});
    server.post("/api/v1/processor/", &program).await.is(201).ok();
    let settings = json!({"processor": "drop", "routes": [{"storage": "elsewhere"}], "keep_raw": true});
    server.put("/api/v1/source/plain/", &settings).await.is(201).ok();
    let state = import(&server, "plain/import/", "a,b\n1,2\n").await;
    assert_eq!((&state["rows"]["stored"], count(&server, "plain").await), (&json!(1), 1), "{state}");
}

async fn imports_are_listed_and_survive_a_restart(server: Server) {
    let mut ids = Vec::new();
    for number in 0..3 {
        let state = import(&server, &format!("s{number}/import/"), "a,b\n1,2\n").await;
        let found =
            server.get(&format!("/api/v1/import/{}/", state["id"].as_str().unwrap())).await.is(200).json();
        assert_eq!((&found["rows"], &found["state"]), (&state["rows"], &json!("done")));
        ids.push(state["id"].clone());
    }
    // Other keys are not among them.
    server.request("POST", "/throw/x").header("idempotency-key", "import").body("{}").await.is(200).ok();
    let server = server.restart().await;
    let list = server.get("/api/v1/import/?limit=2").await.is(200).json();
    let listed: Vec<&Json> = list["results"].as_array().unwrap().iter().map(|import| &import["id"]).collect();
    assert_eq!((&list["count"], listed), (&json!(3), vec![&ids[2], &ids[1]]), "{list}");
    let next = server.get(list["next"].as_str().unwrap()).await.is(200).json();
    assert_eq!(
        (&next["results"][0]["id"], &next["results"][0]["storage"]),
        (&ids[0], &json!("s0")),
        "{next}"
    );
    for id in ["x", "0199c0de-0000-7000-8000-000000000000"] {
        server.get(&format!("/api/v1/import/{id}/")).await.problem_about(404, &[id]);
    }
    server.get("/api/v1/import/?limit=0").await.problem(400);
}
