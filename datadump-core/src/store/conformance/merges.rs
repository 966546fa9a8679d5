//! Checks of merges: writes that change some fields of a row.

use futures_util::future::try_join_all;
use serde_json::{Value as Json, json};

use super::{
    bench::{Bench, TestStore, ensure, ensure_eq},
    rows::name,
};
use crate::{
    error::{Error, Result},
    schema::Value,
    store::{Expect, Outcome, Returning, Write, WriteBatch},
};

/// A storage with a required field, one with a default, one that is null, and unique fields.
fn cat() -> Json {
    json!({
        "name": "cat", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "name", "type": "string", "max_length": 20},
                   {"name": "lives", "type": "integer", "default": 9},
                   {"name": "color", "type": "text", "nullable": true},
                   {"name": "a", "type": "integer", "nullable": true},
                   {"name": "b", "type": "integer", "nullable": true}],
        "meta": {"unique_together": [["a", "b"]]},
    })
}

/// Returns the fields of a cat and its version.
async fn read(test: &TestStore<'_>, id: i64) -> Result<Json> {
    let definition = test.in_force("cat")?.definition.clone();
    let row = test.get("cat", json!(id)).await?.ok_or_else(|| Error::internal("the row is gone"))?;
    Ok(plain(&row.to_json(&definition)))
}

fn plain(row: &Json) -> Json {
    json!([row["name"], row["lives"], row["color"], row["version"]])
}

pub(super) async fn a_merge_changes_only_the_fields_that_were_sent(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, cat()).await?;
    // Each step: the fields, the condition, the outcome, and the row afterwards.
    for (step, (fields, expect, expected, row)) in [
        (json!({"name": "Tom"}), Expect::Different, "created", json!(["Tom", 9, null, 1])),
        (json!({"color": "grey"}), Expect::Different, "updated", json!(["Tom", 9, "grey", 2])),
        (json!({"color": "grey"}), Expect::Different, "unchanged", json!(["Tom", 9, "grey", 2])),
        (json!({"color": "grey"}), Expect::Anything, "updated", json!(["Tom", 9, "grey", 3])),
        (json!({}), Expect::Different, "unchanged", json!(["Tom", 9, "grey", 3])),
        (json!({}), Expect::Anything, "updated", json!(["Tom", 9, "grey", 4])),
        (json!({"lives": 8, "name": "Tim"}), Expect::Version(4), "updated", json!(["Tim", 8, "grey", 5])),
        (json!({"lives": 7}), Expect::Version(4), "refused", json!(["Tim", 8, "grey", 5])),
        (json!({"lives": 7}), Expect::Exactly(5), "updated", json!(["Tim", 7, "grey", 6])),
        (json!({"lives": 6}), Expect::Absent, "refused", json!(["Tim", 7, "grey", 6])),
        (json!({"color": null}), Expect::Exists, "updated", json!(["Tim", 7, null, 7])),
    ]
    .into_iter()
    .enumerate()
    {
        let mut record = fields;
        record["id"] = json!(1);
        let outcome = test.write(test.merge("cat", &record, expect)?).await?;
        ensure_eq(&format!("step {step}"), name(&outcome), expected)?;
        ensure_eq(&format!("the row after step {step}"), &read(&test, 1).await?, &row)?;
        // The outcome has the whole row.
        if let Outcome::Created(stored) | Outcome::Updated(stored) | Outcome::Unchanged(stored) = outcome {
            ensure_eq(&format!("the outcome of step {step}"), plain(&stored.to_json()), row)?;
        }
    }
    // A replacement sets the fields that are not sent to their defaults.
    let write = test.put("cat", &json!({"id": 1, "name": "Tom"}), Expect::Anything)?;
    ensure_eq("a replacement", name(&test.write(write).await?), "updated")?;
    ensure_eq("the replaced row", read(&test, 1).await?, json!(["Tom", 9, null, 8]))
}

pub(super) async fn a_merge_into_a_missing_row_needs_the_required_fields(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, cat()).await?;
    let merge = |id: i64, fields: Json| {
        let mut record = fields;
        record["id"] = json!(id);
        test.merge("cat", &record, Expect::Different)
    };
    let writes = vec![
        merge(1, json!({"color": "grey"}))?,
        merge(2, json!({"name": "Kit"}))?,
        merge(2, json!({"color": "grey"}))?,
        merge(1, json!({"name": "Tom"}))?,
        Write::delete(test.in_force("cat")?, Value::Integer(2), Expect::Exists),
        merge(2, json!({"color": "red"}))?,
        test.put("cat", &json!({"id": 1, "color": "red"}), Expect::Anything)?,
    ];
    let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
    let names: Vec<&str> = outcomes.iter().map(name).collect();
    let expected = ["invalid", "created", "updated", "created", "deleted", "invalid", "invalid"];
    ensure_eq("the outcomes", names, expected.to_vec())?;
    let missing = outcomes.iter().filter_map(|outcome| match outcome {
        Outcome::Invalid(faults) => {
            Some(faults.iter().map(|fault| (fault.code, fault.at.to_string())).collect())
        }
        _ => None,
    });
    let missing: Vec<Vec<(&str, String)>> = missing.collect();
    ensure_eq("the faults", missing, vec![vec![("missing", "name".to_owned())]; 3])?;
    ensure_eq("the row", read(&test, 1).await?, json!(["Tom", 9, null, 1]))?;
    ensure_eq("no row", test.get("cat", json!(2)).await?, None)
}

pub(super) async fn a_merge_keeps_what_did_not_fit_a_field(bench: &dyn Bench) -> Result<()> {
    let auto = json!({"name": "auto", "key": {"name": "_id", "type": "id"}, "meta": {"auto": true},
                      "fields": [{"name": "n", "type": "long", "nullable": true},
                                 {"name": "t", "type": "text", "nullable": true}]});
    let test = TestStore::with(bench, auto).await?;
    // Each step: the record, and `n`, `_extra` and the version afterwards.
    for (step, (record, expected)) in [
        (json!({"n": 1}), json!([1, null, 1])),
        (json!({"n": null, "_extra": {"n": "one", "x y": [1]}}), json!([null, {"n": "one", "x y": [1]}, 2])),
        (json!({"n": null, "_extra": {"n": "one"}}), json!([null, {"n": "one", "x y": [1]}, 2])),
        (json!({"t": "a"}), json!([null, {"n": "one", "x y": [1]}, 3])),
        (json!({"_extra": {"x y": [1]}}), json!([null, {"n": "one", "x y": [1]}, 3])),
        (json!({"_extra": {"z z": 2}}), json!([null, {"n": "one", "x y": [1], "z z": 2}, 4])),
        (json!({"n": 2}), json!([2, {"x y": [1], "z z": 2}, 5])),
        (json!({"n": 2}), json!([2, {"x y": [1], "z z": 2}, 5])),
        (json!({"_extra": null}), json!([2, null, 6])),
        (json!({"n": null, "_extra": {"n": "two"}}), json!([null, {"n": "two"}, 7])),
        (json!({"n": 3}), json!([3, null, 8])),
    ]
    .into_iter()
    .enumerate()
    {
        for returning in [Returning::Keys, Returning::Rows] {
            let mut record = record.clone();
            record["_id"] = json!(format!("{returning:?}"));
            let write = test.merge("auto", &record, Expect::Different)?;
            test.store.write(WriteBatch { returning, ..WriteBatch::independent(vec![write]) }).await?;
            let definition = test.in_force("auto")?.definition.clone();
            let row = test.get("auto", record["_id"].clone()).await?;
            let row = row.map(|row| row.to_json(&definition)).unwrap_or_default();
            let found = json!([row["n"], row["_extra"], row["_version"]]);
            ensure_eq(&format!("step {step}, {returning:?}"), &found, &expected)?;
        }
    }
    // Each merge reads and writes all of `_extra`, so it has a limit. A replacement may be larger.
    let long = "x".repeat(40_000);
    let merge =
        |name: &str| test.merge("auto", &json!({"_id": "a", "_extra": {name: long}}), Expect::Anything);
    ensure_eq("the first", name(&test.write(merge("one")?).await?), "created")?;
    ensure_eq("the same again", name(&test.write(merge("one")?).await?), "updated")?;
    ensure_eq("the second", name(&test.write(merge("two")?).await?), "invalid")?;
    let both = json!({"_id": "a", "_extra": {"one": long, "two": long}});
    ensure_eq("both", name(&test.write(test.put("auto", &both, Expect::Anything)?).await?), "updated")
}

pub(super) async fn a_merged_row_is_valid_as_a_whole(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, cat()).await?;
    test.save("cat", json!({"id": 1, "name": "Tom", "a": 1, "b": 1})).await?;
    test.save("cat", json!({"id": 2, "name": "Kit", "a": 1, "b": 2})).await?;
    let writes = vec![
        test.merge("cat", &json!({"id": 2, "b": 1}), Expect::Different)?,
        test.merge("cat", &json!({"id": 2, "color": "red"}), Expect::Different)?,
        test.merge("cat", &json!({"id": 3, "name": "new"}), Expect::Different)?,
    ];
    let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
    let names: Vec<&str> = outcomes.iter().map(name).collect();
    ensure_eq("the outcomes", names, vec!["invalid", "updated", "created"])?;
    let faults = outcomes.first().map(|outcome| format!("{outcome:?}")).unwrap_or_default();
    ensure("the fault is that of a unique index", faults.contains("unique"))?;
    ensure_eq("b", test.field("cat", json!(2), "b").await?, json!(2))?;
    ensure_eq("color", test.field("cat", json!(2), "color").await?, json!("red"))
}

pub(super) async fn a_failed_batch_undoes_its_merges(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, cat()).await?;
    test.save("cat", json!({"id": 1, "name": "Tom"})).await?;
    let merge = |id: i64, record: Json| {
        let mut record = record;
        record["id"] = json!(id);
        test.merge("cat", &record, Expect::Anything)
    };
    for is_failing in [true, false] {
        let last = if is_failing { json!({"color": "no name"}) } else { json!({"name": "Kit"}) };
        let mut writes = vec![
            merge(1, json!({"color": "grey"}))?,
            merge(1, json!({"lives": 1}))?,
            merge(2, json!({"name": "new"}))?,
            merge(2, json!({"lives": 2}))?,
        ];
        writes.push(merge(3, last)?);
        let outcomes = test.store.write(WriteBatch::atomic(writes)).await?;
        let failed = outcomes.iter().filter(|outcome| outcome.is_failure()).count();
        ensure_eq("failures", failed, if is_failing { 5 } else { 0 })?;
        let expected = if is_failing { json!(["Tom", 9, null, 1]) } else { json!(["Tom", 1, "grey", 3]) };
        ensure_eq("the existing row", read(&test, 1).await?, expected)?;
        let is_there = test.get("cat", json!(2)).await?.is_some();
        ensure_eq("the new row is there", is_there, !is_failing)?;
    }
    ensure_eq("the new row", read(&test, 2).await?, json!(["new", 2, null, 2]))
}

/// Number of fields of a wide storage.
const FIELDS: usize = 300;

fn wide() -> Json {
    let field = |n: usize| match n % 3 {
        0 => json!({"name": format!("f{n}"), "type": "integer", "default": n}),
        _ => json!({"name": format!("f{n}"), "type": "integer", "nullable": true}),
    };
    let fields: Vec<Json> = (0..FIELDS).map(field).collect();
    json!({"name": "wide", "key": {"name": "id", "type": "long"}, "fields": fields, "meta": {"scans": true}})
}

pub(super) async fn rows_with_different_fields_are_stored_like_whole_ones(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, wide()).await?;
    let in_force = test.in_force("wide")?;
    let default = |n: usize| if n.is_multiple_of(3) { json!(n) } else { Json::Null };
    // First new rows, in numbers for which a backend may use different statements, then changes of all of them
    // with new ones among them.
    let mut expected: Vec<Vec<Json>> = Vec::new();
    for (round, to) in [(0, 3), (1, 400), (2, 700), (3, 1_700)] {
        let mut writes = Vec::new();
        for id in 0..to {
            if expected.len() == id {
                expected.push((0..FIELDS).map(default).collect());
            }
            let mut record = json!({"id": id});
            // Few sets of fields, then as many as there are rows.
            let set = if round < 2 { id % 4 } else { id };
            for n in [set % FIELDS, (set * 7 + round) % FIELDS, (set * 31 + 5) % FIELDS] {
                let value = json!(id * 10 + round);
                record[format!("f{n}")] = value.clone();
                if let Some(slot) = expected.get_mut(id).and_then(|row| row.get_mut(n)) {
                    *slot = value;
                }
            }
            // Without a comparison a backend need not read the fields that were sent.
            let expect = if id.is_multiple_of(2) { Expect::Different } else { Expect::Anything };
            writes.push(test.merge("wide", &record, expect)?);
        }
        let returning = if round % 2 == 0 { Returning::Keys } else { Returning::Rows };
        let outcomes = test.store.write(WriteBatch { returning, ..WriteBatch::independent(writes) }).await?;
        ensure("all are written", !outcomes.iter().any(Outcome::is_failure))?;
        for (id, row) in expected.iter().enumerate() {
            let found = test.get("wide", json!(id)).await?.map(|row| row.to_json(&in_force.definition));
            let found = found.unwrap_or_default();
            let found: Vec<Json> = (0..FIELDS).map(|n| found[format!("f{n}")].clone()).collect();
            ensure(&format!("round {round}: row {id}"), found == *row)?;
        }
    }
    Ok(())
}

pub(super) async fn concurrent_merges_of_different_fields_are_all_kept(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, wide()).await?;
    // All of them may find that there is no row yet.
    const CLIENTS: usize = 24;
    for id in 0..10 {
        let merges = (0..CLIENTS).map(|n| {
            let record = json!({"id": id, format!("f{n}"): 1000 + n});
            let write = test.merge("wide", &record, Expect::Different);
            async { test.write(write?).await }
        });
        let outcomes = try_join_all(merges).await?;
        let created = outcomes.iter().filter(|outcome| name(outcome) == "created").count();
        let updated = outcomes.iter().filter(|outcome| name(outcome) == "updated").count();
        ensure_eq("outcomes", (created, updated), (1, CLIENTS - 1))?;
        for n in 0..CLIENTS {
            let value = test.field("wide", json!(id), &format!("f{n}")).await?;
            ensure_eq(&format!("field {n} of row {id}"), value, json!(1000 + n))?;
        }
    }
    Ok(())
}

pub(super) async fn a_batch_may_ask_for_keys_only(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, cat()).await?;
    let in_force = test.in_force("cat")?;
    let delete = |key| Write::delete(in_force.clone(), Value::Integer(key), Expect::Anything);
    let tom = json!({"id": 1, "name": "Tom"});
    let writes = vec![
        test.merge("cat", &tom, Expect::Different)?,
        test.merge("cat", &tom, Expect::Different)?,
        test.merge("cat", &json!({"id": 1, "lives": 1}), Expect::Version(1))?,
        test.put("cat", &tom, Expect::Exactly(2))?,
        test.merge("cat", &tom, Expect::Version(1))?,
        delete(1),
    ];
    let batch = WriteBatch { returning: Returning::Keys, ..WriteBatch::independent(writes) };
    let outcomes = test.store.write(batch).await?;
    let expected =
        [("created", 1), ("unchanged", 1), ("updated", 2), ("updated", 3), ("refused", 3), ("deleted", 3)];
    ensure_eq("the number of outcomes", outcomes.len(), expected.len())?;
    for (outcome, expected) in outcomes.iter().zip(expected) {
        let stored = match outcome {
            Outcome::Created(stored)
            | Outcome::Updated(stored)
            | Outcome::Unchanged(stored)
            | Outcome::Refused(Some(stored))
            | Outcome::Deleted(stored) => stored,
            other => return Err(Error::internal(format!("{other:?}"))),
        };
        ensure_eq("an outcome", (name(outcome), stored.row.version), expected)?;
        ensure_eq("its key", &stored.row.key, &Value::Integer(1))?;
        ensure("it has no values", stored.row.values.is_empty())?;
    }
    Ok(())
}
