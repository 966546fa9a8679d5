//! Invalid rows.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

use super::{check, everything};

on_both![invalid_rows_are_refused_with_the_field, bodies_that_are_not_rows_are_refused];

/// Name of the case, the field, its value (`None` omits it), the pointer, and words of the detail.
type Case = (&'static str, &'static str, Option<Json>, &'static str, &'static [&'static str]);

fn cases() -> Vec<Case> {
    vec![
        ("a missing field", "count", None, "/count", &["count"]),
        ("a missing key", "id", None, "/id", &["id"]),
        ("a surplus field", "colour", Some(json!("x")), "/colour", &["colour"]),
        ("a field in another case", "Count", Some(json!(1)), "/Count", &["Count"]),
        ("a service column", "_x", Some(json!(1)), "/_x", &["_x"]),
        ("a null key", "id", Some(json!(null)), "/id", &["id"]),
        ("a number as key", "id", Some(json!(5)), "/id", &["id"]),
        ("a key too long", "id", Some(json!("12345678901234567")), "/id", &["id"]),
        ("a key with U+0000", "id", Some(json!("a\u{0}b")), "/id", &["id"]),
        ("null", "count", Some(json!(null)), "/count", &["count", "null"]),
        ("a text for an integer", "count", Some(json!("5")), "/count", &["count"]),
        ("a boolean for an integer", "count", Some(json!(true)), "/count", &["count"]),
        ("a fraction for an integer", "count", Some(json!(1.5)), "/count", &["count"]),
        ("33 bits", "count", Some(json!(2_147_483_648_i64)), "/count", &["count", "2147483648"]),
        ("more than the greatest", "count", Some(json!(1001)), "/count", &["count", "1000"]),
        ("less than the least", "count", Some(json!(-1)), "/count", &["count"]),
        ("65 bits", "large", Some(json!(9_223_372_036_854_775_808_u64)), "/large", &["large"]),
        ("a number for a text", "label", Some(json!(5)), "/label", &["label"]),
        ("a text too long", "label", Some(json!("äöüß5")), "/label", &["label", "4"]),
        ("a text with U+0000", "label", Some(json!("\u{0}")), "/label", &["label"]),
        ("a text not of the pattern", "code", Some(json!("ab-12")), "/code", &["code"]),
        ("an object for a text", "label", Some(json!({})), "/label", &["label"]),
        ("a number for a boolean", "flag", Some(json!(1)), "/flag", &["flag"]),
        ("a text for a float", "ratio", Some(json!("1.5")), "/ratio", &["ratio"]),
        ("a decimal too exact", "price", Some(json!("1.234")), "/price", &["price"]),
        ("a decimal too large", "price", Some(json!("1000.00")), "/price", &["price"]),
        ("no decimal", "price", Some(json!("abc")), "/price", &["price"]),
        ("no UUID", "other", Some(json!("abc")), "/other", &["other"]),
        ("no day", "day", Some(json!("2026-02-30")), "/day", &["day"]),
        ("no time", "at", Some(json!("24:00:01")), "/at", &["at"]),
        ("no moment", "moment", Some(json!("2026-02-03")), "/moment", &["moment"]),
        ("no base64", "bytes", Some(json!("***")), "/bytes", &["bytes"]),
        ("not of the values", "size", Some(json!("xl")), "/size", &["size", "xl"]),
        ("a text as version", "version", Some(json!("1")), "/version", &["version"]),
        ("version 0", "version", Some(json!(0)), "/version", &["version"]),
        ("a version of 33 bits", "version", Some(json!(2_147_483_648_i64)), "/version", &["version"]),
    ]
}

async fn invalid_rows_are_refused_with_the_field(server: Server) {
    server.declare(&definition()).await;
    server.post("/api/v1/storage/thing/", &row()).await.is(201).ok();
    let before = everything(&server).await;
    for (name, field, value, at, words) in cases() {
        let mut changed = row();
        let members = changed.as_object_mut().unwrap();
        match &value {
            Some(value) => drop(members.insert(field.to_owned(), value.clone())),
            None => drop(members.remove(field)),
        }
        // Of an existing row, a POST changes only the fields that it has.
        if field == "id" || value.is_some() {
            check(name, server.post("/api/v1/storage/thing/", &changed).await, 400, at, words);
        }
        let mut other = changed.clone();
        if field != "id" {
            other["id"] = json!("K2");
            check(name, server.post("/api/v1/storage/thing/", &other).await, 400, at, words);
        }
        if field != "id" || value.is_some() {
            check(name, server.put("/api/v1/storage/thing/K1/", &changed).await, 400, at, words);
        }
        if let Some(value) = value {
            let patch = json!({field: value});
            check(name, server.patch("/api/v1/storage/thing/K1/", &patch).await, 400, at, words);
        }
        assert_eq!(everything(&server).await, before, "{name} changed something");
    }
    for (id, is_new) in [("K1", false), ("K2", true)] {
        let two = json!({"id": id, "count": "x", "flag": 3});
        let problem =
            server.post("/api/v1/storage/thing/", &two).await.problem_about(400, &["count", "flag"]);
        let errors = problem["errors"].as_array().unwrap();
        assert_eq!(errors.len() > 3, is_new, "all errors are reported together: {problem}");
        assert_eq!(errors.iter().any(|error| error["code"] == "missing"), is_new, "{problem}");
    }
}

async fn bodies_that_are_not_rows_are_refused(server: Server) {
    server.declare(&definition()).await;
    server.post("/api/v1/storage/thing/", &row()).await.is(201).ok();
    let before = everything(&server).await;
    for (name, body) in [("an array", json!([row()])), ("a text", json!("x")), ("null", json!(null))] {
        for (method, path) in [
            ("POST", "/api/v1/storage/thing/"),
            ("PUT", "/api/v1/storage/thing/K1/"),
            ("PATCH", "/api/v1/storage/thing/K1/"),
        ] {
            check(name, server.request(method, path).json(&body).await, 400, "", &["object"]);
        }
    }
    server.post("/api/v1/storage/thing/", &json!([row()])).await.problem_about(400, &["one row"]);
    let form = server.request("POST", "/api/v1/storage/thing/").body("id=K2&count=1").await;
    check("a form", form, 400, "", &["invalid JSON", "json=…, not data=…"]);
    let other = json!({"id": "K2", "count": 1});
    let response = server.put("/api/v1/storage/thing/K1/", &other).await;
    check("another key than the path's", response, 400, "/id", &["cannot be changed"]);
    assert_eq!(everything(&server).await, before);
}

fn row() -> Json {
    json!({
        "id": "K1", "count": 5, "large": 1, "label": "abcd", "code": "ab-1", "flag": true, "ratio": 0.5,
        "price": "1.50", "other": "018f4e3c-0000-7000-8000-000000000001", "day": "2026-02-03",
        "at": "12:00:00", "moment": "2026-02-03T12:00:00Z", "bytes": "aGk=", "size": "s",
    })
}

fn definition() -> Json {
    json!({
        "name": "thing",
        "key": {"name": "id", "type": "string", "max_length": 16},
        "fields": [
            {"name": "count", "type": "integer", "min": 0, "max": 1000},
            {"name": "large", "type": "long"},
            {"name": "label", "type": "string", "max_length": 4},
            {"name": "code", "type": "text", "pattern": "[a-z]+-[0-9]"},
            {"name": "flag", "type": "boolean"},
            {"name": "ratio", "type": "float"},
            {"name": "price", "type": "decimal", "precision": 5, "scale": 2},
            {"name": "other", "type": "uuid"},
            {"name": "day", "type": "date"},
            {"name": "at", "type": "time"},
            {"name": "moment", "type": "timestamp"},
            {"name": "bytes", "type": "binary"},
            {"name": "size", "type": "enum", "values": ["s", "m"]},
        ],
    })
}
