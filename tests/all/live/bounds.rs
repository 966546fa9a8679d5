//! What those who listen may take: memory.

use datadump_tests::{Listener, Server, load::Process, on_both};
use serde_json::json;

use super::STREAM;

on_both![rows_that_wait_for_the_slow_take_little_memory];

/// Rows of a megabyte each, and some who take none of them until all are there.
async fn rows_that_wait_for_the_slow_take_little_memory(server: Server) {
    const ROWS: usize = 150;
    const SLOW: usize = 3;
    let definition = json!({"name": "note", "key": {"name": "id", "type": "long"},
                            "fields": [{"name": "text", "type": "text"}]});
    server.declare(&definition).await;
    let path = format!("{STREAM}?storage=note");
    let text = "x".repeat(1 << 20);
    let save = async |id: usize| {
        server.post("/api/v1/storage/note/", &json!({"id": id, "text": text})).await.is(201).ok();
    };
    save(0).await;
    let process = Process(server.process());
    let before = process.resident();
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(Listener::at(&server, &path, None).await);
    }
    for id in 1..=ROWS {
        save(id).await;
    }
    // What was there is asked for as well, and taken by nobody yet.
    let mut late = Listener::at(&server, &format!("{path}&backfill=1000"), None).await;
    let more = process.resident().saturating_sub(before) / 1024;
    assert!(more < 120, "{more} MiB more");
    for listener in &mut slow {
        for id in 1..=ROWS {
            let change = listener.change().await.unwrap();
            assert_eq!(
                (&change.data["key"], change.data["row"]["text"].as_str().map(str::len)),
                (&json!(id), Some(1 << 20))
            );
        }
    }
    for id in 0..=ROWS {
        assert_eq!(late.change().await.unwrap().data["key"], id);
    }
    let most = process.most_resident().saturating_sub(before) / 1024;
    assert!(most < 200, "{most} MiB more at most");
}
