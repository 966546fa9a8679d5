//! Changes and deletions of all rows that match a filter.

use std::{sync::Arc, time::Duration};

use datadump_tests::{Server, on_both};
use serde_json::{Value as Json, json};
use tokio::time::Instant;

on_both![
    all_rows_that_match_are_changed,
    all_rows_that_match_are_deleted,
    a_request_without_a_limit_or_a_filter_changes_nothing,
    more_rows_than_allowed_change_nothing,
    a_row_that_would_become_invalid_changes_nothing,
    a_dry_run_only_counts,
    a_storage_that_requires_versions_refuses,
    changes_are_published,
    concurrent_changes_are_all_kept,
    a_patch_moves_each_row_once_beside_writers,
    a_hundred_thousand_rows_are_changed_at_once,
];

const ROWS: &str = "/api/v1/storage/ball/";

fn ball() -> Json {
    json!({
        "name": "ball", "key": {"name": "id", "type": "integer"},
        "fields": [{"name": "color", "type": "string", "max_length": 10, "db_index": true},
                   {"name": "size", "type": "integer", "default": 0, "min": 0},
                   {"name": "tag", "type": "string", "max_length": 10, "nullable": true, "unique": true},
                   {"name": "count", "type": "integer", "default": 0},
                   {"name": "data", "type": "json", "nullable": true},
                   {"name": "a", "type": "integer", "nullable": true},
                   {"name": "b", "type": "integer", "nullable": true}],
        "meta": {"scans": true, "unique_together": [["a", "b"]]},
    })
}

/// Stores balls 0 to 9: even ones red, odd ones blue.
async fn balls(server: &Server) {
    server.declare(&ball()).await;
    let ball = |n: i32| json!({"id": n, "color": if n % 2 == 0 { "red" } else { "blue" }, "size": n, "data": {"n": n}, "b": n});
    let sent: Vec<Json> = (0..10).map(ball).collect();
    server.post(&format!("{ROWS}bulk/?atomic=1"), &json!(sent)).await.is(200).ok();
}

async fn list(server: &Server, query: &str) -> Vec<Json> {
    let list = server.get(&format!("{ROWS}?ordering=id&limit=1000&{query}")).await.is(200).json();
    list["results"].as_array().unwrap().clone()
}

async fn keys(server: &Server, query: &str) -> Vec<i64> {
    list(server, query).await.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

async fn all_rows_that_match_are_changed(server: Server) {
    balls(&server).await;
    for (query, patch, affected, check, expected) in [
        ("color=red&max_affected=5", json!({"size": 70}), 5, "size=70", vec![0, 2, 4, 6, 8]),
        ("size__gt=8&color=blue&max_affected=100000", json!({"color": "grey"}), 1, "color=grey", vec![9]),
        (
            "where={\"data.n\":{\"in\":[1,3]}}&max_affected=2",
            json!({"data": {"m": 1}}),
            2,
            "data.m=1",
            vec![1, 3],
        ),
        (
            "data.m=1&max_affected=2",
            json!({"data": {"n": null}, "size": 5}),
            2,
            "data.n__isnull=true",
            vec![1, 3],
        ),
        ("id__between=6,7&max_affected=2", json!({"data": null}), 2, "data__isnull=true", vec![6, 7]),
        ("color=none&max_affected=1", json!({"size": 1}), 0, "size=1", vec![]),
        ("all=1&max_affected=10", json!({"size": 3}), 10, "size=3", (0..10).collect()),
        ("tag__isnull=true&id=4&max_affected=1", json!({"tag": "x"}), 1, "tag=x", vec![4]),
        ("count__eq=0&max_affected=10", json!({"count": 1}), 10, "count__eq=1", (0..10).collect()),
    ] {
        let before = list(&server, "").await;
        let answer = server.patch(&format!("{ROWS}?{query}"), &patch).await.is(200).json();
        assert_eq!(answer, json!({"affected": affected}), "{query}");
        assert_eq!(keys(&server, check).await, expected, "{query}");
        let changed = before.iter().zip(list(&server, "").await);
        let changed = changed.filter(|(before, after)| before["version"] != after["version"]);
        let next = |(before, after): (&Json, Json)| {
            after["version"].as_i64() == before["version"].as_i64().map(|v| v + 1)
        };
        assert_eq!(changed.map(next).filter(|is_next| *is_next).count(), affected, "{query}");
    }
    let row = &list(&server, "id=1").await[0];
    assert_eq!(row["data"], json!({"m": 1}), "members are merged");
}

async fn all_rows_that_match_are_deleted(server: Server) {
    balls(&server).await;
    for (query, affected, left) in [
        ("color=red&size__lt=5&max_affected=3", 3, vec![1, 3, 5, 6, 7, 8, 9]),
        ("color=red&size__lt=5&max_affected=3", 0, vec![1, 3, 5, 6, 7, 8, 9]),
        ("where={\"or\":[{\"id\":1},{\"data.n\":8}]}&max_affected=3", 2, vec![3, 5, 6, 7, 9]),
        ("all=true&max_affected=5", 5, vec![]),
        ("all=1&max_affected=5", 0, vec![]),
    ] {
        let answer = server.delete(&format!("{ROWS}?{query}")).await.is(200).json();
        assert_eq!(answer, json!({"affected": affected}), "{query}");
        assert_eq!(keys(&server, "").await, left, "{query}");
    }
}

async fn a_request_without_a_limit_or_a_filter_changes_nothing(server: Server) {
    balls(&server).await;
    let before = list(&server, "").await;
    for (query, parameter, code) in [
        ("color=red", "max_affected", "missing"),
        ("color=red&max_affected=0", "max_affected", "out-of-range"),
        ("color=red&max_affected=100001", "max_affected", "out-of-range"),
        ("color=red&max_affected=x", "max_affected", "out-of-range"),
        ("color=red&max_affected=1&max_affected=5", "max_affected", "duplicate"),
        ("max_affected=10", "all", "no-filter"),
        ("max_affected=10&where={}", "all", "no-filter"),
        ("max_affected=10&all=0", "all", "no-filter"),
        ("max_affected=10&all=1&color=red", "all", "not-applicable"),
        ("max_affected=10&all=2", "all", "invalid-parameter"),
        ("max_affected=10&color=red&dry_run=maybe", "dry_run", "invalid-parameter"),
        ("max_affected=10&color=red&limit=1", "limit", "not-applicable"),
        ("max_affected=10&color=red&offset=1", "offset", "not-applicable"),
        ("max_affected=10&colour=red", "colour", "unknown-field"),
        ("max_affected=10&size__lt=x", "size__lt", "mistyped"),
        ("max_affected=10&where={", "where", "not-json"),
    ] {
        for problem in [
            server.patch(&format!("{ROWS}?{query}"), &json!({"size": 1})).await.problem(400),
            server.delete(&format!("{ROWS}?{query}")).await.problem(400),
        ] {
            let error = &problem["errors"][0];
            assert_eq!(
                (&error["parameter"], &error["code"]),
                (&json!(parameter), &json!(code)),
                "{query}: {problem}"
            );
        }
    }
    for (patch, pointer, code) in [
        (json!({}), "", "empty"),
        (json!([]), "", "not-an-object"),
        (json!({"version": 1, "size": 1}), "/version", "version"),
        (json!({"id": 1}), "/id", "key"),
        (json!({"shape": 1}), "/shape", "surplus"),
        (json!({"size": -1}), "/size", "min"),
        (json!({"size": null}), "/size", "null"),
    ] {
        let problem = server.patch(&format!("{ROWS}?color=red&max_affected=9"), &patch).await.problem(400);
        let error = &problem["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["code"]),
            (&json!(pointer), &json!(code)),
            "{patch}: {problem}"
        );
    }
    assert_eq!(list(&server, "").await, before);
    server.patch("/api/v1/storage/none/?all=1&max_affected=1", &json!({"a": 1})).await.problem(404);
    server.delete("/api/v1/storage/_source/?all=1&max_affected=1").await.problem(404);
    let mut strict = ball();
    (strict["name"], strict["meta"]) = (json!("strict"), json!({}));
    server.declare(&strict).await;
    let problem = server.delete("/api/v1/storage/strict/?size=1&max_affected=1").await.problem(400);
    assert_eq!(problem["code"], "filter-not-indexed");
}

async fn more_rows_than_allowed_change_nothing(server: Server) {
    balls(&server).await;
    let before = list(&server, "").await;
    for query in ["color=red&max_affected=4", "all=1&max_affected=9", "all=1&max_affected=1&dry_run=1"] {
        let path = format!("{ROWS}?{query}");
        for problem in [server.patch(&path, &json!({"size": 1})).await, server.delete(&path).await] {
            assert_eq!(problem.problem(409)["code"], "too-many-affected", "{query}");
        }
    }
    assert_eq!(list(&server, "").await, before);
}

async fn a_row_that_would_become_invalid_changes_nothing(server: Server) {
    balls(&server).await;
    server.patch(&format!("{ROWS}9/"), &json!({"tag": "taken", "a": 1})).await.is(200).ok();
    let before = list(&server, "").await;
    for (query, patch, words) in [
        ("color=red", json!({"tag": "same"}), "5 rows match"),
        ("id=4", json!({"tag": "taken"}), "row 4"),
        ("color=red", json!({"a": 1, "b": 1}), "5 rows match"),
        ("color=red", json!({"b": 9, "a": 1, "size": 1}), "5 rows match"),
        ("color=red", json!({"b": 3}), ""),
    ] {
        let response = server.patch(&format!("{ROWS}?{query}&max_affected=10"), &patch).await;
        if words.is_empty() {
            // `a` is null, and nulls are distinct.
            assert_eq!(response.is(200).json()["affected"], 5);
            continue;
        }
        let problem = response.problem(400);
        assert_eq!(problem["code"], "unique", "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(words), "{problem}");
        assert_eq!(list(&server, "").await, before, "{patch}");
    }
    // Rows 2 and 4 are about to have the same `a` and `b`.
    for (id, b) in [(2, 50), (4, 50), (6, 51)] {
        server.patch(&format!("{ROWS}{id}/"), &json!({"b": b})).await.is(200).ok();
    }
    let before = list(&server, "").await;
    let problem =
        server.patch(&format!("{ROWS}?color=red&max_affected=10"), &json!({"a": 7})).await.problem(400);
    assert_eq!(problem["code"], "unique", "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains("row "), "{problem}");
    assert_eq!(list(&server, "").await, before);
}

async fn a_dry_run_only_counts(server: Server) {
    balls(&server).await;
    let before = list(&server, "").await;
    let path = format!("{ROWS}?color=red&max_affected=5&dry_run=1");
    for answer in [server.patch(&path, &json!({"size": 1})).await, server.delete(&path).await] {
        assert_eq!(answer.is(200).json(), json!({"affected": 5}));
    }
    server.patch(&path, &json!({"tag": "same"})).await.problem(400);
    assert_eq!(list(&server, "").await, before);
}

async fn a_storage_that_requires_versions_refuses(server: Server) {
    let mut careful = ball();
    careful["meta"] = json!({"scans": true, "require_version": true});
    server.declare(&careful).await;
    server.post(ROWS, &json!({"id": 1, "color": "red"})).await.is(201).ok();
    let path = format!("{ROWS}?color=red&max_affected=5");
    server.patch(&path, &json!({"size": 1})).await.problem(428);
    server.delete(&path).await.problem(428);
    // With a version for each row, a bulk request changes them.
    let answer = server
        .post(&format!("{ROWS}bulk/"), &json!([{"id": 1, "size": 1}, {"id": 1, "size": 1, "version": 1}]));
    let answer = answer.await.is(200).json();
    assert_eq!(
        (&answer["results"][0]["status"], &answer["results"][1]["status"]),
        (&json!(428), &json!(200))
    );
}

async fn changes_are_published(server: Server) {
    balls(&server).await;
    let path = "/api/v1/stream?storage=ball";
    let mut stream = datadump_tests::EventStream::open(&server, path, None).await;
    server.patch(&format!("{ROWS}?color=red&max_affected=5"), &json!({"size": 33})).await.is(200).ok();
    server.delete(&format!("{ROWS}?color=blue&max_affected=5")).await.is(200).ok();
    let mut seen = Vec::new();
    while seen.len() < 10 {
        let event = stream.next_change().await.expect("an event for each row");
        seen.push(event.event.unwrap());
    }
    assert_eq!(seen, [vec!["update"; 5], vec!["delete"; 5]].concat());
}

/// Writers that count in one field, beside patches of another one.
async fn concurrent_changes_are_all_kept(server: Server) {
    const ROUNDS: usize = 20;
    balls(&server).await;
    let server = Arc::new(server);
    let writers: Vec<_> = (0..10)
        .map(|id| {
            let server = server.clone();
            tokio::spawn(async move {
                for round in 1..=ROUNDS {
                    server.patch(&format!("{ROWS}{id}/"), &json!({"size": round})).await.is(200).ok();
                }
            })
        })
        .collect();
    let mut affected = 0;
    for round in 1..=ROUNDS {
        let path = format!("{ROWS}?color=red&max_affected=10");
        let answer = server.patch(&path, &json!({"data": {"round": round}})).await.is(200).json();
        affected += answer["affected"].as_u64().unwrap();
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(affected, 5 * ROUNDS as u64);
    for row in list(&server, "").await {
        let is_red = row["color"] == "red";
        assert_eq!(row["size"], ROUNDS, "{row}");
        assert_eq!(
            row["data"]["round"].as_u64().map(|round| round == ROUNDS as u64),
            is_red.then_some(true),
            "{row}"
        );
        assert_eq!(row["version"], 1 + if is_red { 2 * ROUNDS } else { ROUNDS }, "no update is lost: {row}");
    }
}

/// Concurrent patches from one state to the next: each row is moved by exactly one of them.
async fn a_patch_moves_each_row_once_beside_writers(server: Server) {
    const BALLS: usize = 500;
    server.declare(&ball()).await;
    let sent: Vec<Json> = (0..BALLS).map(|id| json!({"id": id, "color": "new"})).collect();
    server.post(&format!("{ROWS}bulk/?atomic=1"), &json!(sent)).await.is(200).ok();
    let server = Arc::new(server);
    let movers: Vec<_> = (0..4)
        .map(|mover| {
            let server = server.clone();
            tokio::spawn(async move {
                let path = format!("{ROWS}?color=new&max_affected=1000");
                let patch = json!({"color": "moved", "count": mover});
                server.patch(&path, &patch).await.is(200).json()["affected"].as_u64().unwrap()
            })
        })
        .collect();
    let taker = {
        let server = server.clone();
        tokio::spawn(async move {
            let mut taken = 0;
            for id in (0..BALLS).rev().step_by(25) {
                let filter = format!("{ROWS}?color=new&id={id}&max_affected=1");
                taken += server.patch(&filter, &json!({"color": "taken"})).await.is(200).json()["affected"]
                    .as_u64()
                    .unwrap();
            }
            taken
        })
    };
    let mut moved = 0;
    for mover in movers {
        moved += mover.await.unwrap();
    }
    let taken = taker.await.unwrap();
    assert_eq!(moved + taken, BALLS as u64);
    let count = |color: &str| {
        let path = format!("{ROWS}?color={color}&version=2&count=exact&limit=1");
        let server = server.clone();
        async move { server.get(&path).await.is(200).json()["count"].as_u64().unwrap() }
    };
    assert_eq!((count("moved").await, count("taken").await), (moved, taken));
}

async fn a_hundred_thousand_rows_are_changed_at_once(server: Server) {
    const MANY: u64 = 100_000;
    server.declare(&ball()).await;
    server.post(ROWS, &json!({"id": 0, "color": "red"})).await.is(201).ok();
    let first: Vec<Json> = (1..=100).map(|id| json!({"id": id, "color": "blue"})).collect();
    server.post(&format!("{ROWS}bulk/"), &json!(first)).await.is(200).ok();
    for start in (1_000..1_000 + MANY).step_by(10_000) {
        let rows: Vec<Json> = (start..start + 10_000).map(|id| json!({"id": id, "color": "red"})).collect();
        server.post(&format!("{ROWS}bulk/"), &json!(rows)).await.is(200).ok();
    }
    let path = format!("{ROWS}?color=red&max_affected={MANY}");
    server.patch(&path, &json!({"size": 1})).await.problem(409);
    server.delete(&format!("{ROWS}0/")).await.is(204).ok();
    let server = Arc::new(server);
    let change = {
        let (server, path) = (server.clone(), path.clone());
        tokio::spawn(async move {
            let since = Instant::now();
            let answer = server.patch(&path, &json!({"size": 1})).await.is(200).json();
            assert_eq!(answer, json!({"affected": MANY}));
            since.elapsed()
        })
    };
    let mut longest = Duration::ZERO;
    while !change.is_finished() {
        let since = Instant::now();
        server.patch(&format!("{ROWS}7/"), &json!({"size": 2})).await.is(200).ok();
        longest = longest.max(since.elapsed());
    }
    let took = change.await.unwrap();
    println!("100,000 rows in {took:?}; the longest single write beside it took {longest:?}");
    let count = server.get(&format!("{ROWS}?size=1&version=2&count=exact&limit=1")).await.is(200).json();
    assert_eq!(count["count"], MANY);
    let since = Instant::now();
    let answer = server.delete(&path).await.is(200).json();
    println!("100,000 rows deleted in {:?}", since.elapsed());
    assert_eq!(answer, json!({"affected": MANY}));
}
