//! `/api/v1/status` and `/metrics`: sizes of storages, the history of the counters, and how long commits take.

use datadump_tests::{Server, dog, on_both};
use serde_json::{Value as Json, json};

on_both![
    storages_are_measured,
    the_storages_of_a_status_are_paged,
    counters_have_a_history,
    durations_of_commits_are_reported,
];

const STATUS: &str = "/api/v1/status";

async fn status(server: &Server) -> Json {
    server.get(STATUS).await.is(200).json()
}

async fn storages_are_measured(server: Server) {
    server.declare(&dog()).await;
    let mut last_write = Json::Null;
    for number in 0..5 {
        let row = json!({"chip_id": format!("C{number}"), "color": "red", "collar_size": 1});
        last_write = server.post("/api/v1/storage/dog/", &row).await.is(201).json()["updated_at"].clone();
    }
    let lines: String = (0..30_000).map(|number| format!("{{\"number\":{number}}}\n")).collect();
    server.request("POST", "/throw/many").body(lines).await.is(200).ok();
    let status = status(&server).await;
    let [dog, many] = status["storages"].as_array().unwrap().as_slice() else { panic!("{status}") };
    let expected =
        json!({"name": "dog", "version": 1, "state": "applied", "rows": 5, "last_write": last_write});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&dog[name], value, "{name} of {dog}");
    }
    assert!(dog.get("rows_estimated").is_none(), "{dog}");
    assert_eq!(many["rows_estimated"], true, "{many}");
    let (rows, bytes) = (many["rows"].as_u64().unwrap(), many["bytes"].as_u64().unwrap());
    assert!((10_000..=60_000).contains(&rows), "{many}");
    assert!(bytes > dog["bytes"].as_u64().unwrap() && bytes < 20_000_000, "{many}");
}

async fn the_storages_of_a_status_are_paged(server: Server) {
    for source in ["a", "b", "c"] {
        server.post(&format!("/throw/{source}"), &json!({"x": 1})).await.is(200).ok();
    }
    for (query, expected) in [
        ("", vec!["a", "b", "c"]),
        ("?limit=2", vec!["a", "b"]),
        ("?limit=2&offset=2", vec!["c"]),
        ("?offset=5", vec![]),
    ] {
        let status = server.get(&format!("{STATUS}{query}")).await.is(200).json();
        let storages = status["storages"].as_array().unwrap().iter();
        let names: Vec<_> = storages.map(|storage| storage["name"].as_str().unwrap()).collect();
        assert_eq!((names, &status["storage_count"]), (expected, &json!(3)), "{query}");
    }
    server.get(&format!("{STATUS}?limit=0")).await.problem_about(400, &["limit"]);
    server.get(&format!("{STATUS}?name=a")).await.problem_about(400, &["name"]);
}

async fn counters_have_a_history(server: Server) {
    let bodies = [r#"{"a": 1}"#, r#"[{"a": 2}, {"a": 3}]"#, r#"{"a": "#];
    for body in bodies {
        let answer = server.request("POST", "/throw/it").body(body).await;
        assert!([200, 202].contains(&answer.status), "{answer:?}");
    }
    server.get("/api/v1/storage/none/").await.problem(404);
    let status = status(&server).await;
    let history = status["history"].as_array().unwrap();
    // A minute may have ended meanwhile.
    let sum = |name: &str| -> u64 { history.iter().map(|minute| minute[name].as_u64().unwrap()).sum() };
    let bytes = bodies.iter().map(|body| body.len() as u64).sum();
    let found = ["throws", "bytes", "accepted", "quarantined", "client_errors", "server_errors"].map(sum);
    assert_eq!(found, [3, bytes, 3, 1, 1, 0], "{history:?}");
    assert!(sum("requests") >= 4 && sum("commits") >= 1 && sum("rows") >= 3, "{history:?}");
    let at = history.last().unwrap()["at"].as_str().unwrap();
    assert!(at.ends_with(":00.000000Z"), "{at}");
    let metrics = server.get("/metrics").await.is(200).text();
    assert!(metrics.contains(&format!("datadump_throw_bytes_total {bytes}\n")), "{metrics}");
}

async fn durations_of_commits_are_reported(server: Server) {
    server.declare(&dog()).await;
    for number in 0..20 {
        let row = json!({"chip_id": format!("C{number}"), "color": "red", "collar_size": 1});
        server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    }
    let fsync = status(&server).await["fsync"].clone();
    let [mean, p50, p99, max] =
        ["mean_ms", "p50_ms", "p99_ms", "max_ms"].map(|name| fsync[name].as_f64().unwrap());
    assert!(fsync["count"].as_u64().unwrap() >= 20 && fsync["period_s"] == 300, "{fsync}");
    assert!(0.0 < p50 && p50 <= p99 && p99 <= max && 0.0 < mean && mean <= max, "{fsync}");
    let metrics = server.get("/metrics").await.is(200).text();
    let value = |sample: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(sample));
        line.unwrap_or_else(|| panic!("{sample} is not in\n{metrics}")).trim().parse().unwrap()
    };
    let count = value("datadump_commit_seconds_count");
    assert!(count >= 20.0 && value("datadump_commit_seconds_sum") > 0.0, "{metrics}");
    assert_eq!(value("datadump_commit_seconds_bucket{le=\"+Inf\"}"), count);
    let mut before = 0.0;
    for bound in ["0.0001", "0.005", "0.1", "5"] {
        let below = value(&format!("datadump_commit_seconds_bucket{{le=\"{bound}\"}}"));
        assert!((before..=count).contains(&below), "{bound}: {below}");
        before = below;
    }
}
