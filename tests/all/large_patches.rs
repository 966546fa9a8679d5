//! Patches of many rows that are large themselves, or change large rows.

use datadump_tests::{Server, load::Process, on_both};
use serde_json::{Value as Json, json};

on_both![a_large_patch_of_many_rows_takes_little_memory];

async fn a_large_patch_of_many_rows_takes_little_memory(server: Server) {
    const TEXT: usize = 500_000;
    const MAX_MORE_MIB: u64 = 128;
    let definition = json!({
        "name": "note", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "text", "type": "text", "nullable": true}, {"name": "data", "type": "json", "nullable": true}],
    });
    server.declare(&definition).await;
    let notes: Vec<Json> = (0..2_200).map(|id| json!({"id": id})).collect();
    server.post("/api/v1/storage/note/bulk/", &json!(notes)).await.is(200).ok();
    let process = Process(server.process_id());
    let (many, few) = ("all=1&max_affected=9000", "id__lt=400&max_affected=400");
    let text = json!({"text": "t".repeat(TEXT)});
    let refused = server.patch(&format!("/api/v1/storage/note/?{many}"), &text).await.problem(400);
    assert_eq!(refused["code"], "too-large", "{refused}");
    // The last two read what the one before it has stored.
    for patch in [text, json!({"data": {"a": "a".repeat(TEXT)}}), json!({"data": {"b": 1}})] {
        let before = process.resident();
        process.reset_peak();
        let answer = server.patch(&format!("/api/v1/storage/note/?{few}"), &patch).await.is(200).json();
        assert_eq!(answer, json!({"affected": 400}));
        let more = process.peak_resident().saturating_sub(before) / 1024;
        println!("{more} MiB more");
        assert!(more < MAX_MORE_MIB, "{more} MiB more");
    }
    for id in [0, 399] {
        let note = server.get(&format!("/api/v1/storage/note/{id}/")).await.is(200).json();
        assert_eq!((&note["version"], &note["data"]["b"]), (&json!(4), &json!(1)));
        assert_eq!(note["data"]["a"].as_str().map(str::len), Some(TEXT));
    }
}
