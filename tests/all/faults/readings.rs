//! Readings pushed while the server is killed repeatedly: every acknowledged reading is found exactly once, by device
//! and without a filter.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use datadump_tests::{Api, Server, on_both};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::setting;

on_both![acknowledged_readings_survive_kills_and_are_found_by_device];

/// Number of devices that push concurrently.
const DEVICES: usize = 6;

/// Number of readings per push.
const READINGS: usize = 15;

/// The values of the readings of each device. Values are unique.
type Readings = BTreeMap<String, BTreeSet<String>>;

async fn acknowledged_readings_survive_kills_and_are_found_by_device(mut server: Server) {
    let kills = setting("DATADUMP_TEST_READING_KILLS", 3);
    // Creates the storage before the first kill.
    server.post("/api/data", &json!({"device_id": name(0), "sensors": {"n": -1}})).await.is(201).ok();
    let mut acknowledged = Readings::new();
    for round in 0..kills {
        let clients: Vec<_> =
            (0..DEVICES).map(|device| tokio::spawn(push((*server).clone(), device, round))).collect();
        sleep(Duration::from_millis(100 + (round * 97) % 200)).await;
        let (setup, database) = server.kill().await;
        for (device, client) in clients.into_iter().enumerate() {
            acknowledged.entry(name(device)).or_default().extend(client.await.unwrap());
        }
        server = setup.start(database).await;
        // Counting by device finds all readings.
        let mut by_device = 0;
        for device in acknowledged.keys() {
            by_device += count(&server, &format!("&device_id={}", id(&server, device).await)).await;
        }
        assert_eq!(by_device, count(&server, "").await, "round {round}");
    }
    let mut all = list(&server, "").await;
    for (device, acknowledged) in &acknowledged {
        let stored = all.remove(device).unwrap_or_default();
        let lost = acknowledged.difference(&stored).count();
        assert_eq!(lost, 0, "of {} readings of {device}", acknowledged.len());
        let query = format!("&device_id={}&ordering=-timestamp", id(&server, device).await);
        let mut indexed = list(&server, &query).await;
        assert_eq!(indexed.remove(device).unwrap_or_default(), stored, "filtered by {device}");
        assert!(indexed.is_empty(), "readings of other devices when filtered by {device}");
    }
    let count: usize = acknowledged.values().map(BTreeSet::len).sum();
    assert!(count > 1_000, "only {count} readings");
    println!("{kills} kills, {count} readings acknowledged");
}

fn name(device: usize) -> String {
    format!("device-{device}")
}

/// Pushes until the connection fails, and returns the acknowledged values.
async fn push(api: Api, device: usize, round: u64) -> Vec<String> {
    let mut acknowledged = Vec::new();
    for first in (round * 1_000_000..).step_by(READINGS) {
        let numbers: Vec<u64> = (first..).take(READINGS).collect();
        let readings =
            numbers.iter().map(|number| json!({"device_id": name(device), "sensors": {"n": number}}));
        match api.post("/api/data", &readings.collect()).send().await {
            Ok(response) => assert_eq!(response.is(201).json()["accepted"], READINGS),
            Err(_) => break,
        }
        acknowledged.extend(numbers.iter().map(|number| format!("{number}.0")));
    }
    acknowledged
}

async fn id(server: &Server, device: &str) -> Json {
    server.get(&format!("/api/v1/device/{device}/")).await.is(200).json()["id"].clone()
}

/// Returns the number of matching readings.
async fn count(server: &Server, query: &str) -> u64 {
    let path = format!("/api/v1/storage/readings/?limit=1&count=exact{query}");
    server.get(&path).await.is(200).json()["count"].as_u64().unwrap()
}

/// Returns all matching readings, page by page.
async fn list(server: &Server, query: &str) -> Readings {
    let mut found = Readings::new();
    let mut next = Some(format!("/api/v1/storage/readings/?limit=1000&cursor={query}"));
    while let Some(path) = next {
        let page = server.get(&path).await.is(200).json();
        for row in page["results"].as_array().unwrap() {
            let values = found.entry(row["device"].as_str().unwrap().to_owned()).or_default();
            assert!(values.insert(row["value"].to_string()), "stored twice: {row}");
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    found
}
