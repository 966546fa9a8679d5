//! The last throws of all sources: what is shown of each, and the pages and filters of the list.

mod heads;
mod lineage;

use datadump_tests::{Server, WebSocket, compress, on_both};
use serde_json::{Value as Json, json};

const THROWS: &str = "/api/v1/throw/";

on_both![
    throws_of_every_transport_are_listed,
    the_list_is_filtered_and_paged,
    the_reason_for_the_format_is_shown,
    recent_throws_of_a_source_are_the_same_entries,
];

/// Returns the list with a query.
async fn list(server: &Server, query: &str) -> Json {
    server.get(&format!("{THROWS}{query}")).await.is(200).json()
}

/// Returns the newest throw with its records.
async fn newest(server: &Server) -> Json {
    let id = list(server, "?limit=1").await["results"][0]["id"].as_str().unwrap().to_owned();
    server.get(&format!("{THROWS}{id}/")).await.is(200).json()
}

/// Returns a member of each result.
fn members(list: &Json, member: &str) -> Vec<String> {
    let results = list["results"].as_array().unwrap();
    results.iter().map(|result| result[member].as_str().unwrap_or("-").to_owned()).collect()
}

async fn throws_of_every_transport_are_listed(server: Server) {
    assert_eq!(list(&server, "").await, json!({"count": 0, "next": null, "previous": null, "results": []}));
    let request =
        server.request("POST", "/throw/porch/?unit=km&format=json").header("X-GitHub-Event", "push");
    request.header("Content-Type", "text/x-speed").body(r#"{"speed": "1.75"}"#).await.is(200).ok();
    let throw = newest(&server).await;
    for (member, expected) in [
        ("source", json!("porch")),
        ("transport", json!("http")),
        ("method", json!("POST")),
        ("content_type", json!("text/x-speed")),
        ("arguments", json!([["unit", "km"]])),
        ("peer", json!("127.0.0.1")),
        ("size", json!(17)),
        ("cut", json!(false)),
        ("body", json!(r#"{"speed": "1.75"}"#)),
        ("outcome", json!("stored")),
    ] {
        assert_eq!(throw[member], expected, "{member}: {throw}");
    }
    assert!(throw["path"].as_str().unwrap().starts_with("/throw/porch"), "{throw}");
    assert_eq!(
        (&throw["receipt"]["throw"], &throw["receipt"]["accepted"]),
        (&throw["id"], &json!(1)),
        "{throw}"
    );
    assert!(throw.get("error").is_none() && throw.get("body_base64").is_none(), "{throw}");
    let event = json!({"name": "x-github-event", "value": "push"});
    assert!(throw["headers"].as_array().unwrap().contains(&event), "{throw}");

    server.get("/throw/porch?speed=2").await.is(200).ok();
    let throw = newest(&server).await;
    assert_eq!((&throw["method"], &throw["body"], &throw["size"]), (&json!("GET"), &json!(""), &json!(0)));
    assert_eq!(throw["records"][0]["record"], json!({"speed": 2}), "{throw}");

    let mut socket =
        WebSocket::try_connect(&server, "/throw/cellar?unit=m", &[("x-room", "3")]).await.unwrap();
    socket.send("temperature=4 humidity=80").await;
    assert_eq!(socket.receive_json().await["ok"], true);
    let throw = newest(&server).await;
    assert_eq!((&throw["transport"], &throw["source"]), (&json!("websocket"), &json!("cellar")), "{throw}");
    let headers = throw["headers"].as_array().unwrap();
    assert!(headers.contains(&json!({"name": "x-room", "value": "3"})), "{throw}");
    let names: Vec<&str> = headers.iter().map(|header| header["name"].as_str().unwrap()).collect();
    assert!(!names.iter().any(|name| name.starts_with("sec-") || ["upgrade", "connection"].contains(name)));

    let push = json!({"device_id": "pico_w", "sensors": {"temperature": 21.5}});
    server.post("/api/data", &push).await.is(201).ok();
    let throw = newest(&server).await;
    assert_eq!((&throw["source"], &throw["path"]), (&json!("_hub"), &json!("/api/data")), "{throw}");
    assert_eq!(throw["detected"]["format"], "json");
    assert_eq!(members(&list(&server, "").await, "source"), ["_hub", "cellar", "porch", "porch"]);
    assert!(list(&server, "").await["results"][0].get("records").is_none());

    server
        .get(&format!("{THROWS}0199b0c4-7a30-7cc0-8d6e-2b0f4b1f6a11/"))
        .await
        .problem_about(404, &["0199b0c4"]);
    server.get(&format!("{THROWS}nonsense/")).await.problem_about(404, &["nonsense"]);
}

async fn the_list_is_filtered_and_paged(server: Server) {
    for number in 0..5 {
        server
            .request("POST", "/throw/porch")
            .body(format!("{{\"n\": {number}, \"Name\": \"Rex\"}}"))
            .await
            .is(200)
            .ok();
    }
    server.request("POST", "/throw/Cellar").body("a,b\n1,2\n3,4\n").await.is(200).ok();
    server.request("POST", "/throw/broken").body("{\"x\":1").await.is(202).ok();
    server.request("POST", "/throw/strict?strict=1").body("{\"x\":1").await.problem(422);
    for (query, expected) in [
        ("?source=porch", 5),
        ("?source=cellar", 1),
        ("?source=none", 0),
        ("?q=rex", 5),
        ("?q=CELLAR", 1),
        ("?q=%2Fthrow%2Fporch", 5),
        ("?q=", 8),
        ("?q=nothing%20like%20it", 0),
        ("?format=csv", 1),
        ("?format=json", 7),
        ("?outcome=stored", 6),
        ("?outcome=quarantined", 1),
        ("?outcome=refused", 1),
        ("?source=porch&q=%224%22&outcome=stored", 0),
        ("?source=porch&q=%3A%204", 1),
    ] {
        let found = list(&server, query).await;
        assert_eq!(
            (&found["count"], found["results"].as_array().unwrap().len()),
            (&json!(expected), expected),
            "{query}"
        );
    }
    let refused = list(&server, "?outcome=refused").await["results"][0].clone();
    assert!(
        refused["error"].as_str().unwrap().contains("invalid") && refused.get("receipt").is_none(),
        "{refused}"
    );
    assert_eq!(refused["detected"]["format"], "json", "{refused}");

    // Pages follow each other although new throws come in.
    let first = list(&server, "?source=porch&limit=2").await;
    assert_eq!((&first["count"], members(&first, "body")), (&json!(5), bodies(&[4, 3])), "{first}");
    server.request("POST", "/throw/porch").body("{\"n\": 5}").await.is(200).ok();
    let path = |list: &Json| list["next"].as_str().map(|next| next[next.find("/api").unwrap()..].to_owned());
    let second = server.get(&path(&first).unwrap()).await.is(200).json();
    assert_eq!(members(&second, "body"), bodies(&[2, 1]), "{second}");
    let third = server.get(&path(&second).unwrap()).await.is(200).json();
    assert_eq!((members(&third, "body"), &third["next"]), (bodies(&[0]), &Json::Null), "{third}");
    let gone = list(&server, "?before=0199b0c4-7a30-7cc0-8d6e-2b0f4b1f6a11").await;
    assert_eq!((&gone["results"], &gone["next"]), (&json!([]), &Json::Null));

    for (query, word) in [
        ("?outcome=lost", "quarantined"),
        ("?before=yesterday", "before"),
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?offset=1", "offset"),
        ("?source=a&source=b", "source"),
    ] {
        server.get(&format!("{THROWS}{query}")).await.problem_about(400, &[word]);
    }
}

fn bodies(numbers: &[u32]) -> Vec<String> {
    numbers.iter().map(|number| format!("{{\"n\": {number}, \"Name\": \"Rex\"}}")).collect()
}

async fn the_reason_for_the_format_is_shown(server: Server) {
    let form = "application/x-www-form-urlencoded";
    server.put("/api/v1/source/lines/", &json!({"format": "text"})).await.is(201).ok();
    for (path, content_type, body, format, words, alternatives) in [
        (
            "/throw/a",
            "",
            &b"{\"a\": 1}"[..],
            "json",
            &["no content type", "one JSON object"][..],
            &["text"][..],
        ),
        ("/throw/a", form, b"{\"a\": 1}", "json", &["curl -d", form, "one JSON object"], &["text"]),
        (
            "/throw/a",
            "application/json; charset=utf-8",
            b"{\"a\": 1}",
            "json",
            &["application/json"],
            &["text"],
        ),
        ("/throw/a", "text/x-odd", b"{\"a\": 1}", "json", &["text/x-odd", "does not decide"], &["text"]),
        ("/throw/a", "", b"{\"a\": 1}\n{\"a\": 2}\n", "ndjson", &["lines are JSON"], &["text"]),
        ("/throw/a", "", b"{\"x\":1", "json", &["begins like JSON"], &["text"]),
        ("/throw/a", "", b"time,speed\n10:00,1.75\n", "csv", &["header", "cells"], &["text"]),
        ("/throw/a", "", b"a=1&b=2", "form", &["joined by `&`"], &["text"]),
        ("/throw/a", "", b"hello", "text", &["no other format"], &[]),
        ("/throw/a", "", b"\xff\x00\x01", "binary", &["not text"], &[]),
        (
            "/throw/a?format=text",
            "",
            b"time,speed\n10:00,1.75\n",
            "text",
            &["sender asked", "`text`"],
            &["csv"],
        ),
        ("/throw/lines", "", b"a=1 b=2", "text", &["settings of the source", "`text`"], &["logfmt"]),
        ("/throw/a?n=1", "", b"", "args", &["no body", "arguments"], &[]),
        ("/throw/a", "", b"\x1f\x8b\x08nonsense", "binary", &["could not be decompressed"], &[]),
    ] {
        let mut request = server.request("POST", path).body(body);
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        request.await;
        let throw = newest(&server).await;
        let (detected, about) = (&throw["detected"], String::from_utf8_lossy(body));
        assert_eq!(
            (&detected["format"], &throw["receipt"]["format"]),
            (&json!(format), &json!(format)),
            "{about}"
        );
        let because = detected["because"].as_str().unwrap();
        assert!(words.iter().all(|word| because.contains(word)), "{about}: {because}");
        assert_eq!(detected["alternatives"], json!(alternatives), "{about}: {throw}");
    }
    // The body is decompressed, and detected as what it holds.
    let body = compress("gzip", b"{\"a\": 1}");
    server.request("POST", "/throw/a").header("content-encoding", "gzip").body(body).await.is(200).ok();
    let throw = newest(&server).await;
    assert_eq!((&throw["body"], &throw["size"]), (&json!("{\"a\": 1}"), &json!(8)), "{throw}");
}

async fn recent_throws_of_a_source_are_the_same_entries(server: Server) {
    server.request("POST", "/throw/car").body("{\"n\": 1}").await.is(200).ok();
    server.request("POST", "/throw/bike").body("{\"n\": 2}").await.is(200).ok();
    let of_car = server.get("/api/v1/source/car/recent/").await.is(200).json();
    assert_eq!(of_car, list(&server, "?source=car").await);
    assert_eq!(of_car["count"], 1, "{of_car}");
}
