//! Throws over HTTP: any data, at any throw path, with a receipt.

pub(crate) mod bodies;
mod limits;
mod streams;

use datadump_tests::{RECEIPT, Server, dog, eventually, on_both};
use serde_json::{Value as Json, json};

on_both![
    the_first_throw_stores_a_row,
    every_throw_path_accepts_throws,
    query_arguments_are_data_unless_they_are_control_parameters,
    a_batch_with_two_bad_records_stores_the_others,
    strict_stores_all_or_nothing,
    asynchronous_throws_are_stored_even_if_the_server_stops,
];

/// Returns the rows of a storage, oldest first.
async fn rows(server: &Server, storage: &str) -> Vec<Json> {
    let list = server.get(&format!("/api/v1/storage/{storage}/?ordering=_received_at&limit=1000")).await;
    list.is(200).json()["results"].as_array().unwrap().clone()
}

async fn count(server: &Server, storage: &str) -> u64 {
    let response = server.get(&format!("/api/v1/storage/{storage}/?limit=1&count=exact")).await;
    if matches!(response.status, 404 | 503) { 0 } else { response.is(200).json()["count"].as_u64().unwrap() }
}

async fn the_first_throw_stores_a_row(server: Server) {
    let receipt = server.post("/", &json!({"speed": "1.75"})).await.is(200).json();
    let members: Vec<&String> = receipt.as_object().unwrap().keys().collect();
    assert_eq!(members, RECEIPT);
    let id = receipt["throw"].as_str().unwrap();
    let expected = json!({
        "ok": true, "throw": id, "source": "inbox", "format": "json", "accepted": 1, "quarantined": 0,
        "dropped": 0, "duplicates": 0, "storages": {"inbox": 1}, "warnings": [], "errors": [],
        "reasons": [], "truncated": false,
    });
    assert_eq!(receipt, expected);
    let rows = rows(&server, "inbox").await;
    assert_eq!((rows.len(), &rows[0]["speed"], &rows[0]["_id"]), (1, &json!("1.75"), &json!(id)));
}

async fn every_throw_path_accepts_throws(server: Server) {
    for (method, path, source) in [
        ("POST", "/", "inbox"),
        ("PUT", "/", "inbox"),
        ("POST", "/throw/car", "car"),
        ("PUT", "/throw/car/", "car"),
        ("POST", "/throw/caf%C3%A9", "café"),
    ] {
        let receipt = server.request(method, path).body(r#"{"a": 1}"#).await.is(200).json();
        assert_eq!(
            (&receipt["source"], &receipt["accepted"]),
            (&json!(source), &json!(1)),
            "{method} {path}"
        );
    }
    for (path, source) in [("/?a=2", "inbox"), ("/throw/car?a=2&b=x%20y", "car"), ("/throw/car/?a=2", "car")]
    {
        let receipt = server.get(path).await.is(200).json();
        assert_eq!((&receipt["source"], &receipt["format"]), (&json!(source), &json!("args")), "{path}");
    }
    assert_eq!((count(&server, "inbox").await, count(&server, "car").await), (3, 4));
    // GET from a browser, HEAD and OPTIONS throw nothing.
    let page = server.get("/?a=3").header("accept", "text/html,*/*;q=0.8").await.is(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    for path in ["/", "/?a=3", "/throw/car?a=3"] {
        let head = server.request("HEAD", path).await.is(200);
        assert!(head.body.is_empty(), "{path}");
    }
    server.request("OPTIONS", "/throw/car").await.problem(405);
    assert_eq!((count(&server, "inbox").await, count(&server, "car").await), (3, 4));
    // An empty body is not a throw.
    for (method, path) in [("GET", "/throw/car"), ("POST", "/"), ("PUT", "/throw/car")] {
        server.request(method, path).await.problem_about(400, &["nothing was thrown"]);
    }
    for name in ["a%20b", "_own", "a__b", &"x".repeat(56), "a.b"] {
        let problem = server.request("POST", &format!("/throw/{name}")).body("{}").await.problem(400);
        assert_eq!(problem["errors"][0]["parameter"], "source", "{problem}");
    }
}

async fn query_arguments_are_data_unless_they_are_control_parameters(server: Server) {
    // With a body, the arguments control the throw.
    let path = "/throw/t?format=csv&station=north&ack=committed&strict=0&stream=0";
    let receipt = server.request("POST", path).body("a,b\n1,2\n").await.is(200).json();
    assert_eq!((&receipt["format"], &receipt["accepted"]), (&json!("csv"), &json!(1)));
    let recent = server.get("/api/v1/source/t/recent/").await.is(200).json();
    assert_eq!(recent["results"][0]["arguments"], json!([["station", "north"]]), "{recent}");
    // Without a body, the arguments are the data, whatever their names.
    server.get("/throw/args?format=x&strict=y&limit=5&ack=accepted&%FF=z").await.is(200).ok();
    server.request("POST", "/throw/args?format=x&strict=y&limit=6").await.is(200).ok();
    let rows = rows(&server, "args").await;
    assert_eq!(
        (&rows[0]["format"], &rows[0]["limit"], &rows[1]["limit"]),
        (&json!("x"), &json!(5), &json!(6))
    );
    for (query, parameter) in [
        ("format=nonsense", "format"),
        ("strict=perhaps", "strict"),
        ("stream=2", "stream"),
        ("ack=5", "ack"),
    ] {
        let problem = server.request("POST", &format!("/throw/t?{query}")).body("{}").await.problem(400);
        assert_eq!(problem["errors"][0]["parameter"], parameter, "{problem}");
    }
}

async fn a_batch_with_two_bad_records_stores_the_others(server: Server) {
    server.declare(&dog()).await;
    let receipt = server.post("/throw/dog", &batch()).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(98), &json!(2)), "{receipt}");
    assert_eq!(receipt["storages"], json!({"dog": 98}));
    let errors = receipt["errors"].as_array().unwrap();
    assert_eq!((&errors[0]["index"], &errors[1]["index"]), (&json!(17), &json!(50)));
    assert_eq!(errors[0]["field"], "collar_size", "{receipt}");
    for error in errors {
        let id = error["quarantine"].as_str().unwrap();
        let entry = server.get(&format!("/api/v1/quarantine/{id}/")).await.is(200).json();
        assert_eq!((&entry["state"], &entry["index"]), (&json!("waiting"), &error["index"]));
        assert!(entry["text"].as_str().unwrap().contains("many"), "{entry}");
    }
    assert_eq!(server.get("/api/v1/storage/dog/").await.is(200).json()["count"], 98);
}

/// Returns a hundred dogs, of which the 17th and the 50th have invalid sizes.
fn batch() -> Json {
    let size = |number: usize| if matches!(number, 17 | 50) { json!("many") } else { json!(number) };
    (0..100).map(|n| json!({"chip_id": format!("C{n}"), "color": "red", "collar_size": size(n)})).collect()
}

async fn strict_stores_all_or_nothing(server: Server) {
    server.declare(&dog()).await;
    let problem = server.post("/throw/dog?strict=1", &batch()).await.problem(422);
    let pointers: Vec<&Json> =
        problem["errors"].as_array().unwrap().iter().map(|error| &error["pointer"]).collect();
    assert_eq!(pointers, ["/17/collar_size", "/50/collar_size"], "{problem}");
    assert_eq!(server.get("/api/v1/storage/dog/").await.is(200).json()["count"], 0);
    assert_eq!(server.get("/api/v1/quarantine/").await.is(200).json()["count"], 0);
    let mut good = batch();
    good[17]["collar_size"] = json!(1);
    good[50]["collar_size"] = json!(2);
    let receipt = server.post("/throw/dog?strict", &good).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["storages"]["dog"]), (&json!(100), &json!(100)));
    assert_eq!(server.get("/api/v1/storage/dog/").await.is(200).json()["count"], 100);
    // Text that cannot be parsed is an error too.
    server.request("POST", "/throw/other?strict=1&format=json").body("{\"a\": ").await.problem(422);
    assert_eq!(count(&server, "other").await, 0);
}

async fn asynchronous_throws_are_stored_even_if_the_server_stops(server: Server) {
    let response =
        server.request("POST", "/throw/later?ack=accepted").body(r#"{"n": -1}"#).await.is(202).json();
    assert_eq!(
        (&response["ok"], &response["queued"], &response["source"]),
        (&json!(true), &json!(true), &json!("later"))
    );
    let id = response["throw"].as_str().unwrap();
    let row = eventually("the record is stored", || async {
        let response = server.get(&format!("/api/v1/storage/later/{id}/")).await;
        (response.status == 200).then(|| response.json())
    });
    assert_eq!(row.await["n"], -1);
    for query in ["ack=accepted&strict=1", "ack=accepted&stream=1", "ack=accepted&format=nonsense"] {
        let refused = server.request("POST", &format!("/throw/later?{query}")).body("{}").await.status;
        assert!(matches!(refused, 400 | 404), "{query}: {refused}");
    }
    for number in 0..200 {
        let request =
            server.request("POST", "/throw/later?ack=accepted").body(json!({"n": number}).to_string());
        request.await.is(202).ok();
    }
    let (setup, database) = server.stop().await;
    let server = setup.start(database).await;
    assert_eq!(count(&server, "later").await, 201);
}
