//! Streams of readings, of device events, and of commands.

use std::time::Duration;

use datadump_tests::{EventStream, Server, ServerEvent, WebSocket, on_both};
use serde_json::{Value as Json, json};

use super::{command, push, state, step, steps, until};

on_both![
    a_plain_event_source_receives_readings,
    a_device_stream_contains_all_its_events,
    commands_are_streamed_as_they_are_sent,
];

/// Returns the next event that has data and is not a greeting.
async fn next(stream: &mut EventStream) -> ServerEvent {
    loop {
        let frame = stream.next().await.unwrap();
        if !frame.data.is_null() && frame.event.as_deref() != Some("hello") {
            return frame;
        }
    }
}

async fn a_plain_event_source_receives_readings(server: Server) {
    push(&server, json!({"device_id": "pico_w", "sensors": {"temperature": 20}})).await;
    push(&server, json!({"device_id": "pico_w", "sensors": {"temperature": 21}})).await;
    let mut plain = EventStream::open(&server, "/api/stream", None).await;
    assert_eq!(plain.next().await.unwrap().event.as_deref(), Some("hello"));
    let mut before = EventStream::open(&server, "/api/stream?backfill=1&device=pico_w", None).await;
    let mut sensor = EventStream::open(&server, "/api/stream?sensor=moisture", None).await;
    // Other rows are not streamed.
    server.post("/throw/other", &json!({"speed": 1})).await.is(200).ok();
    let timed = json!({"device_id": "pico_w", "sensors": {"temperature": 22.5, "moisture": "wet"}, "ts": "2026-01-02T03:04:05Z"});
    push(&server, timed).await;
    push(&server, json!({"device_id": "other", "sensors": {"moisture": 30}})).await;
    let values =
        |frames: &[ServerEvent]| frames.iter().map(|frame| frame.data["value"].clone()).collect::<Json>();
    let mut events = Vec::new();
    for _ in 0..3 {
        events.push(next(&mut plain).await);
    }
    assert_eq!(values(&events), json!([22.5, "wet", 30.0]));
    assert!(events.iter().all(|frame| frame.event.is_none() && frame.id.is_some()), "{events:?}");
    let first = &events[0].data;
    assert_eq!((&first["device"], &first["sensor_type"]), (&json!("pico_w"), &json!("temperature")));
    assert_eq!(first["timestamp"], "2026-01-02T03:04:05.000000Z");
    assert!(first["device_id"].is_i64() && first["sensor_id"].is_i64(), "{first}");
    assert_eq!(first.as_object().unwrap().len(), 6, "{first}");
    let mut earlier = Vec::new();
    for _ in 0..3 {
        earlier.push(next(&mut before).await);
    }
    assert_eq!(values(&earlier), json!([21.0, 22.5, "wet"]));
    assert_eq!(next(&mut sensor).await.data["value"], "wet");
    assert_eq!(next(&mut sensor).await.data["value"], 30.0);
    // A disconnected client resumes.
    let mut again = EventStream::open(&server, "/api/stream", events[0].id.as_deref()).await;
    assert_eq!(next(&mut again).await, events[1]);
    server.get("/api/stream?storage=x").await.problem_about(400, &["storage"]);
}

async fn a_device_stream_contains_all_its_events(server: Server) {
    push(&server, json!({"device_id": "other", "t": 1})).await;
    let mut device_events = EventStream::open(&server, "/api/v1/stream?device=new", None).await;
    let mut all = EventStream::open(&server, "/api/v1/stream", None).await;
    push(&server, json!({"device_id": "other", "t": 1})).await;
    push(&server, json!({"device_id": "new", "t": 1})).await;
    server.patch("/api/v1/device/new/", &json!({"period_s": 0.3})).await.is(200).ok();
    let queued = command(&server, "new", super::pump()).await.is(202).json();
    let mut words: Vec<String> = Vec::new();
    // Until the device is late.
    while words.last().is_none_or(|word| word != "status late") {
        let ServerEvent { event, data, .. } = next(&mut device_events).await;
        let event = event.unwrap();
        match event.as_str() {
            "device" => {
                assert_eq!(data["device"], "new", "{data}");
                assert!(data.get("token").is_none(), "{data}");
                if data["sensor_id"].is_null() || data["what"] == "sensor-registered" {
                    let status =
                        data["status"].as_str().map(|status| format!(" {status}")).unwrap_or_default();
                    words.push(format!("{}{status}", data["what"].as_str().unwrap()));
                }
            }
            "command" => {
                assert_eq!(data["id"], queued["id"]);
                words.push(format!("command {}", data["state"].as_str().unwrap()));
            }
            _ => {
                assert_eq!(data["row"]["device"], "new");
                words.push(event);
            }
        }
    }
    words.dedup();
    for word in [
        "registered",
        "sensor-registered",
        "insert",
        "changed",
        "command queued",
        "status online",
        "status late",
    ] {
        assert!(words.iter().any(|found| found == word), "{word}: {words:?}");
    }
    assert!(words[0] == "registered" && words[1] == "sensor-registered" && words[2] == "insert", "{words:?}");
    // The unfiltered stream contains these events too.
    let mut events = std::collections::BTreeSet::new();
    while events.len() < 3 {
        events.insert(next(&mut all).await.event.unwrap());
    }
    assert!(
        events.contains("device") && events.contains("command") && events.contains("insert"),
        "{events:?}"
    );
    server.get("/api/v1/stream?device=new&storage=dog").await.problem_about(400, &["storage"]);
}

async fn commands_are_streamed_as_they_are_sent(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    let first = command(&server, "a", super::pump()).await.is(202).json();
    let mut stream = EventStream::open(&server, "/api/v1/device/a/command/stream/", None).await;
    let event = stream.next().await.unwrap();
    assert_eq!((event.event.as_deref(), &event.data["id"]), (Some("command"), &first["id"]));
    assert_eq!((&event.data["state"], &event.data["attempt"]), (&json!("leased"), &json!(1)));
    let second = command(&server, "a", json!({"method": "stop"})).await.is(202).json();
    assert_eq!(stream.next().await.unwrap().data["id"], second["id"]);
    for one in [&first, &second] {
        step(&server, one, "result", json!({"ok": true})).await.is(200).ok();
        assert_eq!(steps(&state(&server, one).await), ["queued", "leased", "done"]);
    }
    // A device whose name equals another one's id is a different device.
    let number = super::device(&server, "a").await["id"].to_string();
    push(&server, json!({"device_id": number, "t": 1})).await;
    let to_other = command(&server, &number, super::pump()).await.is(202).json();
    let mine = command(&server, "a", json!({"method": "mine"})).await.is(202).json();
    assert_eq!(stream.next().await.unwrap().data["id"], mine["id"]);
    assert_eq!(state(&server, &to_other).await["state"], "queued");
    step(&server, &mine, "result", json!({"ok": true})).await.is(200).ok();
    drop(stream);
    // The same over a WebSocket; commands that a closed stream did not receive are sent again.
    let short = json!({"method": "x", "lease_s": 0.5, "retries": 20});
    let third = command(&server, "a", short).await.is(202).json();
    let mut socket = WebSocket::connect(&server, "/api/v1/device/a/command/stream").await;
    let event = socket.receive_json().await;
    assert_eq!((&event["event"], &event["data"]["id"]), (&json!("command"), &third["id"]));
    step(&server, &third, "ack", json!({"attempt": event["data"]["attempt"]})).await.is(200).ok();
    step(&server, &third, "result", json!({"ok": true})).await.is(200).ok();
    until("it is done", async || state(&server, &third).await["state"] == "done").await;
    server.get("/api/v1/device/nobody/command/stream").await.problem_about(404, &["nobody"]);
    server.get("/api/v1/device/a/command/stream?x=1").await.problem_about(400, &["`x`"]);
    tokio::time::sleep(Duration::from_millis(10)).await;
}
