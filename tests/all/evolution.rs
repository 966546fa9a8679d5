//! Changes of definitions: their classes, plans and consent, and their effect on rows.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    every_change_has_a_class_and_requires_consent,
    a_plan_is_repeatable_and_changes_nothing,
    a_plan_for_an_earlier_version_is_stale,
    conflicting_rows_are_reported_and_nothing_changes,
    allowed_changes_are_applied,
    an_unchanged_definition_creates_no_version,
    no_filter_stops_working_without_consent,
];

const FACTORY: &str = "/api/v1/factory/storage/";
const PLAN: &str = "/api/v1/factory/storage/thing/plan/";
const ROWS: &str = "/api/v1/storage/thing/";

type Change = fn(&mut Json);

/// Changes with their classes.
const CHANGES: &[(&str, Change, &str)] = &[
    ("a field with a default", |d| add(d, json!({"name": "x", "type": "integer", "default": 1})), "additive"),
    (
        "a field that may be null",
        |d| add(d, json!({"name": "x", "type": "json", "nullable": true})),
        "additive",
    ),
    ("an index", |d| d["fields"][0]["db_index"] = json!(true), "additive"),
    ("an index dropped that filters need", |d| d["fields"][1]["db_index"] = json!(false), "breaking"),
    (
        "an index dropped, but scans allowed",
        |d| {
            d["fields"][1]["db_index"] = json!(false);
            d["meta"]["scans"] = json!(true);
        },
        "additive",
    ),
    (
        "an index dropped, but covered by another",
        |d| {
            d["fields"][1]["db_index"] = json!(false);
            d["meta"]["indexes"] = json!([{"fields": ["b", "a"]}]);
        },
        "additive",
    ),
    (
        "an index dropped, but its field only second in another",
        |d| {
            d["fields"][1]["db_index"] = json!(false);
            d["meta"]["indexes"] = json!([{"fields": ["a", "b"]}]);
        },
        "breaking",
    ),
    ("integer to long", |d| d["fields"][0]["type"] = json!("long"), "widening"),
    ("a longer text", |d| d["fields"][1]["max_length"] = json!(21), "widening"),
    ("one value more", |d| d["fields"][3]["values"] = json!(["s", "m", "l"]), "widening"),
    ("unique", |d| d["fields"][0]["unique"] = json!(true), "data-dependent"),
    ("no longer null", |d| d["fields"][2]["nullable"] = json!(false), "data-dependent"),
    ("a shorter text", |d| d["fields"][1]["max_length"] = json!(19), "data-dependent"),
    ("one value less", |d| d["fields"][3]["values"] = json!(["s"]), "data-dependent"),
    ("a range", |d| d["fields"][0]["max"] = json!(5), "data-dependent"),
    ("another type", |d| d["fields"][0] = json!({"name": "a", "type": "text"}), "breaking"),
    ("a field dropped", |d| drop(d["fields"].as_array_mut().unwrap().remove(3)), "destructive"),
];

async fn every_change_has_a_class_and_requires_consent(server: Server) {
    server.declare(&thing()).await;
    let classes = ["widening", "data-dependent", "breaking", "destructive"];
    for (name, change, class) in CHANGES {
        let definition = changed(*change);
        let plan = server.post(PLAN, &definition).await.is(200).json();
        assert_eq!(plan["class"], *class, "{name}: {plan}");
        assert!(
            plan["ddl"].as_array().is_some_and(|ddl| !ddl.is_empty()) || *class != "additive",
            "{name}: {plan}"
        );
        if *class == "additive" {
            continue;
        }
        let hash = plan["plan_hash"].as_str().unwrap();
        server.post(FACTORY, &definition).await.problem(400);
        let rank = classes.iter().position(|known| known == class).unwrap();
        for less in &classes[..rank] {
            let path = format!("{FACTORY}?allow={less}&plan={hash}");
            server.post(&path, &definition).await.problem(400);
        }
        server.post(&format!("{FACTORY}?allow={class}"), &definition).await.problem_about(400, &["plan"]);
        server.post(&format!("{FACTORY}?allow={class}&plan=0123"), &definition).await.problem(409);
    }
    server.post(&format!("{FACTORY}?allow=everything"), &thing()).await.problem_about(400, &["everything"]);
    let storage = server.get(&format!("{FACTORY}thing/")).await.is(200).json();
    assert_eq!(storage["version"], 1, "none of it was applied");
}

async fn a_plan_is_repeatable_and_changes_nothing(server: Server) {
    let new = server.post(PLAN, &thing()).await;
    if new.status == 200 {
        assert!(new.json()["ddl"].as_array().is_some_and(|ddl| !ddl.is_empty()), "{new:?}");
    } else {
        new.problem(404);
    }
    assert_eq!(server.get(FACTORY).await.is(200).json()["count"], 0);
    fill(&server).await;
    let before = (server.get(FACTORY).await.is(200).json(), server.get(ROWS).await.is(200).json());
    let definition = changed(|d| d["fields"][0]["type"] = json!("long"));
    let plan = server.post(PLAN, &definition).await.is(200).json();
    let again = server.post(PLAN, &definition).await.is(200).json();
    assert_eq!(plan["plan_hash"], again["plan_hash"]);
    let other = server.post(PLAN, &changed(|d| d["fields"][0]["unique"] = json!(true))).await.is(200).json();
    assert_ne!(plan["plan_hash"], other["plan_hash"]);
    let nothing = server.post(PLAN, &thing()).await.is(200).json();
    assert_eq!(nothing["changes"], json!([]), "{nothing}");
    let after = (server.get(FACTORY).await.is(200).json(), server.get(ROWS).await.is(200).json());
    assert_eq!(after, before);
}

async fn a_plan_for_an_earlier_version_is_stale(server: Server) {
    fill(&server).await;
    let definition = changed(|d| d["fields"][0]["type"] = json!("long"));
    let plan = server.post(PLAN, &definition).await.is(200).json();
    let hash = plan["plan_hash"].as_str().unwrap();
    server.declare(&changed(|d| d["fields"][2]["default"] = json!(7))).await;
    let path = format!("{FACTORY}?allow=widening&plan={hash}");
    server.post(&path, &definition).await.problem_about(409, &["thing"]);
    assert_eq!(server.get(&format!("{FACTORY}thing/")).await.is(200).json()["version"], 2);
}

async fn conflicting_rows_are_reported_and_nothing_changes(server: Server) {
    fill(&server).await;
    for (name, change, violating) in [
        ("unique", (|d| d["fields"][3]["unique"] = json!(true)) as Change, 2),
        ("no longer null", |d| d["fields"][2]["nullable"] = json!(false), 1),
        ("a shorter text", |d| d["fields"][1]["max_length"] = json!(2), 2),
        ("one value less", |d| d["fields"][3]["values"] = json!(["s"]), 1),
        ("a range", |d| d["fields"][0]["max"] = json!(1), 2),
    ] {
        let definition = changed(change);
        let plan = server.post(PLAN, &definition).await.is(200).json();
        let numbers = plan["changes"].as_array().unwrap().iter().find(|change| change["rows_violating"] != 0);
        let numbers = numbers.unwrap_or_else(|| panic!("{name}: {plan}"));
        assert_eq!(
            (&numbers["rows_violating"], &numbers["rows_scanned"]),
            (&json!(violating), &json!(3)),
            "{name}: {plan}"
        );
        let path = format!("{FACTORY}?allow=data-dependent&plan={}", plan["plan_hash"].as_str().unwrap());
        let version = match server.post(&path, &definition).await {
            response if response.status == 201 => response.json()["version"].clone(),
            response => {
                response.problem(400);
                continue;
            }
        };
        // The migration is queued, so it has to fail and report the reason.
        let status = datadump_tests::eventually("the migration has failed", || async {
            let status = server.get("/api/v1/factory/ready_status/thing/").await.is(200).json();
            assert_ne!(
                (&status["state"], &status["version"]),
                (&json!("applied"), &version),
                "{name}: {status}"
            );
            (status["state"] == "failed").then_some(status)
        })
        .await;
        assert!(status["error"].as_str().is_some_and(|error| !error.is_empty()), "{name}: {status}");
        let storage = server.get(&format!("{FACTORY}thing/")).await.is(200).json();
        assert_eq!(storage["locked"], false, "{name}: the storage is still locked: {storage}");
        assert_eq!(server.get(ROWS).await.is(200).json()["count"], 3, "{name}");
        server.put(&format!("{ROWS}1/"), &row(1, "abc", Some(1), "s")).await.is(200).ok();
    }
}

async fn allowed_changes_are_applied(server: Server) {
    fill(&server).await;
    server.delete(&format!("{ROWS}3/")).await.is(204).ok();
    let steps: &[(&str, Change)] = &[
        ("widening", |d| {
            d["fields"][0]["type"] = json!("long");
            d["fields"][1]["max_length"] = json!(200);
            d["fields"][3]["values"] = json!(["s", "m", "l"]);
        }),
        ("data-dependent", |d| {
            d["fields"][0]["unique"] = json!(true);
            d["fields"][2]["nullable"] = json!(false);
        }),
        ("destructive", |d| drop(d["fields"].as_array_mut().unwrap().remove(1))),
    ];
    let mut definition = thing();
    for (class, step) in steps {
        step(&mut definition);
        let plan = server.post(PLAN, &definition).await.is(200).json();
        let path = format!("{FACTORY}?allow={class}&plan={}", plan["plan_hash"].as_str().unwrap());
        server.post(&path, &definition).await.is(201).ok();
        server.wait_until_applied("thing").await;
    }
    let rows = server.get(&format!("{ROWS}?ordering=id")).await.is(200).json();
    let shown: Vec<Json> = rows["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| json!([r["id"], r["a"], r["b"], r["c"], r["size"], r["version"]]))
        .collect();
    assert_eq!(shown, [json!([1, 1, null, 1, "s", 1]), json!([2, 2, null, 2, "m", 1])]);
    let large = json!({"id": 9, "a": 3_000_000_000_i64, "c": 1, "size": "l"});
    server.post(ROWS, &large).await.is(201).ok();
    let twice = json!({"id": 10, "a": 3_000_000_000_i64, "c": 1, "size": "l"});
    server.post(ROWS, &twice).await.problem_about(400, &["a"]);
    let null = json!({"id": 11, "a": 4, "c": null, "size": "l"});
    server.post(ROWS, &null).await.problem_about(400, &["c"]);
    let versions = server.get(&format!("{FACTORY}thing/versions/")).await.is(200).json();
    assert_eq!(versions["count"], 4, "{versions}");
    for version in versions["results"].as_array().unwrap() {
        assert!(version["definition"]["fields"].is_array() && version["created_at"].is_string(), "{version}");
    }
}

async fn an_unchanged_definition_creates_no_version(server: Server) {
    fill(&server).await;
    let response = server.post(FACTORY, &thing()).await;
    assert!([200, 201].contains(&response.status), "{response:?}");
    assert_eq!(response.json()["version"], 1);
    server.wait_until_applied("thing").await;
    assert_eq!(server.get(&format!("{FACTORY}thing/versions/")).await.is(200).json()["count"], 1);
}

async fn no_filter_stops_working_without_consent(server: Server) {
    fill(&server).await;
    let filtered = || server.get(ROWS).query(&[("b", "abc")]);
    assert_eq!(filtered().await.is(200).json()["count"], 2);
    let without = changed(|d| d["fields"][1]["db_index"] = json!(false));
    let refused = server.post(FACTORY, &without).await.problem_about(400, &["index on b removed"]);
    assert_eq!(refused["errors"][0]["code"], "breaking", "{refused}");
    let scanned = changed(|d| {
        d["fields"][1]["db_index"] = json!(false);
        d["meta"]["scans"] = json!(true);
    });
    server.declare(&scanned).await;
    assert_eq!(filtered().await.is(200).json()["count"], 2);
}

fn thing() -> Json {
    json!({
        "name": "thing",
        "key": {"name": "id", "type": "long"},
        "fields": [{"name": "a", "type": "integer"},
                   {"name": "b", "type": "string", "max_length": 20, "db_index": true},
                   {"name": "c", "type": "integer", "nullable": true},
                   {"name": "size", "type": "enum", "values": ["s", "m"]}],
    })
}

fn changed(change: Change) -> Json {
    let mut definition = thing();
    change(&mut definition);
    definition
}

fn add(definition: &mut Json, field: Json) {
    definition["fields"].as_array_mut().unwrap().push(field);
}

async fn fill(server: &Server) {
    server.declare(&thing()).await;
    for (id, b, c, size) in [(1, "abc", Some(1), "s"), (2, "abc", Some(2), "m"), (3, "d", None, "s")] {
        server.post(ROWS, &row(id, b, c, size)).await.is(201).ok();
    }
}

fn row(id: i64, b: &str, c: Option<i64>, size: &str) -> Json {
    json!({"id": id, "a": id, "b": b, "c": c, "size": size})
}
