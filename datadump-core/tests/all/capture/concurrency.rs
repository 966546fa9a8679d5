//! Concurrent throws.

use std::sync::Arc;

use datadump_core::Incoming;
use serde_json::json;

use super::{Backend, Fixture, name, on_both};

on_both![fifty_clients_with_different_new_fields_lose_nothing];

async fn fifty_clients_with_different_new_fields_lose_nothing(fixture: Fixture) {
    let fixture = Arc::new(fixture);
    let clients = (0..50).map(|client| {
        let fixture = fixture.clone();
        tokio::spawn(async move {
            for round in 0..4 {
                let value = json!({"_id": format!("{client}-{round}"), "common": round,
                                   (format!("own_{client}")): client, (format!("round_{round}")): "x",
                                   "mixed": if client % 2 == 0 { json!(client) } else { json!(f64::from(client) + 0.5) }});
                let body = value.to_string().into();
                let receipt = fixture.dump.throw(&name("race"), Incoming { body, ..Incoming::default() }).await.unwrap();
                assert_eq!((receipt.accepted, receipt.quarantined), (1, 0), "{receipt:?}");
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
    let rows = fixture.rows("race").await;
    assert_eq!(rows.len(), 200);
    for row in &rows {
        let id = row["_id"].as_str().unwrap();
        let (client, round) = id.split_once('-').unwrap();
        let value = |field: &str| {
            let beside = &row["_extra"][field];
            if row[field].is_null() { beside.clone() } else { row[field].clone() }
        };
        assert_eq!(value(&format!("own_{client}")).to_string(), client, "{row:#}");
        assert_eq!(value("common").to_string(), round);
        assert_eq!(value(&format!("round_{round}")), json!("x"));
        assert!(value("mixed").is_number(), "{row:#}");
    }
    let fields = fixture.fields("race");
    assert_eq!(fields.len(), 1 + 50 + 4 + 1, "{fields:?}");
    assert!(fields.contains(&"mixed float".to_owned()), "{fields:?}");
    println!(
        "{} versions for 55 fields",
        fixture.dump.definitions().versions("race", 0, 1).await.unwrap().count
    );
}
