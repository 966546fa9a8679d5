//! Invalid queries.

use datadump_tests::{Server, on_both};
use serde_json::json;

use super::{check, everything};

on_both![invalid_queries_are_refused_with_the_parameter, a_cursor_is_only_valid_for_its_query];

/// Query parameters, the invalid one, and words of the detail.
const CASES: &[(&str, &str, &[&str])] = &[
    ("colour=black", "colour", &["colour"]),
    ("Color=black", "Color", &["Color"]),
    ("color__like=b", "color__like", &["like"]),
    ("color__=b", "color__", &["color__"]),
    ("color__eq__eq=b", "color__eq__eq", &["color__eq__eq"]),
    ("nope__isnull=true", "nope__isnull", &["nope"]),
    ("size=abc", "size", &["abc"]),
    ("size=2147483648", "size", &["2147483648"]),
    ("size=", "size", &["size"]),
    ("size__in=1,x", "size__in", &["x"]),
    ("size__between=1", "size__between", &["size__between"]),
    ("size__between=1,2,3", "size__between", &["size__between"]),
    ("size__contains=1", "size__contains", &["size"]),
    ("color__isnull=perhaps", "color__isnull", &["perhaps"]),
    ("version=x", "version", &["version"]),
    ("created_at__gt=yesterday", "created_at__gt", &["yesterday"]),
    ("color__data__a=1", "color__data__a", &["color__data__a"]),
    ("color.a=1", "color.a", &["color"]),
    ("note=x", "note", &["note", "index"]),
    ("ordering=note", "ordering", &["note", "index"]),
    ("ordering=nope", "ordering", &["nope"]),
    ("ordering=color,-nope", "ordering", &["nope"]),
    ("ordering=", "ordering", &["ordering"]),
    ("ordering=color,color", "ordering", &["color"]),
    ("fields=color,nope", "fields", &["nope"]),
    ("fields=", "fields", &["fields"]),
    ("limit=0", "limit", &["limit", "0"]),
    ("limit=5000", "limit", &["limit", "5000"]),
    ("limit=-1", "limit", &["limit"]),
    ("limit=ten", "limit", &["ten"]),
    ("limit=10&limit=20", "limit", &["limit"]),
    ("offset=-1", "offset", &["offset"]),
    ("offset=x", "offset", &["offset"]),
    ("offset=99999999999999999999", "offset", &["offset"]),
    ("count=maybe", "count", &["maybe"]),
    ("cursor=abc", "cursor", &["cursor"]),
    ("cursor=AAAA", "cursor", &["cursor"]),
    ("cursor=&offset=5", "offset", &["cursor", "offset"]),
    ("where=color", "where", &["where"]),
    ("where=[]", "where", &["where"]),
    ("where={\"nope\":{\"eq\":1}}", "where", &["nope"]),
    ("where={\"color\":{\"like\":\"x\"}}", "where", &["like"]),
    ("where={\"color\":{\"eq\":5}}", "where", &["5"]),
    ("where={\"or\":{}}", "where", &["or"]),
    ("where={\"note\":{\"eq\":\"x\"}}", "where", &["note", "index"]),
];

async fn invalid_queries_are_refused_with_the_parameter(server: Server) {
    fill(&server).await;
    let before = everything(&server).await;
    for (query, at, words) in CASES {
        let parameters: Vec<(&str, &str)> =
            query.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        check(query, server.get("/api/v1/storage/thing/").query(&parameters).await, 400, at, words);
    }
    let deep = format!("{}{{\"size\":{{\"eq\":1}}}}{}", "{\"not\":".repeat(70), "}".repeat(70));
    check(
        "a deep where",
        server.get("/api/v1/storage/thing/").query(&[("where", &deep)]).await,
        400,
        "where",
        &["where"],
    );
    let unindexed = server.get("/api/v1/storage/thing/?note=x").await.problem(400);
    let codes = [&unindexed["code"], &unindexed["errors"][0]["code"]];
    assert!(codes.contains(&&json!("filter-not-indexed")), "{unindexed}");
    for path in [
        "/api/v1/factory/storage/?colour=1",
        "/api/v1/factory/storage/thing/?colour=1",
        "/api/v1/factory/storage/thing/versions/?colour=1",
        "/api/v1/factory/ready_status/thing/?colour=1",
        "/api/v1/storage/thing/K1/?colour=1",
        "/api/v1/status?colour=1",
        "/health?colour=1",
    ] {
        check(path, server.get(path).await, 400, "colour", &["colour"]);
    }
    let row = json!({"id": "K9", "color": "red", "size": 1, "note": ""});
    check("POST", server.post("/api/v1/storage/thing/?colour=1", &row).await, 400, "colour", &["colour"]);
    check("PUT", server.put("/api/v1/storage/thing/K9/?colour=1", &row).await, 400, "colour", &["colour"]);
    check("DELETE", server.delete("/api/v1/storage/thing/K1/?colour=1").await, 400, "colour", &["colour"]);
    assert_eq!(everything(&server).await, before);
}

async fn a_cursor_is_only_valid_for_its_query(server: Server) {
    fill(&server).await;
    let page = server.get("/api/v1/storage/thing/?cursor=&limit=2&ordering=size").await.is(200).json();
    let next = page["next"].as_str().unwrap();
    server.get(next).await.is(200).ok();
    let cursor = next.split(['?', '&']).find(|part| part.starts_with("cursor=")).unwrap();
    for other in ["ordering=-size", "ordering=color", "ordering=size&color=red", "ordering=size,color"] {
        let path = format!("/api/v1/storage/thing/?limit=2&{other}&{cursor}");
        check(other, server.get(&path).await, 400, "cursor", &["cursor"]);
    }
    let mut broken = cursor.to_owned();
    let last = broken.pop().unwrap();
    broken.push(if last == 'A' { 'B' } else { 'A' });
    let path = format!("/api/v1/storage/thing/?limit=2&ordering=size&{broken}");
    let response = server.get(&path).await;
    assert!([200, 400].contains(&response.status), "an invalid query is not a server error: {response:?}");
}

async fn fill(server: &Server) {
    server
        .declare(&json!({
            "name": "thing",
            "key": {"name": "id", "type": "string", "max_length": 16},
            "fields": [{"name": "color", "type": "string", "max_length": 32, "db_index": true},
                       {"name": "size", "type": "integer", "db_index": true},
                       {"name": "note", "type": "text"}],
        }))
        .await;
    for number in 1..=5 {
        let row = json!({"id": format!("K{number}"), "color": "red", "size": number, "note": "x"});
        server.post("/api/v1/storage/thing/", &row).await.is(201).ok();
    }
}
