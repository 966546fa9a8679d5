//! Notices of what happens on the server besides changes of rows.

use std::time::Duration;

use datadump_tests::{Database, Server, Setup, on_both};
use serde_json::{Value as Json, json};

use super::{dog, multiplexed::Multiplexed, save};

on_both![
    throws_are_announced,
    storages_and_their_migrations_are_announced,
    the_quarantine_and_replays_are_announced,
    devices_and_commands_are_announced,
];

async fn listen(server: &Server, events: &[&str]) -> Multiplexed {
    let mut socket = Multiplexed::open(server).await;
    let hello = socket.add(json!({"id": "inbox", "events": events})).await;
    assert!(hello["data"]["cursor"].is_string(), "{hello}");
    socket
}

/// Returns the data of the next notice, which must be of this kind.
async fn next(socket: &mut Multiplexed, event: &str) -> Json {
    let mut message = socket.next().await;
    assert_eq!((&message["sub"], &message["event"]), (&json!("inbox"), &json!(event)), "{message}");
    message["data"].take()
}

/// Returns the first notice that passes.
async fn until(socket: &mut Multiplexed, event: &str, is_it: impl Fn(&Json) -> bool) -> Json {
    loop {
        let data = next(socket, event).await;
        if is_it(&data) {
            return data;
        }
    }
}

async fn throws_are_announced(server: Server) {
    let mut socket = listen(&server, &["throw"]).await;
    let receipt = server.post("/throw/porch", &json!({"temperature": 21.5})).await.is(200).json();
    let throw = next(&mut socket, "throw").await;
    assert_eq!((&throw["source"], &throw["id"]), (&json!("porch"), &receipt["throw"]));
    assert_eq!((&throw["body"], &throw["cut"]), (&json!(r#"{"temperature":21.5}"#), &json!(false)));
    assert_eq!(throw["receipt"]["accepted"], 1, "{throw}");
    let listed = server.get("/api/v1/source/porch/recent/").await.is(200).json();
    assert_eq!(listed["results"][0], throw, "it is the same entry");
    // Bodies are cut.
    server.post("/throw/porch", &json!({"text": "ü".repeat(5_000)})).await.is(200).ok();
    let throw = next(&mut socket, "throw").await;
    assert_eq!((&throw["cut"], &throw["size"]), (&json!(true), &json!(10_011)));
    assert!((2_040..=2_048).contains(&throw["body"].as_str().unwrap().len()), "{throw}");
    server.request("POST", "/throw/porch?format=text").body([0xff; 9_000]).send().await.unwrap().ok();
    let throw = next(&mut socket, "throw").await;
    let body = throw["body_base64"].as_str().or(throw["body"].as_str()).unwrap();
    assert!(body.len() <= 2_728, "{}", body.len());
    // One that is refused has an error, and pushes of devices are throws.
    server.post("/throw/porch?strict=1&format=csv", &json!("x")).await.ok();
    server.post("/api/data", &json!({"device_id": "pico", "t": 1})).await.is(201).ok();
    let (refused, push) = (next(&mut socket, "throw").await, next(&mut socket, "throw").await);
    assert!(refused["error"].is_string() != refused["receipt"].is_object(), "{refused}");
    assert_eq!(push["receipt"]["accepted"], 1, "{push}");
}

async fn storages_and_their_migrations_are_announced(server: Server) {
    const ROWS: usize = 6_000;
    let mut socket = listen(&server, &["storage"]).await;
    let applied = |name: &'static str, version: i32| {
        move |data: &Json| data["name"] == name && data["version"] == version && data["state"] == "applied"
    };
    server.declare(&dog()).await;
    let state = until(&mut socket, "storage", applied("dog", 1)).await;
    assert_eq!(
        state,
        json!({"name": "dog", "version": 1, "state": "applied", "rows_done": 0, "rows_total": 0, "error": null})
    );
    // Storages that data creates and extends.
    server.post("/throw/porch", &json!({"n": 1})).await.is(200).ok();
    until(&mut socket, "storage", applied("porch", 1)).await;
    server.post("/throw/porch", &json!({"n": 1, "m": 2})).await.is(200).ok();
    until(&mut socket, "storage", applied("porch", 2)).await;
    // A migration that reads all rows.
    let rows: Vec<Json> =
        (0..ROWS).map(|number| json!({"chip_id": format!("{number}"), "name": "Rex"})).collect();
    server.post("/throw/dog", &json!(rows)).await.is(200).ok();
    let mut shorter = dog();
    shorter["fields"][1] = json!({"name": "name", "type": "string", "max_length": 8, "nullable": true});
    let plan = server.post("/api/v1/factory/storage/dog/plan/", &shorter).await.is(200).json();
    assert_eq!(plan["class"], "data-dependent", "{plan}");
    let path =
        format!("/api/v1/factory/storage/?allow=data-dependent&plan={}", plan["plan_hash"].as_str().unwrap());
    server.post(&path, &shorter).await.is(201).ok();
    let state = until(&mut socket, "storage", |data| data["rows_total"].as_u64() >= Some(ROWS as u64)).await;
    assert_eq!((&state["name"], &state["version"]), (&json!("dog"), &json!(2)));
    if state["state"] != "applied" {
        until(&mut socket, "storage", applied("dog", 2)).await;
    }
    // One that fails.
    server.post("/api/v1/storage/dog/", &json!({"chip_id": "A", "name": "Benjamin"})).await.is(201).ok();
    shorter["fields"][1]["max_length"] = 4.into();
    let plan = server.post("/api/v1/factory/storage/dog/plan/", &shorter).await.is(200).json();
    let path =
        format!("/api/v1/factory/storage/?allow=data-dependent&plan={}", plan["plan_hash"].as_str().unwrap());
    server.post(&path, &shorter).await.is(201).ok();
    let failed = until(&mut socket, "storage", |data| data["state"] == "failed").await;
    assert!(failed["error"].as_str().is_some_and(|error| error.contains("name")), "{failed}");
    server.delete("/api/v1/factory/storage/porch/?confirm=porch").await.is(204).ok();
    let removed = until(&mut socket, "storage", |data| data["state"] == "removed").await;
    assert_eq!((&removed["name"], &removed["version"]), (&json!("porch"), &Json::Null));
}

async fn the_quarantine_and_replays_are_announced(server: Server) {
    let program = json!({"program": ".size = int!(.size)"});
    server.put("/api/v1/processor/sizes/", &program).await.ok();
    server.put("/api/v1/source/yard/", &json!({"processor": "sizes"})).await.is(201).ok();
    let mut socket = listen(&server, &["quarantine"]).await;
    let rows: Vec<Json> = (0..20).map(|number| json!({"n": number, "size": "x7"})).collect();
    let receipt = server.post("/throw/yard", &json!(rows)).await.is(202).json();
    until(&mut socket, "quarantine", |data| *data == json!({"count": 20})).await;
    let id = receipt["errors"][0]["quarantine"].as_str().unwrap();
    server.delete(&format!("/api/v1/quarantine/{id}/")).await.ok();
    until(&mut socket, "quarantine", |data| *data == json!({"count": 19})).await;
    let mut socket = listen(&server, &["replay"]).await;
    let request = json!({"program": ".size = 7"});
    let started = server.post("/api/v1/quarantine/replay/", &request).await;
    assert!(matches!(started.status, 200 | 202), "{started:?}");
    let first = next(&mut socket, "replay").await;
    assert_eq!(first["id"], started.json()["id"], "{first}");
    let done = match first["state"].as_str() {
        Some("done") => first,
        _ => until(&mut socket, "replay", |data| data["state"] == "done").await,
    };
    assert_eq!(
        (&done["done"], &done["total"], &done["stored"]),
        (&json!(19), &json!(19), &json!(19)),
        "{done}"
    );
    assert_eq!((&done["dry_run"], done.get("errors")), (&json!(false), None));
}

async fn devices_and_commands_are_announced(server: Server) {
    let mut socket = listen(&server, &["device", "command"]).await;
    server.post("/api/data", &json!({"device_id": "pico", "sensors": {"t": 1}})).await.is(201).ok();
    let registered = next(&mut socket, "device").await;
    assert_eq!(
        (&registered["what"], &registered["device"]),
        (&json!("registered"), &json!("pico")),
        "{registered}"
    );
    let command = json!({"method": "pump", "params": {"seconds": 3}});
    let queued = server.post("/api/v1/device/pico/command/", &command).await.is(202).json();
    // Its sensor is registered, and its status changes, in between.
    loop {
        let message = socket.next().await;
        assert!(message["id"].is_string(), "{message}");
        match message["event"].as_str() {
            Some("device") => {}
            Some("command") => {
                assert_eq!(
                    (&message["data"]["id"], &message["data"]["method"]),
                    (&queued["id"], &json!("pump"))
                );
                break;
            }
            // No readings.
            _ => panic!("{message}"),
        }
    }
}

/// The state of a storage is announced by every node, and a throw by the one that received it.
#[tokio::test]
async fn storages_of_other_nodes_are_announced() {
    let one = Server::start(Database::postgres().await).await;
    let two = one.start_second().await;
    let mut socket = listen(&two, &["storage", "throw"]).await;
    one.declare(&dog()).await;
    until(&mut socket, "storage", |data| data["name"] == "dog" && data["state"] == "applied").await;
    one.delete("/api/v1/factory/storage/dog/?confirm=dog").await.is(204).ok();
    until(&mut socket, "storage", |data| data["name"] == "dog" && data["state"] == "removed").await;
}

/// A client that does not read for a while learns how many notices it has lost, but loses no row.
#[tokio::test]
async fn a_slow_client_loses_notices_and_no_rows() {
    const THROWS: u64 = 400;
    const LONG: u64 = 30;
    let setup = Setup::default().arguments(["--blocked-timeout=10m"]);
    let server = setup.start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "inbox", "events": ["throw"]})).await;
    socket.add(json!({"id": "long", "storage": "long"})).await;
    socket.add(json!({"id": "dogs", "storage": "dog"})).await;
    let text = "x".repeat(1 << 20);
    for number in 0..LONG {
        server.post("/throw/long", &json!({"number": number, "text": text})).await.is(200).ok();
    }
    for number in 0..THROWS {
        server.post("/throw/short", &json!({"number": number})).await.is(200).ok();
    }
    save(&server, "A", 1).await;
    let (mut notices, mut lost, mut rows) = (0, 0, 0);
    while rows < LONG || notices + lost < LONG + THROWS {
        let message = tokio::time::timeout(Duration::from_secs(60), socket.next()).await.unwrap();
        match (message["sub"].as_str(), message["event"].as_str()) {
            (Some("inbox"), Some("throw")) => notices += 1,
            (Some("inbox"), Some("gap")) => {
                assert_eq!(
                    (&message["data"]["reason"], &message["data"]["of"]),
                    (&json!("slow"), &json!("throw"))
                );
                lost += message["data"]["dropped"].as_u64().unwrap();
            }
            (Some("long"), Some("insert")) => {
                assert_eq!(message["data"]["row"]["number"], rows);
                rows += 1;
            }
            (Some("dogs"), Some("insert")) => {}
            _ => panic!("{message}"),
        }
    }
    assert!(lost > 0, "{notices} notices, none lost");
    assert_eq!((notices + lost, rows), (LONG + THROWS, LONG));
}
