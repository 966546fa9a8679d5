//! Checks of batches: atomicity, replacements, visibility.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{
    bench::{Bench, TestStore, ensure, ensure_eq},
    rows::name,
};
use crate::{
    error::{Error, Result},
    schema::{Row, Value},
    store::{Count, Expect, OnFailure, Outcome, RowCount, Write, WriteBatch, system_storages::SystemStorage},
};

fn tag() -> Json {
    json!({
        "name": "tag", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "code", "type": "string", "max_length": 20, "unique": true},
                   {"name": "n", "type": "integer", "default": 0}],
        "meta": {"scans": true},
    })
}

fn a_tag(test: &TestStore<'_>, id: i64, code: &str) -> Result<Write> {
    test.put("tag", &json!({"id": id, "code": code}), Expect::Anything)
}

/// Writes a batch, whose outcomes must have these names.
async fn ensure_outcomes(test: &TestStore<'_>, what: &str, batch: WriteBatch, names: &[&str]) -> Result<()> {
    let found: Vec<&str> = test.store.write(batch).await?.iter().map(name).collect();
    ensure_eq(what, found.as_slice(), names)
}

async fn keys(test: &TestStore<'_>, name: &str) -> Result<Vec<Value>> {
    let ordering = test.in_force(name)?.definition.key.name.to_string();
    let (page, _) = test.list(name, &[("ordering", ordering.as_str()), ("limit", "1000")]).await?;
    Ok(page.rows.into_iter().map(|row| row.key).collect())
}

pub(super) async fn an_atomic_batch_is_all_or_nothing(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, tag()).await?;
    test.save("tag", json!({"id": 1000, "code": "taken"})).await?;
    let put = |id, code: &str| a_tag(&test, id, code);
    let stale = || test.put("tag", &json!({"id": 1000, "code": "x"}), Expect::Exactly(7));
    let gone = Write::delete(test.in_force("tag")?, Value::Integer(5), Expect::Anything);
    for (writes, expected) in [
        (vec![put(1, "a")?, put(2, "taken")?, put(3, "c")?], vec!["rolled back", "invalid", "rolled back"]),
        (vec![put(1, "a")?, stale()?, put(2, "taken")?], vec!["rolled back", "refused", "invalid"]),
        (vec![put(1, "a")?, gone, put(1, "b")?], vec!["rolled back", "missing", "rolled back"]),
        (vec![put(1, "a")?, put(2, "a")?], vec!["rolled back", "invalid"]),
    ] {
        ensure_outcomes(&test, "a failing batch", WriteBatch::atomic(writes), &expected).await?;
        ensure_eq("rows after it", keys(&test, "tag").await?, vec![Value::Integer(1000)])?;
    }
    let fine = WriteBatch::atomic(vec![put(1, "a")?, put(2, "b")?, put(1000, "c")?]);
    ensure_outcomes(&test, "a batch without faults", fine, &["created", "created", "updated"]).await?;
    // Row 1 may only take `b` after row 2 has freed it, and the key order is the wrong way round.
    let moved = WriteBatch::atomic(vec![put(2, "z")?, put(1, "b")?]);
    ensure_outcomes(&test, "a unique value that moves to another row", moved, &["updated", "updated"])
        .await?;
    ensure_eq("the row that has it now", test.field("tag", json!(1), "code").await?, json!("b"))?;
    many_at_once(&test).await
}

/// Concurrent batches: those that fail do not affect the others.
async fn many_at_once(test: &TestStore<'_>) -> Result<()> {
    let before = keys(test, "tag").await?.len();
    let mut calls = Vec::new();
    for number in 0..60_i64 {
        let first = 2000 + 10 * number;
        let code = |place: i64| format!("{number}.{place}");
        let mut writes = Vec::new();
        for place in 0..4 {
            writes.push(a_tag(test, first + place, &code(place))?);
        }
        match number % 5 {
            0 => writes.push(a_tag(test, first + 5, "c")?),
            1 => writes.push(test.put("tag", &json!({"id": first, "code": "x"}), Expect::Absent)?),
            _ => {}
        }
        let call = if number % 5 == 3 { WriteBatch::independent(writes) } else { WriteBatch::atomic(writes) };
        let store = test.store.clone();
        calls.push(tokio::spawn(async move { store.write(call).await }));
    }
    for (number, call) in calls.into_iter().enumerate() {
        let outcomes = call.await.map_err(Error::internal)??;
        let failed = ["rolled back", "rolled back", "rolled back", "rolled back"];
        let expected = match number % 5 {
            0 => [failed.as_slice(), &["invalid"]].concat(),
            1 => [failed.as_slice(), &["refused"]].concat(),
            _ => vec!["created"; 4],
        };
        ensure_eq(&format!("batch {number}"), outcomes.iter().map(name).collect(), expected)?;
    }
    ensure_eq("rows of the batches that did not fail", keys(test, "tag").await?.len(), before + 36 * 4)
}

/// Returns a quarantine row with this code.
fn quarantined(test: &TestStore<'_>, code: &str) -> Result<Row> {
    // A key derived from the code.
    let number = code.bytes().fold(7_u128, |number, byte| number.wrapping_mul(257).wrapping_add(byte.into()));
    let record = json!({
        "id": uuid::Uuid::from_u128(number).to_string(),
        "state": "waiting", "source": "s", "throw": "00000000-0000-0000-0000-000000000000",
        "step": "store", "code": code, "detail": "d", "received_at": "2026-01-01T00:00:00Z", "raw": "AAEC",
    });
    test.bench.prove(&test.store.catalogue().system(SystemStorage::Quarantine)?, &record)
}

/// Adds a replacement for each write of the batch.
fn or_else(batch: WriteBatch, rows: Vec<Row>) -> WriteBatch {
    WriteBatch { on_failure: Some(OnFailure(Arc::new(move |place, _, _| rows.get(place).cloned()))), ..batch }
}

pub(super) async fn a_failed_write_is_replaced(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, tag()).await?;
    let mut careful = tag();
    careful["name"] = json!("careful");
    careful["meta"] = json!({"require_version": true});
    test.declare(careful).await?;
    test.save("careful", json!({"id": 1, "code": "a"})).await?;
    test.save("tag", json!({"id": 1000, "code": "taken"})).await?;
    let old = test.put("tag", &json!({"id": 4, "code": "too large", "n": 11}), Expect::Anything)?;
    let fitting = test.put("tag", &json!({"id": 5, "code": "small", "n": 9}), Expect::Anything)?;
    let mut narrower = tag();
    narrower["fields"][1]["max"] = json!(10);
    test.declare(narrower).await?;
    let stale = test.put("tag", &json!({"id": 1000, "code": "x"}), Expect::Exactly(9))?;
    let gone = Write::delete(test.in_force("tag")?, Value::Integer(77), Expect::Anything);
    let unversioned = test.put("careful", &json!({"id": 1, "code": "b"}), Expect::Anything)?;
    let cases = [
        ("fine", a_tag(&test, 1, "fine")?, "created"),
        ("constraint", a_tag(&test, 2, "taken")?, "invalid"),
        ("stale", stale, "refused"),
        ("gone", gone, "missing"),
        ("unversioned", unversioned, "version required"),
        ("reproven", old, "invalid"),
        ("reproven and fine", fitting, "created"),
        ("fine too", a_tag(&test, 3, "fine too")?, "created"),
    ];
    let (mut writes, mut rows) = (Vec::new(), Vec::new());
    for (code, write, _) in &cases {
        writes.push(write.clone());
        rows.push(quarantined(&test, code)?);
    }
    let outcomes = test.store.write(or_else(WriteBatch::independent(writes), rows)).await?;
    ensure_eq("outcomes", outcomes.len(), cases.len())?;
    let test = test.reopen().await?;
    let definition = test.store.catalogue().system(SystemStorage::Quarantine)?;
    for ((code, _, expected), outcome) in cases.iter().zip(&outcomes) {
        let row = quarantined(&test, code)?;
        let found = test.store.get(&definition, row.key().unwrap_or(&Value::Null)).await?;
        let fails = *expected != "created";
        ensure_eq(&format!("{code} is in quarantine"), found.is_some(), fails)?;
        match outcome {
            Outcome::Replaced(failed, stored) if fails => {
                ensure_eq(code, name(failed), *expected)?;
                ensure_eq(code, &stored.row.values, &row.complete())?;
            }
            other => ensure_eq(code, name(other), *expected)?,
        }
    }
    ensure_eq("the other rows", keys(&test, "tag").await?.len(), 4)?;
    // An atomic batch has no replacements.
    let strict = vec![a_tag(&test, 10, "strict")?, a_tag(&test, 11, "taken")?];
    let row = quarantined(&test, "strict")?;
    let strict = or_else(WriteBatch::atomic(strict), vec![row.clone(), row]);
    ensure_outcomes(&test, "an atomic batch", strict, &["rolled back", "invalid"]).await?;
    let row = quarantined(&test, "strict")?;
    ensure_eq("its replacement", test.store.get(&definition, row.key().unwrap_or(&Value::Null)).await?, None)
}

pub(super) async fn an_unchanged_row_is_not_written(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, tag()).await?;
    let put = |code| test.put("tag", &json!({"id": 1, "code": code, "n": 1}), Expect::Different);
    ensure_eq("a new row", name(&test.write(put("a")?).await?), "created")?;
    let first = test.get("tag", json!(1)).await?;
    let again = test.write(put("a")?).await?;
    ensure_eq("the same row", name(&again), "unchanged")?;
    ensure("an unchanged row is not a failure", !again.is_failure())?;
    if let Outcome::Unchanged(stored) = again {
        ensure_eq("the stored row", Some(stored.row), first.clone())?;
    }
    ensure_eq("the row afterwards", test.get("tag", json!(1)).await?, first)?;
    let call = WriteBatch::atomic(vec![put("b")?, put("b")?, put("a")?, put("a")?]);
    ensure_outcomes(&test, "in order", call, &["updated", "unchanged", "updated", "unchanged"]).await?;
    ensure_eq("its version", test.field("tag", json!(1), "version").await?, json!(3))
}

pub(super) async fn system_storages_are_written_together_with_others(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, tag()).await?;
    let system = |storage| test.store.catalogue().system(storage);
    let source = json!({"name": "s", "settings": {"a": [1]}, "last_format": null});
    let source = bench.prove(&system(SystemStorage::Source)?, &source)?;
    let processor = json!({"id": "p@1", "name": "p", "number": 1, "takes": "records",
                           "program": ".", "deleted": false});
    let processor = bench.prove(&system(SystemStorage::Processor)?, &processor)?;
    let kept = json!({"id": "00000000-0000-0000-0000-000000000001", "source": "s",
                      "received_at": "2026-01-01T00:00:00Z", "raw": ""});
    let kept = bench.prove(&system(SystemStorage::KeptThrow)?, &kept)?;
    let rows = [
        (SystemStorage::Source, source),
        (SystemStorage::Processor, processor),
        (SystemStorage::KeptThrow, kept),
    ];
    let (mut changes, mut entries) = (test.store.config_signal(), test.store.quarantine_signal());
    let mut writes = vec![a_tag(&test, 1, "a")?];
    writes.extend(rows.iter().map(|(_, row)| Write::put(row.clone(), Expect::Absent)));
    writes.push(Write::put(quarantined(&test, "q")?, Expect::Absent));
    let before = (*changes.borrow_and_update(), *entries.borrow_and_update());
    ensure_outcomes(&test, "in one batch", WriteBatch::atomic(writes.clone()), &["created"; 5]).await?;
    ensure("a change of sources is signalled", *changes.borrow_and_update() > before.0)?;
    ensure("a new quarantine entry is signalled", *entries.borrow_and_update() > before.1)?;
    let before = *entries.borrow_and_update();
    let call = WriteBatch::independent(vec![writes.remove(1), a_tag(&test, 1, "b")?, a_tag(&test, 2, "c")?]);
    ensure_outcomes(&test, "a second time", call, &["refused", "updated", "created"]).await?;
    ensure_eq("the signal without a new entry", *entries.borrow_and_update(), before)?;
    let names: Vec<String> =
        test.store.catalogue().all().iter().map(|storage| storage.name.to_string()).collect();
    ensure_eq("the listed storages", names, vec!["tag".to_owned()])?;
    let test = test.reopen().await?;
    for (storage, row) in &rows {
        let definition = test.store.catalogue().system(*storage)?;
        let found = test.store.get(&definition, row.key().unwrap_or(&Value::Null)).await?;
        ensure_eq(&format!("{storage:?}"), found.map(|row| row.values), Some(row.complete()))?;
    }
    let definition = test.store.catalogue().system(SystemStorage::Source)?;
    let parameters = [("name".to_owned(), "s".to_owned())];
    let query = crate::store::query::parse::parameters(&definition.definition, &parameters)?;
    ensure_eq("a list", test.store.page(&definition, &query).await?.rows.len(), 1)?;
    let key = Value::Text("s".into());
    let delete = Write::delete(definition.clone(), key.clone(), Expect::Exists);
    ensure_eq("a deletion", name(&test.write(delete).await?), "deleted")?;
    ensure_eq("the row afterwards", test.store.get(&definition, &key).await?, None)
}

pub(super) async fn a_large_batch_with_invalid_rows_becomes_visible_at_once(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, tag()).await?;
    test.save("tag", json!({"id": -1, "code": "taken"})).await?;
    // Every fifth row is refused; first among new rows, then among updates, then in a batch larger than a
    // transaction.
    for (step, (from, to, round)) in [(0, 500, 0), (0, 500, 1), (10_000, 15_000, 2)].into_iter().enumerate() {
        let new = round != 1;
        if !new {
            let missing: Result<Vec<Write>> =
                (from..to).step_by(5).map(|id| a_tag(&test, id, &format!("filled {id}"))).collect();
            test.store.write(WriteBatch::independent(missing?)).await?;
        }
        let mut writes = Vec::new();
        for id in from..to {
            let code = if id % 5 == 0 { "taken".to_owned() } else { format!("{round} {id}") };
            writes.push(test.put("tag", &json!({"id": id, "code": code, "n": round}), Expect::Anything)?);
        }
        let whole = u64::try_from((to - from) / 5 * 4).unwrap_or(0);
        let store = test.store.clone();
        let writing = tokio::spawn(async move { store.write(WriteBatch::independent(writes)).await });
        let mut seen = 0;
        while seen != whole {
            let ended = writing.is_finished();
            seen = count(&test, from, to, round).await?;
            ensure(
                &format!("step {step}: {seen} of {whole} rows are all or none"),
                [0, whole].contains(&seen),
            )?;
            ensure(&format!("step {step}: the rows are there at the end"), !ended || seen == whole)?;
        }
        let outcomes = writing.await.map_err(Error::internal)??;
        for (id, outcome) in (from..to).zip(&outcomes) {
            let expected = match (id % 5 == 0, new) {
                (true, _) => "invalid",
                (false, true) => "created",
                (false, false) => "updated",
            };
            ensure_eq(&format!("step {step}, row {id}"), name(outcome), expected)?;
        }
    }
    Ok(())
}

/// Counts the rows of a range that were written in this round.
async fn count(test: &TestStore<'_>, from: i64, to: i64, round: i64) -> Result<u64> {
    let (low, high, round) = (from.to_string(), (to - 1).to_string(), round.to_string());
    let range = format!("{low},{high}");
    let parameters =
        [("id__between", range.as_str()), ("n", round.as_str()), ("limit", "1"), ("count", "exact")];
    let (page, query) = test.list("tag", &parameters).await?;
    ensure_eq("the count mode", query.count, Count::Exact)?;
    match page.count {
        RowCount::Exactly(count) => Ok(count),
        other => Err(Error::internal(format!("{other:?}"))),
    }
}
