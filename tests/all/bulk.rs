//! Many rows in one request.

use datadump_tests::{Response, Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    each_row_has_its_result,
    on_conflict_decides_about_existing_rows,
    versions_in_rows_are_honoured,
    later_rows_see_earlier_ones,
    an_atomic_request_stores_all_rows_or_none,
    a_dry_run_answers_the_same_and_stores_nothing,
    rows_may_come_as_an_array_or_as_lines,
    a_malformed_request_stores_nothing,
    a_request_with_a_key_takes_effect_once,
    generated_keys_are_returned,
    inferred_storages_take_many_rows,
    a_row_with_the_key_bulk_can_be_reached,
    ten_thousand_rows_are_stored_at_once,
];

const ROWS: &str = "/api/v1/storage/dog/";
const BULK: &str = "/api/v1/storage/dog/bulk/";

/// Declares a storage with a unique field and stores two rows.
async fn dogs(server: &Server) {
    let definition = json!({
        "name": "dog",
        "key": {"name": "chip_id", "type": "string", "max_length": 16},
        "fields": [{"name": "color", "type": "string", "max_length": 8},
                   {"name": "size", "type": "integer", "default": 0, "max": 99},
                   {"name": "tag", "type": "string", "max_length": 8, "nullable": true, "unique": true}],
    });
    server.declare(&definition).await;
    for row in [
        json!({"chip_id": "A", "color": "red", "size": 5, "tag": "t1"}),
        json!({"chip_id": "B", "color": "blue"}),
    ] {
        server.post(ROWS, &row).await.is(201).ok();
    }
}

/// Returns the keys, colours, sizes and versions of all rows.
async fn rows(server: &Server) -> Vec<Json> {
    let list = server.get(&format!("{ROWS}?ordering=chip_id&limit=1000")).await.is(200).json();
    let rows = list["results"].as_array().unwrap().iter();
    rows.map(|row| json!([row["chip_id"], row["color"], row["size"], row["version"]])).collect()
}

/// Returns the status, key and version of each result.
fn results(answer: &Json) -> Vec<Json> {
    let results = answer["results"].as_array().unwrap().iter();
    results.map(|result| json!([result["status"], result["key"], result["version"]])).collect()
}

fn counts(answer: &Json) -> [u64; 4] {
    ["created", "updated", "ignored", "failed"].map(|name| answer[name].as_u64().unwrap())
}

async fn each_row_has_its_result(server: Server) {
    dogs(&server).await;
    let sent = json!([
        {"chip_id": "C", "color": "black", "size": 7},
        {"chip_id": "A", "size": 6},
        {"chip_id": "D", "color": "much too long", "size": 100, "shape": 1},
        {"chip_id": "E"},
        {"chip_id": "F", "color": "red", "tag": "t1"},
        [1],
        {"color": "red"},
        {"chip_id": "G", "color": "grey", "version": 7},
    ]);
    let answer = server.post(BULK, &sent).await.is(200).json();
    assert_eq!(counts(&answer), [2, 1, 0, 5]);
    let none = Json::Null;
    assert_eq!(
        results(&answer),
        [
            json!([201, "C", 1]),
            json!([200, "A", 2]),
            json!([400, "D", none]),
            json!([400, "E", none]),
            json!([400, "F", none]),
            json!([400, none, none]),
            json!([400, none, none]),
            json!([201, "G", 7]),
        ]
    );
    let faults = |index: usize| -> Vec<Json> {
        let errors = answer["results"][index]["errors"].as_array().unwrap().iter();
        errors.map(|error| json!([error["pointer"], error["code"]])).collect()
    };
    assert_eq!(
        faults(2),
        [json!(["/2/color", "too-long"]), json!(["/2/size", "max"]), json!(["/2/shape", "surplus"])]
    );
    assert_eq!(faults(3), [json!(["/3/color", "missing"])]);
    assert_eq!(faults(4), [json!(["/4/tag", "unique"])]);
    assert_eq!(faults(5), [json!(["/5", "not-an-object"])]);
    assert_eq!(faults(6), [json!(["/6/chip_id", "missing"])]);
    assert_eq!(
        (&answer["results"][2]["code"], &answer["results"][4]["code"]),
        (&json!("invalid"), &json!("unique"))
    );
    assert!(answer["results"][3]["detail"].as_str().unwrap().contains("color"));
    assert_eq!(
        rows(&server).await,
        [
            json!(["A", "red", 6, 2]),
            json!(["B", "blue", 0, 1]),
            json!(["C", "black", 7, 1]),
            json!(["G", "grey", 0, 7])
        ]
    );
}

async fn on_conflict_decides_about_existing_rows(server: Server) {
    for (on_conflict, counts_expected, result, row) in [
        ("", [1, 1, 0, 0], json!([200, "A", 2]), json!(["A", "black", 5, 2])),
        ("?on_conflict=merge", [1, 1, 0, 0], json!([200, "A", 2]), json!(["A", "black", 5, 2])),
        ("?on_conflict=replace", [1, 1, 0, 0], json!([200, "A", 2]), json!(["A", "black", 0, 2])),
        ("?on_conflict=ignore", [1, 0, 1, 0], json!([200, "A", 1]), json!(["A", "red", 5, 1])),
        ("?on_conflict=error", [1, 0, 0, 1], json!([409, "A", null]), json!(["A", "red", 5, 1])),
    ] {
        dogs(&server).await;
        let sent = json!([{"chip_id": "A", "color": "black"}, {"chip_id": "N", "color": "new"}]);
        let answer = server.post(&format!("{BULK}{on_conflict}"), &sent).await.is(200).json();
        assert_eq!((counts(&answer), &results(&answer)[0]), (counts_expected, &result), "{on_conflict}");
        assert_eq!(rows(&server).await[0], row, "{on_conflict}");
        let first = &answer["results"][0];
        assert_eq!(first["ignored"] == true, on_conflict == "?on_conflict=ignore", "{first}");
        if on_conflict == "?on_conflict=error" {
            assert_eq!(
                (&first["code"], &first["current"]["color"]),
                (&json!("exists"), &json!("red")),
                "{first}"
            );
        }
        server.delete("/api/v1/factory/storage/dog/?confirm=dog").await.ok();
        let gone = || async { (server.get(ROWS).await.status == 404).then_some(()) };
        datadump_tests::eventually("the storage is gone", gone).await;
    }
}

async fn versions_in_rows_are_honoured(server: Server) {
    dogs(&server).await;
    let sent = json!([
        {"chip_id": "A", "size": 1, "version": 1},
        {"chip_id": "A", "size": 2, "version": 1},
        {"chip_id": "A", "size": 3, "version": 2},
        {"chip_id": "B", "size": 1, "version": 9},
        {"chip_id": "B", "size": 1, "version": 0},
    ]);
    let answer = server.post(BULK, &sent).await.is(200).json();
    let none = Json::Null;
    assert_eq!(
        results(&answer),
        [
            json!([200, "A", 2]),
            json!([409, "A", none]),
            json!([200, "A", 3]),
            json!([409, "B", none]),
            json!([400, "B", none])
        ]
    );
    let (stale, other) = (&answer["results"][1], &answer["results"][3]);
    assert_eq!((&stale["code"], &stale["current"]["version"]), (&json!("conflict"), &json!(3)));
    assert_eq!((&other["current"]["color"], &other["current"]["version"]), (&json!("blue"), &json!(1)));
    // With `ignore` a row that exists is left alone, whatever its version; a new one starts with the version.
    let sent = json!([{"chip_id": "A", "version": 9}, {"chip_id": "N", "color": "new", "version": 9}]);
    let answer = server.post(&format!("{BULK}?on_conflict=ignore"), &sent).await.is(200).json();
    assert_eq!(results(&answer), [json!([200, "A", 3]), json!([201, "N", 9])]);
    // Rows can be sent back as they were read.
    let list = server.get(ROWS).await.is(200).json();
    let answer = server.post(&format!("{BULK}?on_conflict=replace"), &list["results"]).await.is(200).json();
    assert_eq!(counts(&answer), [0, 3, 0, 0]);
    let answer = server.post(&format!("{BULK}?on_conflict=replace"), &list["results"]).await.is(200).json();
    assert_eq!(counts(&answer), [0, 0, 0, 3]);
}

async fn later_rows_see_earlier_ones(server: Server) {
    dogs(&server).await;
    let sent = json!([
        {"chip_id": "N"},
        {"chip_id": "N", "color": "red"},
        {"chip_id": "N", "size": 4},
        {"chip_id": "A", "tag": null},
        {"chip_id": "N", "tag": "t1"},
    ]);
    let answer = server.post(BULK, &sent).await.is(200).json();
    let expected = [
        json!([400, "N", null]),
        json!([201, "N", 1]),
        json!([200, "N", 2]),
        json!([200, "A", 2]),
        json!([200, "N", 3]),
    ];
    assert_eq!(results(&answer), expected);
    assert_eq!(rows(&server).await[2], json!(["N", "red", 4, 3]));
}

async fn an_atomic_request_stores_all_rows_or_none(server: Server) {
    dogs(&server).await;
    let before = rows(&server).await;
    let atomic = format!("{BULK}?atomic=1");
    let good = json!({"chip_id": "C", "color": "black"});
    for (bad, status, code, pointer) in [
        (json!({"chip_id": "D", "color": 1}), 400, "mistyped", "/1/color"),
        (json!({"chip_id": "D"}), 400, "missing", "/1/color"),
        (json!({"chip_id": "D", "color": "x", "tag": "t1"}), 400, "unique", "/1/tag"),
        (json!({"chip_id": "A", "version": 5}), 409, "conflict", "/1"),
        (json!(7), 400, "not-an-object", "/1"),
    ] {
        let problem = server.post(&atomic, &json!([good, bad, good])).await.problem(status);
        let error = &problem["errors"][0];
        assert_eq!(
            (&problem["code"], &error["pointer"], &error["code"]),
            (&json!(code), &json!(pointer), &json!(code)),
            "{problem}"
        );
        assert_eq!(problem["current"]["version"] == 1, status == 409, "{problem}");
        assert_eq!(rows(&server).await, before, "{bad}");
    }
    let problem =
        server.post(&format!("{atomic}&on_conflict=error"), &json!([good, {"chip_id": "B", "color": "x"}]));
    assert_eq!(problem.await.problem(409)["code"], "exists");
    let many: Vec<Json> = (0..300).map(|n| json!({"chip_id": format!("x{n}"), "color": n})).collect();
    let problem = server.post(&atomic, &json!(many)).await.problem(400);
    assert_eq!(problem["errors"].as_array().unwrap().len(), 100, "the errors are limited");
    assert!(problem["detail"].as_str().unwrap().contains("300 of the writes failed"), "{problem}");
    assert_eq!(rows(&server).await, before);
    let answer = server
        .post(&format!("{atomic}&on_conflict=ignore"), &json!([good, {"chip_id": "B"}]))
        .await
        .is(200)
        .json();
    assert_eq!(counts(&answer), [1, 0, 1, 0], "an ignored row is no failure");
}

async fn a_dry_run_answers_the_same_and_stores_nothing(server: Server) {
    dogs(&server).await;
    let before = rows(&server).await;
    let sent = json!([
        {"chip_id": "C", "color": "black", "tag": "t2"},
        {"chip_id": "D", "color": "black", "tag": "t2"},
        {"chip_id": "A", "size": 6, "version": 1},
        {"chip_id": "A", "size": 7, "version": 1},
        {"chip_id": "B", "size": 700},
    ]);
    for parameters in ["", "&on_conflict=replace", "&on_conflict=ignore", "&on_conflict=error"] {
        let dry = server.post(&format!("{BULK}?dry_run=1{parameters}"), &sent).await.is(200).json();
        assert_eq!(rows(&server).await, before, "{parameters}");
        let again = server.post(&format!("{BULK}?dry_run=true{parameters}"), &sent).await.is(200).json();
        assert_eq!(dry, again, "{parameters}");
        let problem = server.post(&format!("{BULK}?atomic=1&dry_run=1{parameters}"), &sent).await;
        assert!([400, 409].contains(&problem.status), "{problem:?}");
    }
    let dry = server.post(&format!("{BULK}?dry_run=1"), &sent).await.is(200).json();
    let real = server.post(BULK, &sent).await.is(200).json();
    assert_eq!(results(&dry), results(&real));
    assert_eq!((counts(&dry), counts(&real)), ([1, 1, 0, 3], [1, 1, 0, 3]));
}

async fn rows_may_come_as_an_array_or_as_lines(server: Server) {
    dogs(&server).await;
    let lines = "{\"chip_id\": \"C\", \"color\": \"a\"}\r\n\n{\"chip_id\": \"D\", \"color\": \"b\"}\n[1]\n";
    for (kind, body, expected) in [
        (Some("application/x-ndjson"), lines, [2, 0, 0, 1]),
        (Some("application/jsonl"), lines, [0, 2, 0, 1]),
        (Some("application/json"), lines, [0, 2, 0, 1]),
        (Some("application/x-www-form-urlencoded"), lines, [0, 2, 0, 1]),
        (None, lines, [0, 2, 0, 1]),
        (Some("application/x-ndjson"), r#" [{"chip_id": "C"}]"#, [0, 1, 0, 0]),
        (Some("application/json; charset=utf-8"), r#"[{"chip_id": "C"}]"#, [0, 1, 0, 0]),
        (None, r#"{"chip_id": "C"}"#, [0, 1, 0, 0]),
    ] {
        let request = server.request("POST", BULK).body(body);
        let request = match kind {
            Some(kind) => request.header("content-type", kind),
            None => request,
        };
        let answer = request.await.is(200).json();
        assert_eq!(counts(&answer), expected, "{kind:?} {body}");
    }
    server.request("POST", BULK).body("a,b\n1,2\n").header("content-type", "text/csv").await.problem(415);
}

async fn a_malformed_request_stores_nothing(server: Server) {
    dogs(&server).await;
    let before = rows(&server).await;
    let good = r#"{"chip_id": "C", "color": "black"}"#;
    let deep = format!("[{good}, {}1{}]", "[".repeat(70), "]".repeat(70));
    let many = format!("[{}]", vec!["{}"; 10_001].join(","));
    let many_lines = format!("{good}\n").repeat(10_001);
    for (query, body, code) in [
        ("", "[]".to_owned(), "empty"),
        ("", String::new(), "empty"),
        ("", "\n\n".to_owned(), "empty"),
        ("", format!("[{good}, {{"), "not-json"),
        ("", format!("{good}\n{{\"chip_id\": "), "not-json"),
        ("", "{\n\"chip_id\": \"C\",\n\"color\": \"x\"\n}".to_owned(), "not-json"),
        ("", format!("[{good}] {good}"), "not-json"),
        ("", deep, "too-deep"),
        ("", many, "too-many"),
        ("", many_lines, "too-many"),
        ("?on_conflict=update", format!("[{good}]"), "invalid-parameter"),
        ("?atomic=maybe", format!("[{good}]"), "invalid-parameter"),
        ("?dry_run=no", format!("[{good}]"), "invalid-parameter"),
        ("?dryrun=1", format!("[{good}]"), "unknown-parameter"),
        ("?atomic=1&atomic=1", format!("[{good}]"), "repeated-parameter"),
    ] {
        let problem = server.request("POST", &format!("{BULK}{query}")).body(body.clone()).await.problem(400);
        assert_eq!(problem["code"], code, "{query} {}: {problem}", &body[..body.len().min(80)]);
    }
    let problem = server.request("POST", BULK).body(format!("{good}\n{good}\nx\n")).await.problem(400);
    assert!(problem["detail"].as_str().unwrap().contains("line 3"), "{problem}");
    assert_eq!(rows(&server).await, before);
    server.post("/api/v1/storage/none/bulk/", &json!([{}])).await.problem(404);
    server.post("/api/v1/storage/_source/bulk/", &json!([{}])).await.problem(404);
    server.post("/api/v1/storage/readings/bulk/", &json!([{}])).await.problem(404);
}

fn keyed(server: &Server, path: &str, body: &Json) -> impl Future<Output = Response> {
    server.post(path, body).header("idempotency-key", "bulk-1").into_future()
}

async fn a_request_with_a_key_takes_effect_once(server: Server) {
    dogs(&server).await;
    let sent = json!([{"chip_id": "A", "size": 1}, {"chip_id": "A", "version": 1}, {"chip_id": "X"}]);
    // A dry run leaves the key unused, and so does a request that changes nothing.
    keyed(&server, &format!("{BULK}?dry_run=1"), &sent).await.is(200).ok();
    keyed(&server, BULK, &json!([{"chip_id": "X"}])).await.is(200).ok();
    let first = keyed(&server, BULK, &sent).await.is(200);
    assert_eq!(first.header("idempotent-replayed"), None);
    let again = keyed(&server, BULK, &sent).await.is(200);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(first.text(), again.text());
    assert_eq!(rows(&server).await[0], json!(["A", "red", 1, 2]));
    keyed(&server, &format!("{BULK}?on_conflict=replace"), &sent).await.problem(422);
    keyed(&server, BULK, &json!([{"chip_id": "A"}])).await.problem(422);
}

async fn generated_keys_are_returned(server: Server) {
    let note = json!({"name": "note", "key": {"name": "id", "type": "long", "generated": true},
                      "fields": [{"name": "text", "type": "text"}]});
    server.declare(&note).await;
    let sent = json!([{"text": "a"}, {"id": 7, "text": "b"}, {"text": "c"}, {"id": 7, "text": "d"}, {}]);
    let answer = server.post("/api/v1/storage/note/bulk/", &sent).await.is(200).json();
    assert_eq!(counts(&answer), [3, 1, 0, 1]);
    for (index, text) in [(0, "a"), (2, "c"), (3, "d")] {
        let key = answer["results"][index]["key"].as_i64().unwrap();
        let row = server.get(&format!("/api/v1/storage/note/{key}/")).await.is(200).json();
        assert_eq!(row["text"], text);
    }
    let again = server.post("/api/v1/storage/note/bulk/", &json!([{"text": "e"}])).await.is(200).json();
    assert_eq!(again["created"], 1);
}

async fn inferred_storages_take_many_rows(server: Server) {
    server.post("/throw/porch", &json!({"_id": "a", "speed": 1})).await.is(200).ok();
    let bulk = "/api/v1/storage/porch/bulk/";
    let sent = json!([{"_id": "a", "speed": 2, "_version": 1}, {"speed": 3}, {"_id": "a", "_version": 1}, {"wind": 1}]);
    let answer = server.post(bulk, &sent).await.is(200).json();
    assert_eq!(counts(&answer), [1, 1, 0, 2]);
    assert_eq!(answer["results"][2]["current"]["_version"], 2);
    assert_eq!(answer["results"][3]["errors"][0]["pointer"], "/3/wind");
}

async fn a_row_with_the_key_bulk_can_be_reached(server: Server) {
    dogs(&server).await;
    let path = format!("{ROWS}bulk/");
    server.put(&path, &json!({"color": "red"})).await.is(200).ok();
    assert_eq!(server.get(&path).await.is(200).json()["chip_id"], "bulk");
    assert_eq!(server.patch(&path, &json!({"size": 3})).await.is(200).json()["size"], 3);
    server.delete(&path).await.is(204).ok();
    server.get(&path).await.problem(404);
}

async fn ten_thousand_rows_are_stored_at_once(server: Server) {
    dogs(&server).await;
    let sent: Vec<Json> =
        (0..10_000).map(|n| json!({"chip_id": format!("n{n}"), "color": "x", "size": n % 90})).collect();
    let answer = server.post(&format!("{BULK}?atomic=1"), &json!(sent)).await.is(200).json();
    assert_eq!(counts(&answer), [10_000, 0, 0, 0]);
    assert_eq!(answer["results"].as_array().unwrap().len(), 10_000);
    let list = server.get(&format!("{ROWS}?limit=1&count=exact")).await.is(200).json();
    assert_eq!(list["count"], 10_002);
    let answer = server.post(&format!("{BULK}?on_conflict=error"), &json!(sent)).await.is(200).json();
    assert_eq!(
        (counts(&answer), &answer["results"][9_999]["current"]["chip_id"]),
        ([0, 0, 0, 10_000], &json!("n9999"))
    );
}
