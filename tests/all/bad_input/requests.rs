//! Requests that are invalid regardless of their contents.

use datadump_tests::{Server, dog, on_both};
use serde_json::json;

use super::everything;

on_both![bodies_that_are_not_json_are_refused, unknown_resources_are_not_found, wrong_methods_are_refused,];

async fn bodies_that_are_not_json_are_refused(server: Server) {
    server.declare(&dog()).await;
    let before = everything(&server).await;
    let deep = |levels: usize| {
        format!(
            r#"{{"chip_id": "C", "color": "x", "collar_size": {}1{}}}"#,
            "[".repeat(levels),
            "]".repeat(levels)
        )
    };
    let cases: [(&str, u16, Vec<u8>, &[&str]); 8] = [
        ("nothing", 400, Vec::new(), &["JSON"]),
        ("words", 400, b"color=black".to_vec(), &["JSON"]),
        ("half of it", 400, br#"{"chip_id": "C""#.to_vec(), &["JSON"]),
        ("two of it", 400, br#"{"chip_id": "C"} {}"#.to_vec(), &["JSON"]),
        ("no UTF-8", 400, b"{\"chip_id\": \"\xff\"}".to_vec(), &["JSON"]),
        (
            "half a surrogate",
            400,
            br#"{"chip_id": "\ud800", "color": "x", "collar_size": 1}"#.to_vec(),
            &["JSON"],
        ),
        ("too deep", 400, deep(70).into_bytes(), &["64"]),
        ("much too deep", 400, deep(100_000).into_bytes(), &["64"]),
    ];
    for (name, status, body, words) in cases {
        for (method, path) in [
            ("POST", "/api/v1/storage/dog/"),
            ("PUT", "/api/v1/storage/dog/C/"),
            ("PATCH", "/api/v1/storage/dog/C/"),
            ("POST", "/api/v1/factory/storage/"),
        ] {
            let request =
                server.request(method, path).header("content-type", "application/json").body(body.clone());
            let case = format!("{name} {method} {path}");
            let response = request.await;
            assert_eq!(response.status, status, "{case}: {response:?}");
            response.problem_about(status, words);
        }
    }
    assert_eq!(everything(&server).await, before);
}

async fn unknown_resources_are_not_found(server: Server) {
    server.declare(&dog()).await;
    let row = json!({"chip_id": "C", "color": "x", "collar_size": 1});
    for name in [
        "nope",
        "DOG",
        "Dog",
        "dog%22",
        "dog%2Fx",
        "%27%3B%20DROP%20TABLE%20storage_dog%3B%20--",
        "..%2Fdog",
        "_x",
    ] {
        for path in [
            format!("/api/v1/storage/{name}/"),
            format!("/api/v1/storage/{name}/C/"),
            format!("/api/v1/factory/storage/{name}/"),
            format!("/api/v1/factory/storage/{name}/versions/"),
            format!("/api/v1/factory/ready_status/{name}/"),
        ] {
            let problem = server.get(&path).await.problem(404);
            assert_eq!(problem["instance"], path.as_str(), "{problem}");
        }
        server.post(&format!("/api/v1/storage/{name}/"), &row).await.problem(404);
        server.put(&format!("/api/v1/storage/{name}/C/"), &row).await.problem(404);
        server.delete(&format!("/api/v1/storage/{name}/C/")).await.problem(404);
        server.delete(&format!("/api/v1/factory/storage/{name}/?confirm={name}")).await.problem(404);
    }
    server.get("/api/v1/storage/nope/").await.problem_about(404, &["nope"]);
    server.get("/api/v1/storage/dog/nope/").await.problem_about(404, &["dog", "nope"]);
    server.patch("/api/v1/storage/dog/nope/", &json!({"color": "x"})).await.problem_about(404, &["nope"]);
    server.delete("/api/v1/storage/dog/nope/").await.problem_about(404, &["nope"]);
    for path in ["/nope", "/api/v1/", "/api/v1/nope/", "/api/v1/storage/dog/C/x/", "/api//v1/storage/dog/"] {
        server.get(path).await.problem(404);
    }
    assert_eq!(server.get("/api/v1/storage/dog/").await.is(200).json()["count"], 0);
}

async fn wrong_methods_are_refused(server: Server) {
    server.declare(&dog()).await;
    for (method, path) in [
        ("PUT", "/api/v1/storage/dog/"),
        ("PUT", "/api/v1/storage/dog"),
        ("GET", "/api/v1/batch/"),
        ("POST", "/api/v1/storage/dog/C/"),
        ("PUT", "/api/v1/factory/storage/"),
        ("POST", "/api/v1/factory/storage/dog/"),
        ("POST", "/api/v1/factory/ready_status/dog/"),
        ("POST", "/health"),
        ("DELETE", "/api/v1/status"),
        ("POST", "/openapi.json"),
    ] {
        let response = server.request(method, path).await;
        assert_eq!(response.status, 405, "{method} {path}: {response:?}");
        assert!(response.header("allow").is_some(), "a 405 has an Allow header: {response:?}");
        response.problem(405);
    }
    server.get("/api/v1/factory/storage/dog/").await.is(200).ok();
}
