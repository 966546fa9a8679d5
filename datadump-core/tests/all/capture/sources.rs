//! Sources: settings, routes, streams and limits.

use datadump_core::{Error, Incoming};
use serde_json::json;

use super::{Backend, Fixture, name, on_both};

on_both![
    routes_select_storages,
    settings_are_checked_and_survive_a_restart,
    a_strict_throw_stores_all_or_nothing,
    a_throw_into_a_declared_storage_upserts,
    a_stream_is_committed_in_chunks,
    raw_throws_are_kept_if_the_source_is_configured_so,
    the_number_of_sources_is_limited,
];

async fn routes_select_storages(fixture: Fixture) {
    for (storage, key) in [("dog", "chip_id"), ("cat", "tag")] {
        fixture
            .declare(json!({"name": storage, "key": {"name": key, "type": "string", "max_length": 16},
                "fields": [{"name": "color", "type": "string", "max_length": 32}, {"name": "size", "type": "integer", "nullable": true}]}))
            .await;
    }
    let settings = json!({
        "unrouted": "drop",
        "routes": [
            {"storage": "dog", "when": {"animal.kind": "dog"}, "keep": ["animal.chip.id", "animal.look.color", "animal.size"],
             "rename": {"animal.chip.id": "chip_id"}, "cast": {"size": "integer"}},
            {"storage": "cat", "when": {"animal.kind": "cat"}, "keep": ["animal.tag", "animal.look.color"]},
        ],
    });
    fixture.dump.sources().set(&name("animals"), &settings, None).await.unwrap();
    let events = json!([
        {"animal": {"kind": "dog", "chip": {"id": "D1"}, "look": {"color": "black"}, "size": "40", "noise": [1, 2]}},
        {"animal": {"kind": "cat", "tag": "C1", "look": {"color": "red"}}},
        {"animal": {"kind": "fish"}},
        {"animal": {"kind": "dog", "chip": {"id": "D2"}, "look": {"color": "white"}, "size": "big"}},
        {"animal": {"kind": "cat", "look": {"color": "gray"}}},
    ]);
    let receipt = fixture.throw("animals", events.to_string()).await;
    assert_eq!((receipt.accepted, receipt.dropped, receipt.quarantined), (2, 1, 2), "{receipt:#?}");
    assert_eq!((receipt.storages["dog"], receipt.storages["cat"]), (1, 1));
    let dogs = fixture.rows("dog").await;
    assert_eq!((&dogs[0]["chip_id"], &dogs[0]["size"]), (&json!("D1"), &json!(40)));
    assert_eq!(fixture.rows("cat").await[0]["tag"], "C1");
    assert!(fixture.dump.definitions().find("animals").is_err());
    let entries = fixture.waiting().await;
    let steps: Vec<&str> = entries.iter().map(|entry| entry["step"].as_str().unwrap()).collect();
    assert!(steps.contains(&"route") && steps.contains(&"validate"), "{entries:#?}");
    assert_eq!(fixture.dump.sources().get("animals").unwrap().counted.dropped, 1);
}

async fn settings_are_checked_and_survive_a_restart(fixture: Fixture) {
    for (settings, expected) in [
        (json!({"formt": "csv"}), "formt"),
        (json!({"format": "cvs"}), "format: "),
        (json!({"processor": "none"}), "processor: "),
        (json!({"routes": [{"storage": "x", "when": {"a": {"like": 1}}}]}), "routes[0].when"),
        (json!({"unrouted": "lose"}), "unrouted"),
    ] {
        let error = fixture.dump.sources().set(&name("s"), &settings, None).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{settings}: {error}");
    }
    let (info, new) = fixture.dump.sources().set(&name("s"), &json!({"format": "csv"}), None).await.unwrap();
    assert!(new && info.version == 1);
    let stale = fixture.dump.sources().set(&name("s"), &json!({}), Some(7)).await.unwrap_err();
    assert!(matches!(stale, Error::Precondition { .. }), "{stale}");
    fixture.dump.sources().patch("s", &json!({"keep_raw": true}), None).await.unwrap();
    let fixture = fixture.reopen().await;
    let info = fixture.dump.sources().get("S").unwrap();
    assert_eq!(
        (info.settings.format.as_deref(), info.settings.keep_raw, info.version),
        (Some("csv"), true, 2)
    );
    // One column is a table if the source is configured so.
    let receipt = fixture.throw("S", "name\nRex\nBella\n").await;
    assert_eq!((receipt.format.as_str(), receipt.accepted), ("csv", 2));
    fixture.dump.sources().remove("s").await.unwrap();
    assert!(matches!(fixture.dump.sources().get("s"), Err(Error::UnknownSource(_))));
}

async fn a_strict_throw_stores_all_or_nothing(fixture: Fixture) {
    fixture
        .declare(json!({"name": "dog", "key": {"name": "chip_id", "type": "string", "max_length": 16},
            "fields": [{"name": "color", "type": "string", "max_length": 5, "unique": true}]}))
        .await;
    let strict = || Incoming { strict: true, ..Incoming::default() };
    for body in [
        r#"[{"chip_id": "A", "color": "red"}, {"chip_id": "B", "color": "yellow"}]"#,
        r#"[{"chip_id": "A", "color": "red"}, {"chip_id": "B", "color": "red"}]"#,
    ] {
        let error = fixture.try_throw("dog", body, strict()).await.unwrap_err();
        let Error::Strict(receipt) = error else { panic!("{error}") };
        assert_eq!(receipt.errors[0].index, Some(1), "{receipt:?}");
        assert_eq!((fixture.rows("dog").await.len(), fixture.waiting().await.len()), (0, 0));
    }
    let fine = fixture.try_throw("dog", r#"[{"chip_id": "A", "color": "red"}]"#, strict()).await.unwrap();
    assert_eq!(fine.accepted, 1);
}

async fn a_throw_into_a_declared_storage_upserts(fixture: Fixture) {
    fixture
        .declare(json!({"name": "dog", "key": {"name": "chip_id", "type": "string", "max_length": 16},
            "fields": [{"name": "color", "type": "string", "max_length": 5}, {"name": "age", "type": "integer"}]}))
        .await;
    assert_eq!(fixture.throw("dog", r#"{"chip_id": "A", "color": "red", "age": 1}"#).await.accepted, 1);
    assert_eq!(
        fixture.throw("dog", r#"{"chip_id": "A", "color": "blue", "age": 1, "version": 1}"#).await.accepted,
        1
    );
    let stale = fixture.throw("dog", r#"{"chip_id": "A", "color": "gray", "age": 1, "version": 1}"#).await;
    assert_eq!(
        (stale.accepted, stale.quarantined, stale.errors[0].code.as_str()),
        (0, 1, "conflict"),
        "{stale:?}"
    );
    assert!(stale.errors[0].quarantine.is_some());
    // Cells of a table are converted to the types of their columns.
    let receipt = fixture.throw("dog", "chip_id,color,age\n123,red,7\nB,12.50,8\n").await;
    assert_eq!((receipt.format.as_str(), receipt.accepted), ("csv", 2), "{receipt:?}");
    assert_eq!(fixture.dump.storage("dog").unwrap().get("B").await.unwrap().row["color"], "12.50");
}

async fn a_stream_is_committed_in_chunks(fixture: Fixture) {
    let lines: Vec<String> = (0..60_000)
        .map(|n| {
            if n == 50_000 {
                "{broken\n".into()
            } else {
                format!("{{\"n\": {n}, \"text\": \"{}\"}}\n", "x".repeat(40))
            }
        })
        .collect();
    let body = lines.concat();
    let mut stream = fixture.dump.ingest().throw_stream(&name("s"), Incoming::default()).await.unwrap();
    for chunk in body.as_bytes().chunks(100_000) {
        stream.push(chunk.to_vec().into()).await.unwrap();
    }
    assert!(stream.receipt().accepted > 40_000);
    let receipt = stream.finish().await.unwrap();
    assert_eq!((receipt.format.as_str(), receipt.accepted, receipt.quarantined), ("ndjson", 59_999, 1));
    assert_eq!((receipt.errors[0].index, receipt.errors[0].line), (Some(50_000), Some(50_001)));
    let count = fixture
        .dump
        .storage("s")
        .unwrap()
        .list(&[("limit".into(), "1".into()), ("count".into(), "exact".into())])
        .await
        .unwrap();
    assert_eq!(count.count, Some(59_999));
    let mut csv = fixture
        .dump
        .ingest()
        .throw_stream(&name("table"), Incoming { format: Some("csv".into()), ..Incoming::default() })
        .await
        .unwrap();
    csv.push("a,b\n".into()).await.unwrap();
    for n in 0..40_000 {
        csv.push(format!("{n},\"line\nbreak and some more text\"\n").into_bytes().into()).await.unwrap();
    }
    let receipt = csv.finish().await.unwrap();
    assert_eq!((receipt.accepted, receipt.quarantined), (40_000, 0), "{receipt:?}");
    let strict = Incoming { strict: true, ..Incoming::default() };
    assert!(fixture.dump.ingest().throw_stream(&name("s"), strict).await.is_err());
}

async fn raw_throws_are_kept_if_the_source_is_configured_so(fixture: Fixture) {
    fixture.dump.sources().set(&name("s"), &json!({"keep_raw": true}), None).await.unwrap();
    fixture.throw("s", r#"{"a": 1}"#).await;
    fixture.throw("s", "a line of text\nand another").await;
    let request = || datadump_core::ReplayRequest { kept: true, ..Default::default() };
    for _ in 0..2 {
        let state = fixture.dump.replays().start(request()).await.unwrap();
        let ended = fixture.dump.replays().wait(state.id, std::time::Duration::from_secs(20)).await.unwrap();
        assert_eq!(
            (ended.state.as_str(), ended.stored, ended.skipped, ended.failed),
            ("done", 0, 2, 0),
            "{ended:?}"
        );
    }
    assert_eq!(fixture.rows("s").await.len(), 3);
    let edited = datadump_core::ReplayRequest { program: Some(".seen = true".into()), ..request() };
    let state = fixture.dump.replays().start(edited).await.unwrap();
    let ended = fixture.dump.replays().wait(state.id, std::time::Duration::from_secs(20)).await.unwrap();
    assert_eq!((ended.stored, ended.skipped), (2, 0), "{ended:?}");
    assert!(fixture.rows("s").await.iter().all(|row| row["seen"] == json!(true)));
}

async fn the_number_of_sources_is_limited(fixture: Fixture) {
    let fixture = std::sync::Arc::new(fixture);
    let makers = (0..50).map(|maker| {
        let fixture = fixture.clone();
        tokio::spawn(async move {
            for number in 0..200 {
                let made = name(&format!("s{maker}_{number}"));
                fixture.dump.sources().set(&made, &json!({}), None).await.unwrap();
                assert!(
                    fixture.dump.sources().get(made.as_str()).is_ok(),
                    "the source is created despite concurrent throws"
                );
            }
        })
    });
    for maker in makers.collect::<Vec<_>>() {
        maker.await.unwrap();
    }
    let error = fixture.try_throw("one_more", r#"{"a": 1}"#, Incoming::default()).await.unwrap_err();
    assert!(matches!(error, Error::TooManySources { limit: 10_000 }), "{error:?}");
    assert!(
        fixture.dump.sources().get("one_more").is_err()
            && fixture.dump.definitions().find("one_more").is_err(),
        "nothing is changed"
    );
    // Existing sources still work, and deleting one permits a new one.
    assert_eq!(fixture.throw("s0_0", r#"{"a": 1}"#).await.accepted, 1);
    fixture.dump.sources().remove("s0_1").await.unwrap();
    assert_eq!(fixture.throw("one_more", r#"{"a": 1}"#).await.accepted, 1);
}
