//! Checks of migrations that convert, drop and add fields.

use serde_json::{Value as Json, json};

use super::{
    bench::{Bench, TestStore, ensure, ensure_eq},
    migrations::{two_dogs, with_field},
};
use crate::{
    error::{Error, Result},
    schema::Value,
    store::{Expect, Outcome, RowCount, State, Write, WriteBatch},
};

pub(super) async fn rows_validated_earlier_are_carried_over(bench: &dyn Bench) -> Result<()> {
    let definition =
        |fields: Json| json!({"name": "m", "key": {"name": "id", "type": "long"}, "fields": fields});
    let test = TestStore::with(
        bench,
        definition(json!([
            {"name": "speed", "type": "text"},
            {"name": "count", "type": "long"},
            {"name": "from", "type": "text"},
            {"name": "gone", "type": "integer", "default": 1},
        ])),
    )
    .await?;
    let record = |id: i64, speed: &str| json!({"id": id, "speed": speed, "count": 5, "from": "a", "gone": 2});
    let early = test.put("m", &record(1, "1.75"), Expect::Anything)?;
    let misfit = test.put("m", &record(2, "fast"), Expect::Anything)?;
    test.declare(definition(json!([
        {"name": "speed", "type": "float"},
        {"name": "count", "type": "string", "max_length": 20},
        {"name": "source", "type": "string", "max_length": 8, "renamed_from": "from"},
    ])))
    .await?;
    let outcomes = test.store.write(WriteBatch::independent(vec![early, misfit])).await?;
    ensure("a row is converted as stored rows are", matches!(outcomes.first(), Some(Outcome::Created(_))))?;
    ensure("one that cannot be is refused", matches!(outcomes.get(1), Some(Outcome::Invalid(_))))?;
    for (field, expected) in [("speed", json!(1.75)), ("count", json!("5")), ("source", json!("a"))] {
        ensure_eq(field, test.field("m", json!(1), field).await?, expected)?;
    }
    Ok(())
}

pub(super) async fn dropped_names_can_be_used_again(bench: &dyn Bench) -> Result<()> {
    let definition =
        |fields: Json| json!({"name": "m", "key": {"name": "id", "type": "long"}, "fields": fields});
    let note = |default: Json| json!({"name": "note", "type": "text", "nullable": true, "default": default});
    let other = json!({"name": "n", "type": "integer", "default": 7});
    let mut test = TestStore::with(bench, definition(json!([note(json!("first"))]))).await?;
    let writes =
        (0..3000).map(|id| test.put("m", &json!({"id": id, "note": format!("note {id}")}), Expect::Anything));
    test.store.write(WriteBatch::independent(writes.collect::<Result<_>>()?)).await?;
    for round in 0..4 {
        test.apply(definition(json!([other]))).await?;
        test.save("m", json!({"id": 5000 + round, "n": 8})).await?;
        // With and without the values of the dropped field removed before the name is used again.
        if round % 2 == 0 {
            let id = test.in_force("m")?.storage;
            test.store.reclaim(id).await?;
        }
        let default = if round < 2 { json!(null) } else { json!(format!("default {round}")) };
        test.apply(definition(json!([other, note(default.clone())]))).await?;
        for key in [0, 2999, 5000 + round] {
            let found = test.field("m", json!(key), "note").await?;
            ensure_eq(&format!("the new field of row {key} in round {round}"), found, default.clone())?;
        }
        test.save("m", json!({"id": 1, "note": "again"})).await?;
        test = test.reopen().await?;
        ensure_eq("a new value", test.field("m", json!(1), "note").await?, json!("again"))?;
        ensure_eq("another field", test.field("m", json!(2), "n").await?, json!(7))?;
    }
    let (page, _) = test.list("m", &[("count", "exact"), ("limit", "1")]).await?;
    ensure_eq("rows", page.count, RowCount::Exactly(3004))
}

pub(super) async fn text_can_become_a_string(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let note = |kind: Json| {
        let mut note = json!({"name": "note", "nullable": true});
        if let (Some(note), Json::Object(kind)) = (note.as_object_mut(), kind) {
            note.extend(kind);
        }
        with_field(&note)
    };
    test.apply(note(json!({"type": "text"}))).await?;
    for (key, text) in [("A", "x".repeat(20)), ("B", "short".to_owned())] {
        test.save("dog", json!({"chip_id": key, "note": text})).await?;
    }
    let string = |max: u32| note(json!({"type": "string", "max_length": max, "db_index": true}));
    let storage = test.declare(string(10)).await?;
    ensure_eq("with a longer text", storage.migration.state, State::Failed)?;
    test.apply(string(20)).await?;
    let outcome = test.save("dog", json!({"chip_id": "C", "note": "x".repeat(21)})).await;
    ensure("the limit holds", outcome.is_err())?;
    let (page, _) = test.list("dog", &[("note", "short")]).await?;
    ensure_eq("found by the new index", page.rows.len(), 1)?;
    test.apply(string(40)).await?;
    let outcome = test.save("dog", json!({"chip_id": "C", "note": "x".repeat(40)})).await?;
    ensure("a longer string fits", matches!(outcome, Outcome::Created(_)))?;
    test.apply(note(json!({"type": "text"}))).await?;
    ensure_eq("the value", test.field("dog", json!("C"), "note").await?, json!("x".repeat(40)))
}

pub(super) async fn rows_written_during_a_conversion_are_converted(bench: &dyn Bench) -> Result<()> {
    let definition = |kind: &str| {
        json!({"name": "m", "key": {"name": "id", "type": "long"},
               "fields": [{"name": "n", "type": kind}, {"name": "other", "type": "integer", "default": 0}]})
    };
    let test = TestStore::with(bench, definition("long")).await?;
    let put = |id: i64, n: i64| test.put("m", &json!({"id": id, "n": n}), Expect::Anything);
    let writes = (0..6000).map(|id| put(id, id));
    test.store.write(WriteBatch::independent(writes.collect::<Result<_>>()?)).await?;
    let queued = test.queue(definition("float")).await?;
    let write = async {
        for n in 0_i64..60 {
            let old = test.in_force("m")?;
            let mut writes = vec![put(6000 + n, n)?, put(n * 100, n + 1)?, put(n * 100 + 1, n + 2)?];
            writes.push(Write::delete(old, Value::Integer(n * 100 + 2), Expect::Anything));
            test.store.write(WriteBatch::independent(writes)).await?;
        }
        Ok::<_, Error>(())
    };
    let (migrated, written) = tokio::join!(test.store.migrate(queued.id), write);
    migrated?;
    written?;
    let storage = test.store.catalogue().find("m")?;
    ensure_eq("its state", storage.migration.state, State::Applied)?;
    let (page, _) = test.list("m", &[("count", "exact"), ("limit", "1")]).await?;
    ensure_eq("rows", page.count, RowCount::Exactly(6000))?;
    for n in 0_i32..60 {
        for (key, expected) in [
            (6000 + n, json!(f64::from(n))),
            (n * 100, json!(f64::from(n + 1))),
            (n * 100 + 1, json!(f64::from(n + 2))),
            (n * 100 + 2, json!(null)),
            (n * 100 + 3, json!(f64::from(n * 100 + 3))),
        ] {
            ensure_eq(&format!("row {key}"), test.field("m", json!(key), "n").await?, expected)?;
        }
    }
    Ok(())
}
