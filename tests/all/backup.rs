//! Backing up an SQLite database while the server runs, as the guide shows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_tests::{Database, Server, eventually, workspace};
use serde_json::json;

/// Number of rows that are acknowledged before the backup begins.
const ROWS_BEFORE: u64 = 20_000;

#[tokio::test]
async fn a_copy_made_under_load_has_what_was_acknowledged_before() {
    let server = Server::start(Database::sqlite()).await;
    let (stored, stopped) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let throwing = (0..4).map(|client| {
        let (api, stored, stopped) = ((*server).clone(), stored.clone(), stopped.clone());
        tokio::spawn(async move {
            while !stopped.load(Ordering::Relaxed) {
                let lines: String =
                    (0..100).map(|n| format!("{{\"n\": {n}, \"client\": {client}}}\n")).collect();
                api.request("POST", "/throw/load").body(lines).await.is(200).ok();
                stored.fetch_add(100, Ordering::Relaxed);
            }
        })
    });
    let throwing: Vec<_> = throwing.collect();
    eventually("rows are stored", || async { (stored.load(Ordering::Relaxed) > ROWS_BEFORE).then_some(()) })
        .await;

    let guide = workspace::read("docs/guide.md");
    let shown = guide.lines().find(|line| line.contains("VACUUM INTO")).expect("the guide shows the command");
    let copy = Database::sqlite();
    let sql = shown.split('"').nth(1).expect("the command has quoted SQL");
    let sql = sql.replace("copy.db", copy.file().to_str().unwrap());
    let file = server.database().file();
    let (acknowledged, began) = (stored.load(Ordering::Relaxed), Instant::now());
    let run =
        tokio::task::spawn_blocking(move || rusqlite::Connection::open(file).unwrap().execute(&sql, []));
    tokio::time::timeout(Duration::from_secs(60), run).await.expect("the backup ends").unwrap().unwrap();
    let during = stored.load(Ordering::Relaxed) - acknowledged;
    println!("{acknowledged} rows copied in {:?}, while {during} were stored", began.elapsed());
    stopped.store(true, Ordering::Relaxed);
    for thrower in throwing {
        thrower.await.unwrap();
    }

    let copied = Server::start(copy).await;
    let count = |server: &Server| {
        let list = server.get("/api/v1/storage/load/?limit=1&count=exact");
        async { list.await.is(200).json()["count"].as_u64().unwrap() }
    };
    let found = count(&copied).await;
    assert!((acknowledged..=count(&server).await).contains(&found), "{found}, {acknowledged}");
    // The copy is a database like any other.
    copied.post("/throw/load", &json!({"n": 1})).await.is(200).ok();
    assert_eq!(count(&copied).await, found + 1);
    server.get("/ready").await.is(200).ok();
}
