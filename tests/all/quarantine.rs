//! Quarantine: entries keep their bytes and can be replayed.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    two_bad_records_are_quarantined_replayed_and_stored_once,
    entries_are_listed_read_and_discarded,
    entries_return_the_thrown_bytes,
    a_replay_reports_progress_and_can_be_cancelled,
];

const QUARANTINE: &str = "/api/v1/quarantine/";

/// Declares a source whose program only accepts numbers.
async fn numbers(server: &Server) {
    let program = json!({"name": "numbers", "program": ".number = int!(.number)"});
    server.post("/api/v1/processor/", &program).await.is(201).ok();
    server.put("/api/v1/source/ledger/", &json!({"processor": "numbers"})).await.is(201).ok();
}

async fn rows(server: &Server) -> u64 {
    server.get("/api/v1/storage/ledger/").await.is(200).json()["count"].as_u64().unwrap()
}

async fn waiting(server: &Server) -> u64 {
    let list = server.get(&format!("{QUARANTINE}?state=waiting")).await.is(200).json();
    list["count"].as_u64().unwrap()
}

async fn two_bad_records_are_quarantined_replayed_and_stored_once(server: Server) {
    numbers(&server).await;
    let number = |n: usize| if matches!(n, 17 | 50) { json!(n.to_string()) } else { json!(n) };
    let batch: Vec<Json> = (0..100).map(|n| json!({"number": number(n)})).collect();
    let receipt = server.post("/throw/ledger", &json!(batch)).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(98), &json!(2)), "{receipt}");
    assert_eq!((rows(&server).await, waiting(&server).await), (98, 2));
    let list = server.get(&format!("{QUARANTINE}?source=ledger&ordering=index")).await.is(200).json();
    let entry = &list["results"][0];
    assert_eq!(
        (&entry["index"], &entry["step"], &entry["processor"], &entry["processor_version"]),
        (&json!(17), &json!("program"), &json!("numbers"), &json!(1)),
        "{list}"
    );
    assert_eq!((&entry["format"], &entry["throw"]), (&json!("json"), &receipt["throw"]));

    // Without a change it fails again, in a dry run and in a real one.
    let replay = |request: Json| server.post("/api/v1/quarantine/replay/", &request);
    let state = replay(json!({"dry_run": true})).await.is(200).json();
    assert_eq!(
        (&state["state"], &state["failed"], &state["dry_run"]),
        (&json!("done"), &json!(2), &json!(true))
    );
    let state = replay(json!({"filters": {"source": "ledger"}})).await.is(200).json();
    assert_eq!(
        (&state["failed"], &state["stored"], &state["total"]),
        (&json!(2), &json!(0), &json!(2)),
        "{state}"
    );
    assert_eq!((rows(&server).await, waiting(&server).await), (98, 2));

    // An edited program, first in a dry run, which stores nothing.
    let edited = ".number = to_int!(.number)";
    let state = replay(json!({"program": edited, "dry_run": true})).await.is(200).json();
    assert_eq!((&state["stored"], &state["failed"]), (&json!(2), &json!(0)), "{state}");
    assert_eq!((rows(&server).await, waiting(&server).await), (98, 2));
    replay(json!({"program": ".number = "})).await.problem(400);

    // With the corrected program the entries are stored once, however often they are replayed.
    let program = json!({"program": edited});
    server.put("/api/v1/processor/numbers/", &program).await.is(200).ok();
    let id = entry["id"].as_str().unwrap();
    let one = server.request("POST", &format!("{QUARANTINE}{id}/replay/")).await.is(200).json();
    assert_eq!((&one["stored"], &one["total"]), (&json!(1), &json!(1)), "{one}");
    assert_eq!((rows(&server).await, waiting(&server).await), (99, 1));
    let state = server.request("POST", "/api/v1/quarantine/replay/").await.is(200).json();
    assert_eq!(state["stored"], 1, "{state}");
    for _ in 0..2 {
        let state = replay(json!({})).await.is(200).json();
        assert_eq!((&state["stored"], &state["failed"]), (&json!(0), &json!(0)), "{state}");
        server.request("POST", &format!("{QUARANTINE}{id}/replay/")).await.is(200).ok();
    }
    assert_eq!((rows(&server).await, waiting(&server).await), (100, 0));
    let sum = server.get("/api/v1/storage/ledger/?number__in=17,50").await.is(200).json();
    assert_eq!(sum["count"], 2, "{sum}");
    let entry = server.get(&format!("{QUARANTINE}{id}/")).await.is(200).json();
    assert_eq!(entry["state"], "replayed", "{entry}");
}

async fn entries_are_listed_read_and_discarded(server: Server) {
    numbers(&server).await;
    for number in 0..5 {
        server
            .post("/throw/ledger?station=north", &json!({"number": format!("x{number}")}))
            .await
            .is(202)
            .ok();
    }
    let list = server.get(&format!("{QUARANTINE}?limit=2&ordering=received_at")).await.is(200).json();
    assert_eq!((&list["count"], list["results"].as_array().unwrap().len()), (&json!(5), 2), "{list}");
    assert!(list["results"][0].get("raw").is_none_or(Json::is_null), "bytes are not listed: {list}");
    let next = server.get(list["next"].as_str().unwrap()).await.is(200).json();
    assert_eq!(next["results"].as_array().unwrap().len(), 2, "{next}");
    for (filter, count) in [
        ("source=ledger", 5),
        ("source=other", 0),
        ("state=waiting&step=program", 5),
        ("code__contains=nonsense", 0),
    ] {
        let list = server.get(&format!("{QUARANTINE}?{filter}")).await.is(200).json();
        assert_eq!(list["count"], count, "{filter}: {list}");
    }
    server.get(&format!("{QUARANTINE}?colour=red")).await.problem_about(400, &["colour"]);
    let id = list["results"][0]["id"].as_str().unwrap();
    let entry = server.get(&format!("{QUARANTINE}{id}/")).await.is(200).json();
    assert_eq!(
        (&entry["text"], &entry["arguments"]),
        (&json!("{\"number\":\"x0\"}"), &json!([["station", "north"]]))
    );
    server.delete(&format!("{QUARANTINE}{id}/")).await.is(204).ok();
    server.delete(&format!("{QUARANTINE}{id}/")).await.problem(404);
    server.get(&format!("{QUARANTINE}{id}/")).await.problem(404);
    server.get(&format!("{QUARANTINE}nonsense/")).await.problem(404);
    server.request("POST", &format!("{QUARANTINE}{id}/replay/")).await.problem(404);
    assert_eq!(waiting(&server).await, 4);
    let status = server.get("/api/v1/status").await.is(200).json();
    assert_eq!(status["quarantine_waiting"], 4, "{status}");
}

async fn entries_return_the_thrown_bytes(server: Server) {
    let bytes = b"{\"a\": \xff\xfe\0<script>".to_vec();
    let receipt = server.request("POST", "/throw/odd?format=json").body(bytes.clone()).await.is(202).json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(0), &json!(1)), "{receipt}");
    let id = receipt["errors"][0]["quarantine"].as_str().unwrap();
    let raw = server.get(&format!("{QUARANTINE}{id}/?raw=1")).await.is(200);
    assert_eq!(raw.body, bytes);
    assert_eq!(raw.header("content-type"), Some("application/octet-stream"));
    assert_eq!(raw.header("content-disposition"), Some("attachment"));
    assert_eq!(raw.header("x-content-type-options"), Some("nosniff"));
    let entry = server.get(&format!("{QUARANTINE}{id}/")).await.is(200).json();
    assert!(entry["raw"].is_string() && entry["text"].is_null(), "{entry}");
    assert_eq!((&entry["step"], &entry["source"]), (&json!("decode"), &json!("odd")), "{entry}");
}

async fn a_replay_reports_progress_and_can_be_cancelled(server: Server) {
    numbers(&server).await;
    let batch: Vec<Json> = (0..3000).map(|n| json!({"number": format!("x{n}")})).collect();
    let receipt = server.post("/throw/ledger", &json!(batch)).await.is(202).json();
    assert_eq!(receipt["quarantined"], 3000, "{receipt}");
    assert_eq!((receipt["errors"].as_array().unwrap().len(), &receipt["truncated"]), (100, &json!(true)));
    let slow = "for_each(split(\"a,\" * 40000, \",\")) -> |_i, _v| { .x = 1 }\n.number = int!(.number)";
    let request = json!({"program": slow});
    let response = server.post("/api/v1/quarantine/replay/", &request).await;
    assert!(matches!(response.status, 200 | 202), "{response:?}");
    let started = response.json();
    let path = format!("/api/v1/replay/{}/", started["id"].as_str().unwrap());
    let stopped = server.delete(&path).await.is(200).json();
    if response.status == 202 {
        assert_eq!(
            (&started["state"], &stopped["state"]),
            (&json!("running"), &json!("stopped")),
            "{stopped}"
        );
        assert!(stopped["done"].as_u64() < stopped["total"].as_u64(), "{stopped}");
    }
    assert_eq!(server.get(&path).await.is(200).json(), stopped);
    let list = server.get("/api/v1/replay/").await.is(200).json();
    assert_eq!((&list["count"], &list["results"][0]), (&json!(1), &stopped), "{list}");
    assert_eq!(waiting(&server).await, 3000);
    server.get("/api/v1/replay/nonsense/").await.problem(404);
    server.delete("/api/v1/replay/01a1fcb8-05c3-7692-9fd7-7080d0239cd6/").await.problem(404);
    for request in
        [json!({"filters": {"a": null}}), json!({"dry": true}), json!({"filters": {"nope": "x"}}), json!([])]
    {
        server.post("/api/v1/quarantine/replay/", &request).await.problem(400);
    }
}
