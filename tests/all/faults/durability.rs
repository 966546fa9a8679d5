//! Acknowledged writes survive a kill of the server right after the response.

use std::time::Duration;

use datadump_tests::{Server, Setup, dog, on_both};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::setting;

on_both![acknowledged_rows_survive_a_kill, declared_storages_survive_a_kill];

async fn acknowledged_rows_survive_a_kill(mut server: Server) {
    server.declare(&dog()).await;
    let mut stored: Vec<(String, Json)> = Vec::new();
    for round in 0..setting("DATADUMP_TEST_ROUNDS", 5) {
        let clients: Vec<_> = (0..16)
            .map(|client| {
                let api = (*server).clone();
                tokio::spawn(async move {
                    let mut stored = Vec::new();
                    for number in 0.. {
                        let key = format!("{round}-{client}-{number}");
                        let row = json!({"chip_id": key, "color": "red", "collar_size": number});
                        match api.post("/api/v1/storage/dog/", &row).send().await {
                            Ok(response) => stored.push((key, response.is(201).json())),
                            Err(_) => break,
                        }
                    }
                    stored
                })
            })
            .collect();
        sleep(Duration::from_millis(150 + 37 * round)).await;
        let (setup, database) = server.kill().await;
        let mut count = 0;
        for client in clients {
            let rows = client.await.unwrap();
            count += rows.len();
            stored.extend(rows);
        }
        assert!(count > 0, "nothing was acknowledged before the kill");
        server = setup.start(database).await;
    }
    for (key, row) in &stored {
        let read = server.get(&format!("/api/v1/storage/dog/{key}/")).await.is(200).json();
        assert_eq!(&read, row);
    }
    // No row that was never sent, and no duplicate.
    let list = server.get("/api/v1/storage/dog/?limit=1&count=exact").await.is(200).json();
    let count = usize::try_from(list["count"].as_u64().unwrap()).unwrap();
    assert!(count >= stored.len(), "{count} rows, {} acknowledged", stored.len());
    println!("{} rows acknowledged, {count} stored", stored.len());
}

async fn declared_storages_survive_a_kill(mut server: Server) {
    for round in 0..5 {
        let mut definition = dog();
        definition["name"] = json!(format!("dog{round}"));
        server.post("/api/v1/factory/storage/", &definition).await.is(201).ok();
        if round % 2 == 0 {
            sleep(Duration::from_millis(round * 3)).await;
        }
        let (setup, database): (Setup, _) = server.kill().await;
        server = setup.start(database).await;
        let name = format!("dog{round}");
        server.wait_until_applied(&name).await;
        let row = json!({"chip_id": "C", "color": "red", "collar_size": 1});
        server.post(&format!("/api/v1/storage/{name}/"), &row).await.is(201).ok();
    }
    assert_eq!(server.get("/api/v1/factory/storage/").await.is(200).json()["count"], 5);
}
