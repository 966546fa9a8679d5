//! Replays of single entries: with an edited body, and of records that have no bytes of their own.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use datadump_tests::{Server, dog, on_both};
use serde_json::{Value as Json, json};

use super::{outcomes, replay, row};

on_both![
    an_edited_body_replaces_that_of_the_entry,
    all_records_of_an_edited_body_are_stored,
    a_record_of_a_table_is_replayed_alone,
];

async fn an_edited_body_replaces_that_of_the_entry(server: Server) {
    server.declare(&dog()).await;
    let good = |id: &str| format!(r#"{{"chip_id": "{id}", "color": "red", "collar_size": 4}}"#);
    for (number, (format, thrown, text)) in [
        // A line with bytes of its own, a record of an array, and a row of a table, which is kept as a record.
        ("ndjson", "{\"chip_id\": \"x\"}\n{\"chip_id\": \"y\"}\n".to_owned(), good("K0")),
        ("json", r#"[{"chip_id": "x"}, {"chip_id": "y"}]"#.to_owned(), good("K1")),
        ("csv", "chip_id,color,collar_size\nx,red,many\ny,red,2\n".to_owned(), good("K2")),
        // A whole throw.
        ("json", "{\"chip_id\": ".to_owned(), good("K3")),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("K{number}");
        let receipt =
            server.request("POST", &format!("/throw/dog?format={format}")).body(thrown.clone()).await.json();
        let id = receipt["errors"][0]["quarantine"].as_str().unwrap();
        let path = format!("/api/v1/quarantine/{id}/");
        let raw = server.get(&format!("{path}?raw=1")).await.is(200).body;
        let replay = |request: Json| server.post(&format!("{path}replay/"), &request);
        for body in ["", "{", "[]", "{\"chip_id\": \"x\"}"] {
            let state = replay(json!({"body": body})).await.is(200).json();
            assert_eq!(outcomes(&state), BTreeMap::from([("failed", 1)]), "{thrown} {body}: {state}");
        }
        let state = replay(json!({"body": text, "dry_run": true})).await.is(200).json();
        assert_eq!(outcomes(&state), BTreeMap::from([("stored", 1)]), "{thrown}: {state}");
        server.get(&format!("/api/v1/storage/dog/{key}/")).await.problem(404);
        let state = replay(json!({"body_base64": BASE64.encode(&text)})).await.is(200).json();
        assert_eq!(outcomes(&state), BTreeMap::from([("stored", 1)]), "{thrown}: {state}");
        assert_eq!(row(&server, "dog", &key).await["collar_size"], 4);
        // Not twice, and the entry has its own bytes still.
        let state = replay(json!({"body": good("twice")})).await.is(200).json();
        assert_eq!(outcomes(&state), BTreeMap::new(), "{thrown}: {state}");
        server.get("/api/v1/storage/dog/twice/").await.problem(404);
        let entry = server.get(&path).await.is(200).json();
        assert_eq!(entry["state"], "replayed", "{entry}");
        assert_eq!(server.get(&format!("{path}?raw=1")).await.is(200).body, raw);
    }
    let receipt = server.request("POST", "/throw/dog").body(r#"{"chip_id": "x"}"#).await.is(202).json();
    let path = format!("/api/v1/quarantine/{}/replay/", receipt["errors"][0]["quarantine"].as_str().unwrap());
    for request in [json!({"body": "{}", "body_base64": ""}), json!({"body_base64": "!"}), json!({"body": 1})]
    {
        server.post(&path, &request).await.problem(400);
    }
    for request in [json!({"body": "{}"}), json!({"body_base64": ""})] {
        server.post("/api/v1/quarantine/replay/", &request).await.problem_about(400, &["single"]);
    }
}

async fn all_records_of_an_edited_body_are_stored(server: Server) {
    server.put("/api/v1/source/item/", &json!({"strict": true})).await.is(201).ok();
    server.post("/throw/item", &json!({"group": 7, "n": 7})).await.is(200).ok();
    for (number, format) in ["ndjson", "json"].into_iter().enumerate() {
        let good = |n: usize| json!({"group": number, "n": n}).to_string();
        let bad = || r#"{"group": "x"}"#.to_owned();
        let body_of = |records: &[String]| match format {
            "json" => format!("[{}]", records.join(",")),
            _ => records.join("\n"),
        };
        let thrown = body_of(&[good(0), good(1), bad(), good(2), good(3)]);
        let receipt = server.request("POST", &format!("/throw/item?format={format}")).body(thrown).await;
        let receipt = receipt.is(200).json();
        assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(4), &json!(1)), "{receipt}");
        let id = receipt["errors"][0]["quarantine"].as_str().unwrap();
        let path = format!("/api/v1/quarantine/{id}/replay/");
        let rows = async || {
            let list = server.get(&format!("/api/v1/storage/item/?group={number}&ordering=n&fields=n"));
            let list = list.await.is(200).json();
            let rows = list["results"].as_array().unwrap().iter().map(|row| row["n"].as_u64().unwrap());
            rows.collect::<Vec<u64>>()
        };
        // Either all or none.
        let body = body_of(&[good(7), bad()]);
        let state = server.post(&path, &json!({"body": body})).await.is(200).json();
        assert_eq!(outcomes(&state), BTreeMap::from([("failed", 1)]), "{format}: {state}");
        assert_eq!(rows().await, [0, 1, 2, 3], "{format}");
        let body = body_of(&[good(7), good(8), good(9)]);
        for dry_run in [true, false] {
            let request = json!({"body": body, "dry_run": dry_run});
            let state = server.post(&path, &request).await.is(200).json();
            assert_eq!(outcomes(&state), BTreeMap::from([("stored", 1)]), "{format}: {state}");
        }
        assert_eq!(rows().await, [0, 1, 2, 3, 7, 8, 9], "{format}");
    }
}

/// Such a record has no bytes of its own: its entry has those of the whole throw.
async fn a_record_of_a_table_is_replayed_alone(server: Server) {
    server.put("/api/v1/source/table/", &json!({"strict": true})).await.is(201).ok();
    server.request("POST", "/throw/table").body("a,b\n1,1\n2,2\n").await.is(200).ok();
    let receipt = server.request("POST", "/throw/table").body("a,b\n3,3\n4,x\n5,5\n").await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(2), &json!(1)), "{receipt}");
    server.patch("/api/v1/source/table/", &json!({"strict": false})).await.is(200).ok();
    for expected in [BTreeMap::from([("stored", 1)]), BTreeMap::new()] {
        assert_eq!(replay(&server, "", json!({})).await, expected);
        let list = server.get("/api/v1/storage/table/?ordering=a&fields=a").await.is(200).json();
        let found: Vec<&Json> = list["results"].as_array().unwrap().iter().map(|row| &row["a"]).collect();
        assert_eq!(found, [1, 2, 3, 4, 5], "{list}");
    }
}
