//! Concurrent writes of the same row.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use datadump_tests::{Api, Server, on_both};
use serde_json::json;

on_both![increments_are_never_lost, exactly_one_client_creates_the_row, unconditional_writes_all_succeed];

const ROW: &str = "/api/v1/storage/counter/1/";
const INCREMENTS: u64 = 1000;

async fn increments_are_never_lost(server: Server) {
    declare(&server).await;
    server.put(ROW, &json!({"n": 0})).await.is(200).ok();
    let left = Arc::new(AtomicU64::new(INCREMENTS));
    let clients = [0, 1].map(|client| tokio::spawn(increment(server.clone(), client, left.clone())));
    let (mut versions, mut lost) = (Vec::new(), 0);
    for client in clients {
        let (client_versions, client_lost) = client.await.unwrap();
        versions.extend(client_versions);
        lost += client_lost;
    }
    versions.sort_unstable();
    let expected: Vec<u64> = (2..=INCREMENTS + 1).collect();
    assert_eq!(versions, expected, "every successful write creates a new version");
    let row = server.get(ROW).await.is(200).json();
    assert_eq!((&row["n"], &row["version"]), (&json!(INCREMENTS), &json!(INCREMENTS + 1)));
    assert!(lost > 0, "no write was ever refused, so there was no race");
    println!("{INCREMENTS} increments, {lost} refused with 409");
}

/// Reads the row, adds one, and writes it with the version that was read: alternately in the body and in a header.
async fn increment(api: Api, client: u64, left: Arc<AtomicU64>) -> (Vec<u64>, u64) {
    let (mut versions, mut lost) = (Vec::new(), 0);
    while left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok() {
        for round in client.. {
            let row = api.get(ROW).await.is(200).json();
            let (n, version) = (row["n"].as_u64().unwrap() + 1, &row["version"]);
            let (request, stale) = if round % 2 == 0 {
                (api.put(ROW, &json!({"n": n, "version": version})), 409)
            } else {
                (api.put(ROW, &json!({"n": n})).header("if-match", &format!("\"{version}\"")), 412)
            };
            let response = request.await;
            if response.status == 200 {
                versions.push(response.json()["version"].as_u64().unwrap());
                break;
            }
            let problem = response.problem(stale);
            assert!(problem["current"]["version"].as_u64() > version.as_u64(), "{problem}");
            lost += 1;
        }
    }
    (versions, lost)
}

async fn exactly_one_client_creates_the_row(server: Server) {
    declare(&server).await;
    for key in 10..30 {
        let path = format!("/api/v1/storage/counter/{key}/");
        let requests =
            (0..8).map(|n| server.put(&path, &json!({"n": n})).header("if-none-match", "*").send());
        let responses = futures_util::future::join_all(requests).await;
        let mut statuses: Vec<u16> = responses.into_iter().map(|response| response.unwrap().status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
        assert_eq!(server.get(&path).await.is(200).json()["version"], 1);
    }
}

async fn unconditional_writes_all_succeed(server: Server) {
    declare(&server).await;
    let requests = (0..200).map(|n| server.put(ROW, &json!({"n": n})).send());
    let responses = futures_util::future::join_all(requests).await;
    let mut versions: Vec<u64> = responses
        .into_iter()
        .map(|response| response.unwrap().is(200).json()["version"].as_u64().unwrap())
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=200).collect::<Vec<u64>>());
}

async fn declare(server: &Server) {
    server
        .declare(&json!({
            "name": "counter",
            "key": {"name": "id", "type": "integer"},
            "fields": [{"name": "n", "type": "integer"}],
        }))
        .await;
}
