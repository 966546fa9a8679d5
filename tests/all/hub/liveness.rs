//! Liveness of devices, derived from the times at which the server received data.

use std::time::Duration;

use datadump_tests::{Database, Server, SimulationOptions, on_both};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::{device, only, push, until};

on_both![
    a_silent_device_becomes_late_and_returns,
    downtime_of_the_server_does_not_make_devices_late,
    last_seen_is_recovered_after_a_kill
];

async fn transitions(server: &Server, name: &str) -> Json {
    let list =
        server.get(&format!("/api/v1/device/{name}/transition/?sensor_id__isnull=true&ordering=id")).await;
    let list = list.is(200).json();
    only(list["results"].as_array().unwrap(), &["was", "status"])
}

async fn a_silent_device_becomes_late_and_returns(server: Server) {
    push(&server, json!({"device_id": "a", "sensors": {"t": 1, "slow": 1}})).await;
    server.patch("/api/v1/device/a/", &json!({"period_s": 0.3})).await.is(200).ok();
    server.patch("/api/v1/device/a/sensor/slow/", &json!({"period_s": 1_000})).await.is(200).ok();
    push(&server, json!({"device_id": "unknown", "t": 1})).await;
    let status = async |name: &str| device(&server, name).await["status"].clone();
    assert_eq!(status("a").await, "online");
    until("the device is late", async || status("a").await == "late").await;
    until("the device is offline", async || status("a").await == "offline").await;
    until("its sensor is late and the other one is not", async || {
        let offline = device(&server, "a").await;
        only(offline["sensors"].as_array().unwrap(), &["sensor_type", "status"])
            == json!([["t", "offline"], ["slow", "online"]])
    })
    .await;
    assert_eq!(status("unknown").await, "online", "its usual interval is unknown");
    push(&server, json!({"device_id": "a", "t": 2})).await;
    assert_eq!(status("a").await, "online");
    assert_eq!(server.get("/api/v1/device/?status=offline").await.is(200).json()["count"], 0);
    let expected =
        json!([["never", "online"], ["online", "late"], ["late", "offline"], ["offline", "online"]]);
    until("every step is stored", async || {
        let found = transitions(&server, "a").await;
        // The device is still silent and may be late again by now.
        found.as_array().unwrap().len() >= 4
            && found.as_array().unwrap()[..4] == expected.as_array().unwrap()[..]
    })
    .await;
}

async fn downtime_of_the_server_does_not_make_devices_late(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    server.patch("/api/v1/device/a/", &json!({"period_s": 0.5})).await.is(200).ok();
    push(&server, json!({"device_id": "a", "t": 2})).await;
    let seen = device(&server, "a").await["last_seen"].clone();
    let (setup, database) = server.stop().await;
    // Ten times the timeout.
    sleep(Duration::from_secs(6)).await;
    let server = setup.start(database).await;
    let found = device(&server, "a").await;
    assert_eq!((&found["status"], &found["last_seen"]), (&json!("online"), &seen));
    assert_eq!(found["sensors"][0]["value"], 2.0, "the last reading is known");
    push(&server, json!({"device_id": "a", "t": 3})).await;
    sleep(Duration::from_secs(1)).await;
    assert_eq!(transitions(&server, "a").await, json!([["never", "online"]]));
    // After its start the server applies the timeout again.
    until("the device is late", async || device(&server, "a").await["status"] == "late").await;
    server.stop().await;
}

async fn last_seen_is_recovered_after_a_kill(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    until("the transition is stored", async || {
        !transitions(&server, "a").await.as_array().unwrap().is_empty()
    })
    .await;
    let mut pushed = Vec::new();
    for value in 2..30 {
        push(&server, json!({"device_id": format!("d{value}"), "t": value})).await;
        pushed.push(value);
    }
    push(&server, json!({"device_id": "a", "t": 30})).await;
    let (setup, database) = server.kill().await;
    let server = setup.start(database).await;
    for value in pushed {
        let found = device(&server, &format!("d{value}")).await;
        let value = f64::from(value);
        assert_eq!(
            (&found["status"], &found["sensors"][0]["value"]),
            (&json!("online"), &json!(value)),
            "{found}"
        );
    }
    assert_eq!(device(&server, "a").await["sensors"][0]["value"], 30.0);
}

#[tokio::test]
async fn simulated_devices_are_online_until_they_drop_out() {
    let server = Server::start(Database::sqlite()).await;
    let steady = SimulationOptions {
        devices: 5,
        interval: Duration::from_millis(100),
        ..SimulationOptions::default()
    };
    let running = steady.start(&server);
    let gone = SimulationOptions {
        name: "gone".into(),
        interval: Duration::from_millis(100),
        ..SimulationOptions::default()
    };
    let stopped = gone.start(&server);
    until("all devices push", async || running.progress().pushed > 20 && stopped.progress().pushed > 3).await;
    drop(stopped);
    for name in ["gone", "simulated-0", "simulated-4"] {
        server.patch(&format!("/api/v1/device/{name}/"), &json!({"period_s": 0.3})).await.is(200).ok();
    }
    until("the device is offline", async || device(&server, "gone").await["status"] == "offline").await;
    assert_eq!(device(&server, "simulated-4").await["status"], "online");
    let done = running.progress();
    assert_eq!((done.failed, done.accepted), (0, done.pushed * 2), "{done:?}");
    drop(running);
    server.stop().await;
}
