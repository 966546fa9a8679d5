//! Checks of single rows, and of batches with several.

use serde_json::{Value as Json, json};

use super::bench::{Bench, TestStore, dog, ensure, ensure_eq};
use crate::{
    error::{Error, Result},
    schema::Value,
    store::{Expect, Outcome, Write, WriteBatch},
};

pub(super) fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Created(_) => "created",
        Outcome::Updated(_) => "updated",
        Outcome::Deleted(_) => "deleted",
        Outcome::Refused(_) => "refused",
        Outcome::Superseded(_) => "superseded",
        Outcome::Missing => "missing",
        Outcome::Unmatched => "unmatched",
        Outcome::VersionRequired => "version required",
        Outcome::Invalid(_) => "invalid",
        Outcome::Unchanged(_) => "unchanged",
        Outcome::Replaced(..) => "replaced",
        Outcome::RolledBack => "rolled back",
    }
}

pub(super) async fn every_kind_round_trips_even_after_a_restart(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, all_kinds()).await?;
    let records = records();
    for record in &records {
        let outcome = test.save("all", record.clone()).await?;
        ensure_eq("a new row", name(&outcome), "created")?;
    }
    let test = test.reopen().await?;
    read_back(&test, &records).await
}

/// A backend may store many rows by a different path than a single one. The rows and outcomes must be the
/// same.
pub(super) async fn many_rows_are_stored_like_single_ones(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, all_kinds()).await?;
    let all: Vec<Json> = (0..600)
        .zip(records().into_iter().cycle())
        .map(|(number, mut record)| {
            record["id"] = Json::from(format!("018f0000-0000-7000-8001-{number:012}"));
            record
        })
        .collect();
    let write = async |records: &[Json]| {
        let writes = records.iter().map(|record| test.put("all", record, Expect::Different));
        test.store.write(WriteBatch::independent(writes.collect::<Result<_>>()?)).await
    };
    let counted = |outcomes: &[Outcome], what| outcomes.iter().filter(|one| name(one) == what).count();
    let (first, second) = (write(&all[..400]).await?, write(&all).await?);
    ensure_eq("new rows", counted(&first, "created"), 400)?;
    ensure_eq("existing rows", counted(&second, "unchanged"), 400)?;
    ensure_eq("new rows among them", counted(&second, "created"), 200)?;
    read_back(&test, &all).await
}

/// Checks that each record is stored as it was sent.
async fn read_back(test: &TestStore<'_>, records: &[Json]) -> Result<()> {
    let definition = test.in_force("all")?.definition.clone();
    for record in records {
        let row = test.get("all", record["id"].clone()).await?;
        let row = row.ok_or_else(|| Error::internal("the row is gone"))?.to_json(&definition);
        for field in &definition.fields {
            let sent = record.get(field.name.as_str()).unwrap_or(&Json::Null);
            ensure_eq(field.name.as_str(), &row[field.name.as_str()], sent)?;
        }
    }
    Ok(())
}

/// Returns a storage with a field of each kind.
fn all_kinds() -> Json {
    json!({"name": "all", "key": {"name": "id", "type": "uuid"}, "fields": [
        {"name": "boolean", "type": "boolean", "nullable": true},
        {"name": "integer", "type": "integer", "nullable": true},
        {"name": "long", "type": "long", "nullable": true},
        {"name": "float", "type": "float", "nullable": true},
        {"name": "decimal", "type": "decimal", "precision": 18, "scale": 6, "nullable": true},
        {"name": "string", "type": "string", "max_length": 8, "nullable": true},
        {"name": "text", "type": "text", "nullable": true},
        {"name": "uuid", "type": "uuid", "nullable": true},
        {"name": "date", "type": "date", "nullable": true},
        {"name": "time", "type": "time", "nullable": true},
        {"name": "timestamp", "type": "timestamp", "nullable": true},
        {"name": "json", "type": "json", "nullable": true},
        {"name": "binary", "type": "binary", "nullable": true},
        {"name": "enum", "type": "enum", "values": ["a", "ä'\""], "nullable": true},
        {"name": "order", "type": "text", "nullable": true},
    ]})
}

/// Records for it: no values, the smallest and the largest.
fn records() -> [Json; 3] {
    [
        json!({"id": "00000000-0000-0000-0000-000000000000"}),
        json!({"id": "018f0000-0000-7000-8000-000000000001", "boolean": true, "integer": i32::MIN,
               "long": i64::MIN, "float": 5e-324, "decimal": "-999999999999.999999", "string": "12345678",
               "text": "", "uuid": "ffffffff-ffff-ffff-ffff-ffffffffffff", "date": "0001-01-01",
               "time": "00:00:00.000000", "timestamp": "0001-01-01T00:00:00.000000Z", "json": [],
               "binary": "", "enum": "a", "order": "'; DROP TABLE storage_all; --"}),
        json!({"id": "018f0000-0000-7000-8000-000000000002", "boolean": false, "integer": i32::MAX,
               "long": i64::MAX, "float": f64::MAX, "decimal": "0.000001", "string": "äöü😀",
               "text": "line\nline\t\"quote\" \\ \u{7f}", "date": "9999-12-31", "time": "23:59:59.999999",
               "timestamp": "9999-12-31T23:59:59.999999Z",
               "json": {"b": [1, 1.5, 1e300, null, true, "😀"], "a": {"": 18_446_744_073_709_551_615_u64}, "c": 100.0},
               "binary": "AAECAwD/", "enum": "ä'\""}),
    ]
}

pub(super) async fn a_write_with_an_unmet_condition_changes_nothing(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    let row = json!({"chip_id": "A", "color": "red"});
    // Each step: the condition, whether it is a deletion, the outcome, the version afterwards.
    for (step, (expect, delete, expected, version)) in [
        (Expect::Exists, false, "refused", None),
        (Expect::Exactly(1), false, "refused", None),
        (Expect::Anything, true, "missing", None),
        (Expect::Version(7), false, "created", Some(7)),
        (Expect::Absent, false, "refused", Some(7)),
        (Expect::Version(6), false, "refused", Some(7)),
        (Expect::Exactly(8), false, "refused", Some(7)),
        (Expect::Version(7), false, "updated", Some(8)),
        (Expect::Exactly(8), false, "updated", Some(9)),
        (Expect::Anything, false, "updated", Some(10)),
        (Expect::Exists, false, "updated", Some(11)),
        (Expect::Version(10), true, "refused", Some(11)),
        (Expect::Exactly(11), true, "deleted", None),
        (Expect::Absent, false, "created", Some(1)),
        (Expect::Keep(None), false, "unchanged", Some(1)),
        (Expect::Anything, true, "deleted", None),
        (Expect::Keep(None), false, "created", Some(1)),
    ]
    .into_iter()
    .enumerate()
    {
        let write = if delete {
            let in_force = test.in_force("dog")?;
            Write::delete(in_force, Value::Text("A".into()), expect)
        } else {
            test.put("dog", &row, expect)?
        };
        let outcome = test.write(write).await?;
        ensure_eq(&format!("step {step}"), name(&outcome), expected)?;
        let found = test.get("dog", json!("A")).await?;
        ensure_eq(&format!("version after step {step}"), found.as_ref().map(|row| row.version), version)?;
        if let Outcome::Refused(current) = outcome {
            ensure_eq("the current row of a refusal", current.map(|current| current.row), found)?;
        }
    }
    Ok(())
}

pub(super) async fn writes_of_one_batch_to_one_key_take_effect_in_order(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    let mut writes = Vec::new();
    for size in 0..50 {
        for key in ["A", "B"] {
            let record = json!({"chip_id": key, "collar_size": size});
            writes.push(test.put("dog", &record, Expect::Anything)?);
        }
    }
    let in_force = test.in_force("dog")?;
    let key = Value::Text("A".into());
    writes.push(Write::delete(in_force, key, Expect::Exactly(50)));
    writes.push(test.put("dog", &json!({"chip_id": "A", "collar_size": 99}), Expect::Absent)?);
    let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
    ensure_eq("the first", outcomes.first().map(name), Some("created"))?;
    ensure_eq("the last but one", outcomes.iter().rev().nth(1).map(name), Some("deleted"))?;
    ensure_eq("the last", outcomes.last().map(name), Some("created"))?;
    ensure_eq("A", test.field("dog", json!("A"), "collar_size").await?, json!(99))?;
    ensure_eq("A's version", test.field("dog", json!("A"), "version").await?, json!(1))?;
    ensure_eq("B", test.field("dog", json!("B"), "collar_size").await?, json!(49))?;
    ensure_eq("B's version", test.field("dog", json!("B"), "version").await?, json!(50))
}

pub(super) async fn a_row_that_violates_a_unique_index_does_not_affect_others(
    bench: &dyn Bench,
) -> Result<()> {
    let definition = json!({
        "name": "tag", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "code", "type": "string", "max_length": 20, "unique": true, "nullable": true},
                   {"name": "a", "type": "integer"}, {"name": "b", "type": "integer"}],
        "meta": {"unique_together": [["a", "b"]]},
    });
    let test = TestStore::with(bench, definition).await?;
    test.save("tag", json!({"id": 1000, "code": "taken", "a": -1, "b": -1})).await?;
    let mut writes = Vec::new();
    for id in 0..300 {
        let code = if id % 50 == 7 { json!("taken") } else { json!(format!("code {id}")) };
        let (a, b) = if id == 120 { (-1, -1) } else { (id, 0) };
        writes.push(test.put("tag", &json!({"id": id, "code": code, "a": a, "b": b}), Expect::Anything)?);
    }
    for id in 300..310 {
        writes.push(test.put("tag", &json!({"id": id, "code": null, "a": id, "b": 0}), Expect::Anything)?);
    }
    let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
    for (id, outcome) in outcomes.iter().enumerate() {
        let (bad_code, bad_pair) = (id < 300 && id % 50 == 7, id == 120);
        ensure_eq(
            &format!("row {id}"),
            name(outcome),
            if bad_code || bad_pair { "invalid" } else { "created" },
        )?;
        if let Outcome::Invalid(faults) = outcome {
            ensure_eq("code of the fault", faults.first().map(|fault| fault.code), Some("unique"))?;
            let field = if bad_code { "code" } else { "b" };
            ensure("the fault names the field", faults.iter().any(|f| f.detail.contains(field)))?;
        }
        let found = test.get("tag", json!(id)).await?.is_some();
        ensure_eq(&format!("row {id} is there"), found, !(bad_code || bad_pair))?;
    }
    // An update can violate the index too; then the row stays as it was.
    let outcome = test.save("tag", json!({"id": 0, "code": "taken", "a": 0, "b": 0})).await?;
    ensure_eq("an update to a taken code", name(&outcome), "invalid")?;
    ensure_eq("the row", test.field("tag", json!(0), "code").await?, json!("code 0"))
}

pub(super) async fn concurrent_increments_are_each_counted_once(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    test.save("dog", json!({"chip_id": "A", "collar_size": 0})).await?;
    let client = || async {
        let mut versions = Vec::new();
        while versions.len() < 100 {
            let row = test.get("dog", json!("A")).await?.ok_or_else(|| Error::internal("gone"))?;
            let size = row.to_json(&test.in_force("dog")?.definition)["collar_size"].as_i64();
            let next = json!({"chip_id": "A", "collar_size": size.unwrap_or(0) + 1});
            let write = test.put("dog", &next, Expect::Version(row.version))?;
            if let Outcome::Updated(stored) = test.write(write).await? {
                versions.push(stored.row.version);
            }
        }
        Ok::<_, Error>(versions)
    };
    let (a, b, c, d) = tokio::join!(client(), client(), client(), client());
    let mut versions = [a?, b?, c?, d?].concat();
    versions.sort_unstable();
    versions.dedup();
    ensure_eq("distinct versions", versions.len(), 400)?;
    ensure_eq("the sum", test.field("dog", json!("A"), "collar_size").await?, json!(400))
}

pub(super) async fn deleted_rows_are_gone(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    test.save("dog", json!({"chip_id": "A"})).await?;
    let in_force = test.in_force("dog")?;
    let key = Value::Text("A".into());
    let delete = Write::delete(in_force, key, Expect::Anything);
    ensure_eq("the first deletion", name(&test.write(delete.clone()).await?), "deleted")?;
    ensure_eq("the second", name(&test.write(delete).await?), "missing")?;
    let test = test.reopen().await?;
    ensure_eq("the row", test.get("dog", json!("A")).await?, None)
}

pub(super) async fn lists_show_the_newest_row_first(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    for key in ["A", "B", "C", "A"] {
        test.save("dog", json!({"chip_id": key})).await?;
    }
    let (page, _) = test.list("dog", &[]).await?;
    let keys: Vec<Json> = page
        .rows
        .iter()
        .map(|row| row.key.to_json(&crate::schema::Kind::Text { max_length: None }))
        .collect();
    ensure_eq("keys", keys, vec![json!("A"), json!("C"), json!("B")])?;
    let stamps: Vec<_> = page.rows.iter().map(|row| row.updated_at).collect();
    ensure("no two rows have the same time", stamps.windows(2).all(|pair| pair[0] > pair[1]))
}

pub(super) async fn rows_are_looked_up_until_a_size_is_reached(bench: &dyn Bench) -> Result<()> {
    const LONG: usize = 10_000;
    let note = json!({"name": "note", "key": {"name": "id", "type": "string", "max_length": 16},
                      "fields": [{"name": "text", "type": "text"}]});
    let test = TestStore::with(bench, note).await?;
    for key in ["c", "a", "b", "d"] {
        test.save("note", json!({"id": key, "text": "x".repeat(LONG)})).await?;
    }
    let in_force = test.in_force("note")?;
    let keys = ["d", "none", "a", "b", "c"].map(|key| Value::Text(key.into()));
    let text = |key: &Value| if let Value::Text(text) = key { text.clone() } else { String::new() };
    for (bytes, expected, looked_up) in
        [(usize::MAX, "dabc", 5), (1, "d", 1), (LONG + LONG / 2, "da", 3), (4 * LONG, "dabc", 5)]
    {
        let found = test.store.rows(&in_force, &keys, bytes).await?;
        let texts: String = found.rows.iter().map(|row| text(&row.key)).collect();
        ensure_eq(&format!("the rows of {bytes} bytes"), texts, expected.to_owned())?;
        ensure_eq(&format!("the keys of {bytes} bytes"), found.keys, looked_up)?;
        ensure("rows are complete", found.rows.iter().all(|row| row.size() > LONG))?;
    }
    let found = test.store.rows(&in_force, &[], 1).await?;
    ensure_eq("no keys", (found.rows.len(), found.keys), (0, 0))?;
    // A column that is not requested is not read; nothing else is missing.
    let (page, _) = test.list("note", &[("fields", "id")]).await?;
    ensure("a long text is left out", page.rows.len() == 4 && page.rows.iter().all(|row| row.size() < LONG))
}
