//! Two nodes on one database: a device may push to one node and be queried and commanded on the other.

use datadump_tests::{Database, Server};
use serde_json::json;

use super::{command, device, fetch, only, pump, push, state, step, take, until};

#[tokio::test]
async fn devices_and_commands_are_shared_by_all_nodes() {
    let one = Server::start(Database::postgres().await).await;
    let other = one.start_second().await;
    push(&other, json!({"device_id": "b", "t": 0})).await;
    push(&one, json!({"device_id": "a", "t": 1})).await;
    // A new device is visible immediately and registered once, on either node.
    push(&other, json!({"device_id": "a", "t": 2})).await;
    for node in [&one, &other] {
        assert_eq!(only(&fetch(node, "device?a").await, &["value"]), json!([[2.0], [1.0]]));
        until("all are listed", async || node.get("/api/v1/device/").await.json()["count"] == 2).await;
        until("both are online", async || {
            let list = node.get("/api/v1/device/").await.is(200).json();
            only(list["results"].as_array().unwrap(), &["device", "status"])
                == json!([["a", "online"], ["b", "online"]])
        })
        .await;
    }
    // The device waits on one node, and the command and its result arrive on the other.
    let body = json!({"method": "read", "wait_s": 30});
    let (answered, ()) = tokio::join!(async { command(&other, "a", body).await.is(202).json() }, async {
        let taken = take(&one, "a", 30.0).await;
        step(&one, &taken[0], "result", json!({"ok": true, "data": 42})).await.is(200).ok();
    });
    assert_eq!(answered["result"]["data"], 42);
    // Settings apply on all nodes; each change of status is detected by one of them.
    other.patch("/api/v1/device/a/", &json!({"device": "attic", "period_s": 0.4})).await.is(200).ok();
    until("the device is known by its new name", async || {
        one.get("/api/v1/device/attic/").await.status == 200
            && one.get("/api/v1/device/a/").await.status == 404
    })
    .await;
    push(&one, json!({"device_id": "attic", "t": 3})).await;
    for node in [&one, &other] {
        until("the device is offline", async || device(node, "attic").await["status"] == "offline").await;
    }
    push(&other, json!({"device_id": "attic", "t": 4})).await;
    for node in [&one, &other] {
        until("it is back", async || device(node, "attic").await["status"] == "online").await;
    }
    let path = "/api/v1/device/attic/transition/?sensor_id__isnull=true&ordering=id&limit=4";
    until("no step is stored twice", async || {
        let list = one.get(path).await.is(200).json();
        let steps = only(list["results"].as_array().unwrap(), &["was", "status"]);
        let expected =
            json!([["never", "online"], ["online", "late"], ["late", "offline"], ["offline", "online"]]);
        steps == expected
    })
    .await;
    // Stopping a node loses nothing.
    let queued = command(&one, "attic", pump()).await.is(202).json();
    let (_setup, _database) = one.kill().await;
    let taken = take(&other, "attic", 0.0).await;
    assert_eq!(taken[0]["id"], queued["id"]);
    step(&other, &taken[0], "result", json!({"ok": true})).await.is(200).ok();
    assert_eq!(state(&other, &queued).await["state"], "done");
    other.delete("/api/v1/device/attic/").await.is(204).ok();
    other.stop().await;
}
