//! Lineage of the records of recent throws.

use datadump_tests::{Server, cat, compress, dog, on_both};
use serde_json::{Value as Json, json};

use super::newest;

on_both![
    records_lead_to_their_rows_and_entries,
    a_record_may_become_several_rows_or_none,
    records_of_long_throws_are_bounded,
    readings_lead_to_their_rows,
    nothing_became_of_a_refused_throw,
];

/// Returns the status, the storage and the key of everything that a record became.
fn became(throw: &Json, index: usize) -> Json {
    let record = &throw["records"][index];
    assert_eq!(record["index"], index, "{throw}");
    let fates = record["became"].as_array().unwrap().iter();
    fates.map(|fate| json!([fate["status"], fate["storage"], fate["key"]])).collect()
}

async fn records_lead_to_their_rows_and_entries(server: Server) {
    server.declare(&dog()).await;
    let lines = "{\"chip_id\": \"A\", \"color\": \"red\", \"collar_size\": 1}\n{\"chip_id\": \"B\"\n\
        {\"chip_id\": \"C\", \"color\": \"red\", \"collar_size\": \"big\"}\n\
        {\"chip_id\": \"D\", \"color\": \"red\"}\n";
    let receipt = server.request("POST", "/throw/dog").body(lines).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(1), &json!(3)), "{receipt}");
    let throw = newest(&server).await;
    assert_eq!(throw["records"].as_array().unwrap().len(), 4, "{throw}");
    assert_eq!(throw["records_truncated"], false);
    assert_eq!(throw["records"][0]["record"], json!({"chip_id": "A", "color": "red", "collar_size": 1}));
    assert_eq!(
        (&throw["records"][1]["record"], &throw["records"][1]["line"]),
        (&Json::Null, &json!(2)),
        "{throw}"
    );
    assert_eq!(became(&throw, 0), json!([["stored", "dog", "A"]]));
    assert_eq!(became(&throw, 1), json!([["quarantined", null, null]]));
    // One does not fit the storage, and the other only the writer can refuse.
    for index in [2, 3] {
        assert_eq!(became(&throw, index), json!([["quarantined", "dog", null]]));
    }
    server.get("/api/v1/storage/dog/A/").await.is(200).ok();
    for (index, remark) in [(1, 0), (2, 1), (3, 2)] {
        let entry = &throw["records"][index]["became"][0]["quarantine"];
        assert_eq!(entry, &receipt["errors"][remark]["quarantine"], "{throw}");
        let entry =
            server.get(&format!("/api/v1/quarantine/{}/", entry.as_str().unwrap())).await.is(200).json();
        assert_eq!(entry["index"], index, "{entry}");
    }

    server.request("POST", "/throw/dog").body(lines.lines().next().unwrap()).await.is(200).ok();
    assert_eq!(became(&newest(&server).await, 0), json!([["duplicate", "dog", "A"]]));

    // A generated key is the one under which the row can be read.
    server.post("/throw/auto", &json!([{"n": 1}, {"n": 2}])).await.is(200).ok();
    let throw = newest(&server).await;
    for index in 0..2 {
        let key = throw["records"][index]["became"][0]["key"].as_str().unwrap();
        let row = server.get(&format!("/api/v1/storage/auto/{key}/")).await.is(200).json();
        assert_eq!(row["n"], index + 1, "{throw}");
    }
    // A throw that fails as a whole has no records.
    server.request("POST", "/throw/auto").body("{\"x\":1").await.is(202).ok();
    let throw = newest(&server).await;
    assert_eq!((&throw["records"], &throw["outcome"]), (&json!([]), &json!("quarantined")), "{throw}");
}

async fn a_record_may_become_several_rows_or_none(server: Server) {
    server.declare(&dog()).await;
    server.declare(&cat()).await;
    let routes = json!([
        {"storage": "dog", "when": {"kind": "dog"}, "keep": ["chip_id", "color", "collar_size"]},
        {"storage": "seen", "when": {"kind": {"in": ["dog", "cat"]}}, "keep": ["_id", "kind"]},
    ]);
    server.put("/api/v1/source/animals/", &json!({"routes": routes, "unrouted": "drop"})).await.is(201).ok();
    let animals = json!([
        {"_id": "1", "kind": "dog", "chip_id": "A", "color": "red", "collar_size": 1},
        {"_id": "2", "kind": "cat"},
        {"_id": "3", "kind": "fish"},
        {"_id": "4", "kind": "dog", "chip_id": "B", "color": 7, "collar_size": 1},
    ]);
    server.post("/throw/animals", &animals).await.is(200).ok();
    let throw = newest(&server).await;
    assert_eq!(throw["records"][0]["record"], animals[0], "{throw}");
    assert_eq!(became(&throw, 0), json!([["stored", "dog", "A"], ["stored", "seen", "1"]]));
    assert_eq!(became(&throw, 1), json!([["stored", "seen", "2"]]));
    assert_eq!(became(&throw, 2), json!([["dropped", null, null]]));
    assert_eq!(became(&throw, 3), json!([["stored", "seen", "4"], ["quarantined", "dog", null]]));

    // A program may split records, drop them, and fail on them.
    let split = json!({"program": "if .n == 0 { abort }\n.n = int!(.n)\n. = [., .]"});
    server.put("/api/v1/processor/split/", &split).await.is(201).ok();
    server.put("/api/v1/source/split/", &json!({"processor": "split"})).await.is(201).ok();
    server.post("/throw/split", &json!([{"n": 0}, {"n": 1}, {"n": "x"}])).await.is(200).ok();
    let throw = newest(&server).await;
    assert_eq!(became(&throw, 0), json!([["dropped", null, null]]));
    assert_eq!(throw["records"][1]["became"].as_array().unwrap().len(), 2, "{throw}");
    assert_eq!(became(&throw, 2), json!([["quarantined", null, null]]));

    // The records of a program that takes the throw are only known by what became of them.
    let whole = json!({"takes": "throw", "program": ". = [{\"_id\": \"w1\"}, {\"_id\": \"w2\"}]"});
    server.put("/api/v1/processor/whole/", &whole).await.is(201).ok();
    server.put("/api/v1/source/whole/", &json!({"processor": "whole"})).await.is(201).ok();
    server.post("/throw/whole", &json!({"n": 0})).await.is(200).ok();
    let throw = newest(&server).await;
    assert_eq!(throw["records"][1]["record"], Json::Null, "{throw}");
    assert_eq!(
        (became(&throw, 0), became(&throw, 1)),
        (json!([["stored", "whole", "w1"]]), json!([["stored", "whole", "w2"]]))
    );
}

async fn records_of_long_throws_are_bounded(server: Server) {
    let lines: String =
        (0..5_000).map(|n| format!("{{\"_id\": \"k{n}\", \"text\": \"{}\"}}\n", "x".repeat(50))).collect();
    server.request("POST", "/throw/long").body(lines).await.is(200).ok();
    let throw = newest(&server).await;
    let records = throw["records"].as_array().unwrap();
    assert_eq!(
        (records.len(), &throw["records_truncated"], &throw["cut"]),
        (100, &json!(true), &json!(true))
    );
    assert_eq!(
        (&records[99]["record"]["_id"], became(&throw, 99)),
        (&json!("k99"), json!([["stored", "long", "k99"]]))
    );
    // Of a document, the kept beginning alone cannot be read.
    let items: Vec<Json> =
        (0..500).map(|n| json!({"_id": format!("j{n}"), "text": "x".repeat(100)})).collect();
    server.post("/throw/long", &json!(items)).await.is(200).ok();
    let throw = newest(&server).await;
    assert_eq!((&throw["records"][7]["record"], &throw["records_truncated"]), (&Json::Null, &json!(true)));
    assert_eq!(became(&throw, 7), json!([["stored", "long", "j7"]]));
    // A small compressed body may hold a huge record.
    let huge = compress("gzip", json!({"_id": "huge", "text": "x".repeat(20 << 20)}).to_string().as_bytes());
    server.request("POST", "/throw/long").body(huge).await.is(200).ok();
    let throw = server
        .get(&format!("/api/v1/throw/{}/", newest(&server).await["id"].as_str().unwrap()))
        .await
        .is(200);
    assert!(throw.body.len() < 100_000, "{}", throw.body.len());
    let throw = throw.json();
    assert_eq!(
        (became(&throw, 0), &throw["records"][0]["record"]),
        (json!([["stored", "long", "huge"]]), &Json::Null)
    );
}

async fn readings_lead_to_their_rows(server: Server) {
    let push = json!([{"device_id": "pico_w", "sensors": {"temperature": 21.5, "moisture": 30}},
                      {"device_id": "pico_w"}]);
    server.post("/api/data", &push).await.is(201).ok();
    let throw = newest(&server).await;
    assert_eq!(throw["records"][0]["record"], push[0], "{throw}");
    let fates = throw["records"][0]["became"].as_array().unwrap();
    assert_eq!(fates.len(), 2, "{throw}");
    for fate in fates {
        let row = server.get(&format!("/api/v1/storage/readings/{}/", fate["key"])).await.is(200).json();
        assert_eq!((&fate["status"], &row["device"]), (&json!("stored"), &json!("pico_w")), "{fate}");
    }
    assert_eq!(throw["records"][1]["became"][0]["status"], "quarantined", "{throw}");
}

async fn nothing_became_of_a_refused_throw(server: Server) {
    server
        .request("POST", "/throw/t?strict=1")
        .body("{\"n\": 1}\n{\"n\": 2\n{\"n\": 3}\n")
        .await
        .problem(422);
    let throw = newest(&server).await;
    assert_eq!(throw["outcome"], "refused", "{throw}");
    assert_eq!((&throw["records"][0]["record"], became(&throw, 0)), (&json!({"n": 1}), json!([])), "{throw}");
}
