//! Checks of batches with idempotency records.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{
    bench::{Bench, TestStore, ensure, ensure_eq},
    rows::name,
};
use crate::{
    error::{Error, Result},
    schema::{Row, Value},
    store::{
        Expect, IdempotencyRecord, MakeRecord, Outcome, Write, WriteBatch, system_storages::SystemStorage,
    },
};

fn tag() -> Json {
    json!({
        "name": "tag", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "code", "type": "string", "max_length": 20, "unique": true}],
        "meta": {"scans": true},
    })
}

fn a_tag(test: &TestStore<'_>, id: i64, code: &str) -> Result<Write> {
    test.put("tag", &json!({"id": id, "code": code}), Expect::Anything)
}

/// Returns a record with this text.
fn record(test: &TestStore<'_>, key: &str, text: &str) -> Result<Row> {
    let definition = test.store.catalogue().system(SystemStorage::IdempotencyKey)?;
    test.bench.prove(&definition, &json!({"id": key, "fingerprint": "AAEC", "answer": text}))
}

/// Adds a record that holds the number of writes that took effect.
fn counting(test: &TestStore<'_>, batch: WriteBatch, key: &str, expect: Expect) -> Result<WriteBatch> {
    let in_force = test.store.catalogue().system(SystemStorage::IdempotencyKey)?;
    let rows: Result<Vec<Row>> =
        (0..=batch.writes.len()).map(|count| record(test, key, &count.to_string())).collect();
    let rows = rows?;
    let make = MakeRecord(Arc::new(move |outcomes: &[Outcome]| {
        let count = outcomes.iter().filter(|outcome| !outcome.is_failure()).count();
        rows.get(count).cloned()
    }));
    Ok(WriteBatch {
        idempotency: Some(IdempotencyRecord { in_force, key: Value::Text(key.into()), expect, make }),
        ..batch
    })
}

/// Returns the name of each outcome, and the text of the record.
fn summary(outcomes: &[Outcome]) -> (Vec<&'static str>, Json) {
    let text = match outcomes.last() {
        Some(Outcome::Created(stored) | Outcome::Updated(stored) | Outcome::Refused(Some(stored))) => {
            stored.to_json()["answer"].clone()
        }
        _ => Json::Null,
    };
    (outcomes.iter().map(name).collect(), text)
}

/// Writes a batch, whose outcomes must have these names, and its record this text.
async fn check(
    test: &TestStore<'_>,
    what: &str,
    batch: WriteBatch,
    names: &str,
    text: Option<&str>,
) -> Result<()> {
    let (found, record) = summary(&test.store.write(batch).await?);
    ensure_eq(what, (found.join(", ").as_str(), record.as_str()), (names, text))
}

async fn count(test: &TestStore<'_>) -> Result<usize> {
    Ok(test.list("tag", &[("limit", "1000")]).await?.0.rows.len())
}

pub(super) async fn a_batch_with_a_record_takes_effect_once(bench: &dyn Bench) -> Result<()> {
    let mut test = TestStore::with(bench, tag()).await?;
    let call = |test: &TestStore<'_>, key: &str, id| {
        let writes = vec![a_tag(test, id, &format!("a{id}"))?, a_tag(test, id + 1, &format!("b{id}"))?];
        counting(test, WriteBatch::independent(writes), key, Expect::Absent)
    };
    check(&test, "the first batch", call(&test, "k", 1)?, "created, created, created", Some("2")).await?;
    for round in ["again", "after a restart"] {
        // The same record, with rows that would be new.
        check(&test, round, call(&test, "k", 10)?, "rolled back, rolled back, refused", Some("2")).await?;
        ensure_eq("rows", count(&test).await?, 2)?;
        test = test.reopen().await?;
    }
    // Keys are case-sensitive, and a batch without writes has a record too.
    let empty = counting(&test, WriteBatch::independent(Vec::new()), "K", Expect::Absent)?;
    check(&test, "nothing to write", empty.clone(), "created", Some("0")).await?;
    check(&test, "the same batch again", empty, "refused", Some("0")).await?;
    // With a condition on the record's version, a batch continues where a previous one ended.
    let next = |expect| -> Result<WriteBatch> {
        counting(&test, WriteBatch::independent(vec![a_tag(&test, 20, "c")?]), "k", expect)
    };
    check(&test, "on another version", next(Expect::Exactly(7))?, "rolled back, refused", Some("2")).await?;
    check(&test, "on this version", next(Expect::Exactly(1))?, "created, updated", Some("1")).await?;
    check(&test, "on the version before", next(Expect::Exactly(1))?, "rolled back, refused", Some("1"))
        .await?;
    ensure_eq("rows at the end", count(&test).await?, 3)
}

pub(super) async fn a_record_is_built_from_the_outcomes_of_its_batch(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, tag()).await?;
    test.save("tag", json!({"id": 1000, "code": "taken"})).await?;
    let some = || -> Result<Vec<Write>> { Ok(vec![a_tag(&test, 1, "a")?, a_tag(&test, 2, "taken")?]) };
    // An atomic batch that fails is not recorded.
    let strict = counting(&test, WriteBatch::atomic(some()?), "strict", Expect::Absent)?;
    check(&test, "an atomic batch", strict, "rolled back, invalid, rolled back", None).await?;
    let each = counting(&test, WriteBatch::independent(some()?), "each", Expect::Absent)?;
    check(&test, "an independent batch", each, "created, invalid, created", Some("1")).await?;
    let fine = WriteBatch::atomic(vec![a_tag(&test, 3, "c")?, a_tag(&test, 4, "d")?]);
    let fine = counting(&test, fine, "strict", Expect::Absent)?;
    check(&test, "an atomic batch that succeeds", fine, "created, created, created", Some("2")).await?;
    // A batch without a record takes effect each time.
    let mut silent =
        counting(&test, WriteBatch::independent(vec![a_tag(&test, 5, "e")?]), "silent", Expect::Absent)?;
    if let Some(record) = &mut silent.idempotency {
        record.make = MakeRecord(Arc::new(|_: &[Outcome]| None));
    }
    check(&test, "without a record", silent.clone(), "created, rolled back", None).await?;
    check(&test, "a second time", silent, "updated, rolled back", None).await
}

pub(super) async fn one_of_several_concurrent_equal_batches_takes_effect(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, tag()).await?;
    let mut calls = Vec::new();
    for number in 0..120_i64 {
        // Twenty keys with six batches each, and batches without a record in between.
        let key = format!("k{}", number % 20);
        let writes = vec![a_tag(&test, number, &format!("c{number}"))?];
        let call = counting(&test, WriteBatch::independent(writes), &key, Expect::Absent)?;
        let plain = WriteBatch::independent(vec![a_tag(&test, 1000 + number, &format!("p{number}"))?]);
        for call in [call, plain] {
            let store = test.store.clone();
            calls.push(tokio::spawn(async move { store.write(call).await }));
        }
    }
    let (mut done, mut refused) = (0, 0);
    for call in calls {
        let outcomes = call.await.map_err(Error::internal)??;
        match summary(&outcomes) {
            (words, said) if words == ["created", "created"] && said == "1" => done += 1,
            (words, said) if words == ["rolled back", "refused"] && said == "1" => refused += 1,
            (words, _) => ensure("a batch without a record takes effect", words == ["created"])?,
        }
    }
    ensure_eq("batches that took effect, and those that did not", (done, refused), (20, 100))?;
    ensure_eq("rows", count(&test).await?, 140)
}
