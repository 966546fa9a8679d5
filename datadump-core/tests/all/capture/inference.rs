//! Schema inference for undeclared fields and values.

use serde_json::json;

use super::{Backend, Fixture, on_both};

on_both![
    the_first_throw_creates_a_storage,
    names_are_kept_and_values_without_a_column_go_to_extra,
    fields_beyond_the_column_limit_go_to_extra,
    a_mismatched_value_never_retypes_a_column,
    integers_become_floats_when_floats_come,
    throwing_an_id_twice_stores_it_once,
    an_inferred_storage_can_be_declared,
    formats_without_types_store_text,
];

async fn the_first_throw_creates_a_storage(fixture: Fixture) {
    let receipt = fixture.throw("inbox", r#"{"speed": "1.75"}"#).await;
    assert_eq!((receipt.format.as_str(), receipt.accepted, receipt.quarantined), ("json", 1, 0));
    assert_eq!(receipt.storages["inbox"], 1);
    let rows = fixture.rows("inbox").await;
    assert_eq!((rows.len(), &rows[0]["speed"]), (1, &json!("1.75")));
    assert_eq!(rows[0]["_id"], json!(receipt.throw_id));
    assert_eq!(rows[0]["_version"], 1);
    let fixture = fixture.reopen().await;
    assert_eq!(fixture.rows("inbox").await, rows);
    assert_eq!(fixture.dump.sources().get("inbox").unwrap().last_format.as_deref(), Some("json"));
}

async fn names_are_kept_and_values_without_a_column_go_to_extra(fixture: Fixture) {
    let long = "x".repeat(70);
    let body = format!(
        r#"{{"id": 1, "Id": 2, "key": "k", "version": 7, "created_at": "2026-01-31T12:00:00+01:00", "_id": "mine",
            "_x": 3, "{long}": 4, "nan": NaN, "inf": -Infinity, "big": 123456789012345678901234567890,
            "nul": "a\u0000b", "a.b": 5, "a b": 6, "a__lt": 7, "say \"hi\"": 8, "nested": {{"a": [1]}}, "": 9, "none": null}}"#
    );
    let receipt = fixture.throw("inbox", &body).await;
    assert_eq!((receipt.accepted, receipt.quarantined), (1, 0), "{receipt:?}");
    let row = fixture.dump.storage("inbox").unwrap().get("mine").await.unwrap().row;
    for (name, expected) in [
        ("_id", json!("mine")),
        ("id", json!(1)),
        ("key", json!("k")),
        ("version", json!(7)),
        ("created_at", json!("2026-01-31T11:00:00.000000Z")),
        ("big", json!("123456789012345678901234567890")),
        ("nul", json!("a\u{fffd}b")),
        ("a.b", json!(5)),
        ("a b", json!(6)),
        ("a__lt", json!(7)),
        ("say \"hi\"", json!(8)),
        ("nested", json!({"a": [1]})),
        ("_version", json!(1)),
    ] {
        assert_eq!(row[name], expected, "{name} in {row:#}");
    }
    let extra = json!({"Id": 2, "_x": 3, (long.as_str()): 4, "nan": "NaN", "inf": "-Infinity", "": 9});
    for (name, value) in extra.as_object().unwrap() {
        assert_eq!(&row["_extra"][name], value, "{name} in {row:#}");
    }
    assert_eq!(row["_extra"].as_object().unwrap().len(), 6, "{row:#}");
    let mut codes: Vec<&str> = receipt.warnings.iter().map(|warning| warning.code.as_str()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["name", "name", "name", "name_taken", "not_finite", "not_finite", "nul_replaced"]);
    // Names that look like operators and paths can be filtered on.
    for (name, value) in [("a.b", "5"), ("a__lt", "7"), ("a b", "6"), ("_id", "mine"), ("nested.a.0", "1")] {
        let found =
            fixture.dump.storage("inbox").unwrap().list(&[(name.into(), value.into())]).await.unwrap();
        assert_eq!(found.rows.len(), 1, "{name}");
    }
}

async fn fields_beyond_the_column_limit_go_to_extra(fixture: Fixture) {
    let fields: Vec<String> = (0..1_200).map(|n| format!("\"f{n}\": {n}")).collect();
    let receipt = fixture.throw("wide", format!("{{{}}}", fields.join(","))).await;
    assert_eq!((receipt.accepted, receipt.quarantined, receipt.truncated), (1, 0, true));
    let row = fixture.rows("wide").await.remove(0);
    for n in 0..1_200 {
        let name = format!("f{n}");
        let value = if row[&name].is_null() { &row["_extra"][&name] } else { &row[&name] };
        assert_eq!(value, &json!(n));
    }
    assert!(fixture.fields("wide").len() == 1_000);
    // Text takes more space in a row than numbers.
    let fields: Vec<String> =
        (0..1_200).map(|n| format!("\"f{n}\": \"a text of some length, number {n}\"")).collect();
    let receipt = fixture.throw("texts", format!("{{{}}}", fields.join(","))).await;
    assert_eq!((receipt.accepted, receipt.quarantined), (1, 0), "{receipt:?}");
}

async fn a_mismatched_value_never_retypes_a_column(fixture: Fixture) {
    fixture.throw("s", r#"[{"n": 1, "t": "x", "b": true, "at": "2026-01-01T00:00:00Z"}, {"n": 2}]"#).await;
    let receipt = fixture.throw("s", r#"{"_id": "a", "n": "two", "t": 2, "b": "true", "at": "soon"}"#).await;
    let row = fixture.dump.storage("s").unwrap().get("a").await.unwrap().row;
    assert_eq!(
        (&row["n"], &row["t"], &row["b"], &row["at"]),
        (&json!(null), &json!("2"), &json!(true), &json!(null))
    );
    assert_eq!(row["_extra"], json!({"n": "two", "at": "soon"}));
    let warnings: Vec<(&str, &str)> =
        receipt.warnings.iter().map(|w| (w.code.as_str(), w.field.as_deref().unwrap())).collect();
    assert_eq!(warnings, [("type_conflict", "n"), ("type_conflict", "at")]);
    assert_eq!(fixture.fields("s"), ["n long", "t text", "b boolean", "at timestamp"]);
    // A strict source quarantines the record instead.
    fixture.dump.sources().patch("s", &json!({"strict": true}), None).await.unwrap();
    let receipt = fixture.throw("s", r#"[{"n": "three"}, {"n": "4"}]"#).await;
    assert_eq!((receipt.accepted, receipt.quarantined), (1, 1), "{receipt:?}");
}

async fn integers_become_floats_when_floats_come(fixture: Fixture) {
    fixture.throw("s", r#"{"_id": "a", "t": 21}"#).await;
    fixture.throw("s", r#"{"_id": "b", "t": 21.5}"#).await;
    assert_eq!(fixture.fields("s"), ["t float"]);
    let rows = fixture.rows("s").await;
    assert_eq!((&rows[0]["t"], &rows[1]["t"]), (&json!(21.0), &json!(21.5)));
    // A number that a float cannot represent prevents the conversion permanently.
    fixture.throw("s", r#"{"_id": "c", "n": 9007199254740993}"#).await;
    for _ in 0..2 {
        let receipt = fixture.throw("s", r#"{"_id": "d", "n": 1.5}"#).await;
        assert_eq!(
            receipt.warnings.iter().filter(|w| w.code == "type_conflict").count(),
            receipt.warnings.len()
        );
    }
    let row = fixture.dump.storage("s").unwrap().get("c").await.unwrap().row;
    assert_eq!(row["n"], json!(9_007_199_254_740_993_i64));
    let row = fixture.dump.storage("s").unwrap().get("d").await.unwrap().row;
    assert_eq!(row["_extra"], json!({"n": 1.5}));
}

async fn throwing_an_id_twice_stores_it_once(fixture: Fixture) {
    let body = r#"[{"_id": "a", "x": 1}, {"_id": 7, "x": 2}, {"_id": {"$oid": "5f"}, "x": 3}, {"_id": null, "x": 4}]"#;
    let first = fixture.throw("s", body).await;
    let again = fixture.throw("s", body).await;
    assert_eq!((first.accepted, first.duplicates), (4, 0));
    assert_eq!((again.accepted, again.duplicates), (1, 3));
    let changed = fixture.throw("s", r#"{"_id": "a", "x": 5}"#).await;
    assert_eq!((changed.accepted, changed.duplicates), (1, 0));
    let row = fixture.dump.storage("s").unwrap().get("a").await.unwrap();
    assert_eq!((&row.row["x"], row.version), (&json!(5), 2));
    assert_eq!(fixture.rows("s").await.len(), 5);
}

async fn an_inferred_storage_can_be_declared(fixture: Fixture) {
    fixture.throw("dogs", r#"{"name": "Rex", "age": 3}"#).await;
    let storage = fixture.dump.definitions().find("dogs").unwrap();
    let mut definition = storage.ready().unwrap().definition.to_json();
    definition["meta"].as_object_mut().unwrap().remove("auto");
    fixture.declare(definition).await;
    let receipt = fixture
        .throw("dogs", r#"[{"name": "Bella", "age": 4}, {"name": "Max", "age": "old"}, {"nose": 1}]"#)
        .await;
    assert_eq!((receipt.accepted, receipt.quarantined), (1, 2), "{receipt:?}");
    assert_eq!(fixture.rows("dogs").await.len(), 2);
    assert_eq!(fixture.fields("dogs"), ["name text", "age long"]);
}

async fn formats_without_types_store_text(fixture: Fixture) {
    let csv = "sku,price,release\n007,1.50,1.10\n12,2.25,1.9\n13,3,1.2.3\n";
    let receipt = fixture.throw("s", csv).await;
    assert_eq!((receipt.format.as_str(), receipt.accepted), ("csv", 3));
    assert_eq!(fixture.fields("s"), ["sku text", "price float", "release text"]);
    let rows = fixture.rows("s").await;
    let release: Vec<&str> = rows.iter().map(|row| row["release"].as_str().unwrap()).collect();
    assert_eq!(release, ["1.10", "1.9", "1.2.3"]);
    let sku: Vec<&str> = rows.iter().map(|row| row["sku"].as_str().unwrap()).collect();
    assert_eq!(sku, ["007", "12", "13"]);
}
