//! The limit on the number of storages.

use datadump_tests::{Database, Server, Setup, dog, eventually};
use serde_json::{Value as Json, json};

const FACTORY: &str = "/api/v1/factory/storage/";

async fn start(database: Database) -> Server {
    Setup::default().environment("DATADUMP_MAX_STORAGES", "3").start(database).await
}

async fn count(server: &Server) -> u64 {
    server.get(FACTORY).await.is(200).json()["count"].as_u64().unwrap()
}

/// Throws to many sources at once, on all these nodes.
async fn records_beyond_the_limit_are_quarantined(nodes: &[&Server]) {
    let throws = (0..24).map(|number| {
        let node = nodes[number % nodes.len()];
        async move { node.post(&format!("/throw/s{number}"), &json!({"n": number})).await }
    });
    let (mut stored, mut quarantined) = (Vec::new(), Vec::new());
    for (number, response) in futures_util::future::join_all(throws).await.into_iter().enumerate() {
        let receipt = response.json();
        match receipt["accepted"].as_u64() {
            Some(1) => stored.push(number),
            _ => {
                assert_eq!(receipt["quarantined"], 1, "{receipt}");
                assert_eq!(receipt["errors"][0]["code"], "too-many-storages", "{receipt}");
                let detail = receipt["errors"][0]["detail"].as_str().unwrap();
                assert!(detail.contains("limit of 3 storages"), "{detail}");
                quarantined.push(number);
            }
        }
    }
    assert_eq!((stored.len(), quarantined.len()), (3, 21));
    let server = nodes[0];
    assert_eq!(count(server).await, 3);
    // In one throw, records for storages that exist are stored.
    let routes =
        json!([{"storage": format!("s{}", stored[0]), "when": {"n": {"gte": 0}}}, {"storage": "another"}]);
    server.put("/api/v1/source/mixed/", &json!({"routes": routes})).await.is(201).ok();
    let receipt = server.post("/throw/mixed", &json!([{"n": 1, "new": 2}])).await.json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(1), &json!(1)), "{receipt}");
    let problem = server.post(FACTORY, &dog()).await.problem_about(429, &["limit of 3 storages"]);
    assert_eq!(problem["code"], "too-many-storages");
    // Once there is room, they can be replayed.
    let gone = format!("{FACTORY}s{0}/?confirm=s{0}", stored[1]);
    server.delete(&gone).await.is(204).ok();
    let filters = json!({"filters": {"source": format!("s{}", quarantined[0])}});
    let state = server.post("/api/v1/quarantine/replay/", &filters).await.is(200).json();
    assert_eq!(state["stored"], 1, "{state}");
    assert_eq!(count(server).await, 3);
}

#[tokio::test]
async fn records_beyond_the_limit_are_quarantined_on_sqlite() {
    let server = start(Database::sqlite()).await;
    records_beyond_the_limit_are_quarantined(&[&server]).await;
}

#[tokio::test]
async fn records_beyond_the_limit_are_quarantined_on_two_nodes() {
    let server = start(Database::postgres().await).await;
    let second = start(Database::External { url: server.database().address() }).await;
    records_beyond_the_limit_are_quarantined(&[&server, &second]).await;
}

/// A device with a table of its own needs a storage, too.
#[tokio::test]
async fn readings_beyond_the_limit_are_quarantined() {
    let server = start(Database::sqlite()).await;
    for source in ["a", "b", "c"] {
        server.post(&format!("/throw/{source}"), &json!({"n": 1})).await.is(200).ok();
    }
    let reading = json!({"device_id": "pico", "sensors": {"t": 1}});
    let receipt: Json = server.post("/api/data", &reading).await.json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(0), &json!(1)), "{receipt}");
    assert_eq!(receipt["errors"][0]["code"], "too-many-storages", "{receipt}");
    server.delete(&format!("{FACTORY}a/?confirm=a")).await.is(204).ok();
    eventually("readings are accepted", || async {
        let receipt = server.post("/api/data", &reading).await.json();
        (receipt["accepted"] == 1).then_some(())
    })
    .await;
}
