//! Subscriptions that deliver the newest events at a limited rate.

use std::time::Instant;

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

use super::{dog, multiplexed::Multiplexed, save};

on_both![
    the_newest_of_each_row_arrives,
    series_are_told_apart_by_fields,
    readings_have_one_series_for_each_sensor,
    a_backfill_arrives_as_a_whole,
];

/// Reads messages of a subscription that `began` until `is_last` has accepted one, and returns them. Asserts that they
/// arrived at no more than a rate, if each delivery has as many events as there are series.
async fn read(
    socket: &mut Multiplexed,
    began: Instant,
    (hz, series): (f64, usize),
    mut is_last: impl FnMut(&Json) -> bool,
) -> Vec<Json> {
    let mut messages = Vec::new();
    loop {
        let message = socket.next().await;
        let is_end = is_last(&message);
        messages.push(message);
        if is_end {
            break;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let most = (began.elapsed().as_secs_f64() * hz + 2.0) * series as f64;
    #[expect(clippy::cast_precision_loss, reason = "there are few")]
    let count = messages.len() as f64;
    assert!(count <= most, "{count} in {:?}", began.elapsed());
    let ids: Vec<i64> = messages.iter().map(position).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    messages
}

fn position(message: &Json) -> i64 {
    let (_, position) = message["id"].as_str().unwrap().split_once('-').unwrap();
    position.split('.').next().unwrap().parse().unwrap()
}

async fn the_newest_of_each_row_arrives(server: Server) {
    server.declare(&dog()).await;
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "p1", "storage": "dog", "hz": 2})).await;
    let began = Instant::now();
    for size in 1..=60 {
        save(&server, "A", size).await;
        save(&server, "B", -size).await;
    }
    let mut sizes = [0, 0];
    let messages = read(&mut socket, began, (2.0, 2), |message| {
        let row = &message["data"]["row"];
        sizes[usize::from(row["chip_id"] == "B")] = row["size"].as_i64().unwrap();
        sizes == [60, -60]
    })
    .await;
    // It resumes from any of them, and the newest arrives again if it was not received.
    let first = &messages[0];
    let add = json!({"id": "p2", "storage": "dog", "hz": 60, "since": first["id"]});
    socket.send(&json!({"remove": "p1"})).await;
    socket.add(add).await;
    loop {
        let message = socket.next().await;
        if position(&message) == position(messages.last().unwrap()) {
            assert_eq!(message["data"], messages.last().unwrap()["data"]);
            break;
        }
    }
}

async fn series_are_told_apart_by_fields(server: Server) {
    server.declare(&dog()).await;
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "p1", "storage": "dog", "hz": 0.5, "by": ["name"]})).await;
    let began = Instant::now();
    let rows: Vec<Json> = (0..100)
        .map(|number| {
            let name = if number % 2 == 0 { "Rex" } else { "Ben" };
            json!({"chip_id": format!("{number}"), "size": number, "name": name})
        })
        .collect();
    for row in &rows {
        server.post("/api/v1/storage/dog/", row).await.is(201).ok();
    }
    let messages = read(&mut socket, began, (0.5, 2), |message| message["data"]["key"] == "99").await;
    let last: Vec<&Json> = messages.iter().rev().take(2).map(|message| &message["data"]["key"]).collect();
    assert_eq!(last, ["99", "98"], "{messages:?}");
}

async fn readings_have_one_series_for_each_sensor(server: Server) {
    let push = async |device: &str, value: f64| {
        let push = json!({"device_id": device, "sensors": {"moisture": value, "temperature": -value}});
        server.post("/api/data", &push).await.is(201).ok();
    };
    push("a", 0.0).await;
    push("b", 0.0).await;
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "p1", "storage": "readings", "hz": 2})).await;
    let began = Instant::now();
    for number in 1..=40 {
        push("a", f64::from(number)).await;
        push("b", f64::from(100 + number)).await;
    }
    let mut newest = std::collections::BTreeMap::new();
    let messages = read(&mut socket, began, (2.0, 4), |message| {
        let row = &message["data"]["row"];
        newest.insert(
            (row["device_id"].as_i64(), row["sensor_id"].as_i64()),
            row["value"].as_f64().unwrap().abs(),
        );
        newest.values().copied().collect::<Vec<_>>() == [40.0, 40.0, 140.0, 140.0]
    })
    .await;
    assert!(messages.len() < 160, "{}", messages.len());
}

async fn a_backfill_arrives_as_a_whole(server: Server) {
    server.declare(&dog()).await;
    for number in 0..5 {
        let row = json!({"chip_id": format!("old{number}"), "name": "Rex"});
        server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    }
    let mut socket = Multiplexed::open(&server).await;
    socket.add(json!({"id": "p1", "storage": "dog", "backfill": 10, "hz": 0.1, "by": ["name"]})).await;
    let began = Instant::now();
    for number in 0..5 {
        assert_eq!(socket.next().await["data"]["key"], format!("old{number}"));
    }
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
}
