//! Valid definitions that are not allowed as the next version.

use datadump_tests::{Server, dog, on_both};
use serde_json::{Value as Json, json};

use super::{check, everything};

on_both![incompatible_versions_are_refused, a_dropped_field_keeps_its_type];

async fn incompatible_versions_are_refused(server: Server) {
    server.declare(&dog()).await;
    let row = json!({"chip_id": "CHIP1", "color": "black", "collar_size": 40});
    server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    let before = everything(&server).await;
    for (name, change, at, words) in cases() {
        let mut definition = dog();
        change(&mut definition);
        let response = server.post("/api/v1/factory/storage/", &definition).await;
        check(name, response, 400, at, words);
        assert_eq!(everything(&server).await, before, "{name} changed something");
    }
}

async fn a_dropped_field_keeps_its_type(server: Server) {
    server.declare(&dog()).await;
    let mut without = dog();
    without["fields"].as_array_mut().unwrap().remove(1);
    let plan = server.post("/api/v1/factory/storage/dog/plan/", &without).await.is(200).json();
    let path =
        format!("/api/v1/factory/storage/?allow=destructive&plan={}", plan["plan_hash"].as_str().unwrap());
    server.post(&path, &without).await.is(201).ok();
    server.wait_until_applied("dog").await;
    let mut again = without.clone();
    let field = json!({"name": "collar_size", "type": "text", "default": ""});
    again["fields"].as_array_mut().unwrap().push(field);
    let response = server.post("/api/v1/factory/storage/?allow=destructive", &again).await;
    check("another type", response, 400, "/fields/1", &["collar_size", "integer"]);
    let field = json!({"name": "collar_size", "type": "integer", "default": 3});
    again["fields"][1] = field;
    server.declare(&again).await;
}

type Change = fn(&mut Json);

fn cases() -> Vec<(&'static str, Change, &'static str, &'static [&'static str])> {
    vec![
        ("another key name", |d| d["key"]["name"] = json!("id"), "/key", &["key"]),
        ("another key type", |d| d["key"] = json!({"name": "chip_id", "type": "uuid"}), "/key", &["key"]),
        ("a longer key", |d| d["key"]["max_length"] = json!(17), "/key", &["key"]),
        (
            "a field removed",
            |d| drop(d["fields"].as_array_mut().unwrap().remove(1)),
            "/fields",
            &["collar_size"],
        ),
        (
            "a field widened",
            |d| d["fields"][1]["type"] = json!("long"),
            "/fields/1",
            &["collar_size", "long"],
        ),
        (
            "a field of another type",
            |d| d["fields"][1]["type"] = json!("text"),
            "/fields/1",
            &["collar_size"],
        ),
        ("a longer text", |d| d["fields"][0]["max_length"] = json!(33), "/fields/0", &["color"]),
        ("a shorter text", |d| d["fields"][0]["max_length"] = json!(31), "/fields/0", &["color"]),
        ("a range", |d| d["fields"][1]["max"] = json!(99), "/fields/1", &["collar_size"]),
        ("a unique field", |d| d["fields"][1]["unique"] = json!(true), "/fields/1", &["collar_size"]),
        (
            "a new field without a default",
            |d| d["fields"].as_array_mut().unwrap().push(json!({"name": "age", "type": "integer"})),
            "/fields/2",
            &["age", "default"],
        ),
    ]
}
