//! Throws and writes with an idempotency key take effect once.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use bytes::Bytes;
use datadump_core::{
    Clock, Dump, Error, Expect, IdempotencyKey, ImportRequest, Incoming, Receipt, RequestKey, Result,
    Timestamp,
};
use serde_json::json;

use super::{Backend, Database, Fixture, name, on_both};

on_both![
    a_throw_is_stored_once_and_its_receipt_replayed,
    twenty_concurrent_equal_throws_are_stored_once,
    a_refused_throw_can_be_retried_with_its_key,
    a_throw_that_stores_nothing_is_replayed_too,
    responses_are_replayed_for_a_day,
    an_interrupted_stream_resumes_where_it_broke_off,
    a_resumed_stream_is_compared_with_the_stored_part,
    a_row_is_written_once,
    the_key_of_an_import_is_kept_from_its_last_progress_on,
];

fn key(text: &str) -> RequestKey {
    IdempotencyKey::parse(text).unwrap().into()
}

async fn throw(dump: &Dump, source: &str, text: &str, idempotency_key: &str) -> Result<Receipt> {
    let incoming =
        Incoming { body: text.to_owned().into(), key: Some(key(idempotency_key)), ..Incoming::default() };
    dump.throw(&name(source), incoming).await
}

/// Returns the receipt with the replayed flag cleared.
fn without_replayed(receipt: &Receipt) -> Receipt {
    Receipt { replayed: false, ..receipt.clone() }
}

async fn a_throw_is_stored_once_and_its_receipt_replayed(fixture: Fixture) {
    // Records without keys, and one that is quarantined.
    let body = "{\"a\": 1}\n{\"a\": 2}\n{\"a\": \n";
    let receipt = throw(&fixture.dump, "t", body, "k").await.unwrap();
    assert_eq!((receipt.accepted, receipt.quarantined, receipt.replayed), (2, 1, false));
    let mut fixture = fixture;
    for _ in 0..2 {
        let again = throw(&fixture.dump, "t", body, "k").await.unwrap();
        assert!(again.replayed);
        assert_eq!(without_replayed(&again), receipt);
        fixture = fixture.reopen().await;
    }
    // A different key means a different throw, and a throw with the same key must be identical.
    assert!(!throw(&fixture.dump, "t", body, "K").await.unwrap().replayed);
    assert!(matches!(throw(&fixture.dump, "t", "{\"a\": 1}", "k").await, Err(Error::KeyReused)));
    assert!(matches!(throw(&fixture.dump, "u", body, "k").await, Err(Error::KeyReused)));
    let incoming = |content_type: Option<&str>, strict, argument: Option<&str>| Incoming {
        content_type: content_type.map(str::to_owned),
        strict,
        arguments: argument.map(|value| ("a".to_owned(), value.to_owned())).into_iter().collect(),
        key: Some(key("k")),
        ..Incoming::default()
    };
    for other in [
        incoming(Some("text/csv"), false, None),
        incoming(None, true, None),
        incoming(None, false, Some("1")),
    ] {
        assert!(matches!(fixture.try_throw("t", body, other).await, Err(Error::KeyReused)));
    }
    assert!(fixture.try_throw("t", body, incoming(None, false, None)).await.unwrap().replayed);
    assert_eq!((fixture.rows("t").await.len(), fixture.waiting().await.len()), (4, 2));
    let counted = fixture.dump.sources().recent("t").unwrap().count;
    assert_eq!(counted, 1, "only what was thrown is among the last throws");
}

async fn twenty_concurrent_equal_throws_are_stored_once(fixture: Fixture) {
    let throws = (0..20).map(|_| {
        let dump = fixture.dump.clone();
        tokio::spawn(async move { throw(&dump, "race", "{\"n\": 1}\n{\"n\": 2}", "k").await.unwrap() })
    });
    let mut receipts = Vec::new();
    for throw in throws.collect::<Vec<_>>() {
        receipts.push(throw.await.unwrap());
    }
    assert_eq!(receipts.iter().filter(|receipt| !receipt.replayed).count(), 1);
    assert!(
        receipts.iter().all(|receipt| without_replayed(receipt) == without_replayed(&receipts[0])),
        "{receipts:#?}"
    );
    assert_eq!(fixture.rows("race").await.len(), 2);
}

/// Two nodes on one database, which decides which throw is first.
#[tokio::test(flavor = "multi_thread")]
async fn equal_throws_on_two_nodes_are_stored_once() {
    let fixture = Fixture::open(Backend::Postgres).await;
    let other = Dump::builder().database(fixture.database.address()).open().await.unwrap();
    throw(&fixture.dump, "race", "{\"n\": 0}", "before").await.unwrap();
    assert!(throw(&other, "race", "{\"n\": 0}", "before").await.unwrap().replayed);
    for round in 0..30 {
        let (key, body) = (format!("k{round}"), format!("{{\"n\": {round}}}"));
        let (one, two) =
            tokio::join!(throw(&fixture.dump, "race", &body, &key), throw(&other, "race", &body, &key));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(without_replayed(&one), without_replayed(&two), "round {round}");
        assert_ne!(one.replayed, two.replayed, "round {round}");
    }
    assert_eq!(fixture.rows("race").await.len(), 31);
    other.close().await;
}

async fn a_refused_throw_can_be_retried_with_its_key(fixture: Fixture) {
    fixture
        .declare(json!({"name": "dog", "key": {"name": "id", "type": "long"},
                         "fields": [{"name": "size", "type": "integer", "max": 10}]}))
        .await;
    let strict = |key: &str| Incoming { strict: true, key: Some(self::key(key)), ..Incoming::default() };
    let body = r#"{"id": 1, "size": 11}"#;
    assert!(matches!(fixture.try_throw("dog", body, strict("k")).await, Err(Error::Strict(_))));
    assert!(matches!(fixture.try_throw("dog", body, strict("k")).await, Err(Error::Strict(_))));
    let wider = json!({"name": "dog", "key": {"name": "id", "type": "long"},
                       "fields": [{"name": "size", "type": "integer", "max": 20}]});
    let plan = fixture.dump.definitions().plan(&wider).await.unwrap();
    let consent =
        datadump_core::Consent { allow: Some(datadump_core::schema::Class::Widening), plan: Some(plan.hash) };
    fixture.dump.declare(&wider, consent).await.unwrap();
    fixture.dump.definitions().settled("dog").await.unwrap();
    let receipt = fixture.try_throw("dog", body, strict("k")).await.unwrap();
    assert!(!receipt.replayed && receipt.accepted == 1);
    assert!(fixture.try_throw("dog", body, strict("k")).await.unwrap().replayed);
}

async fn a_throw_that_stores_nothing_is_replayed_too(fixture: Fixture) {
    let settings = json!({"unrouted": "drop", "routes": [{"storage": "x", "when": {"a": 7}}]});
    fixture.dump.sources().set(&name("s"), &settings, None).await.unwrap();
    let receipt = throw(&fixture.dump, "s", "{\"a\": 1}", "k").await.unwrap();
    assert_eq!((receipt.dropped, receipt.accepted, receipt.replayed), (1, 0, false));
    let again = throw(&fixture.dump, "s", "{\"a\": 1}", "k").await.unwrap();
    assert!(again.replayed);
    assert_eq!(without_replayed(&again), receipt);
}

/// A clock that the test advances.
#[derive(Debug, Clone)]
struct ManualClock(Arc<AtomicI64>);

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl ManualClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000_000_000)))
    }

    fn minutes(&self, minutes: i64) {
        self.0.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    }
}

async fn responses_are_replayed_for_a_day(fixture: Fixture) {
    fixture.dump.close().await;
    let Fixture { dump, database } = fixture;
    drop(dump);
    let clock = ManualClock::new();
    let open = |database: &Database| Dump::builder().database(database.address()).clock(clock.clone()).open();
    let dump = open(&database).await.unwrap();
    for number in 0..600 {
        throw(&dump, "t", "{\"a\": 1}", &format!("early{number}")).await.unwrap();
    }
    clock.minutes(12 * 60);
    throw(&dump, "t", "{\"a\": 1}", "late").await.unwrap();
    clock.minutes(12 * 60 - 1);
    assert!(throw(&dump, "t", "{\"a\": 1}", "early0").await.unwrap().replayed);
    assert_eq!(dump.idempotency().expire().await.unwrap(), 0);
    clock.minutes(2);
    // An expired record has no effect, even before it is deleted.
    assert!(!throw(&dump, "t", "{\"a\": 2}", "early0").await.unwrap().replayed);
    assert!(throw(&dump, "t", "{\"a\": 2}", "early0").await.unwrap().replayed);
    assert_eq!(dump.idempotency().expire().await.unwrap(), 599);
    assert!(throw(&dump, "t", "{\"a\": 1}", "late").await.unwrap().replayed);
    assert!(throw(&dump, "t", "{\"a\": 2}", "early0").await.unwrap().replayed);
    assert!(!throw(&dump, "t", "{\"a\": 3}", "early1").await.unwrap().replayed);
    clock.minutes(48 * 60);
    assert_eq!(dump.idempotency().expire().await.unwrap(), 3);
    dump.close().await;
}

async fn the_key_of_an_import_is_kept_from_its_last_progress_on(fixture: Fixture) {
    fixture.dump.close().await;
    let Fixture { dump, database } = fixture;
    drop(dump);
    let clock = ManualClock::new();
    let dump = Dump::builder().database(database.address()).clock(clock.clone()).open().await.unwrap();
    let body = table(40_000);
    let begin = async || {
        let (storage, key) = ("t".to_owned(), Some(key("k")));
        dump.imports().begin(ImportRequest { storage, key, ..ImportRequest::default() }).await.unwrap()
    };
    let mut import = begin().await;
    let id = import.state().id;
    clock.minutes(23 * 60);
    import.push(Bytes::copy_from_slice(&body.as_bytes()[..600_000])).await.unwrap();
    assert!(import.stop().rows.stored > 0);
    // A day after the start.
    clock.minutes(2 * 60);
    dump.idempotency().expire().await.unwrap();
    let mut import = begin().await;
    assert_eq!(import.state().id, id);
    import.push(Bytes::from(body)).await.unwrap();
    let (state, _) = import.finish().await.unwrap();
    assert_eq!((state.state, state.rows.stored), ("done", 40_000));
    clock.minutes(23 * 60);
    dump.idempotency().expire().await.unwrap();
    assert_eq!(begin().await.stop().id, id);
    dump.close().await;
}

/// Returns a table with a header and `lines` rows, which takes more than one chunk.
fn table(lines: usize) -> String {
    (0..lines).fold("n,text\n".to_owned(), |text, n| format!("{text}{n},\"the quick, brown fox\"\n"))
}

/// Streams a body in pieces, and breaks off at its end unless `is_whole`.
async fn stream(dump: &Dump, body: &[u8], idempotency_key: &str, is_whole: bool) -> Result<Receipt> {
    let incoming = Incoming { key: Some(key(idempotency_key)), ..Incoming::default() };
    let mut stream = dump.ingest().throw_stream(&name("s"), incoming).await?;
    for piece in body.chunks(30_000) {
        stream.push(Bytes::copy_from_slice(piece)).await?;
    }
    if is_whole { stream.finish().await } else { Ok(stream.receipt()) }
}

async fn count(fixture: &Fixture) -> u64 {
    let parameters = [("limit", "1"), ("count", "exact")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let Ok(storage) = fixture.dump.storage("s") else { return 0 };
    storage.list(&parameters).await.unwrap().count.unwrap()
}

async fn an_interrupted_stream_resumes_where_it_broke_off(fixture: Fixture) {
    let body = table(30_000);
    let mut stored = 0;
    for part in [3, 2, 3] {
        let before = stored;
        stored = stream(&fixture.dump, &body.as_bytes()[..body.len() * part / 4], "k", false)
            .await
            .unwrap()
            .accepted;
        // A second attempt that breaks off earlier stores nothing new.
        stored = stored.max(before);
        assert_eq!(count(&fixture).await, stored, "after {part} of 4");
        assert!(stored > 5_000);
    }
    let fixture = fixture.reopen().await;
    let receipt = stream(&fixture.dump, body.as_bytes(), "k", true).await.unwrap();
    assert_eq!((receipt.accepted, receipt.quarantined, receipt.format.as_str()), (30_000, 0, "csv"));
    assert_eq!(count(&fixture).await, 30_000);
    let again = stream(&fixture.dump, body.as_bytes(), "k", true).await.unwrap();
    assert!(again.replayed && !receipt.replayed);
    assert_eq!(without_replayed(&again), receipt);
    let last = [("n", "29999")].map(|(n, v)| (n.to_owned(), v.to_owned()));
    let rows = fixture.dump.storage("s").unwrap().list(&last).await.unwrap().rows;
    assert_eq!(rows[0]["text"], "the quick, brown fox");
    // A body that ends at a chunk boundary, and one with a single line.
    for (key, lines) in [("short", "{\"n\": 1}\n"), ("bare", "{\"n\": 2}")] {
        let first = stream(&fixture.dump, lines.as_bytes(), key, true).await.unwrap();
        let again = stream(&fixture.dump, lines.as_bytes(), key, true).await.unwrap();
        assert_eq!(
            (first.accepted, first.replayed, again.accepted, again.replayed),
            (1, false, 1, true),
            "{key}"
        );
    }
    assert_eq!(count(&fixture).await, 30_002);
}

async fn a_resumed_stream_is_compared_with_the_stored_part(fixture: Fixture) {
    let body = table(24_000);
    let broken = &body.as_bytes()[..body.len() * 3 / 4];
    stream(&fixture.dump, broken, "k", false).await.unwrap();
    let stored = count(&fixture).await;
    let other = body.replacen("7,", "8,", 1);
    let refused = |outcome: Result<Receipt>| assert!(matches!(outcome, Err(Error::KeyReused)), "{outcome:?}");
    refused(stream(&fixture.dump, other.as_bytes(), "k", true).await);
    refused(stream(&fixture.dump, &body.as_bytes()[..1_000], "k", true).await);
    refused(stream(&fixture.dump, b"", "k", true).await);
    // The same bytes in a throw that is not streamed.
    refused(throw(&fixture.dump, "s", &body, "k").await);
    assert_eq!(count(&fixture).await, stored);
    stream(&fixture.dump, body.as_bytes(), "k", true).await.unwrap();
    assert_eq!(count(&fixture).await, 24_000);
    for other in [other, format!("{body}1,x\n"), body[..body.len() - 1].to_owned()] {
        refused(stream(&fixture.dump, other.as_bytes(), "k", true).await);
    }
    assert_eq!(count(&fixture).await, 24_000);
}

async fn a_row_is_written_once(fixture: Fixture) {
    fixture
        .declare(json!({"name": "note", "key": {"name": "id", "type": "uuid", "generated": true},
                         "fields": [{"name": "ratio", "type": "float"}]}))
        .await;
    let save = async |ratio: f64, once: &str| {
        fixture.dump.save_with_key("note", &json!({"ratio": ratio}), Expect::Anything, key(once)).await
    };
    let written = save(0.1 + 0.2, "k").await.unwrap();
    let again = save(0.1 + 0.2, "k").await.unwrap();
    assert_eq!((&written.row, written.version, written.created), (&again.row, again.version, again.created));
    assert!(again.replayed && !written.replayed);
    assert!(matches!(save(0.3, "k").await, Err(Error::KeyReused)));
    assert!(!save(0.3, "other").await.unwrap().replayed);
    assert_eq!(fixture.rows("note").await.len(), 2);
    // A refused row is not replayed.
    let first = json!({"id": again.row["id"], "ratio": 1.0});
    let only_new = || fixture.dump.save_with_key("note", &first, Expect::Absent, key("new"));
    let refused = only_new().await;
    assert!(matches!(refused, Err(Error::Precondition { .. })), "{refused:?}");
    fixture
        .dump
        .storage("note")
        .unwrap()
        .delete(again.row["id"].as_str().unwrap(), Expect::Anything)
        .await
        .unwrap();
    assert!(!only_new().await.unwrap().replayed);
}
