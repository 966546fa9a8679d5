//! Throws while the server is killed repeatedly: every acknowledged record is stored exactly once, as a row or in
//! quarantine, over HTTP and WebSocket.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use datadump_tests::{Api, Server, on_both};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value as Json, json};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use super::setting;

on_both![acknowledged_throws_survive_kills];

/// The receipts of a client.
#[derive(Default)]
struct Ledger {
    rows: Vec<String>,
    entries: Vec<String>,
    sent: usize,
}

impl Ledger {
    fn note(&mut self, key: String, receipt: &Json) {
        match receipt["errors"].as_array().map(Vec::as_slice) {
            Some([]) => {
                assert_eq!((&receipt["ok"], &receipt["accepted"]), (&json!(true), &json!(1)), "{receipt}");
                self.rows.push(key);
            }
            Some([error]) => {
                assert_eq!(
                    (&receipt["ok"], &receipt["accepted"], &receipt["quarantined"]),
                    (&json!(false), &json!(0), &json!(1)),
                    "{receipt}"
                );
                self.entries.push(error["quarantine"].as_str().unwrap().to_owned());
            }
            _ => panic!("{receipt}"),
        }
    }
}

/// Returns a record. The program fails on every fifth one. Records have no key of their own, so a record that is
/// stored twice is listed twice.
fn record(key: &str, number: usize) -> Json {
    json!({"key": key, "number": if number % 5 == 4 { json!("x") } else { json!(number) }})
}

async fn acknowledged_throws_survive_kills(mut server: Server) {
    let program = json!({"name": "numbers", "takes": "record", "program": ".number = int!(.number)"});
    server.post("/api/v1/processor/", &program).await.is(201).ok();
    server.put("/api/v1/source/ledger/", &json!({"processor": "numbers"})).await.is(201).ok();
    let (mut rows, mut entries, mut sent) = (BTreeSet::new(), Vec::new(), 0);
    let kills = setting("DATADUMP_TEST_THROW_KILLS", 100);
    for round in 0..kills {
        let stopped = Arc::new(AtomicBool::new(false));
        let api = (*server).clone();
        let over_http = (0..4).map(|client| {
            let (api, stopped) = (api.clone(), stopped.clone());
            tokio::spawn(async move { throw_over_http(&api, &format!("h{round}-{client}"), &stopped).await })
        });
        let over_sockets = (0..3).map(|client| {
            let (api, stopped) = (api.clone(), stopped.clone());
            tokio::spawn(
                async move { throw_over_socket(&api, &format!("w{round}-{client}"), &stopped).await },
            )
        });
        let clients: Vec<_> = over_http.chain(over_sockets).collect();
        // A different delay in each round: from before the first commit to a few hundred throws later.
        sleep(Duration::from_millis(5 + (round * 37) % 150)).await;
        let (setup, database) = server.kill().await;
        stopped.store(true, Ordering::Relaxed);
        for client in clients {
            let ledger = client.await.unwrap();
            sent += ledger.sent;
            for key in ledger.rows {
                assert!(rows.insert(key));
            }
            entries.extend(ledger.entries);
        }
        server = setup.start(database).await;
    }
    assert!(rows.len() > 100 && entries.len() > 20, "{} rows and {} entries only", rows.len(), entries.len());
    let source = server.get("/api/v1/source/ledger/").await.is(200).json();
    assert_eq!(source["settings"]["processor"], "numbers", "{source}");
    let mut stored = BTreeSet::new();
    let mut next = Some("/api/v1/storage/ledger/?limit=1000&cursor=".to_owned());
    while let Some(path) = next {
        let page = server.get(&path).await.is(200).json();
        for row in page["results"].as_array().unwrap() {
            assert!(stored.insert(row["key"].as_str().unwrap().to_owned()), "stored twice: {row}");
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    let lost: Vec<&String> = rows.difference(&stored).collect();
    assert!(lost.is_empty(), "{} of {} rows are lost: {lost:?}", lost.len(), rows.len());
    for entry in &entries {
        server.get(&format!("/api/v1/quarantine/{entry}/")).await.is(200).ok();
    }
    println!(
        "{kills} kills, {sent} throws: {} rows and {} entries acknowledged, {} rows stored",
        rows.len(),
        entries.len(),
        stored.len()
    );
}

async fn throw_over_http(api: &Api, client: &str, stopped: &AtomicBool) -> Ledger {
    let mut ledger = Ledger::default();
    while !stopped.load(Ordering::Relaxed) {
        let key = format!("{client}-{}", ledger.sent);
        let throw = api.post("/throw/ledger", &record(&key, ledger.sent));
        ledger.sent += 1;
        match throw.send().await {
            Ok(response) => {
                // 202 if the record went to quarantine.
                let status = if ledger.sent % 5 == 0 { 202 } else { 200 };
                ledger.note(key, &response.is(status).json());
            }
            Err(_) => break,
        }
    }
    ledger
}

async fn throw_over_socket(api: &Api, client: &str, stopped: &AtomicBool) -> Ledger {
    let mut ledger = Ledger::default();
    let address = format!("{}/throw/ledger", api.base().replacen("http", "ws", 1));
    let Ok((mut socket, _)) = connect_async(address).await else { return ledger };
    let mut waiting = std::collections::VecDeque::new();
    while !stopped.load(Ordering::Relaxed) {
        // Keeps several messages in flight.
        while waiting.len() < 8 {
            let key = format!("{client}-{}", ledger.sent);
            let envelope = json!({"id": key, "throw": record(&key, ledger.sent)});
            ledger.sent += 1;
            if socket.send(Message::text(envelope.to_string())).await.is_err() {
                return ledger;
            }
            waiting.push_back(key);
        }
        match timeout(Duration::from_secs(10), socket.next()).await {
            Ok(Some(Ok(Message::Text(receipt)))) => {
                let receipt: Json = serde_json::from_str(&receipt).unwrap();
                let key = waiting.pop_front().unwrap();
                assert_eq!(receipt["id"], *key, "{receipt}");
                ledger.note(key, &receipt);
            }
            Ok(Some(Ok(_))) => {}
            _ => break,
        }
    }
    ledger
}
