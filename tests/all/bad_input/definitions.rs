//! Invalid definitions.

use datadump_tests::{Server, dog, on_both};
use serde_json::{Value as Json, json};

use super::{Case, case, check, everything};

on_both![invalid_definitions_are_refused_with_a_pointer, names_that_differ_only_in_case_conflict];

async fn invalid_definitions_are_refused_with_a_pointer(server: Server) {
    server.declare(&dog()).await;
    let before = everything(&server).await;
    for case in cases() {
        for path in ["/api/v1/factory/storage/", "/api/v1/factory/storage/dog/plan/"] {
            if path.ends_with("plan/") && case.at == "/name" {
                continue; // A plan takes the name from its path.
            }
            let mut body = case.body.clone();
            if path.ends_with("plan/") && body.get("name").is_some() {
                body["name"] = json!("dog");
            }
            check(case.name, server.post(path, &body).await, 400, case.at, case.words);
        }
        assert_eq!(everything(&server).await, before, "{} changed something", case.name);
    }
}

async fn names_that_differ_only_in_case_conflict(server: Server) {
    server.declare(&dog()).await;
    let mut uppercase = dog();
    uppercase["name"] = json!("DOG");
    let response = server.post("/api/v1/factory/storage/", &uppercase).await;
    check("another case", response, 400, "/name", &["DOG", "dog", "case"]);
}

fn cases() -> Vec<Case> {
    let mut cases = whole();
    cases.extend(keys());
    cases.extend(fields());
    cases.extend(metas());
    cases
}

fn whole() -> Vec<Case> {
    let without = |name: &str| {
        let mut definition = new();
        definition.as_object_mut().unwrap().remove(name);
        definition
    };
    let with = |name: &str, value: Json| {
        let mut definition = new();
        definition[name] = value;
        definition
    };
    vec![
        case("an array", json!([]), "", &["object"]),
        case("a text", json!("dog"), "", &["object"]),
        case("no name", without("name"), "/name", &["name"]),
        case("no key", without("key"), "/key", &["key"]),
        case("no fields", without("fields"), "/fields", &["fields"]),
        case("empty fields", with("fields", json!([])), "/fields", &["fields", "[]"]),
        case("fields that are no list", with("fields", json!({"a": "integer"})), "/fields", &["fields"]),
        case("a surplus member", with("feilds", json!([])), "/feilds", &["feilds"]),
        case("a number as name", with("name", json!(5)), "/name", &["name"]),
        case("an empty name", with("name", json!("")), "/name", &["name", "empty"]),
        case("a name with an underscore first", with("name", json!("_x")), "/name", &["_x", "reserved"]),
        case("a name with two underscores", with("name", json!("a__b")), "/name", &["a__b", "reserved"]),
        case("a quote in the name", with("name", json!("a\"b")), "/name", &["'\"'"]),
        case("a slash in the name", with("name", json!("a/b")), "/name", &["'/'"]),
        case("SQL in the name", with("name", json!("x; DROP TABLE y")), "/name", &["';'"]),
        case("a name too long", with("name", json!("ä".repeat(28))), "/name", &["56", "55"]),
        case("a field that is a text", with("fields", json!(["color"])), "/fields/0", &["fields[0]"]),
        case("a meta that is a list", with("meta", json!([])), "/meta", &["meta"]),
    ]
}

fn keys() -> Vec<Case> {
    let with = |key: Json| {
        let mut definition = new();
        definition["key"] = key;
        definition
    };
    let string = |name: &str| with(json!({"name": name, "type": "string", "max_length": 9}));
    let mut cases = vec![
        case("a key without a name", with(json!({"type": "uuid"})), "/key/name", &["key.name"]),
        case("a key without a type", with(json!({"name": "id"})), "/key/type", &["key.type"]),
        case("an unknown key type", with(json!({"name": "id", "type": "number"})), "/key/type", &["number"]),
        case("a field type", with(json!({"name": "id", "type": "float"})), "/key/type", &["float"]),
        case("a key that is a text", with(json!("id")), "/key", &["key"]),
        case(
            "a string key without a length",
            with(json!({"name": "id", "type": "string"})),
            "/key/max_length",
            &["max_length"],
        ),
        case(
            "a string key with no length",
            with(json!({"name": "id", "type": "string", "max_length": 0})),
            "/key/max_length",
            &["max_length", "0"],
        ),
        case(
            "a string key too long to be found",
            with(json!({"name": "id", "type": "string", "max_length": 5000})),
            "/key/max_length",
            &["max_length", "5000"],
        ),
        case("a hidden key", string("_id"), "/key/name", &["_id", "reserved"]),
    ];
    for name in ["storage_meta", "version", "created_at", "updated_at", "key", "pk", "Version"] {
        cases.push(case("a reserved key", string(name), "/key/name", &["reserved"]));
    }
    cases
}

fn fields() -> Vec<Case> {
    let with = |field: Json| {
        let mut definition = new();
        definition["fields"].as_array_mut().unwrap().push(field);
        definition
    };
    let wrong = |name, field, words| case(name, with(field), "/fields/1/default", words);
    let mut cases = vec![
        case("no name", with(json!({"type": "integer"})), "/fields/1/name", &["fields[1].name"]),
        case("no type", with(json!({"name": "x"})), "/fields/1/type", &["fields[1].type"]),
        case("an unknown type", with(json!({"name": "x", "type": "int"})), "/fields/1/type", &["int"]),
        case("a type that is a number", with(json!({"name": "x", "type": 4})), "/fields/1/type", &["type"]),
        case("the key's name", with(json!({"name": "id", "type": "long"})), "/fields/1/name", &["id", "key"]),
        case(
            "the key's name, but for case",
            with(json!({"name": "ID", "type": "long"})),
            "/fields/1/name",
            &["ID"],
        ),
        case("twice", with(json!({"name": "a", "type": "long"})), "/fields/1/name", &["`a`"]),
        case("twice, but for case", with(json!({"name": "A", "type": "long"})), "/fields/1/name", &["`A`"]),
        case("SQL as a name", with(json!({"name": "a\" --", "type": "long"})), "/fields/1/name", &["'\"'"]),
        case(
            "a long name",
            with(json!({"name": "n".repeat(64), "type": "long"})),
            "/fields/1/name",
            &["64", "63"],
        ),
        case(
            "a word that is none",
            with(json!({"name": "x", "type": "long", "max": 1, "nul": 1})),
            "/fields/1/nul",
            &["nul"],
        ),
        case(
            "no length",
            with(json!({"name": "x", "type": "string"})),
            "/fields/1/max_length",
            &["max_length"],
        ),
        case(
            "a bound on a text",
            with(json!({"name": "x", "type": "text", "min": 1})),
            "/fields/1/min",
            &["min"],
        ),
        case(
            "a bound of another type",
            with(json!({"name": "x", "type": "integer", "min": "a"})),
            "/fields/1/min",
            &["min"],
        ),
        case(
            "max below min",
            with(json!({"name": "x", "type": "integer", "min": 2, "max": 1})),
            "/fields/1/min",
            &["max"],
        ),
        case(
            "a pattern that is none",
            with(json!({"name": "x", "type": "text", "pattern": "("})),
            "/fields/1/pattern",
            &["pattern"],
        ),
        case("no values", with(json!({"name": "x", "type": "enum"})), "/fields/1/values", &["values"]),
        case(
            "empty values",
            with(json!({"name": "x", "type": "enum", "values": []})),
            "/fields/1/values",
            &["values"],
        ),
        case(
            "no precision",
            with(json!({"name": "x", "type": "decimal", "scale": 2})),
            "/fields/1/precision",
            &["precision"],
        ),
        case(
            "too many digits",
            with(json!({"name": "x", "type": "decimal", "precision": 19, "scale": 2})),
            "/fields/1/precision",
            &["precision", "19"],
        ),
        case(
            "more digits after the point than in all",
            with(json!({"name": "x", "type": "decimal", "precision": 2, "scale": 3})),
            "/fields/1/scale",
            &["scale"],
        ),
        case(
            "an index on JSON",
            with(json!({"name": "x", "type": "json", "db_index": true})),
            "/fields/1/db_index",
            &["db_index"],
        ),
        wrong("a text for a number", json!({"name": "x", "type": "integer", "default": "a"}), &["default"]),
        wrong(
            "33 bits",
            json!({"name": "x", "type": "integer", "default": 2_147_483_648_i64}),
            &["2147483648"],
        ),
        wrong(
            "below the least",
            json!({"name": "x", "type": "integer", "min": 1, "default": 0}),
            &["default"],
        ),
        wrong(
            "too long",
            json!({"name": "x", "type": "string", "max_length": 2, "default": "abc"}),
            &["default"],
        ),
        wrong(
            "not of the pattern",
            json!({"name": "x", "type": "text", "pattern": "a+", "default": "b"}),
            &["default"],
        ),
        wrong(
            "not of the values",
            json!({"name": "x", "type": "enum", "values": ["a"], "default": "b"}),
            &["default"],
        ),
        wrong("a number for a boolean", json!({"name": "x", "type": "boolean", "default": 1}), &["default"]),
        wrong("null", json!({"name": "x", "type": "integer", "default": null}), &["default"]),
        wrong("no moment", json!({"name": "x", "type": "timestamp", "default": "yesterday"}), &["default"]),
        wrong(
            "too exact",
            json!({"name": "x", "type": "decimal", "precision": 4, "scale": 1, "default": "1.23"}),
            &["default"],
        ),
    ];
    for length in [json!(0), json!(-1), json!(70_000), json!("9"), json!(1.5), json!(null)] {
        let field = json!({"name": "x", "type": "string", "max_length": length});
        cases.push(case("a length out of range", with(field), "/fields/1/max_length", &["max_length"]));
    }
    for name in ["storage_meta", "version", "created_at", "updated_at", "key", "pk", "PK", "_a", "a__b"] {
        let field = json!({"name": name, "type": "integer"});
        cases.push(case("a reserved name", with(field), "/fields/1/name", &["reserved"]));
    }
    cases
}

fn metas() -> Vec<Case> {
    let with = |meta: Json| {
        let mut definition = new();
        definition["meta"] = meta;
        definition
    };
    vec![
        case("an unknown word", with(json!({"scan": true})), "/meta/scan", &["scan"]),
        case("a text for a boolean", with(json!({"scans": "yes"})), "/meta/scans", &["scans"]),
        case(
            "unique_together of a field that is none",
            with(json!({"unique_together": [["a", "nope"]]})),
            "/meta/unique_together/0/1",
            &["nope"],
        ),
        case(
            "an index on a field that is none",
            with(json!({"indexes": [{"fields": ["nope"], "kind": "btree"}]})),
            "/meta/indexes/0/fields/0",
            &["nope"],
        ),
        case(
            "an index of a kind that is none",
            with(json!({"indexes": [{"fields": ["a"], "kind": "hash"}]})),
            "/meta/indexes/0/kind",
            &["hash"],
        ),
    ]
}

/// Returns a valid definition.
fn new() -> Json {
    json!({
        "name": "new",
        "key": {"name": "id", "type": "long"},
        "fields": [{"name": "a", "type": "integer"}],
    })
}
