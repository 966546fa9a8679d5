//! Devices: listing, settings, renaming, tokens and tables.

use datadump_tests::{Server, on_both};
use serde_json::json;

use super::{DATA, device, fetch, only, push, until};

on_both![
    devices_show_their_sensors_and_status,
    devices_are_changed_and_deleted,
    a_device_with_a_token_requires_it,
    a_device_can_be_moved_to_its_own_table_and_back,
];

async fn devices_show_their_sensors_and_status(server: Server) {
    for name in ["b", "a", "c"] {
        push(&server, json!({"device_id": name, "sensors": {"temperature": 21.5, "door": "open"}})).await;
    }
    let list = server.get("/api/v1/device/?limit=2").await.is(200).json();
    let found = list["results"].as_array().unwrap();
    assert_eq!(
        (&list["count"], only(found, &["device", "status"])),
        (&json!(3), json!([["a", "online"], ["b", "online"]]))
    );
    let next = server.get(list["next"].as_str().unwrap()).await.is(200).json();
    assert_eq!(only(next["results"].as_array().unwrap(), &["device"]), json!([["c"]]));
    let sensors = found[0]["sensors"].as_array().unwrap();
    assert_eq!(
        only(sensors, &["sensor_type", "value", "status"]),
        json!([["temperature", 21.5, "online"], ["door", "open", "online"],])
    );
    let alone = server.get("/api/v1/device/a/sensor/").await.is(200).json();
    assert_eq!(alone["results"], found[0]["sensors"]);
    let online = server.get("/api/v1/device/?status=online&limit=1").await.is(200).json();
    assert_eq!((&online["count"], online["results"].as_array().unwrap().len()), (&json!(3), 1));
    assert_eq!(server.get("/api/v1/device/?status=never").await.is(200).json()["count"], 0);
    server.get("/api/v1/device/?status=asleep").await.problem_about(400, &["asleep"]);
    server.get("/api/v1/device/?nothing=1").await.problem_about(400, &["nothing"]);
    server.get("/api/v1/device/nobody/").await.problem_about(404, &["nobody"]);
}

async fn devices_are_changed_and_deleted(server: Server) {
    push(&server, json!({"device_id": "a", "t": 1})).await;
    push(&server, json!({"device_id": "b", "t": 1})).await;
    let got = server.get("/api/v1/device/a/").await.is(200);
    let tag = got.header("etag").unwrap().to_owned();
    let change = json!({"device": "attic", "labels": {"room": "attic"}, "period_s": 0.5});
    let changed = server.patch("/api/v1/device/a/", &change).header("if-match", &tag).await.is(200).json();
    assert_eq!((&changed["device"], &changed["usual_s"]), (&json!("attic"), &json!(0.5)));
    assert_eq!(changed["id"], got.json()["id"]);
    server.patch("/api/v1/device/attic/", &json!({"labels": {}})).header("if-match", &tag).await.problem(412);
    server.get("/api/v1/device/a/").await.problem(404);
    let found = server.get("/api/v1/device/?labels.room=attic").await.is(200).json();
    assert_eq!(found["count"], 1);
    // The new name is the same device; the old name is a new one.
    push(&server, json!({"device_id": "attic", "t": 2})).await;
    assert_eq!(fetch(&server, "device?attic").await.len(), 2);
    for (wrong, word) in [
        (json!({"device": "b"}), "device"),
        (json!({"device": ""}), "empty"),
        (json!({"period_s": 0}), "period"),
        (json!({"period_s": "x"}), "period_s"),
        (json!({"labels": []}), "labels"),
        (json!({"state": "lost"}), "lost"),
        (json!({"colour": "red"}), "colour"),
    ] {
        server.patch("/api/v1/device/attic/", &wrong).await.problem_about(400, &[word]);
    }
    server.patch("/api/v1/device/attic/sensor/t/", &json!({"period_s": 5})).await.is(200).ok();
    assert_eq!(device(&server, "attic").await["sensors"][0]["usual_s"], 5.0);
    server
        .patch("/api/v1/device/attic/sensor/none/", &json!({"period_s": 5}))
        .await
        .problem_about(404, &["none"]);

    let number = device(&server, "attic").await["id"].to_string();
    server.delete(&format!("/api/v1/device/{number}/")).await.is(204).ok();
    server.get("/api/v1/device/attic/").await.problem(404);
    let rows = server.get("/api/v1/storage/readings/?device_id=".to_owned().as_str()).await;
    rows.problem(400);
    let rows = server.get(&format!("/api/v1/storage/readings/?device_id={number}")).await.is(200).json();
    assert_eq!(rows["count"], 2, "deleting the device keeps its readings");
    push(&server, json!({"device_id": "attic", "t": 3})).await;
    assert_ne!(device(&server, "attic").await["id"].to_string(), number);
}

async fn a_device_with_a_token_requires_it(server: Server) {
    push(&server, json!({"device_id": "safe", "t": 1})).await;
    let made = server.post("/api/v1/device/safe/token/", &json!({})).await.is(201).json();
    let token = format!("Bearer {}", made["token"].as_str().unwrap());
    assert_eq!(device(&server, "safe").await["has_token"], true);
    let body = json!({"device_id": "safe", "t": 2});
    let refused = server.post(DATA, &body).await;
    assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
    refused.problem_about(401, &["safe"]);
    server.post(DATA, &body).header("authorization", "Bearer wrong").await.problem(401);
    server.post(DATA, &body).header("authorization", &token).await.is(201).ok();
    server.get("/api/v1/device/safe/command/?wait=0").await.problem(401);
    server.get("/api/v1/device/safe/command/?wait=0").header("authorization", &token).await.is(200).ok();
    push(&server, json!({"device_id": "other", "t": 2})).await;
    // Neither the token nor its hash is ever shown again.
    for path in ["/api/v1/device/safe/", "/api/v1/device/"] {
        let text = server.get(path).await.is(200).text();
        assert!(!text.contains(made["token"].as_str().unwrap()) && !text.contains("\"token\""), "{text}");
    }
    for query in
        ["fields=token", "token__startswith=a", "ordering=token", "where={\"token\":{\"isnull\":false}}"]
    {
        let name = query.split(['=', '_']).next().unwrap();
        server.get(&format!("/api/v1/device/?{query}")).await.problem_about(400, &[name]);
    }
    // Nor is it recorded with the idempotency key.
    let again = || server.post("/api/v1/device/other/token/", &json!({})).header("idempotency-key", "t1");
    let (one, two) = (again().await.is(201).json(), again().await.is(201).json());
    assert_ne!(one["token"], two["token"]);
    server.delete("/api/v1/device/safe/token/").await.is(204).ok();
    server.post(DATA, &body).await.is(201).ok();
}

async fn a_device_can_be_moved_to_its_own_table_and_back(server: Server) {
    for value in 0..1_200 {
        if value % 200 == 0 {
            let many: Vec<_> = (0..200).map(|n| json!({"device_id": "a", "t": value + n})).collect();
            push(&server, json!(many)).await;
        }
    }
    push(&server, json!({"device_id": "b", "t": 1})).await;
    let changed =
        server.patch("/api/v1/device/a/", &json!({"own_table": true, "move": true})).await.is(200).json();
    let table = changed["storage"].as_str().unwrap().to_owned();
    assert!(table.starts_with("readings_"), "{table}");
    push(&server, json!({"device_id": "a", "t": -1})).await;
    until("they have moved", async || device(&server, "a").await["moving"] == false).await;
    let count = async |table: &str| {
        server.get(&format!("/api/v1/storage/{table}/?limit=1")).await.is(200).json()["count"].clone()
    };
    assert_eq!((count("readings").await, count(&table).await), (json!(1), json!(1_201)));
    let newest = fetch(&server, "device?a&limit=2").await;
    assert_eq!(only(&newest, &["value"]), json!([[-1.0], [1_199.0]]));
    assert_eq!(fetch(&server, "sensor?t&limit=1000").await.len(), 1_000);
    // And back: earlier readings stay in their table, and all are found.
    server.patch("/api/v1/device/a/", &json!({"own_table": false})).await.is(200).ok();
    push(&server, json!({"device_id": "a", "t": -2})).await;
    assert_eq!((count("readings").await, count(&table).await), (json!(2), json!(1_201)));
    let newest = fetch(&server, "device?a&limit=2").await;
    assert_eq!(only(&newest, &["value"]), json!([[-2.0], [-1.0]]));
    server.patch("/api/v1/device/a/", &json!({"move": true})).await.is(200).ok();
    until("they are back", async || device(&server, "a").await["moving"] == false).await;
    assert_eq!((count("readings").await, count(&table).await), (json!(1_203), json!(0)));
}
