//! The storages of readings: only the hub writes to them, because a device may require a token.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

use super::{DATA, device, push};

on_both![throws_cannot_forge_readings, rows_and_definitions_of_the_hub_cannot_be_changed];

const LIST: &str = "/api/v1/storage/readings/";

/// Creates a device with a token, and one with a storage of its own. Returns the name of that storage.
async fn devices(server: &Server) -> String {
    push(server, json!({"device_id": "safe", "t": 1})).await;
    server.post("/api/v1/device/safe/token/", &json!({})).await.is(201).ok();
    push(server, json!({"device_id": "own", "t": 1})).await;
    server.patch("/api/v1/device/own/", &json!({"own_table": true})).await.is(200).ok();
    push(server, json!({"device_id": "own", "t": 2})).await;
    format!("readings_{}", device(server, "own").await["id"])
}

async fn rows(server: &Server, storage: &str) -> Json {
    server.get(&format!("/api/v1/storage/{storage}/?ordering=read_id")).await.is(200).json()["results"]
        .clone()
}

async fn throws_cannot_forge_readings(server: Server) {
    let own = devices(&server).await;
    let before = [rows(&server, "readings").await, rows(&server, &own).await];
    let safe = device(&server, "safe").await["id"].clone();
    let forged = json!({"read_id": 1, "device_id": safe, "device": "safe", "sensor_id": 1, "sensor_type": "t",
                        "value": 99.0, "text": null, "timestamp": "2026-01-01T00:00:00Z",
                        "received_at": "2026-01-01T00:00:00Z"});
    let route = |storage: &str| json!({"routes": [{"storage": storage}]});
    server.put("/api/v1/source/router/", &route("readings")).await.is(201).ok();
    server.put("/api/v1/source/own-router/", &route(&own)).await.is(201).ok();
    let program = json!({"program": "._storage = \"readings\""});
    server.put("/api/v1/processor/sender/", &program).await.is(201).ok();
    server.put("/api/v1/source/sender/", &json!({"processor": "sender"})).await.is(201).ok();
    let sources = ["readings", "READINGS", &own, "readings_999", "router", "own-router", "sender"];
    for source in sources {
        let receipt = server.post(&format!("/throw/{source}"), &json!([forged, forged])).await.json();
        assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(0), &json!(2)), "{receipt}");
        assert_eq!(receipt["errors"][1]["code"], "hub-storage", "{receipt}");
        let detail = receipt["errors"][1]["detail"].as_str().unwrap();
        assert!(detail.contains("readings") && detail.contains("hub"), "{detail}");
        // A format whose records are not pieces of the body.
        let yaml =
            server.request("POST", &format!("/throw/{source}?format=yaml")).body("- {t: 7}\n- {t: 8}\n");
        let receipt = yaml.await.json();
        assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(0), &json!(2)), "{receipt}");
        let strict = server.post(&format!("/throw/{source}?strict=1"), &forged).await;
        assert_eq!(strict.problem(422)["errors"][0]["code"], "hub-storage");
        let streamed = server.request("POST", &format!("/throw/{source}?stream=1&format=ndjson"));
        let receipt = streamed.body(format!("{forged}\n")).await.json();
        assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(0), &json!(1)), "{receipt}");
    }
    let receipt = server.get("/throw/readings?device_id=1&value=99").await.json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(0), &json!(1)), "{receipt}");
    assert_eq!([rows(&server, "readings").await, rows(&server, &own).await], before);
    server.get("/api/v1/storage/readings_999/").await.problem(404);

    // What waits can be stored elsewhere.
    let entries =
        server.get("/api/v1/quarantine/?code=hub-storage&source=readings&limit=1000").await.is(200).json();
    assert_eq!(entries["count"], 6, "{entries}");
    assert_eq!(entries["results"][0]["storage"], "readings");
    let replay = async || {
        let filters = json!({"filters": {"source": "readings"}});
        server.post("/api/v1/quarantine/replay/", &filters).await.is(200).json()
    };
    assert_eq!(replay().await["failed"], 6);
    server.put("/api/v1/source/readings/", &route("rescued")).await.is(200).ok();
    assert_eq!(replay().await["stored"], 6);
    assert_eq!(server.get("/api/v1/storage/rescued/?count=exact").await.is(200).json()["count"], 6);
    // Other names that begin like the hub's are free.
    for source in ["readings-old", "readings_old", "my_readings"] {
        assert_eq!(
            server.post(&format!("/throw/{source}"), &json!({"t": 1})).await.is(200).json()["accepted"],
            1
        );
    }
}

async fn rows_and_definitions_of_the_hub_cannot_be_changed(server: Server) {
    let own = devices(&server).await;
    for storage in ["readings", &own] {
        let before = rows(&server, storage).await;
        let mut row = before[0].clone();
        row["value"] = json!(99.0);
        let list = format!("/api/v1/storage/{storage}/");
        let one = format!("{list}{}/", row["read_id"]);
        for request in [
            server.post(&list, &row),
            server.post(&list, &row).header("idempotency-key", "once"),
            server.put(&one, &row),
            server.put(&format!("{list}123456/"), &json!({})),
            server.put(&format!("{list}x/"), &row),
            server.patch(&one, &json!({"value": 99.0})),
        ] {
            let problem = request.await.problem_about(403, &[storage, "hub"]);
            assert_eq!(problem["code"], "hub-storage");
        }
        assert_eq!(rows(&server, storage).await, before);
        let found = server.get(&format!("/api/v1/factory/storage/{storage}/")).await.is(200).json();
        let mut definition = found["definition"].clone();
        definition["name"] = json!(storage);
        definition["fields"]
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "more", "type": "text", "nullable": true}));
        for path in ["/api/v1/factory/storage/", &format!("/api/v1/factory/storage/{storage}/plan/")] {
            assert_eq!(server.post(path, &definition).await.problem(403)["code"], "hub-storage");
        }
        let again = server.get(&format!("/api/v1/factory/storage/{storage}/")).await.is(200).json();
        assert_eq!(again["definition"], found["definition"]);
        server.delete(&one).await.is(204).ok();
        assert_eq!(
            rows(&server, storage).await.as_array().unwrap().len(),
            before.as_array().unwrap().len() - 1
        );
    }
    let free = json!({"name": "readings_999", "key": {"name": "id", "type": "long"},
                      "fields": [{"name": "value", "type": "float"}]});
    server.post("/api/v1/factory/storage/", &free).await.problem(403);
    // A storage that is removed is created again by the next push.
    server.delete("/api/v1/factory/storage/readings/?confirm=readings").await.is(204).ok();
    server.get(LIST).await.problem(404);
    server.post(DATA, &json!({"device_id": "new", "t": 1})).await.is(201).ok();
    assert_eq!(server.get(LIST).await.is(200).json()["count"], 1);
}
