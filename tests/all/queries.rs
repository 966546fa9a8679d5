//! Queries in a body, values of a field, and rows whose keys are names of operations.

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    a_query_returns_what_a_list_returns,
    a_query_is_paged_with_cursors,
    an_invalid_query_is_refused,
    values_are_counted,
    values_of_a_field_need_a_field,
    values_of_a_large_storage_come_from_an_index,
    rows_with_any_key_can_be_reached,
];

const ROWS: &str = "/api/v1/storage/ball/";
const QUERY: &str = "/api/v1/storage/ball/query/";
const VALUES: &str = "/api/v1/storage/ball/values/";

async fn balls(server: &Server) {
    let definition = json!({
        "name": "ball",
        "key": {"name": "id", "type": "string", "max_length": 20},
        "fields": [{"name": "color", "type": "string", "max_length": 20, "nullable": true, "db_index": true},
                   {"name": "size", "type": "integer"},
                   {"name": "data", "type": "json", "nullable": true}],
        "meta": {"scans": true},
    });
    server.declare(&definition).await;
    let colors = ["red", "blue", "red", "green", "red", "blue"];
    for (size, color) in colors.iter().enumerate() {
        let row = json!({"id": format!("b{size}"), "color": color, "size": size, "data": {"kind": size % 2}});
        server.post(ROWS, &row).await.is(201).ok();
    }
    server.post(ROWS, &json!({"id": "plain", "color": null, "size": 100})).await.is(201).ok();
}

fn keys(page: &Json) -> Vec<&str> {
    page["results"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

async fn a_query_returns_what_a_list_returns(server: Server) {
    balls(&server).await;
    for (query, expected) in [
        (json!({"ordering": "id"}), vec!["b0", "b1", "b2", "b3", "b4", "b5", "plain"]),
        (json!({"where": {"color": "red"}, "ordering": "-size"}), vec!["b4", "b2", "b0"]),
        (
            json!({"where": {"or": [{"size": {"gt": 50}}, {"not": {"color": {"in": ["red", "blue"]}}}]},
                "ordering": ["size"]}),
            vec!["b3", "plain"],
        ),
        (json!({"where": {"data.kind": 1}, "ordering": ["color", "-size"]}), vec!["b5", "b1", "b3"]),
        (json!({"where": {"size": {"between": [2, 4]}}, "ordering": "id", "limit": 2}), vec!["b2", "b3"]),
    ] {
        let page = server.post(QUERY, &query).await.is(200).json();
        assert_eq!(keys(&page), expected, "{query}");
    }
    let query = json!({"where": {"id": "b0"}, "fields": ["size"], "count": "exact"});
    let page = server.post(QUERY, &query).await.is(200).json();
    assert_eq!(page, json!({"count": 1, "next": null, "previous": null, "results": [{"size": 0}]}));
}

async fn a_query_is_paged_with_cursors(server: Server) {
    balls(&server).await;
    let mut query = json!({"where": {"size": {"lt": 10}}, "ordering": "-size", "limit": 4});
    let first = server.post(QUERY, &query).await.is(200).json();
    assert_eq!((keys(&first), &first["previous"]), (vec!["b5", "b4", "b3", "b2"], &Json::Null));
    query["cursor"] = first["next"].clone();
    let second = server.post(QUERY, &query).await.is(200).json();
    assert_eq!((keys(&second), &second["next"]), (vec!["b1", "b0"], &Json::Null));
    query["cursor"] = second["previous"].clone();
    let back = server.post(QUERY, &query).await.is(200).json();
    assert_eq!(keys(&back), keys(&first));
    query["where"] = json!({"size": {"lt": 9}});
    server.post(QUERY, &query).await.problem_about(400, &["cursor"]);
}

async fn an_invalid_query_is_refused(server: Server) {
    balls(&server).await;
    for (query, pointer, detail) in [
        (json!({"filter": {}}), "/filter", "unknown field `filter`"),
        (json!({"where": {"colour": "red"}}), "/where", "no field `colour`"),
        (json!({"where": {"size": {"lt": "x"}}}), "/where", "size"),
        (json!({"ordering": ["shape"]}), "/ordering", "no field `shape`"),
        (json!({"limit": 0}), "/limit", "from 1 to 1000"),
        (json!({"limit": -1}), "/limit", "invalid value"),
        (json!({"cursor": "x"}), "/cursor", "not a valid cursor"),
        (json!({"fields": [1]}), "/fields", "did not match"),
        (json!([]), "", "expected"),
    ] {
        let problem = server.post(QUERY, &query).await.problem(400);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(detail), "{problem}");
    }
    server.post("/api/v1/storage/none/query/", &json!({})).await.problem(404);
}

async fn values_are_counted(server: Server) {
    balls(&server).await;
    let counted = |list: &[(Json, u64)]| {
        list.iter().map(|(value, count)| json!({"value": value, "count": count})).collect::<Vec<_>>()
    };
    for (query, expected, truncated) in [
        (
            "field=color",
            vec![(json!("red"), 3), (json!("blue"), 2), (Json::Null, 1), (json!("green"), 1)],
            false,
        ),
        ("field=color&limit=2", vec![(json!("red"), 3), (json!("blue"), 2)], true),
        (
            "field=color&size__gte=3",
            vec![(Json::Null, 1), (json!("blue"), 1), (json!("green"), 1), (json!("red"), 1)],
            false,
        ),
        ("field=size&color=blue", vec![(json!(1), 1), (json!(5), 1)], false),
        ("field=version", vec![(json!(1), 7)], false),
        ("field=id&where={\"size\":{\"gt\":99}}", vec![(json!("plain"), 1)], false),
    ] {
        let values = server.get(&format!("{VALUES}?{query}")).await.is(200).json();
        assert_eq!(
            values,
            json!({"results": counted(&expected), "truncated": truncated, "ordering": "count"}),
            "{query}"
        );
    }
}

async fn values_of_a_field_need_a_field(server: Server) {
    balls(&server).await;
    for (query, parameter, code) in [
        ("", "field", "missing"),
        ("field=shape", "field", "unknown-field"),
        ("field=color&field=size", "field", "duplicate"),
        ("field=data", "field", "not-applicable"),
        ("field=color&ordering=size", "ordering", "not-applicable"),
        ("field=color&shape=1", "shape", "unknown-field"),
        ("field=color&limit=1001", "limit", "out-of-range"),
    ] {
        let problem = server.get(&format!("{VALUES}?{query}")).await.problem(400);
        let error = &problem["errors"][0];
        assert_eq!((&error["parameter"], &error["code"]), (&json!(parameter), &json!(code)), "{problem}");
    }
}

async fn rows_with_any_key_can_be_reached(server: Server) {
    balls(&server).await;
    for key in ["query", "values", "key", "plain"] {
        let path = format!("{ROWS}key/{key}/");
        let row = server.put(&path, &json!({"color": "red", "size": 7})).await.is(200).json();
        assert_eq!((&row["id"], &row["size"]), (&json!(key), &json!(7)));
        let row = server.request("PATCH", &path).json(&json!({"size": 8})).await.is(200).json();
        let read = server.get(&path).await.is(200);
        assert_eq!((&row["size"], read.json()), (&json!(8), row.clone()));
        server.request("DELETE", &path).await.is(204).ok();
        server.get(&path).await.problem(404);
    }
    // Other methods than that of the operation reach the row at its usual path.
    let row = json!({"color": "red", "size": 7});
    server.put(&format!("{ROWS}query/"), &row).await.is(200).ok();
    assert_eq!(server.get(&format!("{ROWS}query/")).await.is(200).json()["size"], 7);
}

async fn values_of_a_large_storage_come_from_an_index(server: Server) {
    let definition = json!({"name": "ball", "key": {"name": "id", "type": "long"},
        "fields": [{"name": "color", "type": "text", "nullable": true, "db_index": true}]});
    server.declare(&definition).await;
    let long = "x".repeat(700);
    let line = |id: u32| match id % 10 {
        0 => format!("{{\"id\":{id},\"color\":null}}\n"),
        1 | 2 => format!("{{\"id\":{id},\"color\":\"blue\"}}\n"),
        3 => format!("{{\"id\":{id},\"color\":\"{long}{}\"}}\n", id % 20),
        _ => format!("{{\"id\":{id},\"color\":\"red\"}}\n"),
    };
    let lines: String = (0..100_100).map(line).collect();
    server.request("POST", "/throw/ball?format=ndjson").body(lines).await.is(200).ok();
    let found = server.get(&format!("{VALUES}?field=color")).await.is(200).json();
    let value = |value: Json, count: u32| json!({"value": value, "count": count});
    let expected = json!({"truncated": false, "ordering": "count", "results": [
        value(json!("red"), 60_060), value(json!("blue"), 20_020), value(json!(null), 10_010),
        value(json!(format!("{long}13")), 5_005), value(json!(format!("{long}3")), 5_005),
    ]});
    assert_eq!(found, expected);
    let first = server.get(&format!("{VALUES}?field=color&limit=2")).await.is(200).json();
    let smallest = [value(json!(null), 10_010), value(json!("blue"), 20_020)];
    let expected = json!({"results": smallest, "truncated": true, "ordering": "value"});
    assert_eq!(first, expected);
}
