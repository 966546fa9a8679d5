//! Checks of migrations.

use serde_json::{Value as Json, json};

use super::bench::{Bench, TestStore, dog, ensure, ensure_eq};
use crate::{
    error::{Error, Result},
    store::{Expect, Outcome, State, WriteBatch},
};

/// Opens a dog storage with two rows.
pub(super) async fn two_dogs(bench: &dyn Bench) -> Result<TestStore<'_>> {
    let test = TestStore::with(bench, dog()).await?;
    test.save("dog", json!({"chip_id": "A", "color": "red", "collar_size": 7})).await?;
    test.save("dog", json!({"chip_id": "B", "color": null, "collar_size": 8})).await?;
    Ok(test)
}

pub(super) fn with_field(field: &Json) -> Json {
    let mut definition = dog();
    if let Some(fields) = definition["fields"].as_array_mut() {
        fields.push(field.clone());
    }
    definition
}

pub(super) async fn existing_rows_get_the_default_of_a_new_field(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let mut definition = dog();
    let fields = [
        (json!({"name": "b", "type": "boolean", "default": true}), json!(true)),
        (json!({"name": "i", "type": "integer", "default": -5, "db_index": true}), json!(-5)),
        (json!({"name": "l", "type": "long", "default": i64::MIN}), json!(i64::MIN)),
        (json!({"name": "f", "type": "float", "default": 0.1}), json!(0.1)),
        (
            json!({"name": "d", "type": "decimal", "precision": 5, "scale": 2, "default": "1.50"}),
            json!("1.50"),
        ),
        (
            json!({"name": "u", "type": "uuid", "default": "018f0000-0000-7000-8000-000000000001"}),
            json!("018f0000-0000-7000-8000-000000000001"),
        ),
        (json!({"name": "day", "type": "date", "default": "2024-02-29"}), json!("2024-02-29")),
        (json!({"name": "clock", "type": "time", "default": "12:30:00.5"}), json!("12:30:00.500000")),
        (
            json!({"name": "t", "type": "timestamp", "default": "2024-02-29T12:00:00.25+02:00"}),
            json!("2024-02-29T10:00:00.250000Z"),
        ),
        (json!({"name": "j", "type": "json", "default": {"a": [1, "'"]}}), json!({"a": [1, "'"]})),
        (json!({"name": "bin", "type": "binary", "default": "AP8="}), json!("AP8=")),
        (
            json!({"name": "e", "type": "enum", "values": ["x", "y"], "default": "y", "required": true}),
            json!("y"),
        ),
        (json!({"name": "n", "type": "text", "nullable": true}), json!(null)),
    ];
    for (field, _) in &fields {
        if let Some(list) = definition["fields"].as_array_mut() {
            list.push(field.clone());
        }
    }
    test.apply(definition).await?;
    for (field, expected) in &fields {
        let name = field["name"].as_str().unwrap_or_default();
        ensure_eq(name, &test.field("dog", json!("A"), name).await?, expected)?;
    }
    ensure_eq("the row's version", test.field("dog", json!("A"), "version").await?, json!(1))
}

pub(super) async fn text_defaults_are_stored_verbatim(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let mut definition = dog();
    let texts = ["'", "''); DROP TABLE storage_dog; --", "\\", "\\'", "$1 ?", "\"", "\u{1}\n\t", "ä😀", ""];
    for (place, text) in texts.iter().enumerate() {
        let field = json!({"name": format!("t{place}"), "type": "text", "default": text});
        if let Some(list) = definition["fields"].as_array_mut() {
            list.push(field);
        }
    }
    test.declare(definition).await?;
    for (place, text) in texts.iter().enumerate() {
        ensure_eq(text, test.field("dog", json!("A"), &format!("t{place}")).await?, json!(text))?;
    }
    Ok(())
}

pub(super) async fn an_integer_field_with_indexes_becomes_a_long(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let mut definition = dog();
    definition["fields"][1] = json!({"name": "collar_size", "type": "integer", "default": 0, "unique": true});
    test.declare(definition.clone()).await?;
    definition["fields"][1]["type"] = json!("long");
    test.apply(definition).await?;
    let large = 5_000_000_000_i64;
    let outcome = test.save("dog", json!({"chip_id": "C", "collar_size": large})).await?;
    ensure("a long fits", matches!(outcome, Outcome::Created(_)))?;
    ensure_eq("the value", test.field("dog", json!("C"), "collar_size").await?, json!(large))?;
    ensure_eq("an old one", test.field("dog", json!("A"), "collar_size").await?, json!(7))?;
    let outcome = test.save("dog", json!({"chip_id": "D", "collar_size": 7})).await?;
    ensure("it is still unique", matches!(outcome, Outcome::Invalid(_)))
}

pub(super) async fn limits_can_be_widened(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let mut definition = dog();
    definition["fields"][0]["max_length"] = json!(64);
    test.declare(definition.clone()).await?;
    let long = "x".repeat(64);
    let outcome = test.save("dog", json!({"chip_id": "C", "color": long})).await?;
    ensure("a longer text fits", matches!(outcome, Outcome::Created(_)))?;
    definition["fields"][0] = json!({"name": "color", "type": "text", "nullable": true});
    test.declare(definition).await?;
    let longer = "x".repeat(10_000);
    let outcome = test.save("dog", json!({"chip_id": "C", "color": longer})).await?;
    ensure("any text fits", matches!(outcome, Outcome::Updated(_)))?;
    ensure_eq("the value", test.field("dog", json!("C"), "color").await?, json!(longer))
}

pub(super) async fn the_scale_of_a_decimal_can_change(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::open(bench).await?;
    let definition = |precision: u32, scale: u32| {
        json!({"name": "price", "key": {"name": "id", "type": "long"},
               "fields": [{"name": "d", "type": "decimal", "precision": precision, "scale": scale, "max": "200"}]})
    };
    test.declare(definition(6, 3)).await?;
    test.save("price", json!({"id": 1, "d": "123.000"})).await?;
    let examined = test.examine(&definition(4, 1)).await?;
    ensure_eq("violating", examined.iter().map(|(_, found)| found.violating).max(), Some(0))?;
    test.apply(definition(4, 1)).await?;
    ensure_eq("the value", test.field("price", json!(1), "d").await?, json!("123.0"))?;
    let mut narrower = definition(4, 2);
    if let Some(field) = narrower["fields"][0].as_object_mut() {
        field.remove("max");
    }
    let examined = test.examine(&narrower).await?;
    ensure_eq("violating", examined.iter().map(|(_, found)| found.violating).max(), Some(1))
}

pub(super) async fn violating_rows_fail_a_migration_without_changes(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let mut definition = dog();
    definition["fields"][0]["nullable"] = json!(false);
    let storage = test.declare(definition.clone()).await?;
    ensure_eq("its state", storage.migration.state, State::Failed)?;
    let reason = storage.migration.error.clone().unwrap_or_default();
    ensure(
        &format!("the reason names field and row: {reason}"),
        reason.contains("color") && reason.contains("\"B\""),
    )?;
    ensure("it is not migrating", !storage.is_migrating())?;
    ensure_eq("the version in force", test.in_force("dog")?.version, 1)?;
    let outcome = test.save("dog", json!({"chip_id": "C", "color": null})).await?;
    ensure("the old version stays in force", matches!(outcome, Outcome::Created(_)))?;
    for key in ["B", "C"] {
        test.save("dog", json!({"chip_id": key, "color": "blue"})).await?;
    }
    let storage = test.apply(definition).await?;
    ensure_eq("its version", storage.ready()?.version, 2)
}

pub(super) async fn duplicate_rows_fail_a_unique_index_without_changes(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    test.save("dog", json!({"chip_id": "C", "color": "red", "collar_size": 1})).await?;
    let mut definition = with_field(&json!({"name": "note", "type": "text", "nullable": true}));
    definition["fields"][0]["unique"] = json!(true);
    let storage = test.declare(definition.clone()).await?;
    ensure_eq("its state", storage.migration.state, State::Failed)?;
    let reason = storage.migration.error.clone().unwrap_or_default();
    ensure(&format!("the reason names the field: {reason}"), reason.contains("color"))?;
    let outcome = test.save("dog", json!({"chip_id": "D", "color": "red"})).await?;
    ensure("the old version stays in force", matches!(outcome, Outcome::Created(_)))?;
    for (key, color) in [("C", "blue"), ("D", "green")] {
        test.save("dog", json!({"chip_id": key, "color": color})).await?;
    }
    test.apply(definition).await?;
    let outcome = test.save("dog", json!({"chip_id": "E", "color": "red"})).await?;
    ensure("it is unique", matches!(outcome, Outcome::Invalid(_)))
}

pub(super) async fn a_field_is_renamed_converted_and_dropped(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let mut definition = dog();
    definition["fields"] = json!([
        {"name": "colour", "type": "string", "max_length": 32, "db_index": true, "nullable": true,
         "renamed_from": "color"},
        {"name": "collar_size", "type": "text", "default": "0"},
    ]);
    test.apply(definition.clone()).await?;
    ensure_eq("renamed", test.field("dog", json!("A"), "colour").await?, json!("red"))?;
    ensure_eq("converted", test.field("dog", json!("A"), "collar_size").await?, json!("7"))?;
    let (page, _) = test.list("dog", &[("colour", "red")]).await?;
    ensure_eq("found by its new name", page.rows.len(), 1)?;
    if let Some(fields) = definition["fields"].as_array_mut() {
        fields.pop();
    }
    let storage = test.apply(definition).await?;
    ensure_eq("dropped", test.field("dog", json!("A"), "collar_size").await?, json!(null))?;
    ensure("its name is remembered", storage.dropped.get("collar_size").is_some_and(|kind| kind == "text"))?;
    let outcome = test.save("dog", json!({"chip_id": "A", "colour": "blue"})).await?;
    ensure("rows can be written", matches!(outcome, Outcome::Updated(_)))
}

pub(super) async fn rows_validated_earlier_are_validated_again(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    let early = test.put("dog", &json!({"chip_id": "C", "color": "green"}), Expect::Anything)?;
    let misfit = test.put("dog", &json!({"chip_id": "D", "color": "x".repeat(20)}), Expect::Anything)?;
    let mut definition = with_field(&json!({"name": "note", "type": "text", "default": "none"}));
    definition["fields"][0]["max_length"] = json!(8);
    test.declare(definition).await?;
    let outcomes = test.store.write(WriteBatch::independent(vec![early, misfit])).await?;
    ensure("one that fits is stored", matches!(outcomes.first(), Some(Outcome::Created(_))))?;
    ensure("one that does not is refused", matches!(outcomes.get(1), Some(Outcome::Invalid(_))))?;
    ensure_eq("the new field", test.field("dog", json!("C"), "note").await?, json!("none"))
}

pub(super) async fn rows_written_during_a_migration_are_kept(bench: &dyn Bench) -> Result<()> {
    let test = TestStore::with(bench, dog()).await?;
    let writes = |from: usize, to: usize| -> Result<Vec<_>> {
        (from..to)
            .map(|n| {
                let record = json!({"chip_id": n.to_string(), "color": "red", "collar_size": n % 100});
                test.put("dog", &record, Expect::Anything)
            })
            .collect()
    };
    test.store.write(WriteBatch::independent(writes(0, 4000)?)).await?;
    let mut definition = dog();
    definition["fields"][0]["nullable"] = json!(false);
    definition["fields"][1] = json!({"name": "collar_size", "type": "long", "default": 0, "db_index": true});
    let queued = test.queue(definition).await?;
    let write = async {
        for n in 0..40 {
            test.store.write(WriteBatch::independent(writes(4000 + n * 10, 4010 + n * 10)?)).await?;
            // Also rows that the migration may have passed already.
            test.store.write(WriteBatch::independent(writes(n * 10, n * 10 + 10)?)).await?;
        }
        Ok::<_, Error>(())
    };
    let (migrated, written) = tokio::join!(test.store.migrate(queued.id), write);
    migrated?;
    written?;
    let storage = test.store.catalogue().find("dog")?;
    ensure_eq("its state", storage.migration.state, State::Applied)?;
    let (page, _) = test.list("dog", &[("count", "exact"), ("limit", "1")]).await?;
    ensure_eq("rows", page.count, crate::store::RowCount::Exactly(4400))?;
    for n in [0_usize, 17, 399, 4000, 4399] {
        let found = test.field("dog", json!(n.to_string()), "collar_size").await?;
        ensure_eq(&format!("row {n}"), found, json!(n % 100))?;
    }
    Ok(())
}

pub(super) async fn plans_count_violating_rows(bench: &dyn Bench) -> Result<()> {
    let test = two_dogs(bench).await?;
    test.save("dog", json!({"chip_id": "C", "color": "red", "collar_size": 100})).await?;
    let mut definition = dog();
    definition["fields"][0]["nullable"] = json!(false);
    definition["fields"][0]["unique"] = json!(true);
    definition["fields"][1]["max"] = json!(50);
    let examined = test.examine(&definition).await?;
    for (part, violating, example) in
        [("null", 1, json!("B")), ("max", 1, json!("C")), ("unique", 2, json!("A"))]
    {
        let found = examined.iter().find(|(detail, _)| detail.contains(part));
        let (_, found) =
            found.ok_or_else(|| Error::internal(format!("no change about {part}: {examined:?}")))?;
        ensure_eq(part, (found.scanned, found.violating), (3, violating))?;
        ensure(&format!("{part} names {example}: {found:?}"), found.examples.contains(&example))?;
    }
    Ok(())
}
