//! Documents that describe storages to programs: OpenAPI with the types of rows, and JSON Schema.

mod clients;
mod python;

use std::collections::BTreeSet;

use datadump_tests::{Server, dog, on_both, segment};
use serde_json::{Value as Json, json};

use self::python::python;

on_both![
    documents_are_valid_and_describe_rows,
    a_document_lists_the_filters_of_a_storage,
    a_document_changes_with_the_definition,
    readings_are_read_and_deleted,
];

/// Storages with names that are not identifiers, each with rows that may be sent and rows that may not.
fn unusual_storages() -> Vec<(Json, Vec<Json>, Vec<Json>)> {
    let uuid = "019f0000-0000-7000-8000-000000000000";
    vec![
        (
            json!({
                "name": "Hündin-2",
                "key": {"name": "犬", "type": "integer"},
                "fields": [
                    {"name": "limit", "type": "string", "max_length": 3, "db_index": true},
                    {"name": "class", "type": "enum", "values": ["", "a b", "a-b", "ä"], "nullable": true},
                    {"name": "type", "type": "integer", "default": 1, "min": -3},
                ],
            }),
            vec![json!({"犬": 1, "limit": "äöü", "class": null}), json!({"犬": 2, "limit": "", "class": ""})],
            vec![json!({"犬": 1}), json!({"犬": "1", "limit": ""}), json!({"犬": 1, "limit": "long"})],
        ),
        (
            json!({
                "name": "problem",
                "key": {"name": "Problem", "type": "uuid", "generated": true},
                "fields": [
                    {"name": "price", "type": "decimal", "precision": 4, "scale": 4},
                    {"name": "at", "type": "timestamp"},
                    {"name": "day", "type": "date", "nullable": true, "unique": true},
                    {"name": "hour", "type": "time", "default": "12:00:00"},
                    {"name": "code", "type": "string", "max_length": 9, "pattern": "[A-Z]{2}|[0-9.-]+"},
                    {"name": "bytes", "type": "binary", "max_length": 3, "nullable": true},
                    {"name": "any", "type": "json"},
                ],
            }),
            vec![
                json!({"price": "-0.5", "at": "2026-01-01T00:00:00+01:00", "code": "AB", "any": [null]}),
                json!({"Problem": uuid, "price": "0.1234", "at": "0001-01-01T00:00:00Z", "code": "1.2-3",
                    "any": "x", "day": "2026-01-31", "hour": "23:59:59.5", "bytes": "AAAA"}),
            ],
            vec![
                json!({"price": "1.0", "at": "2026-01-01T00:00:00Z", "code": "AB", "any": 1}),
                json!({"price": "0.1", "at": "yesterday", "code": "AB", "any": 1}),
                json!({"price": "0.1", "at": "2026-01-01T00:00:00Z", "code": "ab", "any": 1}),
                json!({"price": "0.1", "at": "2026-01-01T00:00:00Z", "code": "AB", "any": 1, "surplus": 1}),
            ],
        ),
        (
            json!({
                "name": "dog_page",
                "key": {"name": "id", "type": "long"},
                "fields": [{"name": "old", "type": "boolean"}],
            }),
            vec![json!({"id": 1, "old": false})],
            vec![json!({"id": 1.5, "old": false}), json!({"id": 1, "old": 0})],
        ),
    ]
}

async fn documents_are_valid_and_describe_rows(server: Server) {
    let mut samples = serde_json::Map::new();
    for (definition, valid, invalid) in unusual_storages() {
        server.declare(&definition).await;
        let name = definition["name"].as_str().unwrap().to_owned();
        samples.insert(name, json!({"valid": valid, "invalid": invalid}));
    }
    server.declare(&dog()).await;
    samples.insert("dog".into(), json!({"valid": [], "invalid": []}));
    let odd = json!({"a b": 1, "a-b": 2, "a/b~1": "x", "$ref": true, "x__in": 1.5, "where": "w", "Ünï": {"a": 1},
        "a\"b": null, "{c}": "2026-01-01T00:00:00Z", "_own": 1});
    for source in ["odd", "собака", "2"] {
        server.post(&format!("/throw/{}", segment(source)), &odd).await.is(200).ok();
        samples
            .insert(source.into(), json!({"valid": [{"_id": "mine"}], "invalid": [{"_id": 1}, {"new": 1}]}));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("samples.json"), Json::Object(samples).to_string()).unwrap();
    let done = python(folder.path(), "documents.py", &[server.base(), "samples.json"]).await;
    assert_eq!(done.trim(), "done");
    let all = server.get("/api/v1/openapi.json").await.is(200).json();
    let paths =
        all["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    let ids: Vec<&str> = paths.map(|operation| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    assert!(ids.contains(&"listDog") && ids.contains(&"saveOdd"), "{ids:?}");
    server.get("/api/v1/storage/cat/openapi.json").await.problem(404);
    server.get("/api/v1/storage/cat/schema.json").await.problem(404);
}

async fn a_document_lists_the_filters_of_a_storage(server: Server) {
    let definition = json!({
        "name": "dog",
        "key": {"name": "id", "type": "integer"},
        "fields": [
            {"name": "color", "type": "string", "max_length": 9, "db_index": true, "nullable": true},
            {"name": "age", "type": "integer"},
            {"name": "time", "type": "timestamp", "db_index": true},
            {"name": "data", "type": "json"},
        ],
    });
    server.declare(&definition).await;
    let document = server.get("/api/v1/storage/dog/openapi.json").await.is(200).json();
    let filters = |path: &str| -> BTreeSet<String> {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().unwrap().iter();
        let named = parameters.filter_map(|parameter| parameter["$ref"].as_str()).map(|reference| {
            document.pointer(reference.strip_prefix('#').unwrap()).unwrap()["name"]
                .as_str()
                .unwrap()
                .to_owned()
        });
        named.collect()
    };
    let list = filters("/api/v1/storage/dog");
    let text = ["", "__ne", "__lt", "__in", "__contains", "__startswith", "__isnull"];
    for name in text.map(|operator| format!("color{operator}")).iter().map(String::as_str).chain([
        "id",
        "id__gte",
        "time__eq",
        "time__lte",
        "version",
        "created_at__gt",
    ]) {
        assert!(list.contains(name), "{name} is not in {list:?}");
    }
    // Without an index; with another meaning for aggregates; of another kind.
    for name in ["age", "age__lt", "time", "id__isnull", "id__contains", "data", "data__isnull"] {
        assert!(!list.contains(name), "{name} is in {list:?}");
    }
    assert_eq!(filters("/api/v1/storage/dog/aggregate"), list);
    let value = |name: &str| match name {
        "id" | "version" => "1",
        "color" => "red",
        _ => "2026-01-01T00:00:00Z",
    };
    for name in &list {
        let (field, operator) = name.split_once("__").unwrap_or((name, "eq"));
        let value = if operator == "isnull" { "true" } else { value(field) };
        for path in ["", "aggregate/", "values/?field=color"] {
            let joint = if path.contains('?') { '&' } else { '?' };
            let path = format!("/api/v1/storage/dog/{path}{joint}{name}={value}");
            server.get(&path).await.is(200).ok();
        }
    }
}

async fn a_document_changes_with_the_definition(server: Server) {
    server.declare(&dog()).await;
    let paths =
        ["/api/v1/storage/dog/openapi.json", "/api/v1/storage/dog/schema.json", "/api/v1/openapi.json"];
    let mut tags = Vec::new();
    for path in paths {
        let first = server.get(path).await.is(200);
        let tag = first.header("etag").unwrap().to_owned();
        let again = server.get(path).header("if-none-match", &tag).await.is(304);
        assert_eq!((again.header("etag"), again.text().as_str()), (Some(tag.as_str()), ""));
        assert!(!first.text().contains("\"nick\""), "{path}");
        tags.push(tag);
    }
    let mut next = dog();
    next["fields"].as_array_mut().unwrap().push(json!({"name": "nick", "type": "text", "default": ""}));
    server.declare(&next).await;
    for (path, tag) in paths.iter().zip(&tags) {
        let second = server.get(path).header("if-none-match", tag).await.is(200);
        assert!(second.text().contains("\"nick\""), "{path}");
    }
}

async fn readings_are_read_and_deleted(server: Server) {
    server.post("/api/data", &json!({"device_id": "d", "sensors": {"light": 1}})).await.is(201).ok();
    let document = server.get("/api/v1/storage/readings/openapi.json").await.is(200).json();
    let methods = |path: &str| -> Vec<&String> {
        document["paths"][path].as_object().map(|path| path.keys().collect()).unwrap_or_default()
    };
    assert_eq!(methods("/api/v1/storage/readings"), ["get", "delete"]);
    assert_eq!(methods("/api/v1/storage/readings/key/{key}"), ["get", "delete"]);
}
