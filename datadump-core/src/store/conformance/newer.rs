//! Writes that keep newer rows.

use serde_json::json;

use super::{
    bench::{Bench, TestStore, dog, ensure_eq},
    rows::name,
};
use crate::{
    clock::Timestamp,
    error::Result,
    store::{Expect, Outcome, WriteBatch},
};

pub(super) async fn a_row_that_is_newer_than_the_write_is_kept(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    // Each step: the age of the write compared to the row, whether it names the row's version, the color, the
    // outcome.
    for (step, (age, versioned, color, expected)) in [
        (0, false, "red", "created"),
        (-1, false, "blue", "superseded"),
        (-1, false, "red", "unchanged"),
        (0, false, "blue", "updated"),
        (1, false, "green", "updated"),
        (-1, true, "black", "updated"),
        (-1, false, "blue", "superseded"),
    ]
    .into_iter()
    .enumerate()
    {
        let before = test.get("dog", json!("A")).await?;
        let written = before.as_ref().map_or(0, |row| row.updated_at.micros());
        let moment = Timestamp::from_micros(written + age).unwrap_or(Timestamp::MIN);
        let version = before.as_ref().map(|row| row.version);
        let expect = Expect::NotSince(moment, version.filter(|_| versioned));
        let record = json!({"chip_id": "A", "color": color});
        let write = test.put("dog", &record, expect.clone())?;
        let outcome = test.write(write.clone()).await?;
        ensure_eq(&format!("step {step}"), name(&outcome), expected)?;
        let after = test.get("dog", json!("A")).await?;
        if let Outcome::Superseded(current) = &outcome {
            ensure_eq("the current row", Some(&current.row), after.as_ref())?;
            ensure_eq("the row", before, after)?;
            // Nothing else of an all-or-nothing batch is written either.
            let other = test.put("dog", &json!({"chip_id": format!("B{step}")}), expect)?;
            let outcomes = test.store.write(WriteBatch::atomic(vec![other, write])).await?;
            let names: Vec<&str> = outcomes.iter().map(name).collect();
            ensure_eq("the batch", names.as_slice(), &["rolled back", "superseded"][..])?;
            ensure_eq("the other row", test.get("dog", json!(format!("B{step}"))).await?, None)?;
        }
    }
    Ok(())
}

pub(super) async fn rows_written_earlier_in_the_batch_are_not_newer(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    // Each batch writes one row several times. Whether the row is there and older or newer, what is written, the
    // outcomes, and the color and version at the end.
    for (step, (before, colors, expected, color, version)) in [
        (None, &["red", "blue", "green"][..], &["created", "updated", "updated"][..], "green", 3),
        (Some(1), &["red", "red", "green"], &["updated", "unchanged", "updated"], "green", 3),
        (Some(-1), &["red", "blue"], &["superseded", "superseded"], "black", 1),
        (Some(-1), &["black", "blue"], &["unchanged", "superseded"], "black", 1),
    ]
    .into_iter()
    .enumerate()
    {
        for is_merge in [false, true] {
            let key = format!("{step} {is_merge}");
            let mut moment = Timestamp::from_micros(1).unwrap_or(Timestamp::MIN);
            if let Some(age) = before {
                test.save("dog", json!({"chip_id": key, "color": "black"})).await?;
                let written = test.get("dog", json!(key)).await?.map_or(0, |row| row.updated_at.micros());
                moment = Timestamp::from_micros(written + age).unwrap_or(moment);
            }
            let mut writes = Vec::new();
            for color in colors {
                let record = json!({"chip_id": key, "color": color});
                let expect = Expect::NotSince(moment, None);
                writes.push(match is_merge {
                    true => test.merge("dog", &record, expect)?,
                    false => test.put("dog", &record, expect)?,
                });
            }
            let outcomes = test.store.write(WriteBatch::independent(writes.clone())).await?;
            let names: Vec<&str> = outcomes.iter().map(name).collect();
            ensure_eq(&format!("the outcomes of {key}"), names.as_slice(), expected)?;
            ensure_eq(&key, test.field("dog", json!(key), "color").await?, json!(color))?;
            ensure_eq(&key, test.field("dog", json!(key), "version").await?, json!(version))?;
            // The rows of another batch are.
            let outcomes = test.store.write(WriteBatch::atomic(writes)).await?;
            let is_kept = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Superseded(_)));
            ensure_eq(&format!("the row of {key} is kept"), is_kept, true)?;
        }
    }
    Ok(())
}

pub(super) async fn rows_written_before_a_refused_one_are_not_newer(bench: &dyn Bench) -> Result<()> {
    let definition = json!({
        "name": "tag", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "code", "type": "string", "max_length": 20, "unique": true, "nullable": true},
                   {"name": "size", "type": "integer"}],
    });
    let test = TestStore::with(bench, definition).await?;
    for (id, code) in [(1, "taken"), (2, "two"), (3, "three")] {
        test.save("tag", json!({"id": id, "code": code, "size": 0})).await?;
    }
    for id in [2, 10] {
        let moment = test.get("tag", json!(3)).await?.map_or(Timestamp::MIN, |row| row.updated_at);
        let mut writes = Vec::new();
        // Rows that the database refuses stand between the writes of the row.
        for size in 1..=5 {
            let expect = Expect::NotSince(moment, None);
            writes.push(test.put("tag", &json!({"id": id, "code": null, "size": size}), expect.clone())?);
            writes.push(test.put("tag", &json!({"id": 3, "code": "taken", "size": size}), expect.clone())?);
            writes.push(test.put("tag", &json!({"id": 99, "code": "taken", "size": size}), expect)?);
        }
        let outcomes = test.store.write(WriteBatch::independent(writes)).await?;
        for (place, outcome) in outcomes.iter().enumerate() {
            let expected = match place {
                0 if id == 10 => "created",
                _ if place % 3 == 0 => "updated",
                _ => "invalid",
            };
            ensure_eq(&format!("write {place} with row {id}"), name(outcome), expected)?;
        }
        ensure_eq("the row", test.field("tag", json!(id), "size").await?, json!(5))?;
        ensure_eq("the refused row", test.get("tag", json!(99)).await?, None)?;
    }
    Ok(())
}
