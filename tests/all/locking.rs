//! Optimistic locking: versions in bodies, entity tags in headers.

use datadump_tests::{Server, dog, on_both};
use serde_json::{Value as Json, json};

on_both![
    a_version_in_the_body_must_be_the_current_one,
    a_new_row_may_set_its_first_version,
    an_entity_tag_must_be_the_current_one,
    an_existing_row_is_not_created_again,
    a_storage_may_require_the_version,
    a_row_can_be_written_back_as_read,
];

const LIST: &str = "/api/v1/storage/dog/";
const REX: &str = "/api/v1/storage/dog/REX/";

async fn a_version_in_the_body_must_be_the_current_one(server: Server) {
    declare_with_rex(&server).await;
    let row = server.post(LIST, &rex()).await.is(201).json();
    assert_eq!(row["version"], 2, "without a version any version is replaced");
    let row = server.post(LIST, &with_version(2)).await.is(201).json();
    assert_eq!(row["version"], 3, "with the current version the row is replaced");
    let path = format!("{REX}?version=1");
    for stale in [1, 2, 4, 1000] {
        conflict(&server.post(LIST, &with_version(stale)).await.problem(409), 3);
        conflict(&server.put(REX, &with_version(stale)).await.problem(409), 3);
        conflict(&server.patch(REX, &json!({"version": stale, "color": "x"})).await.problem(409), 3);
        conflict(&server.delete(&format!("{REX}?version={stale}")).await.problem(409), 3);
    }
    assert_eq!(server.put(REX, &with_version(3)).await.is(200).json()["version"], 4);
    let patch = json!({"version": 4, "color": "red"});
    assert_eq!(server.patch(REX, &patch).await.is(200).json()["version"], 5);
    assert_eq!(server.get(REX).await.is(200).json()["color"], "red");
    server.delete(&path).await.problem(409);
    server.delete(&format!("{REX}?version=5")).await.is(204).ok();
    server.delete(&format!("{REX}?version=5")).await.problem(404);
    server.delete(REX).await.problem(404);
    server.delete(&format!("{REX}?version=x")).await.problem_about(400, &["version"]);
}

async fn a_new_row_may_set_its_first_version(server: Server) {
    server.declare(&dog()).await;
    assert_eq!(server.post(LIST, &with_version(7)).await.is(201).json()["version"], 7);
    assert_eq!(server.post(LIST, &with_version(7)).await.is(201).json()["version"], 8);
    server.delete(REX).await.is(204).ok();
    assert_eq!(server.put(REX, &with_version(3)).await.is(200).json()["version"], 3);
    server.delete(REX).await.is(204).ok();
    assert_eq!(
        server.put(REX, &rex()).await.is(200).json()["version"],
        1,
        "a row that was deleted starts with version 1"
    );
}

async fn an_entity_tag_must_be_the_current_one(server: Server) {
    declare_with_rex(&server).await;
    assert_eq!(server.get(REX).await.is(200).header("etag"), Some("\"1\""));
    for stale in ["\"0\"", "\"2\"", "\"x\"", "\"0\", \"5\""] {
        let with = |method| server.request(method, REX).header("if-match", stale);
        current(&with("PUT").json(&rex()).await.problem(412), 1);
        current(&with("PATCH").json(&json!({"color": "x"})).await.problem(412), 1);
        current(&with("DELETE").await.problem(412), 1);
    }
    let response = server.put(REX, &rex()).header("if-match", "\"1\"").await.is(200);
    assert_eq!((response.header("etag"), &response.json()["version"]), (Some("\"2\""), &json!(2)));
    let response = server.patch(REX, &json!({"color": "x"})).header("if-match", "\"2\"").await.is(200);
    assert_eq!(response.header("etag"), Some("\"3\""));
    let response = server.post(LIST, &rex()).header("if-match", "\"3\"").await.is(201);
    assert_eq!(response.header("etag"), Some("\"4\""));
    server.post(LIST, &rex()).header("if-match", "\"3\"").await.problem(412);
    server.put(REX, &rex()).header("if-match", "*").await.is(200).ok();
    for wrong in ["1", "\"1", "nonsense"] {
        server.put(REX, &rex()).header("if-match", wrong).await.problem_about(400, &["If-Match"]);
    }
    server.delete(REX).header("if-match", "\"4\"").await.problem(412);
    server.delete(REX).header("if-match", "\"5\"").await.is(204).ok();
    let problem = server.put(REX, &rex()).header("if-match", "\"5\"").await.problem(412);
    assert_eq!(problem["current"], Json::Null, "there is no row");
    server.put(REX, &rex()).header("if-match", "*").await.problem(412);
    server.get(REX).await.problem(404);
}

async fn an_existing_row_is_not_created_again(server: Server) {
    declare_with_rex(&server).await;
    current(&server.put(REX, &rex()).header("if-none-match", "*").await.problem(412), 1);
    current(&server.post(LIST, &rex()).header("if-none-match", "*").await.problem(412), 1);
    let other = json!({"chip_id": "BELLO", "color": "x", "collar_size": 1});
    server.post(LIST, &other).header("if-none-match", "*").await.is(201).ok();
    server.delete(REX).await.is(204).ok();
    let response = server.put(REX, &rex()).header("if-none-match", "*").await.is(200);
    assert_eq!(response.header("etag"), Some("\"1\""));
}

async fn a_storage_may_require_the_version(server: Server) {
    let mut definition = dog();
    definition["meta"] = json!({"require_version": true});
    server.declare(&definition).await;
    server.post(LIST, &rex()).await.is(201).ok();
    server.post(LIST, &rex()).await.problem_about(428, &["dog", "version"]);
    server.put(REX, &rex()).await.problem(428);
    server.patch(REX, &json!({"color": "x"})).await.problem(428);
    server.delete(REX).await.problem(428);
    assert_eq!(server.get(REX).await.is(200).json()["version"], 1);
    server.put(REX, &with_version(1)).await.is(200).ok();
    server.patch(REX, &json!({"color": "x"})).header("if-match", "\"2\"").await.is(200).ok();
    server.delete(&format!("{REX}?version=3")).await.is(204).ok();
}

async fn a_row_can_be_written_back_as_read(server: Server) {
    declare_with_rex(&server).await;
    let read = server.get(REX).await.is(200).json();
    let written = server.put(REX, &read).await.is(200).json();
    assert_eq!(written["version"], 2);
    assert_eq!(written["created_at"], read["created_at"]);
    server.post(LIST, &read).await.problem(409);
}

async fn declare_with_rex(server: &Server) {
    server.declare(&dog()).await;
    let response = server.post(LIST, &rex()).await.is(201);
    assert_eq!(response.header("etag"), Some("\"1\""));
}

fn rex() -> Json {
    json!({"chip_id": "REX", "color": "black", "collar_size": 40})
}

fn with_version(version: i32) -> Json {
    let mut row = rex();
    row["version"] = json!(version);
    row
}

#[track_caller]
fn conflict(problem: &Json, version: i32) {
    current(problem, version);
}

/// Asserts that the problem contains the current row.
#[track_caller]
fn current(problem: &Json, version: i32) {
    assert_eq!(problem["current"]["version"], version, "{problem}");
    assert_eq!(problem["current"]["chip_id"], "REX", "{problem}");
}
