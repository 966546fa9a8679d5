//! Formatting a definition and parsing it again gives the same definition; anything else is rejected with a
//! place and never panics.

use datadump_core::{Error, schema::parse};
use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value as Json, json};

use super::{runner, values};

/// Generates a field of any type with some of its options.
fn field(place: usize) -> impl Strategy<Value = Json> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let presence = prop::option::of(any::<bool>());
    (prop::sample::select(values::kinds().collect::<Vec<_>>()), flags, presence).prop_flat_map(
        move |(kind, (nullable, unique, db_index, bounded), required)| {
            let value = prop::option::of(values::value(kind));
            (value, any::<bool>()).prop_map(move |(default, limited)| {
                let mut field = json!({"name": format!("field {place}").replace(' ', "-"), "type": kind});
                match kind {
                    "string" => field["max_length"] = json!(40),
                    "text" | "binary" if limited => field["max_length"] = json!(100),
                    "decimal" => {
                        field["precision"] = json!(15);
                        field["scale"] = json!(3);
                    }
                    "enum" => field["values"] = json!(["red", "Red", "ß", "'"]),
                    "integer" | "long" if bounded => field["min"] = json!(-3),
                    "date" if bounded => field["max"] = json!("9999-12-31"),
                    _ => {}
                }
                if ["string", "text"].contains(&kind) && bounded {
                    field["pattern"] = json!("(?s).*");
                }
                for (name, flag) in [("nullable", nullable), ("unique", unique), ("db_index", db_index)] {
                    let indexable = !["text", "json", "binary"].contains(&kind);
                    if flag && (name == "nullable" || indexable) {
                        field[name] = json!(true);
                    }
                }
                if let Some(default) = default {
                    field["default"] = default;
                }
                if let Some(required) = required {
                    field["required"] = json!(required);
                }
                field
            })
        },
    )
}

fn definition() -> impl Strategy<Value = Json> {
    let key = prop::sample::select(vec![
        json!({"name": "id", "type": "integer", "generated": true}),
        json!({"name": "id", "type": "long"}),
        json!({"name": "ключ", "type": "string", "max_length": 512}),
        json!({"name": "id", "type": "uuid", "generated": true}),
    ]);
    let fields = (1..6_usize).prop_flat_map(|count| (0..count).map(field).collect::<Vec<_>>());
    (key, fields, any::<bool>()).prop_map(|(key, fields, scans)| {
        let mut meta = Map::new();
        if scans {
            meta.insert("scans".into(), json!(true));
        }
        let indexed =
            fields.iter().filter(|f| !["text", "json", "binary"].contains(&f["type"].as_str().unwrap()));
        let names: Vec<Json> = indexed.map(|field| field["name"].clone()).take(2).collect();
        if names.len() == 2 {
            meta.insert("unique_together".into(), json!([names]));
            meta.insert("indexes".into(), json!([{"fields": [names[1], names[0]], "kind": "btree"}]));
        }
        json!({"name": "Hündin-2", "key": key, "fields": fields, "meta": meta})
    })
}

#[test]
fn a_definition_is_written_as_it_is_read() {
    let mut parsed = 0;
    let result = runner().run(&definition(), |json| {
        match parse::definition(&json) {
            Ok(definition) => {
                let written = definition.to_json();
                let again =
                    parse::definition(&written).map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(again, definition);
            }
            // For example a default below `min`, or `required: false` without a default.
            Err(error) => prop_assert!(!error.faults().is_empty(), "{}", error),
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    // Ensures that most generated definitions are valid, or the property would be vacuous.
    let mut sampler = runner();
    for _ in 0..200 {
        let json = Strategy::new_tree(&definition(), &mut sampler).unwrap();
        parsed += usize::from(parse::definition(&proptest::strategy::ValueTree::current(&json)).is_ok());
    }
    assert!(parsed > 60, "only {parsed} of 200 definitions parse");
}

/// Generates JSON that resembles a definition.
fn garbage() -> impl Strategy<Value = Json> {
    let name = prop::sample::select(vec![
        "name",
        "key",
        "fields",
        "meta",
        "type",
        "max_length",
        "values",
        "default",
        "min",
        "scale",
        "x",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        prop::sample::select(vec!["string", "integer", "dog", "", "enum", "decimal"]).prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::from),
            vec((name.clone().prop_map(str::to_owned), inner), 0..6)
                .prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

#[test]
fn anything_else_is_refused_with_a_place() {
    let result = runner().run(&garbage(), |json| {
        match parse::definition(&json) {
            Ok(_) => {}
            Err(Error::Definition(faults)) => prop_assert!(!faults.is_empty()),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
