//! Quarantine: entries are kept, listed and replayed.

use std::time::Duration;

use datadump_core::{ReplayRequest, ReplayState};
use serde_json::{Value as Json, json};

use super::{Backend, Fixture, name, on_both};

on_both![
    two_bad_records_of_a_hundred_are_quarantined_and_replayed_once,
    a_record_without_bytes_of_its_own_is_replayed_too,
    an_undecodable_throw_is_quarantined_whole,
    entries_are_listed_read_and_discarded,
    records_refused_by_the_store_become_entries,
    only_the_replay_of_a_single_entry_takes_a_body,
];

async fn replayed(fixture: &Fixture, request: ReplayRequest) -> ReplayState {
    let state = fixture.dump.replays().start(request).await.unwrap();
    let ended = fixture.dump.replays().wait(state.id, Duration::from_secs(30)).await.unwrap();
    (*ended).clone()
}

fn hundred() -> Vec<String> {
    (0..100)
        .map(|n| format!("{{\"n\": {n}, \"size\": \"{}\"}}", if n % 50 == 17 { "huge" } else { "12" }))
        .collect()
}

async fn set_program(fixture: &Fixture, program: &str) {
    fixture.dump.programs().set(&name("sizes"), "record", program).await.unwrap();
    fixture.dump.sources().set(&name("s"), &json!({"processor": "sizes"}), None).await.unwrap();
}

async fn two_bad_records_of_a_hundred_are_quarantined_and_replayed_once(fixture: Fixture) {
    set_program(&fixture, ".size = to_int!(.size)").await;
    let receipt = fixture.throw("s", hundred().join("\n")).await;
    assert_eq!((receipt.accepted, receipt.quarantined), (98, 2), "{receipt:?}");
    assert_eq!(
        receipt.errors.iter().map(|e| (e.index, e.line)).collect::<Vec<_>>(),
        [(Some(17), Some(18)), (Some(67), Some(68))]
    );
    let id = receipt.errors[0].quarantine.unwrap().to_string();
    let entry = fixture.dump.quarantine().get(&id).await.unwrap();
    assert_eq!(entry["text"].as_str().map(str::trim), Some(hundred()[17].as_str()));
    assert_eq!(
        (&entry["step"], &entry["processor"], &entry["processor_version"]),
        (&json!("program"), &json!("sizes"), &json!(1))
    );
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.waiting().await.len(), 2);
    // The replay fails again and changes nothing.
    let state = replayed(&fixture, ReplayRequest::default()).await;
    assert_eq!((state.stored, state.failed, state.done), (0, 2, 2), "{state:?}");
    set_program(&fixture, ".size = to_int(.size) ?? null").await;
    let dry = replayed(&fixture, ReplayRequest { dry_run: true, ..ReplayRequest::default() }).await;
    assert_eq!((dry.stored, fixture.rows("s").await.len()), (2, 98), "{dry:?}");
    let state = replayed(&fixture, ReplayRequest::default()).await;
    assert_eq!((state.stored, state.failed, state.total), (2, 0, 2), "{state:?}");
    assert_eq!(fixture.rows("s").await.len(), 100);
    let state = replayed(&fixture, ReplayRequest::default()).await;
    assert_eq!((state.stored, state.total), (0, 0), "{state:?}");
    assert_eq!((fixture.rows("s").await.len(), fixture.waiting().await.len()), (100, 0));
}

async fn a_record_without_bytes_of_its_own_is_replayed_too(fixture: Fixture) {
    set_program(&fixture, ".size = to_int!(.size)").await;
    let receipt = fixture.throw("s", format!("[{}]", hundred().join(","))).await;
    assert_eq!((receipt.accepted, receipt.quarantined), (98, 2), "{receipt:?}");
    let request = || ReplayRequest { program: Some(".size = 1".into()), ..ReplayRequest::default() };
    let one = receipt.errors[1].quarantine.unwrap().to_string();
    let state = replayed(&fixture, ReplayRequest { filters: vec![("id".into(), one)], ..request() }).await;
    assert_eq!((state.stored, state.total), (1, 1), "{state:?}");
    assert_eq!(replayed(&fixture, request()).await.stored, 1);
    let rows = fixture.rows("s").await;
    let n: Vec<i64> =
        rows.iter().filter(|row| row["size"] == json!(1)).map(|row| row["n"].as_i64().unwrap()).collect();
    assert_eq!((rows.len(), n), (100, vec![67, 17]));
}

async fn an_undecodable_throw_is_quarantined_whole(fixture: Fixture) {
    let receipt = fixture
        .try_throw(
            "s",
            "a: [1, 2",
            datadump_core::Incoming { format: Some("json".into()), ..Default::default() },
        )
        .await
        .unwrap();
    assert_eq!((receipt.accepted, receipt.quarantined), (0, 1), "{receipt:?}");
    let id = receipt.errors[0].quarantine.unwrap().to_string();
    let (bytes, _) = fixture.dump.quarantine().bytes(&id).await.unwrap();
    assert_eq!(bytes.flatten().collect::<Vec<_>>(), b"a: [1, 2");
    // With a different format it can be stored.
    fixture.dump.sources().patch("s", &json!({"format": "text"}), None).await.unwrap();
    let state = replayed(&fixture, ReplayRequest::default()).await;
    assert_eq!((state.stored, state.failed), (1, 0), "{state:?}");
    assert_eq!(fixture.rows("s").await.len(), 1);
}

async fn entries_are_listed_read_and_discarded(fixture: Fixture) {
    set_program(&fixture, ".size = to_int!(.size)").await;
    for source in ["s", "s"] {
        fixture.throw(source, r#"{"size": "x"}"#).await;
    }
    let all = fixture
        .dump
        .quarantine()
        .list(&[("source".into(), "s".into()), ("limit".into(), "1".into())])
        .await
        .unwrap();
    assert_eq!((all.count, all.rows.len()), (Some(2), 1));
    assert!(all.rows[0].get("raw").is_none_or(Json::is_null));
    let id = all.rows[0]["id"].as_str().unwrap();
    fixture.dump.quarantine().discard(id).await.unwrap();
    assert!(matches!(
        fixture.dump.quarantine().discard(id).await,
        Err(datadump_core::Error::UnknownEntry(_))
    ));
    assert_eq!(fixture.dump.quarantine().waiting().await.unwrap(), 1);
    assert!(fixture.dump.quarantine().list(&[("color".into(), "x".into())]).await.is_err());
}

async fn records_refused_by_the_store_become_entries(fixture: Fixture) {
    fixture
        .declare(json!({"name": "dog", "key": {"name": "chip_id", "type": "string", "max_length": 16},
            "fields": [{"name": "tag", "type": "integer", "unique": true}]}))
        .await;
    let body: Vec<String> =
        (0..200).map(|n| format!("{{\"chip_id\": \"c{n}\", \"tag\": {}}}", n / 2)).collect();
    let receipt = fixture.throw("dog", body.join("\n")).await;
    assert_eq!((receipt.accepted, receipt.quarantined), (100, 100), "{receipt:?}");
    assert_eq!(
        (fixture.rows("dog").await.len(), fixture.dump.quarantine().waiting().await.unwrap()),
        (100, 100)
    );
    let entry = fixture.waiting().await.remove(0);
    assert_eq!(
        (&entry["step"], &entry["code"], &entry["storage"]),
        (&json!("store"), &json!("unique"), &json!("dog"))
    );
}

async fn only_the_replay_of_a_single_entry_takes_a_body(fixture: Fixture) {
    let entry = Some(uuid::Uuid::nil().to_string());
    for (entry, kept) in [(None, false), (None, true), (entry, true)] {
        let request = ReplayRequest { entry, kept, body: Some("{}".into()), ..ReplayRequest::default() };
        let refused = fixture.dump.replays().start(request).await.unwrap_err();
        assert!(refused.to_string().contains("single quarantine entry"), "{refused}");
    }
}
