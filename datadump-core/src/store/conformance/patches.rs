//! Checks of patches, of writes to rows that match a filter, and of dry runs.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::{
    bench::{Bench, TestStore, ensure, ensure_eq},
    rows::name,
};
use crate::{
    error::{Error, Result},
    schema::{Patch, Value},
    store::{Atomicity, Expect, Outcome, Returning, Write, WriteBatch, query::parse},
    validate,
};

fn part() -> Json {
    json!({
        "name": "part", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "name", "type": "string", "max_length": 20},
                   {"name": "n", "type": "integer", "default": 9},
                   {"name": "code", "type": "string", "max_length": 20, "nullable": true, "unique": true},
                   {"name": "data", "type": "json", "nullable": true}],
        "meta": {"scans": true},
    })
}

fn patch(test: &TestStore<'_>, storage: &str, changes: &Json) -> Result<Arc<Patch>> {
    let changes = changes.as_object().cloned().unwrap_or_default();
    validate::patch(&test.in_force(storage)?, changes).map(Arc::new).map_err(Error::Invalid)
}

fn patched(test: &TestStore<'_>, id: i64, changes: &Json, expect: Expect) -> Result<Write> {
    Ok(Write::patch(Value::Integer(id), patch(test, "part", changes)?, expect))
}

/// Returns the condition that a part matches this filter.
fn matches(test: &TestStore<'_>, filter: &Json) -> Result<Expect> {
    let parameters = [("where".to_owned(), filter.to_string())];
    let query = parse::parameters(&test.in_force("part")?.definition, &parameters)?;
    let filter = query.filter.ok_or_else(|| Error::internal("no filter"))?;
    Ok(Expect::Matches(Arc::new(filter)))
}

/// Returns the fields of a part and its version; null if there is none.
async fn read(test: &TestStore<'_>, id: i64) -> Result<Json> {
    let definition = test.in_force("part")?.definition.clone();
    Ok(match test.get("part", json!(id)).await? {
        Some(row) => plain(&row.to_json(&definition)),
        None => Json::Null,
    })
}

fn plain(row: &Json) -> Json {
    json!([row["name"], row["n"], row["data"], row["version"]])
}

pub(super) async fn a_patch_changes_only_the_fields_it_names(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, part()).await?;
    test.save("part", json!({"id": 1, "name": "bolt"})).await?;
    // Each step: the patch, the condition, the outcome, and the row afterwards.
    for (step, (changes, expect, expected, row)) in [
        (json!({"n": 1}), Expect::Anything, "updated", json!(["bolt", 1, null, 2])),
        (
            json!({"data": {"a": 1, "b": {"c": 2}}}),
            Expect::Exactly(2),
            "updated",
            json!(["bolt", 1, {"a": 1, "b": {"c": 2}}, 3]),
        ),
        (
            json!({"data": {"a": null, "b": {"d": 3}}}),
            Expect::Exists,
            "updated",
            json!(["bolt", 1, {"b": {"c": 2, "d": 3}}, 4]),
        ),
        (
            json!({"data": {"a": 4}, "name": "nut"}),
            Expect::Exactly(3),
            "refused",
            json!(["bolt", 1, {"b": {"c": 2, "d": 3}}, 4]),
        ),
        (json!({"data": [1], "name": "nut"}), Expect::Version(4), "updated", json!(["nut", 1, [1], 5])),
        (json!({"data": {"a": 1}}), Expect::Anything, "updated", json!(["nut", 1, {"a": 1}, 6])),
        (json!({"data": null}), Expect::Anything, "updated", json!(["nut", 1, null, 7])),
        (json!({}), Expect::Anything, "updated", json!(["nut", 1, null, 8])),
        (json!({"n": 2}), Expect::Absent, "refused", json!(["nut", 1, null, 8])),
    ]
    .into_iter()
    .enumerate()
    {
        let outcome = test.write(patched(&test, 1, &changes, expect)?).await?;
        ensure_eq(&format!("step {step}"), name(&outcome), expected)?;
        ensure_eq(&format!("the row after step {step}"), &read(&test, 1).await?, &row)?;
        if let Outcome::Updated(stored) = outcome {
            ensure_eq(&format!("the outcome of step {step}"), plain(&stored.to_json()), row)?;
        }
    }
    for (expect, expected) in [
        (Expect::Anything, "missing"),
        (Expect::Version(1), "missing"),
        (Expect::Absent, "missing"),
        (Expect::Exactly(1), "refused"),
        (Expect::Exists, "refused"),
    ] {
        let outcome = test.write(patched(&test, 2, &json!({"name": "x", "n": 1}), expect.clone())?).await?;
        ensure_eq(&format!("a missing row, {expect:?}"), name(&outcome), expected)?;
    }
    // Patches see what earlier writes of the batch have done.
    let writes = vec![
        test.put("part", &json!({"id": 3, "name": "cog", "data": {"a": 1}}), Expect::Anything)?,
        patched(&test, 3, &json!({"data": {"b": 2}}), Expect::Exactly(1))?,
        patched(&test, 3, &json!({"data": {"a": null}, "n": 3}), Expect::Anything)?,
        Write::delete(test.in_force("part")?, Value::Integer(1), Expect::Anything),
        patched(&test, 1, &json!({"n": 3}), Expect::Anything)?,
    ];
    for returning in [Returning::Keys, Returning::Rows] {
        let batch = WriteBatch { returning, is_dry_run: true, ..WriteBatch::independent(writes.clone()) };
        test.store.write(batch).await?;
    }
    let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
    let names: Vec<&str> = outcomes.iter().map(name).collect();
    ensure_eq("in order", names, vec!["created", "updated", "updated", "deleted", "missing"])?;
    ensure_eq("the row", read(&test, 3).await?, json!(["cog", 3, {"b": 2}, 3]))
}

pub(super) async fn a_patch_leaves_what_did_not_fit_alone(bench: &dyn Bench) -> Result<()> {
    let auto = json!({"name": "auto", "key": {"name": "_id", "type": "id"}, "meta": {"auto": true},
                      "fields": [{"name": "n", "type": "long", "nullable": true}]});
    let test = TestStore::with(bench, auto).await?;
    let write = test.put("auto", &json!({"_id": "a", "_extra": {"n": "one", "x": 1}}), Expect::Anything)?;
    test.write(write).await?;
    for (changes, expected) in [
        (json!({"n": 1}), json!([1, {"n": "one", "x": 1}])),
        (json!({"_extra": {"n": null, "y": 2}}), json!([1, {"x": 1, "y": 2}])),
        (json!({"_extra": null}), json!([1, null])),
    ] {
        let write = Write::patch(Value::Text("a".into()), patch(&test, "auto", &changes)?, Expect::Anything);
        test.write(write).await?;
        let found =
            [test.field("auto", json!("a"), "n").await?, test.field("auto", json!("a"), "_extra").await?];
        ensure_eq(&changes.to_string(), json!(found), expected)?;
    }
    Ok(())
}

pub(super) async fn rows_that_do_not_match_are_left_alone(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, part()).await?;
    let mut writes = Vec::new();
    for id in 0..10 {
        writes.push(test.put(
            "part",
            &json!({"id": id, "name": "p", "n": id, "data": {"a": id}}),
            Expect::Anything,
        )?);
    }
    test.store.write(WriteBatch::independent(writes)).await?;
    let batch = |filter: Json, changes: Option<Json>| -> Result<WriteBatch> {
        let expect = matches(&test, &filter)?;
        let in_force = test.in_force("part")?;
        // Some of the keys have no row.
        let writes = (0..12).map(|id| match &changes {
            Some(changes) => patched(&test, id, changes, expect.clone()),
            None => Ok(Write::delete(in_force.clone(), Value::Integer(id), expect.clone())),
        });
        Ok(WriteBatch::until_failure(writes.collect::<Result<_>>()?))
    };
    for (filter, changes, expected) in [
        (json!({"n": {"lt": 3}}), Some(json!({"name": "small"})), vec![0, 1, 2]),
        (json!({"data.a": {"gte": 8}}), Some(json!({"data": {"a": null}})), vec![8, 9]),
        (json!({"id": {"in": [4, 5, 11]}}), Some(json!({"n": 50})), vec![4, 5]),
        (json!({"version": 1}), Some(json!({"name": "first"})), vec![3, 6, 7]),
        (json!({"name": "none"}), Some(json!({"n": 7})), vec![]),
        (json!({"or": [{"n": 50}, {"not": {"version": 2}}]}), None, vec![4, 5]),
        (json!({"n": {"isnull": false}}), None, vec![0, 1, 2, 3, 6, 7, 8, 9]),
    ] {
        let outcomes = test.store.write(batch(filter.clone(), changes)?).await?;
        let written = (0..).zip(&outcomes).filter(|(_, outcome)| name(outcome) != "unmatched");
        ensure_eq(&filter.to_string(), written.map(|(id, _)| id).collect::<Vec<i32>>(), expected)?;
        ensure("a row that does not match is no failure", !outcomes.iter().any(Outcome::is_failure))?;
    }
    ensure_eq("the rows afterwards", test.walk("part", "100", None).await?, Vec::new())
}

/// More rows than one part of a transaction.
const MANY: i64 = 3_000;

pub(super) async fn a_batch_ends_at_its_first_failure(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, part()).await?;
    let mut writes = Vec::new();
    for id in 0..MANY {
        let data = if id == 2_500 { json!({"code": 1}) } else { json!(null) };
        writes.push(test.put("part", &json!({"id": id, "name": "p", "data": data}), Expect::Anything)?);
    }
    test.store.write(WriteBatch::independent(writes)).await?;
    test.save("part", json!({"id": MANY, "name": "p", "code": "taken"})).await?;
    let head = test.store.span().await?.last;
    let all = matches(&test, &json!({"name": "p"}))?;
    let (plain, taken) =
        (patch(&test, "part", &json!({"n": 1}))?, patch(&test, "part", &json!({"code": "taken"}))?);
    for failing in [vec![0], vec![1_234], vec![2_999], vec![700, 2_900]] {
        let writes = (0..MANY).map(|id| {
            let patch = if failing.contains(&id) { &taken } else { &plain };
            Write::patch(Value::Integer(id), patch.clone(), all.clone())
        });
        let outcomes = test.store.write(WriteBatch::until_failure(writes.collect())).await?;
        ensure_eq("the outcomes", outcomes.len(), 3_000)?;
        let invalid = (0..).zip(&outcomes).filter(|(_, outcome)| name(outcome) == "invalid");
        let invalid: Vec<i64> = invalid.map(|(id, _)| id).collect();
        ensure_eq("the first failure", invalid.as_slice(), failing.get(..1).unwrap_or_default())?;
        let rest = outcomes.iter().filter(|outcome| name(outcome) == "rolled back").count();
        ensure_eq("the other writes", rest, 2_999)?;
    }
    ensure_eq("nothing is logged", test.store.span().await?.last, head)?;
    ensure_eq("nothing is changed", read(&test, 0).await?, json!(["p", 9, null, 1]))?;
    let writes = (0..MANY).map(|id| Write::patch(Value::Integer(id), plain.clone(), all.clone()));
    let outcomes = test.store.write(WriteBatch::until_failure(writes.collect())).await?;
    ensure("without a failure all are written", outcomes.iter().all(|outcome| name(outcome) == "updated"))?;
    ensure_eq("the last row", read(&test, MANY - 1).await?, json!(["p", 1, null, 2]))
}

pub(super) async fn a_dry_run_stores_nothing(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, part()).await?;
    test.save("part", json!({"id": 1, "name": "p", "code": "taken"})).await?;
    let head = test.store.span().await?.last;
    let put = |id: i64, code: &str| {
        test.put("part", &json!({"id": id, "name": "p", "code": code}), Expect::Anything)
    };
    let writes = vec![
        put(2, "new")?,
        put(3, "taken")?,
        put(1, "taken")?,
        put(3, "taken")?,
        patched(&test, 2, &json!({"n": 1}), Expect::Exactly(1))?,
        Write::delete(test.in_force("part")?, Value::Integer(1), Expect::Exactly(9)),
    ];
    let expected = ["created", "invalid", "updated", "invalid", "updated", "refused"];
    let atomic = ["rolled back", "invalid", "rolled back", "invalid", "rolled back", "refused"];
    for (atomicity, expected) in [(Atomicity::Independent, expected), (Atomicity::AllOrNothing, atomic)] {
        let batch = WriteBatch { atomicity, is_dry_run: true, ..WriteBatch::independent(writes.clone()) };
        // Beside other writes, which are stored.
        let other = WriteBatch::independent(vec![put(100, "other")?]);
        let (dry, stored) = tokio::join!(test.store.write(batch), test.store.write(other));
        let names: Vec<&str> = dry?.iter().map(name).collect();
        ensure_eq(&format!("{atomicity:?}"), names.as_slice(), expected.as_slice())?;
        ensure("the other batch is stored", !stored?.iter().any(Outcome::is_failure))?;
        ensure_eq("no new row", read(&test, 2).await?, Json::Null)?;
        ensure_eq("the row", read(&test, 1).await?, json!(["p", 9, null, 1]))?;
    }
    ensure_eq("only the other batches are logged", test.store.span().await?.last, head + 2)?;
    let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
    let names: Vec<&str> = outcomes.iter().map(name).collect();
    ensure_eq("the same for real", names.as_slice(), expected.as_slice())
}

pub(super) async fn a_patch_for_an_old_version_is_refused(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, part()).await?;
    test.save("part", json!({"id": 1, "name": "p"})).await?;
    let change = patched(&test, 1, &json!({"n": 1}), Expect::Anything)?;
    let delete = Write::delete(test.in_force("part")?, Value::Integer(1), matches(&test, &json!({"n": 9}))?);
    let mut wider = part();
    if let Some(fields) = wider["fields"].as_array_mut() {
        fields.insert(0, json!({"name": "a", "type": "text", "default": ""}));
    }
    test.apply(wider).await?;
    let fine = test.put("part", &json!({"id": 2, "name": "q"}), Expect::Anything)?;
    for write in [change, delete] {
        let batch = WriteBatch::independent(vec![fine.clone(), write]);
        match test.store.write(batch).await {
            Err(Error::Moved(storage)) => ensure_eq("the storage", storage, "part".to_owned())?,
            other => return Err(Error::internal(format!("{other:?}"))),
        }
    }
    ensure_eq("nothing is written", read(&test, 2).await?, Json::Null)?;
    ensure_eq("the row", read(&test, 1).await?, json!(["p", 9, null, 1]))
}

pub(super) async fn an_atomic_batch_spans_storages(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, part()).await?;
    let mut other = part();
    other["name"] = json!("spare");
    test.declare(other).await?;
    test.save("part", json!({"id": 1, "name": "p", "code": "taken"})).await?;
    let writes = |code: &str| -> Result<Vec<Write>> {
        Ok(vec![
            test.put("spare", &json!({"id": 1, "name": "s"}), Expect::Absent)?,
            patched(&test, 1, &json!({"n": 1}), Expect::Exactly(1))?,
            test.put("part", &json!({"id": 2, "name": "q", "code": code}), Expect::Anything)?,
            Write::delete(test.in_force("spare")?, Value::Integer(1), Expect::Exactly(1)),
            test.put("spare", &json!({"id": 2, "name": "s"}), Expect::Anything)?,
        ])
    };
    let names = |outcomes: &[Outcome]| outcomes.iter().map(name).collect::<Vec<_>>();
    let failed = test.store.write(WriteBatch::atomic(writes("taken")?)).await?;
    let back = "rolled back";
    ensure_eq("a failing batch", names(&failed), vec![back, back, "invalid", back, back])?;
    ensure_eq("no row", test.get("spare", json!(2)).await?, None)?;
    ensure_eq("the row", read(&test, 1).await?, json!(["p", 9, null, 1]))?;
    let done = test.store.write(WriteBatch::atomic(writes("free")?)).await?;
    let expected = vec!["created", "updated", "created", "deleted", "created"];
    ensure_eq("a batch without failures", names(&done), expected)?;
    ensure("a row of the other storage", test.get("spare", json!(2)).await?.is_some())
}

pub(super) async fn large_rows_are_patched_part_by_part(bench: &dyn Bench) -> Result<()> {
    const ROWS: i64 = 90;
    let test = TestStore::with(bench, part()).await?;
    let text = "x".repeat(500_000);
    for id in 0..ROWS {
        test.save("part", json!({"id": id, "name": "p", "data": {"text": text, "n": id}})).await?;
    }
    let merge = |code: Json| {
        let patch = patch(&test, "part", &json!({"data": {"m": 1}, "code": code}))?;
        let expect = matches(&test, &json!({"n": 9}))?;
        let write = |id| Write::patch(Value::Integer(id), patch.clone(), expect.clone());
        Ok::<_, Error>((0..ROWS).map(write).collect::<Vec<_>>())
    };
    let outcomes = test.store.write(WriteBatch::until_failure(merge(Json::Null)?)).await?;
    ensure("all are updated", outcomes.iter().all(|outcome| name(outcome) == "updated"))?;
    let last = read(&test, ROWS - 1).await?;
    ensure_eq("a row", (&last[2]["m"], &last[2]["n"], &last[3]), (&json!(1), &json!(ROWS - 1), &json!(2)))?;
    let outcomes = test.store.write(WriteBatch::until_failure(merge(json!("same"))?)).await?;
    let failed = outcomes.iter().filter(|outcome| name(outcome) == "invalid").count();
    ensure_eq("the second row that gets the same code", (failed, name(&outcomes[1])), (1, "invalid"))?;
    ensure_eq("nothing is written", read(&test, 0).await?[3].clone(), json!(2))
}
