//! Files and requests that are wrong.

use datadump_tests::{Server, dog, on_both};
use serde_json::json;

use super::{count, import, lines};

on_both![
    requests_that_cannot_work_are_refused,
    a_malformed_file_is_stored_up_to_its_error,
    a_strict_import_stops_before_the_chunk_with_an_error,
    a_broken_encoding_stops_the_import,
];

async fn requests_that_cannot_work_are_refused(server: Server) {
    server.declare(&dog()).await;
    server
        .request("POST", "/api/data")
        .json(&json!({"device_id": "d", "sensor_type": "t", "value": 1}))
        .await
        .is(201)
        .ok();
    let state = import(&server, "dog/import/", "chip_id,color,collar_size\nA,red,1\n").await;
    let id = state["id"].as_str().unwrap();
    let bytes = state["bytes"].as_u64().unwrap();
    for (path, body, status, words) in [
        ("dog/import/?format=xml", "<a/>", 400, &["xml", "csv, tsv, ndjson, json"][..]),
        ("dog/import/", "<a><b>1</b></a>", 400, &["xml", "csv"]),
        ("dog/import/", "just some prose", 400, &["text"]),
        ("dog/import/", "\u{0}\u{1}\u{2}\u{3}binary", 400, &["binary"]),
        ("dog/import/?on_conflict=overwrite", "", 400, &["on_conflict", "merge, replace, ignore, error"]),
        ("dog/import/?on_error=skip", "", 400, &["on_error", "quarantine, stop"]),
        ("dog/import/?plan=maybe", "", 400, &["plan"]),
        ("dog/import/?rows=1", "", 400, &["rows"]),
        ("dog/import/?offset=10", "", 400, &["offset", "resume"]),
        ("dog/import/?plan=1&offset=10", "", 400, &["offset", "plan"]),
        (&format!("dog/import/?plan=1&resume={id}"), "", 400, &["resume", "plan"]),
        ("dog/import/?resume=7", "", 400, &["resume"]),
        ("dog/import/?resume=0199c0de-0000-7000-8000-000000000000", "", 404, &["0199c0de"]),
        (&format!("cat/import/?resume={id}"), "", 400, &["dog"]),
        (&format!("dog/import/?resume={id}&raw=1"), "", 400, &["raw=0"]),
        (&format!("dog/import/?resume={id}&format=json"), "", 400, &["format=csv"]),
        (&format!("dog/import/?resume={id}&offset={}", bytes + 1), "", 409, &["bytes"]),
        (&format!("dog/import/?resume={id}"), "chip_id,color,collar_size\nB,red,1\n", 409, &["other bytes"]),
        (&format!("dog/import/?resume={id}"), "chip_id,color,collar_size\n", 409, &["more bytes"]),
        (
            &format!("dog/import/?resume={id}"),
            "chip_id,color,collar_size\nA,red,1\nB,red,1\n",
            409,
            &["complete"],
        ),
        ("_source/import/", "a,b\n1,2\n", 400, &["_source"]),
        ("a__b/import/", "a,b\n1,2\n", 400, &["a__b"]),
        ("readings/import/", "a,b\n1,2\n", 403, &["hub"]),
    ] {
        let response = server.request("POST", &format!("/api/v1/storage/{path}")).body(body).await;
        response.problem_about(status, words);
    }
    let utf16 = [&b"\xFF\xFEa\0,\0b\0\n\0"[..], b"1\0,\x002\0\n\0"].concat();
    server.request("POST", "/api/v1/storage/dog/import/").body(utf16).await.problem_about(400, &["UTF-16"]);
    let range = server
        .request("POST", &format!("/api/v1/storage/dog/import/?resume={id}"))
        .header("content-range", "lines 1-2");
    range.await.problem_about(400, &["Content-Range"]);
    let other = format!("/api/v1/storage/dog/import/?resume={id}");
    let problem =
        server.request("POST", &other).body("x".repeat(100)).await.problem_about(409, &["new import"]);
    assert!(!problem["detail"].as_str().unwrap().contains("resume="), "{problem}");
    server.get("/api/v1/storage/dog/import/").await.problem(404);
    assert_eq!(count(&server, "dog").await, 1);
}

async fn a_malformed_file_is_stored_up_to_its_error(server: Server) {
    let items: Vec<String> =
        (0..30_000).map(|n| format!("{{\"n\": {n}, \"text\": \"some text\"}}")).collect();
    let array = |separator: &str| {
        format!("[\n{},\n{}{separator}\n{}\n]", items[..20_000].join(",\n"), items[20_000], items[20_001])
    };
    let rows: String = (0..20_000).map(|n| format!("{n},\"some, text\"\n")).collect();
    for (name, body, line, stored) in [
        // A missing comma.
        ("separator", array(""), 20_003, 20_000),
        ("end", format!("[\n{}", items.join(",\n")), 30_001, 29_999),
        ("after", format!("[\n{}\n]\nx", items.join(",\n")), 30_003, 29_999),
        ("quote", format!("n,text\n{rows}20000,\"never closed\n20001,x\n"), 20_002, 20_000),
    ] {
        let response = server.request("POST", &format!("/api/v1/storage/{name}/import/")).body(body).await;
        let id = response.header("import-id").unwrap().to_owned();
        let problem = response.problem_about(400, &[&format!("line {line}:"), "were stored before", &id]);
        assert_eq!(problem["code"], "malformed");
        assert_eq!(problem["receipt"]["rows"]["stored"], stored, "{name}: {problem}");
        assert_eq!(count(&server, name).await, stored, "{name}");
        let state = server.get(&format!("/api/v1/import/{id}/")).await.is(200).json();
        assert_eq!((&state["state"], &state["failure"]["line"]), (&json!("failed"), &json!(line)), "{state}");
    }
    // What can be read around an error is stored, and the error goes to quarantine.
    let mut broken = items.clone();
    broken[25_000] = "{\"n\": x}".into();
    for (name, body, line) in
        [("item", format!("[\n{}\n]", broken.join(",\n")), 25_002), ("line", broken.join("\n"), 25_001)]
    {
        let state = import(&server, &format!("{name}/import/"), body).await;
        assert_eq!(
            (&state["rows"]["stored"], &state["errors"][0]["line"]),
            (&json!(29_999), &json!(line)),
            "{state}"
        );
    }
    // A file that cannot be read at all.
    let problem =
        server.request("POST", "/api/v1/storage/bad/import/?format=ndjson").body("{\"a\": \n").await;
    problem.problem_about(400, &["line 1:"]);
    assert_eq!(count(&server, "bad").await, 0);
}

async fn a_strict_import_stops_before_the_chunk_with_an_error(server: Server) {
    server.declare(&dog()).await;
    let row = |n: usize| format!("CHIP{n},a dog with a description that makes the file long,{n}\n");
    let rows = |wrong: usize| -> String {
        (0..30_000).map(|n| if n == wrong { format!("CHIP{n},red,large\n") } else { row(n) }).collect()
    };
    let definition = json!({"name": "hound", "key": {"name": "chip_id", "type": "string", "max_length": 16},
                            "fields": [{"name": "color", "type": "text"}, {"name": "collar_size", "type": "integer"}]});
    server.declare(&definition).await;
    let file = |wrong: usize| format!("chip_id,color,collar_size\n{}", rows(wrong));
    for query in ["strict=1", "on_error=stop"] {
        let path = format!("/api/v1/storage/hound/import/?{query}");
        let response = server.request("POST", &path).body(file(20_000)).await;
        let id = response.header("import-id").unwrap().to_owned();
        let problem = response.problem_about(422, &["line 20002:", "collar_size", "resume"]);
        assert_eq!(problem["code"], "import-stopped", "{problem}");
        let state = server.get(&format!("/api/v1/import/{id}/")).await.is(200).json();
        assert_eq!(
            (&state["state"], &state["failure"]["line"]),
            (&json!("failed"), &json!(20_002)),
            "{state}"
        );
        assert_eq!(state["rows"]["quarantined"], 0);
        // The corrected file continues it.
        let path = format!("{path}&resume={id}");
        let state = server.request("POST", &path).body(file(usize::MAX)).await.is(200).json();
        assert_eq!((&state["rows"]["read"], &state["state"]), (&json!(30_000), &json!("done")), "{state}");
        assert_eq!(count(&server, "hound").await, 30_000);
    }
    assert_eq!(server.get("/api/v1/quarantine/").await.is(200).json()["count"], 0);
}

async fn a_broken_encoding_stops_the_import(server: Server) {
    let whole = datadump_tests::compress("gzip", lines(60_000).as_bytes());
    let broken = whole[..whole.len() * 9 / 10].to_vec();
    for announced in [true, false] {
        let name = if announced { "announced" } else { "found" };
        let request = server.request("POST", &format!("/api/v1/storage/{name}/import/")).body(broken.clone());
        let request = if announced { request.header("content-encoding", "gzip") } else { request };
        let problem = request.await.problem(400);
        let stored = problem["receipt"]["rows"]["stored"].as_u64().unwrap();
        assert!((1000..60_000).contains(&stored) && count(&server, name).await == stored, "{problem}");
        assert_eq!(
            (&problem["receipt"]["state"], &problem["receipt"]["failure"]["code"]),
            (&json!("failed"), &json!("broken-encoding")),
            "{problem}"
        );
        let id = problem["receipt"]["id"].as_str().unwrap();
        let path = format!("/api/v1/storage/{name}/import/?resume={id}");
        let state = server
            .request("POST", &path)
            .body(whole.clone())
            .header("content-encoding", "gzip")
            .await
            .is(200)
            .json();
        assert_eq!(
            (&state["rows"]["stored"], count(&server, name).await),
            (&json!(60_000), 60_000),
            "{state}"
        );
    }
}
