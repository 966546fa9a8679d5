//! Rows that are written again: which fields change.

use datadump_tests::{Server, on_both};
use futures_util::future::join_all;
use serde_json::{Value as Json, json};

on_both![
    a_client_of_an_older_version_erases_nothing,
    a_new_row_needs_its_required_fields,
    a_throw_changes_only_the_fields_that_it_has,
    a_throw_into_an_auto_storage_changes_only_the_fields_that_it_has,
    the_fields_of_a_record_are_those_after_its_program_and_routes,
    concurrent_posts_of_different_fields_are_all_kept,
];

const LIST: &str = "/api/v1/storage/cat/";
const TOM: &str = "/api/v1/storage/cat/1/";

fn cat(fields: &[Json]) -> Json {
    json!({"name": "cat", "key": {"name": "id", "type": "long"}, "fields": fields})
}

fn fields() -> Vec<Json> {
    vec![
        json!({"name": "name", "type": "string", "max_length": 20}),
        json!({"name": "lives", "type": "integer", "default": 9}),
    ]
}

async fn a_client_of_an_older_version_erases_nothing(server: Server) {
    server.declare(&cat(&fields())).await;
    let new = json!({"name": "color", "type": "text", "default": "grey"});
    server.declare(&cat(&[fields(), vec![new]].concat())).await;
    // Each step: the request, the status, and the row afterwards.
    for (step, (method, body, status, expected)) in [
        ("POST", json!({"id": 1, "name": "Tom", "color": "red"}), 201, json!(["Tom", 9, "red", 1])),
        ("POST", json!({"id": 1, "name": "Tim", "lives": 8}), 201, json!(["Tim", 8, "red", 2])),
        ("POST", json!({"id": 1, "name": "Tim", "lives": 8}), 201, json!(["Tim", 8, "red", 3])),
        ("POST", json!({"id": 1, "lives": 7, "version": 3}), 201, json!(["Tim", 7, "red", 4])),
        ("POST", json!({"id": 1, "lives": 6, "version": 3}), 409, json!(["Tim", 7, "red", 4])),
        ("PATCH", json!({"lives": 5}), 200, json!(["Tim", 5, "red", 5])),
        ("PUT", json!({"name": "Tom"}), 200, json!(["Tom", 9, "grey", 6])),
        ("PUT", json!({"lives": 1}), 400, json!(["Tom", 9, "grey", 6])),
    ]
    .into_iter()
    .enumerate()
    {
        let path = if method == "POST" { LIST } else { TOM };
        let response = server.request(method, path).json(&body).await;
        assert_eq!(response.status, status, "step {step}: {response:?}");
        let row = server.get(TOM).await.is(200).json();
        assert_eq!(json!([row["name"], row["lives"], row["color"], row["version"]]), expected, "step {step}");
        if response.status < 300 {
            assert_eq!(response.json(), row, "step {step}: the response has the whole row");
        }
    }
}

async fn a_new_row_needs_its_required_fields(server: Server) {
    server.declare(&cat(&fields())).await;
    for body in [json!({"id": 1}), json!({"id": 1, "lives": 3})] {
        let problem = server.post(LIST, &body).await.problem_about(400, &["name"]);
        assert_eq!(
            problem["errors"],
            json!([{"pointer": "/name", "code": "missing", "detail": "name: is missing"}])
        );
    }
    let key = "0123456789abcdef";
    let missing = || server.request("POST", LIST).header("idempotency-key", key).json(&json!({"id": 1}));
    missing().await.problem(400);
    server.post(LIST, &json!({"id": 1, "name": "Tom"})).await.is(201).ok();
    assert_eq!(missing().await.is(201).json()["version"], 2);
}

/// Throws records at `cat` and returns what the receipt counts.
async fn throw(server: &Server, path: &str, records: Json) -> (Json, Json) {
    let receipt = server.post(path, &records).await.json();
    let counts = json!([receipt["accepted"], receipt["duplicates"], receipt["quarantined"]]);
    (counts, receipt["errors"].clone())
}

async fn a_throw_changes_only_the_fields_that_it_has(server: Server) {
    server.declare(&cat(&fields())).await;
    let records = json!([
        {"id": 1, "lives": 3},
        {"id": 2, "name": "Kit", "lives": 3},
        {"id": 2, "lives": 3},
        {"id": 2, "lives": 2},
        {"id": 2},
    ]);
    let (counts, errors) = throw(&server, "/throw/cat", records.clone()).await;
    assert_eq!(counts, json!([2, 2, 1]));
    let error = &errors[0];
    assert_eq!(
        json!([error["index"], error["code"], error["field"]]),
        json!([0, "missing", "name"]),
        "{errors}"
    );
    let waiting = server.get("/api/v1/quarantine/").await.is(200).json()["results"][0].clone();
    assert_eq!(waiting["step"], "validate", "{waiting}");
    // The same again: only the record without its required field has not been stored.
    assert_eq!(throw(&server, "/throw/cat", records).await.0, json!([2, 2, 1]));
    let row = server.get("/api/v1/storage/cat/2/").await.is(200).json();
    assert_eq!(json!([row["name"], row["lives"], row["version"]]), json!(["Kit", 2, 4]));
    // An entry that waits for a row can be replayed when there is one.
    let sample = json!({"source": "cat", "throws": [{"body": "{\"id\": 1, \"lives\": 3}"}]});
    let simulate = || server.post("/api/v1/processor/simulate/", &sample);
    let simulated = simulate().await.is(200).json()["throws"][0].clone();
    assert_eq!(simulated["violations"][0]["field"], "name", "{simulated}");
    server.post(LIST, &json!({"id": 1, "name": "Tom"})).await.is(201).ok();
    let simulated = simulate().await.is(200).json()["throws"][0].clone();
    assert_eq!(simulated["rows"][0]["row"], json!({"id": 1, "lives": 3}), "{simulated}");
    // A stale version goes to quarantine, and `strict` stores nothing at all.
    let (counts, errors) = throw(&server, "/throw/cat", json!([{"id": 2, "lives": 1, "version": 1}])).await;
    assert_eq!((counts, &errors[0]["code"]), (json!([0, 0, 1]), &json!("conflict")));
    let strict = server.post("/throw/cat?strict=1", &json!([{"id": 2, "lives": 0}, {"id": 3}])).await;
    assert_eq!(strict.status, 422, "{strict:?}");
    assert_eq!(server.get("/api/v1/storage/cat/2/").await.is(200).json()["lives"], 2);
}

async fn a_throw_into_an_auto_storage_changes_only_the_fields_that_it_has(server: Server) {
    // Each step: the record, what the receipt counts, and the row afterwards.
    for (step, (record, counts, expected)) in [
        (r#"{"n": 1, "t": "a"}"#, [1, 0], json!([1, "a", null, null, 1])),
        (r#"{"u": true}"#, [1, 0], json!([1, "a", true, null, 2])),
        (r#"{"n": 1}"#, [0, 1], json!([1, "a", true, null, 2])),
        (r#"{"n": "one", "_x": 1}"#, [1, 0], json!([null, "a", true, {"n": "one", "_x": 1}, 3])),
        (r#"{"n": "one", "_x": 1}"#, [0, 1], json!([null, "a", true, {"n": "one", "_x": 1}, 3])),
        (r#"{"t": "b", "_y": 2}"#, [1, 0], json!([null, "b", true, {"n": "one", "_x": 1, "_y": 2}, 4])),
        (r#"{"n": 2}"#, [1, 0], json!([2, "b", true, {"_x": 1, "_y": 2}, 5])),
        (r#"{"n": NaN}"#, [1, 0], json!([null, "b", true, {"_x": 1, "_y": 2, "n": "NaN"}, 6])),
        (r#"{"t": null}"#, [1, 0], json!([null, null, true, {"_x": 1, "_y": 2, "n": "NaN"}, 7])),
    ]
    .into_iter()
    .enumerate()
    {
        let body = record.replacen('{', "{\"_id\": \"a\", ", 1);
        let receipt = server.request("POST", "/throw/auto?format=json").body(body).await.is(200).json();
        assert_eq!(
            json!([receipt["accepted"], receipt["duplicates"]]),
            json!(counts),
            "step {step}: {receipt}"
        );
        let row = server.get("/api/v1/storage/auto/a/").await.is(200).json();
        let found = json!([row["n"], row["t"], row["u"], row["_extra"], row["_version"]]);
        assert_eq!(found, expected, "step {step}");
    }
}

async fn the_fields_of_a_record_are_those_after_its_program_and_routes(server: Server) {
    server.declare(&cat(&fields())).await;
    server.post(LIST, &json!({"id": 1, "name": "Tom", "lives": 5})).await.is(201).ok();
    let route = json!({"routes": [{"storage": "cat", "keep": ["id", "left"], "rename": {"left": "lives"}}]});
    server.put("/api/v1/source/counter/", &route).await.is(201).ok();
    let (counts, errors) = throw(&server, "/throw/counter", json!([{"id": 1, "name": "x", "left": 4}])).await;
    assert_eq!(counts, json!([1, 0, 0]), "{errors}");
    let row = server.get(TOM).await.is(200).json();
    assert_eq!(json!([row["name"], row["lives"]]), json!(["Tom", 4]), "the name is not kept by the route");
    server.put("/api/v1/processor/born/", &json!({"program": ".lives = 9; del(.name)"})).await.is(201).ok();
    server.put("/api/v1/source/cat/", &json!({"processor": "born"})).await.ok();
    let (counts, errors) = throw(&server, "/throw/cat", json!([{"id": 1, "name": "x"}])).await;
    assert_eq!(counts, json!([1, 0, 0]), "{errors}");
    let row = server.get(TOM).await.is(200).json();
    assert_eq!(json!([row["name"], row["lives"]]), json!(["Tom", 9]));
}

async fn concurrent_posts_of_different_fields_are_all_kept(server: Server) {
    const FIELDS: usize = 16;
    let field = |n| json!({"name": format!("f{n}"), "type": "integer", "nullable": true});
    server.declare(&cat(&(0..FIELDS).map(field).collect::<Vec<_>>())).await;
    for id in 0..5 {
        let posts = (0..FIELDS).map(|n| {
            let body = json!({"id": id, format!("f{n}"): n});
            let (server, is_throw) = (&server, n % 2 == 0);
            async move {
                match is_throw {
                    true => server.post("/throw/cat", &body).await.is(200).ok(),
                    false => server.post(LIST, &body).await.is(201).ok(),
                }
            }
        });
        join_all(posts).await;
        let row = server.get(&format!("{LIST}{id}/")).await.is(200).json();
        assert_eq!(row["version"], json!(FIELDS), "{row}");
        assert!((0..FIELDS).all(|n| row[format!("f{n}")] == json!(n)), "{row}");
    }
}
