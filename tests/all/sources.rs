//! Sources: created by their first throw or declared, their settings, and their effect on throws.

use datadump_tests::{Server, cat, dog, on_both};
use serde_json::{Value as Json, json};

on_both![
    a_throw_creates_a_source_whose_settings_can_be_changed,
    settings_are_locked_like_rows,
    wrong_settings_are_refused_by_name,
    recent_throws_are_listed,
    mixed_animal_events_are_routed_to_two_storages,
    local_times_are_in_the_zone_of_their_source,
];

const SOURCE: &str = "/api/v1/source/";

async fn a_throw_creates_a_source_whose_settings_can_be_changed(server: Server) {
    assert_eq!(server.get(SOURCE).await.is(200).json()["count"], 0);
    server.get("/api/v1/source/car/").await.problem_about(404, &["car"]);
    server.request("POST", "/throw/car").body("a,b\n1,2\n").await.is(200).ok();
    let source = server.get("/api/v1/source/car/").await.is(200).json();
    assert_eq!((&source["name"], &source["last_format"]), (&json!("car"), &json!("csv")), "{source}");
    assert_eq!((&source["version"], &source["counted"]["throws"]), (&json!(1), &json!(1)), "{source}");
    assert_eq!(source["settings"]["unrouted"], "keep");
    let settings = json!({"format": "text", "keep_raw": true});
    let source = server.put("/api/v1/source/car/", &settings).await.is(200).json();
    assert_eq!((&source["settings"]["format"], &source["version"]), (&json!("text"), &json!(2)), "{source}");
    // An explicit format disables detection, and a throw may override it.
    let receipt = server.request("POST", "/throw/car").body("a,b\n1,2\n").await.is(200).json();
    assert_eq!((&receipt["format"], &receipt["accepted"]), (&json!("text"), &json!(2)), "{receipt}");
    let receipt = server.request("POST", "/throw/car?format=csv").body("a,b\n1,2\n").await.is(200).json();
    assert_eq!(receipt["format"], "csv");
    let source = server.patch("/api/v1/source/car/", &json!({"format": null})).await.is(200).json();
    assert_eq!((&source["settings"]["format"], &source["settings"]["keep_raw"]), (&Json::Null, &json!(true)));
    let list = server.get("/api/v1/source/?limit=1").await.is(200).json();
    assert_eq!((&list["count"], &list["results"][0]["name"]), (&json!(1), &json!("car")), "{list}");
    server.delete("/api/v1/source/car/").await.is(204).ok();
    server.delete("/api/v1/source/car/").await.problem(404);
    let rows = server.get("/api/v1/storage/car/").await.is(200).json();
    assert_eq!(rows["count"], 4, "deleting the source keeps its rows");
    server.put("/api/v1/source/new/", &json!({})).await.is(201).ok();
}

async fn settings_are_locked_like_rows(server: Server) {
    let path = "/api/v1/source/car/";
    let call = |method: &str, header: &str, value: &str| server.request(method, path).header(header, value);
    call("PUT", "if-match", "*").json(&json!({})).await.problem(412);
    let made = call("PUT", "if-none-match", "*").json(&json!({})).await.is(201);
    assert_eq!(made.header("etag"), Some("\"1\""));
    let current = call("PUT", "if-none-match", "*").json(&json!({})).await.problem(412);
    assert_eq!(current["current"]["version"], 1, "{current}");
    let changed = call("PUT", "if-match", "\"1\"").json(&json!({"strict": true})).await.is(200);
    assert_eq!(changed.header("etag"), Some("\"2\""));
    for method in ["PUT", "PATCH"] {
        call(method, "if-match", "\"1\"").json(&json!({"strict": false})).await.problem(412);
    }
    call("DELETE", "if-match", "\"1\"").await.problem(412);
    assert_eq!(server.get(path).await.is(200).header("etag"), Some("\"2\""));
    call("PATCH", "if-match", "\"2\"").json(&json!({"strict": null})).await.is(200).ok();
    call("DELETE", "if-match", "\"3\"").await.is(204).ok();
}

async fn wrong_settings_are_refused_by_name(server: Server) {
    for (settings, pointer) in [
        (json!({"format": "nonsense"}), "/format"),
        (json!({"processor": "nobody"}), "/processor"),
        (json!({"strict": "yes"}), "/strict"),
        (json!({"timezone": "Middle/Earth"}), "/timezone"),
        (json!({"timezone": "+02:00"}), "/timezone"),
        (json!({"routes": [{"storage": "dog", "when": {"a": {"between": 1}}}]}), "/routes/0/when"),
        (json!({"routes": [{"storage": "d o g"}]}), "/routes/0/storage"),
        (json!({"routes": [{"storage": "dog", "cast": {"a": "elephant"}}]}), "/routes/0/cast/a"),
    ] {
        let problem = server.put("/api/v1/source/car/", &settings).await.problem(400);
        let found = problem["errors"][0]["pointer"].as_str().unwrap_or_default();
        assert!(found.starts_with(pointer), "{settings}: {problem}");
    }
    for settings in [json!({"formt": "csv"}), json!([]), json!({"routes": [{}]})] {
        server.put("/api/v1/source/car/", &settings).await.problem(400);
    }
    server.put("/api/v1/source/a.b/", &json!({})).await.problem(400);
    assert_eq!(server.get(SOURCE).await.is(200).json()["count"], 0);
}

async fn recent_throws_are_listed(server: Server) {
    server.get("/api/v1/source/car/recent/").await.problem(404);
    for number in 0..3 {
        let request = server.request("POST", "/throw/car?unit=km").header("content-type", "text/x-speed");
        request.body(format!("{{\"n\": {number}}}")).await.is(200).ok();
    }
    server.request("POST", "/throw/car").body(vec![0xff_u8, 0, 1]).await.is(200).ok();
    let recent = server.get("/api/v1/source/car/recent/").await.is(200).json();
    assert_eq!(recent["count"], 4, "{recent}");
    let (newest, before) = (&recent["results"][0], &recent["results"][1]);
    assert!(newest["body_base64"].is_string() && newest["body"].is_null(), "{newest}");
    assert_eq!((&before["body"], &before["content_type"]), (&json!("{\"n\": 2}"), &json!("text/x-speed")));
    assert_eq!((&before["size"], &before["peer"]), (&json!(8), &json!("127.0.0.1")));
    assert_eq!(
        (&before["receipt"]["accepted"], &before["receipt"]["format"]),
        (&json!(1), &json!("json")),
        "{before}"
    );
}

/// The guiding use case: large nested events come in, and two clean storages come out.
async fn mixed_animal_events_are_routed_to_two_storages(server: Server) {
    server.declare(&dog()).await;
    server.declare(&cat()).await;
    let route = |kind: &str, more: Json| {
        let mut route = json!({
            "storage": kind,
            "when": {"animal.kind": {"eq": kind}},
            "keep": ["animal.chip.id", "animal.look.color"],
            "rename": {"animal.chip.id": "chip_id"},
        });
        let members = route.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        route
    };
    let mut dog_route = route("dog", json!({"cast": {"collar_size": "integer"}}));
    dog_route["keep"].as_array_mut().unwrap().push(json!("animal.collar.size"));
    dog_route["rename"]["animal.collar.size"] = json!("collar_size");
    let settings = json!({"routes": [dog_route, route("cat", json!({}))], "unrouted": "drop"});
    server.put("/api/v1/source/animals/", &settings).await.is(201).ok();

    let event = |number: usize, kind: &str| {
        json!({
            "event": number, "station": {"name": "north", "cameras": [1, 2, 3]},
            "animal": {"kind": kind, "chip": {"id": format!("C{number}"), "maker": "x"},
                       "look": {"color": "red", "photo": "x".repeat(500)}, "collar": {"size": format!("{number}")}},
        })
    };
    let kinds = ["dog", "cat", "bird"];
    let events: Vec<Json> = (0..300).map(|number| event(number, kinds[number % 3])).collect();
    let receipt = server.post("/throw/animals", &json!(events)).await.is(200).json();
    assert_eq!(receipt["storages"], json!({"cat": 100, "dog": 100}), "{receipt}");
    assert_eq!((&receipt["accepted"], &receipt["dropped"]), (&json!(200), &json!(100)), "{receipt}");
    assert_eq!(server.get("/api/v1/storage/dog/").await.is(200).json()["count"], 100);
    let rex = server.get("/api/v1/storage/dog/C3/").await.is(200).json();
    assert_eq!(
        (&rex["chip_id"], &rex["color"], &rex["collar_size"]),
        (&json!("C3"), &json!("red"), &json!(3))
    );
    let cats = server.get("/api/v1/storage/cat/C1/").await.is(200).json();
    assert_eq!((&cats["lives"], &cats["color"]), (&json!(9), &json!("red")), "{cats}");
    let counted = server.get("/api/v1/source/animals/").await.is(200).json()["counted"].clone();
    let expected = json!({"throws": 1, "accepted": 200, "quarantined": 0, "dropped": 100, "duplicates": 0});
    assert_eq!(counted, expected);
    let status = server.get("/api/v1/status").await.is(200).json();
    assert_eq!((&status["throws"], &status["quarantine_waiting"]), (&expected, &json!(0)), "{status}");
    let metrics = server.get("/metrics").await.is(200).text();
    for line in ["datadump_throws_total 1", "datadump_records_dropped_total 100"] {
        assert!(metrics.lines().any(|found| found == line), "{line}: {metrics}");
    }
    // Throwing the same animals again adds no rows.
    server.post("/throw/animals", &json!(events)).await.is(200).ok();
    assert_eq!(server.get("/api/v1/storage/dog/").await.is(200).json()["count"], 100);
}

async fn local_times_are_in_the_zone_of_their_source(server: Server) {
    server
        .declare(&json!({
            "name": "meter",
            "key": {"name": "id", "type": "long"},
            "fields": [{"name": "read_at", "type": "timestamp"}],
        }))
        .await;
    let routes = json!([
        {"storage": "meter", "when": {"id": 1}},
        {"storage": "cast", "when": {"id": 2}, "cast": {"read_at": "timestamp"}},
        {"storage": "inferred", "when": {"id": {"gte": 3}}},
    ]);
    let settings = json!({"timezone": "Europe/Berlin", "routes": routes});
    server.put("/api/v1/source/berlin/", &settings).await.is(201).ok();
    // Set back at 3:00 to 2:00, and forward at 2:00 to 3:00.
    let body = "id,read_at\n1,2026-07-01 12:00:00\n2,2026-07-01T12:00:00.5\n3,2026-10-25 02:30:00\n\
        4,2026-03-29 02:30:00\n5,2026-07-01T12:00:00Z\n";
    let receipt = server.request("POST", "/throw/berlin").body(body).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["warnings"]), (&json!(5), &json!([])), "{receipt}");
    server.post("/throw/utc", &json!({"read_at": "2026-07-01 12:00:00"})).await.is(200).ok();
    for (storage, expected) in [
        ("meter", vec!["2026-07-01T10:00:00.000000Z"]),
        ("cast", vec!["2026-07-01T10:00:00.500000Z"]),
        (
            "inferred",
            vec!["2026-03-29T01:30:00.000000Z", "2026-07-01T12:00:00.000000Z", "2026-10-25T00:30:00.000000Z"],
        ),
        ("utc", vec!["2026-07-01T12:00:00.000000Z"]),
    ] {
        let ordering = if storage == "meter" { "id" } else { "read_at" };
        let list =
            server.get(&format!("/api/v1/storage/{storage}/?ordering={ordering}")).await.is(200).json();
        let found: Vec<_> =
            list["results"].as_array().unwrap().iter().map(|row| row["read_at"].as_str().unwrap()).collect();
        assert_eq!(found, expected, "{storage}: {list}");
    }
}
