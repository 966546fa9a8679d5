//! Pushes: readings are stored, quarantined, or refused with a reason.

use datadump_tests::{Database, Server, Setup, on_both, segment};
use serde_json::{Value as Json, json};

use super::{DATA, fetch, only, push, until};

on_both![
    every_shape_of_push_is_accepted,
    malformed_readings_are_quarantined,
    readings_can_be_listed_like_other_rows,
    a_push_with_a_key_is_stored_once,
    names_may_contain_any_characters,
    concurrent_pushes_register_a_device_once,
    digits_are_fetched_as_a_number_first,
    the_newest_hundred_are_fetched_unless_a_limit_is_given,
];

async fn every_shape_of_push_is_accepted(server: Server) {
    let pushed =
        push(&server, json!({"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}})).await;
    assert_eq!((&pushed["accepted"], &pushed["storages"]), (&json!(2), &json!({"readings": 2})));
    push(&server, json!({"device_id": "pico_w", "sensor_type": "temperature", "value": "22.5"})).await;
    let many = json!([
        {"device_id": "pico_w", "sensor_type": "temperature", "value": 23, "timestamp": "2020-01-02T03:04:05Z"},
        {"device_id": "other", "sensors": {"door": "open", "on": true}, "ts": 1_577_934_245},
    ]);
    let pushed = push(&server, many).await;
    assert_eq!(pushed["accepted"], 3);
    // Both timestamps are years off: the readings are accepted with a warning.
    let codes: Vec<_> =
        pushed["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, ["clock_off"; 3]);
    let lines = "{\"device_id\": \"lines\", \"t\": 1}\n{\"device_id\": \"lines\", \"t\": 2}\n";
    server.request("POST", DATA).body(lines).await.is(201).ok();
    server.request("POST", DATA).body("device_id,sensor_type,value\ncsv,t,1.5\ncsv,u,x\n").await.is(201).ok();

    let fields = ["device", "sensor_type", "value", "timestamp"];
    let old = "2020-01-02T03:04:05.000000Z";
    let readings = fetch(&server, "device?pico_w").await;
    assert_eq!(readings.len(), 4);
    assert_eq!(only(&readings[3..], &fields), json!([["pico_w", "temperature", 23.0, old]]), "newest first");
    assert_eq!(only(&readings[..1], &fields[..3]), json!([["pico_w", "temperature", 22.5]]));
    let number = readings[0]["device_id"].to_string();
    assert_eq!(fetch(&server, &format!("device?id={number}")).await, readings);
    assert_eq!(fetch(&server, "device?pico_w&limit=2&offset=1").await, readings[1..3]);
    let other = fetch(&server, "device?other").await;
    assert_eq!(only(&other, &fields[1..]), json!([["on", "true", old], ["door", "open", old]]));
    assert_eq!(only(&fetch(&server, "device?csv").await, &["value"]), json!([["x"], [1.5]]));

    // A sensor name selects all sensors with that name.
    let temperatures = fetch(&server, "sensor?temperature").await;
    assert_eq!(only(&temperatures, &["value"]), json!([[22.5], [21.5], [23.0]]));
    assert_eq!(fetch(&server, "sensor?t").await.len(), 3);
    let sensor = temperatures[0]["sensor_id"].to_string();
    assert_eq!(fetch(&server, &format!("sensor?{sensor}")).await, temperatures);

    server.get("/api/fetch/device?nobody").await.problem_about(404, &["nobody"]);
    server.get("/api/fetch/sensor?nothing").await.problem_about(404, &["nothing"]);
    server.get("/api/fetch/device").await.problem(400);
    server.get("/api/fetch/device?pico_w&limit=0").await.problem_about(400, &["limit"]);
}

async fn digits_are_fetched_as_a_number_first(server: Server) {
    // The second device and sensor have the number of the first one as their names.
    push(&server, json!({"device_id": "a", "sensors": {"t": 1}})).await;
    let first = fetch(&server, "device?a").await;
    let (device, sensor) = (first[0]["device_id"].to_string(), first[0]["sensor_id"].to_string());
    push(&server, json!({"device_id": device, "sensors": {sensor.clone(): 2}})).await;
    push(&server, json!({"device_id": "77", "sensors": {"88": 3, "t": 4}})).await;
    let values = |query: String| {
        let server = &server;
        async move { only(&fetch(server, &query).await, &["value"]) }
    };
    for (query, expected) in [
        (format!("device?{device}"), json!([[1.0]])),
        (format!("device?id={device}"), json!([[1.0]])),
        ("device?77".to_owned(), json!([[4.0], [3.0]])),
        (format!("sensor?{sensor}"), json!([[1.0]])),
        ("sensor?88".to_owned(), json!([[3.0]])),
        ("sensor?t".to_owned(), json!([[4.0], [1.0]])),
        // The other one filters.
        ("device?77&sensor=t".to_owned(), json!([[4.0]])),
        (format!("device?a&sensor={sensor}"), json!([[1.0]])),
        ("device?77&sensor=88&limit=5".to_owned(), json!([[3.0]])),
        ("sensor?t&device=77".to_owned(), json!([[4.0]])),
        (format!("sensor?t&device={device}"), json!([[1.0]])),
    ] {
        assert_eq!(values(query.clone()).await, expected, "{query}");
    }
    for (query, status, word) in [
        ("device?77&sensor=x", 404, "x"),
        ("device?a&sensor=88", 404, "88"),
        ("sensor?88&device=a", 404, "88"),
        ("sensor?t&device=nobody", 404, "nobody"),
        ("device?a&device=a", 400, "device"),
        ("device?a&_=17", 400, "_"),
        ("device?_=17&a", 400, "_"),
        ("device?a&b", 400, "b"),
        ("device?a&value__gt=1", 400, "value__gt"),
        ("sensor?t&sensor=t", 400, "sensor"),
        ("device?a&limit=10001", 400, "limit"),
        ("sensor?t&limit=10001", 400, "limit"),
    ] {
        server.get(&format!("/api/fetch/{query}")).await.problem_about(status, &[word]);
    }
}

async fn the_newest_hundred_are_fetched_unless_a_limit_is_given(server: Server) {
    let readings: Vec<Json> = (0..10_050)
        .map(|n| json!({"device_id": "a", "sensor_type": "t", "value": n, "ts": 1_700_000_000 + n}))
        .collect();
    push(&server, json!(readings)).await;
    for what in ["device?a", "sensor?t", "device?a&sensor=t"] {
        for (limit, expected) in [("", 100), ("&limit=7", 7), ("&limit=10000", 10_000)] {
            let found = fetch(&server, &format!("{what}{limit}")).await;
            assert_eq!(found.len(), expected, "{what}{limit}");
            let last = 10_049 - expected as u64 + 1;
            assert_eq!(
                (found[0]["value"].as_f64(), found[expected - 1]["value"].as_f64()),
                (Some(10_049.0), Some(last as f64)),
                "{what}{limit}"
            );
        }
    }
}

async fn malformed_readings_are_quarantined(server: Server) {
    let pushed = push(
        &server,
        json!([
            {"device_id": "a", "sensors": {"t": 1, "m": null}},
            {"sensors": {"t": 1}},
            {"device_id": "a", "t": 2, "timestamp": "yesterday"},
            {"device_id": "a", "t": 3},
        ]),
    )
    .await;
    assert_eq!((&pushed["accepted"], &pushed["quarantined"]), (&json!(2), &json!(3)));
    let broken = server.request("POST", DATA).body("{\"device_id\": \"a\", \"t\":").await.is(201).json();
    assert_eq!((&broken["accepted"], &broken["quarantined"]), (&json!(0), &json!(1)));
    let error = &broken["errors"][0];
    assert_eq!((&error["code"], &error["field"]), (&json!("unreadable"), &Json::Null), "{broken}");
    server.request("POST", DATA).body("").await.problem(400);

    let list = server.get("/api/v1/quarantine/?source=_hub").await.is(200).json();
    assert_eq!(list["count"], 4);
    let entry = pushed["errors"][0]["quarantine"].as_str().unwrap();
    let entry = server.get(&format!("/api/v1/quarantine/{entry}/")).await.is(200).json();
    assert_eq!((&entry["code"], &entry["field"]), (&json!("no-value"), &json!("m")));
    let raw: Json = serde_json::from_str(entry["text"].as_str().unwrap()).unwrap();
    assert_eq!(raw["sensor_type"], "m");
    // Replaying fails again and stores nothing.
    let replay =
        server.post("/api/v1/quarantine/replay/", &json!({"filters": {"source": "_hub"}})).await.json();
    assert_eq!((&replay["stored"], &replay["failed"]), (&json!(0), &json!(4)), "{replay}");
    assert_eq!(fetch(&server, "device?a").await.len(), 2);
}

async fn readings_can_be_listed_like_other_rows(server: Server) {
    for value in [1.5, 2.5, 3.5] {
        push(&server, json!({"device_id": "a", "sensors": {"t": value, "state": "fine"}})).await;
    }
    let rows =
        server.get("/api/v1/storage/readings/?sensor_type=t&value__gt=2&ordering=value").await.is(200).json();
    assert_eq!(
        only(rows["results"].as_array().unwrap(), &["device", "value", "text"]),
        json!([["a", 2.5, null], ["a", 3.5, null],])
    );
    let rows = server.get("/api/v1/device/a/reading/?text=fine&limit=2").await.is(200).json();
    assert_eq!((&rows["count"], rows["results"].as_array().unwrap().len()), (&json!(3), 2));
    let next = rows["next"].as_str().unwrap();
    assert!(next.contains("/api/v1/device/a/reading/") && !next.contains("device_id"), "{next}");
    assert_eq!(server.get(next).await.is(200).json()["results"].as_array().unwrap().len(), 1);
    server.get("/api/v1/device/a/reading/?nothing=1").await.problem_about(400, &["nothing"]);
}

async fn a_push_with_a_key_is_stored_once(server: Server) {
    let body = json!({"device_id": "a", "t": 1});
    let send = || server.post(DATA, &body).header("idempotency-key", "k1");
    let first = send().await.is(201).json();
    assert_eq!(send().await.is(201).json(), first);
    assert_eq!(fetch(&server, "device?a").await.len(), 1);
    let other = server.post(DATA, &json!({"device_id": "a", "t": 2})).header("idempotency-key", "k1").await;
    other.problem(422);
    let again = send().await.is(201);
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    // The recorded response survives a kill.
    let (setup, database) = server.kill().await;
    let server = setup.start(database).await;
    let again = server.post(DATA, &body).header("idempotency-key", "k1").await.is(201).json();
    assert_eq!(again["throw"], first["throw"]);
    assert_eq!(fetch(&server, "device?a").await.len(), 1);
}

async fn names_may_contain_any_characters(server: Server) {
    for name in ["温室 1", "a/b?c=d&e", "'; DROP TABLE x; --", "<b>🐕</b>", "7", &"ä".repeat(255)] {
        push(&server, json!({"device_id": name, "sensors": {name: 1.5}})).await;
        let found = fetch(&server, &format!("device?id={}", segment(name))).await;
        assert_eq!(only(&found, &["device", "sensor_type"]), json!([[name, name]]));
        let device = super::device(&server, name).await;
        assert_eq!((&device["device"], &device["sensors"][0]["value"]), (&json!(name), &json!(1.5)));
    }
    // A device whose name equals another one's id is a different device.
    for name in ["3", "2", "1"] {
        push(&server, json!({"device_id": name, "t": name})).await;
    }
    for name in ["3", "2", "1"] {
        let found = super::device(&server, name).await;
        let value = &found["sensors"][0]["value"];
        assert_eq!((&found["device"], value), (&json!(name), &json!(name.parse::<f64>().unwrap())));
    }
    let long = "ä".repeat(256);
    let pushed = push(&server, json!({"device_id": long, "t": 1})).await;
    assert_eq!(pushed["errors"][0]["code"], "malformed-reading");
}

async fn concurrent_pushes_register_a_device_once(server: Server) {
    let pushes = (0..64).map(|number| {
        let server = &*server;
        async move { push(server, json!({"device_id": format!("d{}", number % 8), "t": number})).await }
    });
    futures_util::future::join_all(pushes).await;
    let devices = server.get("/api/v1/device/").await.is(200).json();
    assert_eq!(devices["count"], 8);
    for number in 0..8 {
        assert_eq!(fetch(&server, &format!("device?d{number}")).await.len(), 8);
    }
}

#[tokio::test]
async fn a_locked_hub_refuses_unknown_devices() {
    let setup = Setup::default().environment("DATADUMP_REGISTRATION", "open");
    let server = setup.start(Database::sqlite()).await;
    push(&server, json!({"device_id": "friend", "t": 1})).await;
    let (_, database) = server.stop().await;
    let setup = Setup::default().environment("DATADUMP_REGISTRATION", "locked");
    let server = setup.start(database).await;
    server.post(DATA, &json!({"device_id": "stranger", "t": 1})).await.problem_about(404, &["stranger"]);
    let mixed =
        push(&server, json!([{"device_id": "stranger", "t": 1}, {"device_id": "friend", "t": 2}])).await;
    assert_eq!((&mixed["accepted"], &mixed["quarantined"]), (&json!(1), &json!(0)));
    assert_eq!(
        (&mixed["errors"][0]["code"], &mixed["errors"][0]["index"]),
        (&json!("unknown-device"), &json!(0))
    );
    assert_eq!(server.get("/api/v1/device/").await.json()["count"], 1);
    server.stop().await;
}

#[tokio::test]
async fn unknown_devices_wait_until_they_are_adopted() {
    for database in [Database::sqlite(), Database::postgres().await] {
        let setup = Setup::default().environment("DATADUMP_REGISTRATION", "adopt");
        let server = setup.start(database).await;
        for value in [1, 2, 3] {
            let pushed =
                push(&server, json!({"device_id": "new one", "sensors": {"t": value, "u": 0}})).await;
            assert_eq!((&pushed["accepted"], &pushed["quarantined"]), (&json!(0), &json!(2)));
            assert_eq!(pushed["errors"][0]["code"], "device-waiting");
        }
        let waiting = server.get("/api/v1/device/?state=waiting").await.is(200).json();
        assert_eq!(only(waiting["results"].as_array().unwrap(), &["device"]), json!([["new one"]]));
        assert_eq!(fetch(&server, "device?id=new%20one").await, Vec::<Json>::new());
        // It waits under its name, and a token assigned in the meantime does not exclude it.
        let renamed = json!({"device": "other", "state": "known"});
        server.patch("/api/v1/device/new%20one/", &renamed).await.problem_about(400, &["adopt"]);
        server.post("/api/v1/device/new%20one/token/", &json!({})).await.is(201).ok();
        // Adopts it.
        let adopted =
            server.patch("/api/v1/device/new%20one/", &json!({"state": "known"})).await.is(200).json();
        assert!(adopted["replay"].is_string(), "{adopted}");
        until("all that waited is stored", async || fetch(&server, "device?id=new%20one").await.len() == 6)
            .await;
        let received = fetch(&server, "device?id=new%20one").await;
        let mut first: Vec<_> =
            received[4..].iter().map(|reading| reading["value"].as_f64().unwrap()).collect();
        first.sort_by(f64::total_cmp);
        assert_eq!(first, [0.0, 1.0], "replayed readings keep their time");
        server.delete("/api/v1/device/new%20one/token/").await.is(204).ok();
        push(&server, json!({"device_id": "new one", "t": 4})).await;
        assert_eq!(fetch(&server, "device?id=new%20one").await.len(), 7);
        let left = server.get("/api/v1/quarantine/?state=waiting").await.is(200).json();
        assert_eq!(left["count"], 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn mixed_pushes_are_handled_per_device() {
    let setup = |registration| {
        let setup = Setup::default().environment("DATADUMP_REGISTRATION", registration);
        setup.environment("DATADUMP_DEVICE_RATE", "100000")
    };
    let server = setup("open").start(Database::sqlite()).await;
    let thousand =
        |first: usize| (first..first + 1_000).map(|n| (format!("s{n}"), json!(n))).collect::<Json>();
    let full = (0..10).map(|part| json!({"device_id": "full", "sensors": thousand(part * 1_000)}));
    assert_eq!(push(&server, full.collect()).await["accepted"], 10_000);
    push(&server, json!([{"device_id": "known", "t": 0}, {"device_id": "owned", "t": 0}])).await;
    server.post("/api/v1/device/owned/token/", &json!({})).await.is(201).ok();
    let (_, database) = server.stop().await;
    let server = setup("adopt").start(database).await;
    let one = |device: &str, sensor: &str, value: i32| json!({"device_id": device, "sensor_type": sensor, "value": value});
    let mixed = json!([
        {"device_id": "stranger", "a": 1},
        one("full", "one more", 2),
        one("known", "t", 3),
        one("owned", "t", 4),
        one("stranger", "b", 5),
        one("full", "s9999", 6),
        one("known", "u", 7),
    ]);
    let pushed = push(&server, mixed).await;
    assert_eq!((&pushed["accepted"], &pushed["quarantined"]), (&json!(3), &json!(3)));
    let mut errors = only(pushed["errors"].as_array().unwrap(), &["index", "code"]);
    errors.as_array_mut().unwrap().sort_by_key(|error| error[0].as_u64());
    let expected =
        json!([[0, "device-waiting"], [1, "too-many-sensors"], [3, "device-token"], [4, "device-waiting"]]);
    assert_eq!(errors, expected);
    let mut known = fetch(&server, "device?known&limit=2").await;
    known.sort_by_key(|reading| reading["sensor_type"].to_string());
    assert_eq!(only(&known, &["sensor_type", "value"]), json!([["t", 3.0], ["u", 7.0]]));
    let full = fetch(&server, "device?full&limit=1").await;
    assert_eq!(only(&full, &["sensor_type", "value"]), json!([["s9999", 6.0]]));
    assert_eq!(super::device(&server, "stranger").await["sensors"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn only_a_flooding_device_is_rate_limited() {
    let setup =
        Setup::default().environment("DATADUMP_DEVICE_RATE", "5").environment("DATADUMP_MAX_DEVICES", "3");
    let server = setup.start(Database::sqlite()).await;
    let mut refused = 0;
    for value in 0..100 {
        let response = server.post(DATA, &json!({"device_id": "loud", "t": value})).await;
        if response.status == 429 {
            refused += 1;
            assert_eq!(response.header("retry-after"), Some("1"));
            response.problem_about(429, &["loud", "5"]);
        } else {
            response.is(201).ok();
        }
        push(&server, json!({"device_id": format!("quiet{}", value % 2), "t": value})).await["accepted"]
            .as_u64()
            .unwrap();
        if refused > 10 {
            break;
        }
    }
    assert!(refused > 10, "{refused}");
    // The limit of devices is reached.
    server.post(DATA, &json!({"device_id": "fourth", "t": 1})).await.problem_about(429, &["3 devices"]);
    server.stop().await;
}
