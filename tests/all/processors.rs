//! Processors: built-in ones, programs managed over the API, and simulation of samples.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use datadump_tests::{Database, Server, on_both};
use serde_json::{Value as Json, json};

on_both![
    programs_are_created_versioned_and_used,
    compile_errors_have_line_and_column,
    simulating_samples_stores_nothing,
];

const PROCESSOR: &str = "/api/v1/processor/";

async fn programs_are_created_versioned_and_used(server: Server) {
    let list = server.get(PROCESSOR).await.is(200).json();
    let names: Vec<&str> =
        list["results"].as_array().unwrap().iter().map(|found| found["name"].as_str().unwrap()).collect();
    for name in ["json", "ndjson", "csv", "text", "form", "multipart", "xml", "syslog", "binary", "args"] {
        assert!(names.contains(&name), "{name} is not in {names:?}");
    }
    assert!(names.is_sorted(), "{names:?}");
    assert!(list["results"].as_array().unwrap().iter().all(|found| found["kind"] == "built-in"), "{list}");
    server.get("/api/v1/processor/nobody/").await.problem_about(404, &["nobody"]);

    let program = json!({"name": "celsius", "program": ".celsius = (to_float!(.f) - 32.0) * 5.0 / 9.0"});
    let made = server.post(PROCESSOR, &program).await.is(201).json();
    assert_eq!(
        (&made["kind"], &made["version"], &made["takes"]),
        (&json!("program"), &json!(1), &json!("record")),
        "{made}"
    );
    server.put("/api/v1/source/weather/", &json!({"processor": "celsius"})).await.is(201).ok();
    server.post("/throw/weather", &json!({"f": 212})).await.is(200).ok();
    let next = json!({"takes": "record", "program": ".celsius = 1.5\ndel(.f)"});
    let next = server.put("/api/v1/processor/celsius/", &next).await.is(200).json();
    assert_eq!(next["version"], 2, "{next}");
    server.post("/throw/weather", &json!({"f": 212})).await.is(200).ok();
    let rows = server.get("/api/v1/storage/weather/?ordering=_received_at").await.is(200).json();
    let found: Vec<(&Json, &Json)> =
        rows["results"].as_array().unwrap().iter().map(|row| (&row["celsius"], &row["f"])).collect();
    assert_eq!(found, [(&json!(100.0), &json!(212)), (&json!(1.5), &Json::Null)], "{rows}");
    let versions = server.get("/api/v1/processor/celsius/versions/").await.is(200).json();
    assert_eq!((&versions["count"], &versions["results"][0]["program"]), (&json!(2), &program["program"]));

    server.delete("/api/v1/processor/celsius/").await.problem_about(409, &["celsius", "weather"]);
    server.delete("/api/v1/processor/json/").await.problem(409);
    server.patch("/api/v1/source/weather/", &json!({"processor": null})).await.is(200).ok();
    server.delete("/api/v1/processor/celsius/").await.is(204).ok();
    server.get("/api/v1/processor/celsius/").await.problem(404);
    for name in ["json", "simulate", "a b", "_own", ""] {
        let program = json!({"name": name, "program": ".a = 1"});
        let problem = server.post(PROCESSOR, &program).await.problem(400);
        assert_eq!(problem["errors"][0]["pointer"], "/name", "{problem}");
    }
    for body in [
        json!({"name": "x"}),
        json!({"program": ".a = 1"}),
        json!({"name": "x", "program": 5}),
        json!({"name": "x", "program": ".a = 1", "takes": "all"}),
        json!({"name": "x", "program": ".a = 1", "language": "lua"}),
    ] {
        server.post(PROCESSOR, &body).await.problem(400);
    }
    server.put("/api/v1/processor/one/", &json!({"name": "other", "program": ".a = 1"})).await.problem(400);
    server.request("GET", "/api/v1/processor/simulate").await.problem(405);
}

async fn compile_errors_have_line_and_column(server: Server) {
    for (program, line, column) in [
        (".a = 1\n.b = nonsense(.a)", 2, 6),
        (".a = to_int(.a)", 1, 6),
        (".a = \n", 1, 0),
        // Functions for the network, files and environment do not exist.
        (".a = get_env_var!(\"HOME\")", 1, 6),
        (".a = dns_lookup!(\"localhost\")", 1, 6),
        (".a = http_request!(\"http://localhost\")", 1, 6),
    ] {
        let body = json!({"name": "wrong", "program": program});
        let problem = server.post(PROCESSOR, &body).await.problem(400);
        let error = &problem["errors"][0];
        assert_eq!((&problem["code"], &error["pointer"]), (&json!("invalid-program"), &json!("/program")));
        assert!(error["line"].as_u64() >= Some(line), "{program}: {problem}");
        if column > 0 {
            assert_eq!(
                (&error["line"], &error["column"]),
                (&json!(line), &json!(column)),
                "{program}: {problem}"
            );
        }
        assert!(!error["detail"].as_str().unwrap().is_empty(), "{problem}");
        if program.contains("to_int") {
            // The compiler explains the cause and proposes a repair.
            let hints = error["hints"].to_string();
            assert!(
                hints.contains("is fallible because") && hints.contains(".a, err = to_int(.a)"),
                "{problem}"
            );
        }
    }
    server.get("/api/v1/processor/wrong/").await.problem(404);
}

async fn simulating_samples_stores_nothing(server: Server) {
    let request = json!({
        "program": ".double = .n * 2 ?? null\nif .n == 3 { abort }",
        "routes": [{"storage": "small", "when": {"n": {"lt": 2}}}, {"storage": "large"}],
        "throws": [{"body": "[{\"n\": 1}, {\"n\": 2}]"}, {"body": "n\n5\n6\n", "content_type": "text/csv"},
                   {"args": {"n": "7"}}, {"body": "{\"n\": 3}"}],
    });
    let response = server.post("/api/v1/processor/simulate/", &request).await.is(200).json();
    let throws = response["throws"].as_array().unwrap();
    let formats: Vec<&Json> = throws.iter().map(|throw| &throw["format"]).collect();
    assert_eq!(formats, ["json", "csv", "args", "json"], "{response}");
    assert_eq!(throws[0]["records"], json!([{"n": 1}, {"n": 2}]), "{response}");
    assert!(throws[0]["rows"].as_array().is_some_and(|rows| rows.len() == 3), "{response}");
    assert_eq!(server.get("/api/v1/source/").await.is(200).json()["count"], 0);
    assert_eq!(server.get("/api/v1/factory/storage/").await.is(200).json()["count"], 0);
    assert_eq!(server.get("/api/v1/quarantine/").await.is(200).json()["count"], 0);
    for request in [
        json!({"throws": [{"body": "{}"}], "program": ".a = "}),
        json!({"throws": [{"body": "{}"}], "format": "nonsense"}),
        json!({"throws": [{"body": "{}", "body_base64": "e30="}]}),
        json!({"throws": "x"}),
        json!({}),
    ] {
        server.post("/api/v1/processor/simulate/", &request).await.problem(400);
    }
}

/// Programs that never end, of one source, delay neither another source's nor each other for long.
#[tokio::test]
async fn a_looping_program_does_not_starve_other_sources() {
    let server = Arc::new(Server::start(Database::sqlite()).await);
    let endless = "many = split(\"a\" * 100000, \"\")\n\
        for_each(many) -> |_i, _v| { for_each(many) -> |_j, _w| { .x = 1 } }";
    for (source, program) in [("looping", endless), ("quick", ".y = .x")] {
        server.post(PROCESSOR, &json!({"name": source, "program": program})).await.is(201).ok();
        let settings = json!({"processor": source});
        server.put(&format!("/api/v1/source/{source}/"), &settings).await.is(201).ok();
    }
    let looping: Vec<_> = (0..30)
        .map(|number| {
            let server = server.clone();
            tokio::spawn(async move { server.post("/throw/looping", &json!({"x": number})).await })
        })
        .collect();
    // Once one has timed out, the others are waiting.
    while server.get("/api/v1/quarantine/").await.is(200).json()["count"] == 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for number in 0..3 {
        let began = Instant::now();
        let receipt = server.post("/throw/quick", &json!({"x": number})).await.is(200).json();
        assert_eq!(receipt["accepted"], 1, "{receipt}");
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
    let (mut ran, mut refused) = (0, 0);
    for response in looping {
        let response = response.await.unwrap();
        if response.status == 503 {
            assert!(response.header("retry-after").is_some(), "{response:?}");
            refused += 1;
        } else {
            assert_eq!(response.is(202).json()["errors"][0]["code"], "timeout");
            ran += 1;
        }
    }
    assert!(ran >= 2 && refused >= 2, "{ran} ran, {refused} were refused");
}
