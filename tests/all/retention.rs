//! Retention: old rows, quarantine entries and kept throws are removed, exactly those that exceed the limits.

use std::time::Duration;

use datadump_tests::{Database, EventStream, Server, Setup, eventually, on_both};
use serde_json::{Value as Json, json};

on_both![
    the_rows_written_last_are_kept,
    a_new_limit_applies_to_a_quiet_storage,
    old_rows_are_removed,
    the_size_of_a_storage_is_limited,
    inferred_storages_and_readings_have_a_retention,
    a_stricter_retention_needs_consent,
    invalid_limits_are_refused,
    old_quarantine_entries_and_kept_throws_are_removed,
    rows_are_removed_after_a_crash,
];

const FACTORY: &str = "/api/v1/factory/storage/";

fn numbered(retention: &Json) -> Json {
    json!({"name": "n", "key": {"name": "id", "type": "long", "generated": true},
           "fields": [{"name": "number", "type": "integer"}, {"name": "text", "type": "text", "nullable": true}],
           "meta": {"retention": retention}})
}

/// Changes the retention of a storage by way of a plan.
pub(crate) async fn retain(server: &Server, name: &str, retention: Json) {
    let mut definition = server.get(&format!("{FACTORY}{name}/")).await.is(200).json()["definition"].clone();
    definition["name"] = json!(name);
    definition["meta"]["retention"] = retention;
    let plan = server.post(&format!("{FACTORY}{name}/plan/"), &definition).await.is(200).json();
    let hash = plan["plan_hash"].as_str().unwrap();
    server.post(&format!("{FACTORY}?allow=destructive&plan={hash}"), &definition).await.is(201).ok();
    server.wait_until_applied(name).await;
}

async fn throw(server: &Server, source: &str, numbers: std::ops::Range<usize>) {
    let rows: Vec<Json> = numbers.map(|number| json!({"number": number})).collect();
    server.post(&format!("/throw/{source}"), &json!(rows)).await.is(200).ok();
}

/// Returns the numbers in a storage, those written last first.
async fn numbers(server: &Server, name: &str) -> Vec<u64> {
    let list = server.get(&format!("/api/v1/storage/{name}/?limit=1000")).await.is(200).json();
    list["results"].as_array().unwrap().iter().map(|row| row["number"].as_u64().unwrap()).collect()
}

/// Returns the retention of a storage in the status.
async fn status(server: &Server, name: &str) -> Json {
    let status = server.get("/api/v1/status").await.is(200).json();
    let all = status["retention"].as_array().unwrap();
    all.iter().find(|one| one["storage"] == name).cloned().unwrap_or_default()
}

async fn the_rows_written_last_are_kept(server: Server) {
    server.declare(&numbered(&json!({"rows": 100}))).await;
    let mut stream = EventStream::open(&server, "/api/v1/stream?storage=n", None).await;
    throw(&server, "n", 0..350).await;
    throw(&server, "other", 0..350).await;
    eventually("rows are removed", || async { (numbers(&server, "n").await.len() == 100).then_some(()) })
        .await;
    assert!(numbers(&server, "n").await.into_iter().eq((250..350).rev()));
    assert_eq!(numbers(&server, "other").await.len(), 350);
    eventually("the status says so", || async {
        let status = status(&server, "n").await;
        (status["rows"] == 100 && status["removed"] == 250 && status["oldest"].is_string()).then_some(())
    })
    .await;
    let status = status(&server, "n").await;
    assert_eq!((&status["limits"], &status["next"]), (&json!({"rows": 100}), &Json::Null));
    assert!(status["bytes"].as_u64() > Some(5_000), "{status}");
    // One event for each step, and none for each row.
    let (mut inserted, mut trimmed) = (0, 0);
    while trimmed < 250 {
        let event = stream.next().await.unwrap();
        match event.event.as_deref() {
            Some("insert") => inserted += 1,
            Some("trim") => {
                assert_eq!(event.data["storage"], "n", "{event:?}");
                assert!(event.data["after"].as_str() < event.data["until"].as_str(), "{event:?}");
                trimmed += event.data["rows"].as_u64().unwrap();
            }
            Some("hello") | None => {}
            Some(_) => panic!("{event:?}"),
        }
    }
    assert_eq!((inserted, trimmed), (350, 250));
    // A row that is changed is one that was written last.
    let oldest =
        server.get("/api/v1/storage/n/?limit=1000").await.is(200).json()["results"][99]["id"].clone();
    server.patch(&format!("/api/v1/storage/n/{oldest}/"), &json!({"text": "changed"})).await.is(200).ok();
    throw(&server, "n", 350..351).await;
    eventually("one more is removed", || async { (numbers(&server, "n").await.len() == 100).then_some(()) })
        .await;
    let left = numbers(&server, "n").await;
    assert_eq!((left[0], left[1], left[99]), (350, 250, 252), "{left:?}");
}

async fn a_new_limit_applies_to_a_quiet_storage(server: Server) {
    server.declare(&numbered(&json!({"rows": 100}))).await;
    throw(&server, "n", 0..50).await;
    eventually("it is measured", || async { (status(&server, "n").await["rows"] == 50).then_some(()) }).await;
    retain(&server, "n", json!({"rows": 5})).await;
    eventually("rows are removed", || async { (numbers(&server, "n").await.len() == 5).then_some(()) }).await;
    assert_eq!(numbers(&server, "n").await, [49, 48, 47, 46, 45]);
}

async fn old_rows_are_removed(server: Server) {
    server.declare(&numbered(&json!({"age": "3s", "rows": 1000000}))).await;
    throw(&server, "n", 0..10).await;
    let before = eventually("the next removal is announced", || async {
        let status = status(&server, "n").await;
        status["next"]["at"].is_string().then_some(status)
    })
    .await;
    assert_eq!((&before["rows"], &before["next"]["until"]), (&json!(10), &before["oldest"]), "{before}");
    assert!(before["next"]["at"].as_str() > before["next"]["until"].as_str(), "{before}");
    assert_eq!(before["limits"], json!({"age": "3s", "rows": 1000000}));
    eventually("they are removed", || async { numbers(&server, "n").await.is_empty().then_some(()) }).await;
    throw(&server, "n", 10..11).await;
    assert_eq!(numbers(&server, "n").await, [10]);
}

async fn the_size_of_a_storage_is_limited(server: Server) {
    server.declare(&numbered(&json!({"bytes": "1MB"}))).await;
    let text = "x".repeat(20_000);
    for number in 0..100 {
        let row = json!({"number": number, "text": text});
        server.post("/api/v1/storage/n/", &row).await.is(201).ok();
    }
    let status = eventually("rows are removed", || async {
        let status = status(&server, "n").await;
        (status["removed"].as_u64() > Some(0)
            && status["next"].is_null()
            && status["bytes"].as_u64() <= Some(1_000_000))
        .then_some(status)
    })
    .await;
    let left = numbers(&server, "n").await;
    assert!((45..=50).contains(&left.len()), "{} rows, {status}", left.len());
    assert!(left.into_iter().eq((0..100).rev().take(status["rows"].as_u64().unwrap().try_into().unwrap())));
}

async fn inferred_storages_and_readings_have_a_retention(server: Server) {
    throw(&server, "auto", 0..20).await;
    retain(&server, "auto", json!({"rows": 5})).await;
    eventually("rows are removed", || async { (numbers(&server, "auto").await.len() == 5).then_some(()) })
        .await;
    // It still grows with the data, and keeps its retention.
    server.post("/throw/auto", &json!({"number": 20, "more": "x"})).await.is(200).ok();
    eventually("one more is removed", || async {
        (numbers(&server, "auto").await == [20, 19, 18, 17, 16]).then_some(())
    })
    .await;
    let definition = server.get(&format!("{FACTORY}auto/")).await.is(200).json()["definition"].clone();
    assert_eq!(
        (&definition["meta"]["retention"], &definition["meta"]["auto"]),
        (&json!({"rows": 5}), &json!(true))
    );

    let push = async |value: usize| {
        let body = json!({"device_id": "pico", "sensor_type": "t", "value": value});
        server.post("/api/data", &body).await.is(201).ok();
    };
    for value in 0..20 {
        push(value).await;
    }
    retain(&server, "readings", json!({"rows": 5, "age": "1d"})).await;
    let values = async || {
        let list = server.get("/api/v1/storage/readings/?ordering=read_id").await.is(200).json();
        let values = list["results"].as_array().unwrap().iter().map(|row| row["value"].as_f64().unwrap());
        values.collect::<Vec<_>>()
    };
    eventually("readings are removed", || async {
        (values().await == [15.0, 16.0, 17.0, 18.0, 19.0]).then_some(())
    })
    .await;
    push(20).await;
    // Nothing else of the hub's storages can be changed.
    let mut definition =
        server.get(&format!("{FACTORY}readings/")).await.is(200).json()["definition"].clone();
    definition["name"] = json!("readings");
    server.post(FACTORY, &definition).await.is(200).ok();
    definition["fields"].as_array_mut().unwrap().pop();
    server.post(FACTORY, &definition).await.problem_about(403, &["belongs to the hub", "retention"]);
}

async fn a_stricter_retention_needs_consent(server: Server) {
    let keep = |retention: Json| numbered(&retention);
    server.declare(&keep(json!({"rows": 100, "age": "30d"}))).await;
    for (retention, class) in [
        (json!({"rows": 99, "age": "30d"}), "destructive"),
        (json!({"rows": 100, "age": "29d"}), "destructive"),
        (json!({"rows": 200, "age": "30d", "bytes": "1GB"}), "destructive"),
        (json!({"rows": 101, "age": "31d"}), "additive"),
        (json!({"rows": 100}), "additive"),
        (json!({"rows": 100, "age": "720h"}), ""),
    ] {
        let plan = server.post(&format!("{FACTORY}n/plan/"), &keep(retention.clone())).await.is(200).json();
        assert_eq!(plan["class"].as_str().unwrap_or_default(), class, "{retention}: {plan}");
    }
    server
        .post(FACTORY, &keep(json!({"rows": 5})))
        .await
        .problem_about(400, &["retention", "deletes the rows that exceed it", "allow=destructive"]);
    // Without a retention all rows are kept.
    let mut without = keep(Json::Null);
    without.as_object_mut().unwrap().remove("meta");
    server.declare(&without).await;
    assert_eq!(status(&server, "n").await, Json::Null);
}

async fn invalid_limits_are_refused(server: Server) {
    for (retention, words) in [
        (json!({}), vec!["retention", "at least one of"]),
        (json!(5), vec!["retention", "must be a JSON object"]),
        (json!({"size": "1GB"}), vec!["size", "no member"]),
        (json!({"age": "0d"}), vec!["age", "30d"]),
        (json!({"age": 30}), vec!["age", "30d"]),
        (json!({"age": "-1d"}), vec!["age", "30d"]),
        (json!({"age": "1 month"}), vec!["age", "30d"]),
        (json!({"rows": 0}), vec!["rows", "positive whole number"]),
        (json!({"rows": -5}), vec!["rows", "positive whole number"]),
        (json!({"rows": 1.5}), vec!["rows", "positive whole number"]),
        (json!({"rows": "many"}), vec!["rows", "positive whole number"]),
        (json!({"bytes": "10 parsec"}), vec!["bytes", "10GB"]),
        (json!({"bytes": 0}), vec!["bytes", "10GB"]),
    ] {
        let problem = server.post(FACTORY, &numbered(&retention)).await.problem_about(400, &words);
        let pointer = problem["errors"][0]["pointer"].as_str().unwrap();
        assert!(pointer.starts_with("/meta/retention"), "{problem}");
    }
    server.get(&format!("{FACTORY}n/")).await.problem(404);
}

async fn old_quarantine_entries_and_kept_throws_are_removed(server: Server) {
    let (_, database) = server.stop().await;
    let setup = Setup::default().arguments(["--quarantine-time=3s", "--kept-throws-time=3s"]);
    let server = setup.start(database).await;
    server.put("/api/v1/source/porch/", &json!({"keep_raw": true})).await.is(201).ok();
    throw(&server, "porch", 0..2).await;
    server.request("POST", "/throw/porch").body("{\"x\":1").await.ok();
    let count = async |name: &str| {
        let status = status(&server, name).await;
        (status["rows"].as_u64().unwrap_or(0), status["removed"].as_u64().unwrap_or(0))
    };
    eventually("entries and kept throws are removed", || async {
        let (entries, throws) = (count("_quarantine").await, count("_throw").await);
        (entries.0 == 0 && entries.1 > 0 && throws.0 == 0 && throws.1 > 0).then_some(())
    })
    .await;
    assert_eq!(server.get("/api/v1/quarantine/").await.is(200).json()["count"], 0);
    assert_eq!(numbers(&server, "porch").await.len(), 2, "the rows stay");
    assert_eq!(status(&server, "_quarantine").await["limits"], json!({"age": "3s", "bytes": "10GiB"}));
}

async fn rows_are_removed_after_a_crash(server: Server) {
    const ROWS: usize = 100_000;
    for chunk in 0..5 {
        throw(&server, "n", chunk * ROWS / 5..(chunk + 1) * ROWS / 5).await;
    }
    retain(&server, "n", json!({"rows": 1000})).await;
    eventually("some rows are removed", || async {
        (status(&server, "n").await["removed"].as_u64() > Some(100)).then_some(())
    })
    .await;
    let (setup, database) = server.kill().await;
    let server = setup.start(database).await;
    let left = eventually("the rest is removed", || async {
        let status = status(&server, "n").await;
        (status["rows"].as_u64()? == 1000 && status["next"].is_null()).then_some(status)
    })
    .await;
    let removed = left["removed"].as_u64().unwrap();
    assert!((1..ROWS as u64 - 1_000).contains(&removed), "some before and some after the crash: {left}");
    assert_eq!(server.get("/api/v1/storage/n/?count=exact&limit=1").await.is(200).json()["count"], 1000);
}

/// Two nodes on one database do not remove more than one would.
#[tokio::test]
async fn several_nodes_share_the_work_on_postgres() {
    let server = Server::start(Database::postgres().await).await;
    let second = server.start_second().await;
    server.declare(&numbered(&json!({"rows": 100}))).await;
    for round in 0..40 {
        let node = if round % 2 == 0 { &server } else { &second };
        throw(node, "n", 0..200).await;
    }
    let removed = async || {
        let removed = [status(&server, "n").await, status(&second, "n").await];
        removed.map(|status| status["removed"].as_u64().unwrap_or(0)).iter().sum::<u64>()
    };
    eventually("rows are removed", || async { (removed().await >= 7_900).then_some(()) }).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((removed().await, numbers(&second, "n").await.len()), (7_900, 100));
}
