//! Reports of data that was changed or could not be stored: in receipts and in the summary of the quarantine.

use std::fmt::Write as _;

use datadump_tests::{Server, WebSocket, dog, eventually, on_both};
use serde_json::{Value as Json, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

on_both![
    reasons_count_all_warnings_and_errors,
    the_status_tells_whether_anything_was_stored,
    reasons_of_a_stream_cover_all_its_chunks,
    reasons_survive_the_resumption_of_a_stream,
    messages_and_pushes_have_reasons,
    the_number_of_reasons_is_bounded,
];

const REPORT_ROWS: u64 = 4_000;

/// Returns lines of dogs: of every ten, six have no color, one has an invalid size, and three are valid.
fn dogs(count: u64) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let (color, size) = match n % 10 {
            0 | 3..=7 => ("null", "1"),
            2 => ("\"red\"", "\"many\""),
            _ => ("\"red\"", "1"),
        };
        let _ = writeln!(text, "{{\"chip_id\": \"C{n}\", \"color\": {color}, \"collar_size\": {size}}}");
        text
    })
}

fn dog_reasons(count: u64) -> Json {
    json!([
        {"step": "validate", "code": "null", "field": "color", "count": count / 10 * 6, "first": 0},
        {"step": "validate", "code": "mistyped", "field": "collar_size", "count": count / 10, "first": 2},
    ])
}

async fn metric(server: &Server, name: &str) -> u64 {
    let metrics = server.get("/metrics").await.is(200).text();
    let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

async fn summary(server: &Server, query: &str) -> Json {
    server.get(&format!("/api/v1/quarantine/summary/?{query}")).await.is(200).json()
}

async fn reasons_count_all_warnings_and_errors(server: Server) {
    server.declare(&dog()).await;
    let receipt = server.request("POST", "/throw/dog").body(dogs(REPORT_ROWS)).await.is(200).json();
    let quarantined = REPORT_ROWS / 10 * 7;
    assert_eq!(
        (&receipt["ok"], &receipt["quarantined"], &receipt["truncated"]),
        (&json!(false), &json!(quarantined), &json!(true)),
    );
    assert_eq!(receipt["reasons"], dog_reasons(REPORT_ROWS));
    assert_eq!(receipt["errors"][0]["code"], "null", "an error has the code of its reason");

    // The summary counts the entries alike.
    let group = |code: &str, field: &str, count: u64| json!({"source": "dog", "step": "validate", "code": code, "field": field, "count": count});
    let (nulls, mistyped) =
        (group("null", "color", quarantined / 7 * 6), group("mistyped", "collar_size", quarantined / 7));
    for (query, groups, truncated) in [
        ("", json!([nulls, mistyped]), false),
        ("limit=1", json!([nulls]), true),
        ("source=dog&state=waiting&code=mistyped", json!([mistyped]), false),
        ("index__lt=10&field=color", json!([group("null", "color", 6)]), false),
        ("where={\"code\":{\"in\":[\"null\"]}}", json!([nulls]), false),
        ("source=cat", json!([]), false),
    ] {
        assert_eq!(
            summary(&server, query).await,
            json!({"results": groups, "truncated": truncated}),
            "{query}"
        );
    }
    for query in ["limit=1001", "ordering=code", "offset=1", "cursor=", "colour=red"] {
        server.get(&format!("/api/v1/quarantine/summary/?{query}")).await.problem(400);
    }

    // So do the counters.
    let source = server.get("/api/v1/source/dog/").await.is(200).json();
    assert_eq!(
        (&source["counted"]["throws"], &source["counted"]["quarantined"]),
        (&json!(1), &json!(quarantined)),
        "{source}"
    );
    assert_eq!(metric(&server, "datadump_records_quarantined_total").await, quarantined);

    // Warnings are counted too.
    let table = "a,b\n1,1\n2,x\n3,3\n4,y\n";
    server.request("POST", "/throw/table").body("a,b\n1,1\n").await.is(200).ok();
    let receipt = server.request("POST", "/throw/table").body(table).await.is(200).json();
    assert_eq!(
        (&receipt["ok"], &receipt["reasons"]),
        (
            &json!(true),
            &json!([{"step": "validate", "code": "type_conflict", "field": "b", "count": 2, "first": 1}])
        ),
        "{receipt}"
    );
    // All or nothing: the response has no receipt, and nothing is counted.
    server.request("POST", "/throw/dog?strict=1").body(dogs(10)).await.problem(422);
    assert_eq!(metric(&server, "datadump_records_quarantined_total").await, quarantined);
}

async fn the_status_tells_whether_anything_was_stored(server: Server) {
    server.declare(&dog()).await;
    let drops = json!({"name": "drops", "program": "if .drop == true { abort }\n.n = int!(.n)"});
    server.post("/api/v1/processor/", &drops).await.is(201).ok();
    server.put("/api/v1/source/picky/", &json!({"processor": "drops"})).await.is(201).ok();
    let (good, bad) = (r#"{"chip_id":"A","color":"red","collar_size":1}"#, r#"{"chip_id":"B"}"#);
    for (source, body, status, ok) in [
        ("dog", bad.to_owned(), 202, false),
        ("dog", format!("{bad}\n{bad}\n"), 202, false),
        ("dog", format!("{good}\n{bad}\n"), 200, false),
        // The good one is a duplicate now.
        ("dog", format!("{good}\n{bad}\n"), 200, false),
        ("dog", good.to_owned(), 200, true),
        ("picky", r#"{"n":"x"}"#.to_owned(), 202, false),
        ("picky", "{\"drop\":true}\n{\"n\":\"x\"}\n".to_owned(), 200, false),
        ("picky", r#"{"drop":true}"#.to_owned(), 200, true),
        ("dog?stream=1", format!("{bad}\n"), 202, false),
    ] {
        let response = server.request("POST", &format!("/throw/{source}")).body(body.clone()).await;
        assert_eq!((response.status, &response.json()["ok"]), (status, &json!(ok)), "{body}: {response:?}");
    }
    // A repeated answer has the same status.
    for _ in 0..2 {
        let request = server.request("POST", "/throw/dog").header("idempotency-key", "k").body(bad);
        let response = request.await.is(202);
        assert_eq!(response.json()["ok"], false, "{response:?}");
    }
    // Pushes keep their status.
    let push = server.request("POST", "/api/data").body(r#"{"device_id": "pico"}"#).await.is(201).json();
    assert_eq!((&push["ok"], &push["quarantined"]), (&json!(false), &json!(1)), "{push}");
}

async fn reasons_of_a_stream_cover_all_its_chunks(server: Server) {
    server.declare(&dog()).await;
    let body = dogs(20_000);
    assert!(body.len() > 1 << 20, "the stream has several chunks");
    let receipt = server.request("POST", "/throw/dog?stream=1").body(body).await.is(200).json();
    assert_eq!((&receipt["ok"], &receipt["reasons"]), (&json!(false), &dog_reasons(20_000)), "{receipt}");
    let counted = server.get("/api/v1/source/dog/").await.is(200).json()["counted"].clone();
    let expected =
        json!({"throws": 1, "accepted": 6_000, "quarantined": 14_000, "dropped": 0, "duplicates": 0});
    assert_eq!(counted, expected);
    assert_eq!(metric(&server, "datadump_throws_total").await, 1);
}

async fn reasons_survive_the_resumption_of_a_stream(server: Server) {
    server.declare(&dog()).await;
    let body = dogs(20_000);
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /throw/dog?stream=1 HTTP/1.1\r\nhost: localhost\r\nidempotency-key: k\r\ncontent-length: 100000000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(&body.as_bytes()[..body.len() / 2]).await.unwrap();
    eventually("a part of the stream is stored", || async {
        (metric(&server, "datadump_records_quarantined_total").await > 1_000).then_some(())
    })
    .await;
    let (setup, database) = server.kill().await;
    drop(socket);
    let server = setup.start(database).await;
    let resumed = || server.request("POST", "/throw/dog?stream=1").header("idempotency-key", "k");
    let receipt = resumed().body(body.clone()).await.is(200).json();
    assert_eq!((&receipt["ok"], &receipt["reasons"]), (&json!(false), &dog_reasons(20_000)), "{receipt}");
    let again = resumed().body(body).await.is(200).json();
    assert_eq!(again["reasons"], receipt["reasons"]);
    assert_eq!(summary(&server, "").await["results"][0]["count"], 12_000);
}

async fn messages_and_pushes_have_reasons(server: Server) {
    server.declare(&dog()).await;
    let mut socket = WebSocket::connect(&server, "/throw/dog").await;
    socket.send(dogs(200)).await;
    let receipt = socket.receive_json().await;
    assert_eq!((&receipt["ok"], &receipt["reasons"]), (&json!(false), &dog_reasons(200)), "{receipt}");
    let push = (0..300).fold(String::new(), |text, n| {
        format!(
            "{text}{{\"device_id\": \"d\", \"sensors\": {{\"t\": {n}}}}}\n{{\"sensors\": {{\"t\": 1}}}}\n"
        )
    });
    let receipt = server.request("POST", "/api/data").body(push).await.is(201).json();
    let reason = &receipt["reasons"][0];
    assert_eq!(
        (&receipt["ok"], &reason["step"], &reason["field"], &reason["count"], &reason["first"]),
        (&json!(false), &json!("route"), &json!("device_id"), &json!(300), &json!(1)),
        "{receipt}"
    );
    // Pushes are throws.
    assert_eq!(metric(&server, "datadump_throws_total").await, 2);
    assert_eq!(metric(&server, "datadump_records_accepted_total").await, 60 + 300);
}

async fn the_number_of_reasons_is_bounded(server: Server) {
    let fields = |value: &str| {
        let fields: Vec<String> = (0..300).map(|n| format!("\"f{n}\": {value}")).collect();
        format!("{{{}}}", fields.join(", "))
    };
    server.request("POST", "/throw/wide").body(fields("1")).await.is(200).ok();
    let receipt = server.request("POST", "/throw/wide").body(fields("{\"a\": 1}")).await.is(200).json();
    let reasons = receipt["reasons"].as_array().unwrap();
    assert_eq!((reasons.len(), &receipt["truncated"]), (100, &json!(true)), "{receipt}");
}
