//! The request of a throw: programs and routes can read it, replays see it again, and secrets are never in it.

use datadump_tests::{Server, WebSocket, on_both};
use serde_json::{Value as Json, json};

use super::{list, newest};

on_both![
    routes_and_programs_read_the_request,
    replayed_throws_have_their_request,
    secrets_are_never_shown,
    headers_are_bounded,
    simulations_take_a_request,
];

const HOOK: &str = "/throw/hook";

async fn hook(server: &Server, event: &str, body: &str) -> Json {
    server.request("POST", HOOK).header("X-GitHub-Event", event).body(body).await.json()
}

async fn routes_and_programs_read_the_request(server: Server) {
    let routes = json!([
        {"storage": "pushes", "when": {"headers.x-github-event": "push"}},
        {"storage": "pulls", "when": {"%headers.X-GitHub-Event": {"startswith": "pull"}, "%method": "POST"}},
    ]);
    server.put("/api/v1/source/hook/", &json!({"routes": routes, "unrouted": "drop"})).await.is(201).ok();
    for (event, body, expected) in [
        ("push", r#"{"n": 1}"#, json!({"pushes": 1})),
        ("pull_request", r#"{"n": 1}"#, json!({"pulls": 1})),
        ("ping", r#"{"n": 1}"#, json!({})),
        // A record's own field of that name is what is meant.
        ("ping", r#"{"headers": {"x-github-event": "push"}}"#, json!({"pushes": 1})),
        ("ping", r#"{"%method": "POST", "%headers.X-GitHub-Event": "pull"}"#, json!({})),
    ] {
        assert_eq!(hook(&server, event, body).await["storages"], expected, "{event} {body}");
    }
    let program = ".event = %headers.\"x-github-event\"\n.by = join!([%method, %path], \" \")";
    server.put("/api/v1/processor/hook/", &json!({"program": program})).await.is(201).ok();
    server.put("/api/v1/source/hook/", &json!({"processor": "hook"})).await.is(200).ok();
    hook(&server, "star", r#"{"_id": "1"}"#).await;
    let row = server.get("/api/v1/storage/hook/1/").await.is(200).json();
    assert_eq!((&row["event"], &row["by"]), (&json!("star"), &json!("POST /throw/hook")), "{row}");
    let whole =
        json!({"takes": "throw", "program": ". = {\"_id\": \"2\", \"event\": .headers.\"x-github-event\"}"});
    server.put("/api/v1/processor/whole/", &whole).await.is(201).ok();
    server.put("/api/v1/source/hook/", &json!({"processor": "whole"})).await.is(200).ok();
    hook(&server, "fork", "anything").await;
    assert_eq!(server.get("/api/v1/storage/hook/2/").await.is(200).json()["event"], "fork");
    // Messages of a WebSocket have the request that opened it.
    let mut socket = WebSocket::try_connect(&server, HOOK, &[("x-github-event", "watch")]).await.unwrap();
    socket.send("anything").await;
    socket.receive_json().await;
    assert_eq!(server.get("/api/v1/storage/hook/2/").await.is(200).json()["event"], "watch");
}

async fn replayed_throws_have_their_request(server: Server) {
    let program = |text: &str| json!({"program": text});
    server.put("/api/v1/processor/hook/", &program("%storage = to_string!(.missing)")).await.is(201).ok();
    server.put("/api/v1/source/hook/", &json!({"processor": "hook", "keep_raw": true})).await.is(201).ok();
    let receipt = hook(&server, "push", r#"{"_id": "1"}"#).await;
    assert_eq!(receipt["quarantined"], 1, "{receipt}");
    let entry = receipt["errors"][0]["quarantine"].as_str().unwrap();
    let entry = server.get(&format!("/api/v1/quarantine/{entry}/")).await.is(200).json();
    assert_eq!(
        (&entry["method"], &entry["path"], &entry["transport"]),
        (&json!("POST"), &json!(HOOK), &json!("http")),
        "{entry}"
    );
    assert!(entry["headers"].as_array().unwrap().contains(&json!(["x-github-event", "push"])), "{entry}");
    let listed = server.get("/api/v1/quarantine/?source=hook&method=POST").await.is(200).json();
    assert_eq!((&listed["count"], &listed["results"][0]["path"]), (&json!(1), &json!(HOOK)), "{listed}");

    let fixed = ".event = %headers.\"x-github-event\"\n.by = join!([%method, %path], \" \")";
    server.put("/api/v1/processor/hook/", &program(fixed)).await.is(200).ok();
    let replay = server.post("/api/v1/quarantine/replay/", &json!({})).await.is(200).json();
    assert_eq!(replay["stored"], 1, "{replay}");
    let row = server.get("/api/v1/storage/hook/1/").await.is(200).json();
    assert_eq!((&row["event"], &row["by"]), (&json!("push"), &json!("POST /throw/hook")), "{row}");

    let again = json!({"kept": true, "overwrite": true, "program": format!("{fixed}\n.again = %headers.\"x-github-event\"")});
    let replay = server.post("/api/v1/quarantine/replay/", &again).await.is(200).json();
    assert_eq!(replay["stored"], 1, "{replay}");
    let row = server.get("/api/v1/storage/hook/1/").await.is(200).json();
    assert_eq!(row["again"], "push", "{row}");
}

async fn secrets_are_never_shown(server: Server) {
    let secrets = [
        "authorization",
        "cookie",
        "proxy-authorization",
        "x-api-key",
        "x-auth-token",
        "x-client-secret",
        "x-password",
        "x-hub-signature-256",
        "x-session-id",
        "x-amz-security-token",
        "x-access-key-id",
        "idempotency-key",
    ];
    let program = json!({"program": ".all = encode_json(%headers)\n.n = int!(.n)"});
    server.put("/api/v1/processor/leak/", &program).await.is(201).ok();
    server.put("/api/v1/source/leak/", &json!({"processor": "leak", "keep_raw": true})).await.is(201).ok();
    for (path, body) in [
        ("/throw/leak", "{\"n\": 1}\n{\"n\": \"x\"}"),
        ("/api/data", r#"[{"device_id": "d", "sensor_type": "t", "value": 1}, {"device_id": "d"}]"#),
    ] {
        let mut request = server.request("POST", path).header("x-shown", "plain").body(body);
        for name in secrets {
            request = request.header(name, &format!("canary-{path}-{name}"));
        }
        let response = request.await;
        assert!(response.status < 300, "{}", response.text());
    }
    let handshake = [("authorization", "canary-ws"), ("cookie", "a=canary-ws"), ("x-shown", "plain")];
    let mut socket = WebSocket::try_connect(&server, "/throw/leak", &handshake).await.unwrap();
    socket.send("{\"n\": 2}").await;
    socket.receive_json().await;

    let throws = list(&server, "").await;
    assert_eq!(throws["count"], 3, "{throws}");
    let mut shown = vec![throws.to_string()];
    for throw in throws["results"].as_array().unwrap() {
        let shows =
            |name: &str| throw["headers"].as_array().unwrap().iter().any(|header| header["name"] == name);
        assert!(shows("x-shown") && !shows("authorization"), "{throw}");
        let path = format!("/api/v1/throw/{}/", throw["id"].as_str().unwrap());
        shown.push(server.get(&path).await.is(200).text());
    }
    let entries = server.get("/api/v1/quarantine/").await.is(200).json();
    assert_eq!(entries["count"], 2, "{entries}");
    for entry in entries["results"].as_array().unwrap() {
        let entry = server
            .get(&format!("/api/v1/quarantine/{}/", entry["id"].as_str().unwrap()))
            .await
            .is(200)
            .json();
        assert!(entry["headers"].to_string().contains("x-shown"), "{entry}");
        shown.push(entry.to_string());
    }
    let rows = server.get("/api/v1/storage/leak/").await.is(200).text();
    assert!(rows.contains("x-shown") && rows.contains("plain"), "{rows}");
    shown.push(rows);
    shown.push(server.get("/api/v1/source/leak/recent/").await.is(200).text());
    shown.push(server.output());
    for text in shown {
        assert!(!text.contains("canary"), "{text}");
    }
}

async fn headers_are_bounded(server: Server) {
    let mut request = server.request("POST", "/throw/t").header("x-long", &"v".repeat(20_000)).body("{}");
    for number in 0..80 {
        request = request.header(&format!("x-{number:03}"), "v");
    }
    request.await.is(200).ok();
    let throw = newest(&server).await;
    let headers = throw["headers"].as_array().unwrap();
    assert_eq!(headers.len(), 64, "{throw}");
    assert!(
        throw["headers"].to_string().len() < 10_000
            && headers.iter().all(|header| header["name"] != "x-long")
    );
}

async fn simulations_take_a_request(server: Server) {
    let sample = |event: &str| json!({"body": "{\"n\": 1}", "method": "PUT", "headers": {"X-GitHub-Event": event, "Cookie": "c"}});
    let request = json!({
        "source": "hook",
        "program": ".seen = keys(%headers)\n.method = %method",
        "routes": [{"storage": "pushes", "when": {"headers.x-github-event": "push"}}],
        "throws": [sample("push"), sample("ping")],
    });
    let simulated = server.post("/api/v1/processor/simulate/", &request).await.is(200).json();
    let storage = |throw: usize| simulated["throws"][throw]["after_program"][0]["storage"].clone();
    assert_eq!((storage(0), storage(1)), (json!("pushes"), json!("hook")), "{simulated}");
    let record = &simulated["throws"][0]["after_program"][0]["record"];
    assert_eq!(record, &json!({"n": 1, "method": "PUT", "seen": ["x-github-event"]}), "{simulated}");
    assert_eq!(list(&server, "").await["count"], 0);
}
