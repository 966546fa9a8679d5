//! Requests with an idempotency key take effect once, and repeats receive the first response.

use std::fmt::Write as _;

use datadump_tests::{Api, Database, Request, Response, Server, WebSocket, dog, eventually, on_both};
use serde_json::{Value as Json, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

on_both![
    every_post_takes_effect_once_and_is_replayed,
    a_different_request_with_the_same_key_is_refused,
    twenty_concurrent_equal_requests_take_effect_once,
    keys_are_checked_and_not_logged,
    a_refused_request_can_be_retried_with_its_key,
    recorded_responses_survive_stops_and_kills,
    websocket_messages_accept_keys,
    an_interrupted_stream_resumes_where_it_broke_off,
    a_request_waits_for_another_one_with_its_key,
    a_record_with_its_own_id_is_stored_once,
];

const REPLAYED: &str = "idempotent-replayed";

fn keyed(api: &Api, path: &str, key: &str, body: impl Into<Vec<u8>>) -> Request {
    api.request("POST", path).header("idempotency-key", key).body(body)
}

async fn count(api: &Api, storage: &str) -> u64 {
    let response = api.get(&format!("/api/v1/storage/{storage}/?limit=1&count=exact")).await;
    if matches!(response.status, 404 | 503) { 0 } else { response.is(200).json()["count"].as_u64().unwrap() }
}

/// Returns a storage with generated keys, in which a row that is written twice is listed twice.
fn note() -> Json {
    json!({"name": "note", "key": {"name": "id", "type": "uuid", "generated": true},
           "fields": [{"name": "text", "type": "text"}]})
}

/// Returns the parts of a response that a replay repeats.
fn replayed_parts(response: &Response) -> (u16, Option<&str>, String) {
    (response.status, response.header("etag"), response.text())
}

async fn every_post_takes_effect_once_and_is_replayed(server: Server) {
    server.declare(&note()).await;
    let program = json!({"name": "p", "takes": "record", "program": ".a = 1"}).to_string();
    let simulation = json!({"program": ".a = 2", "throws": [{"body": "{}"}]}).to_string();
    for (number, (path, body, status)) in [
        ("/", "{\"a\": 1}\n{\"a\": 2}\n", 200),
        ("/throw/t?station=north", "a,b\n1,2\n3,4\n", 200),
        ("/throw/t?strict=1", "{\"a\": 1}", 200),
        ("/throw/t?stream=1", "{\"a\": 1}\n{\"a\": 2}\n", 200),
        ("/throw/t?ack=accepted", "{\"a\": 1}", 202),
        ("/throw/t?only=arguments", "", 200),
        ("/throw/bad?format=json", "{\"a\": ", 202),
        ("/api/v1/storage/note/", r#"{"text": "fine"}"#, 201),
        ("/api/v1/factory/storage/", &dog().to_string(), 201),
        ("/api/v1/factory/storage/dog/plan/", &dog().to_string(), 200),
        ("/api/v1/processor/", &program, 201),
        ("/api/v1/processor/simulate/", &simulation, 200),
        ("/api/v1/quarantine/replay/", r#"{"filters": {"source": "bad"}}"#, 200),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key-{number}");
        let first = keyed(&server, path, &key, body).await;
        assert_eq!(first.header(REPLAYED), None, "{path}");
        let first = first.is(status);
        for _ in 0..3 {
            let again = keyed(&server, path, &key, body).await;
            assert_eq!(again.header(REPLAYED), Some("true"), "{path}");
            assert_eq!(replayed_parts(&again), replayed_parts(&first), "{path}");
        }
        // A trailing slash makes no difference.
        let other = match path.strip_suffix('/') {
            Some("") | None => continue,
            Some(shorter) => shorter,
        };
        assert_eq!(
            replayed_parts(&keyed(&server, other, &key, body).await),
            replayed_parts(&first),
            "{other}"
        );
    }
    let processors = server.get("/api/v1/processor/p/").await.is(200).json();
    assert_eq!(processors["version"], 1, "{processors}");
    assert_eq!((count(&server, "inbox").await, count(&server, "t").await), (2, 7));
    assert_eq!((count(&server, "note").await, count(&server, "bad").await), (1, 0));
    assert_eq!(server.get("/api/v1/quarantine/?source=bad").await.is(200).json()["count"], 1);
    // PUT throws like POST.
    for replayed in [None, Some("true")] {
        let put =
            server.request("PUT", "/throw/put").header("idempotency-key", "put").body("{}").await.is(200);
        assert_eq!(put.header(REPLAYED), replayed);
    }
    assert_eq!(count(&server, "put").await, 1);
}

async fn a_different_request_with_the_same_key_is_refused(server: Server) {
    server.declare(&note()).await;
    keyed(&server, "/throw/t", "k", "{\"a\": 1}").await.is(200).ok();
    keyed(&server, "/api/v1/storage/note/", "row", r#"{"text": "a"}"#).await.is(201).ok();
    keyed(&server, "/api/v1/factory/storage/", "dog", dog().to_string()).await.is(201).ok();
    for (path, key, body) in [
        ("/throw/t", "k", "{\"a\": 2}"),
        ("/throw/t", "k", "{\"a\": 1} "),
        ("/throw/other", "k", "{\"a\": 1}"),
        ("/", "k", "{\"a\": 1}"),
        ("/throw/t?station=north", "k", "{\"a\": 1}"),
        ("/throw/t?stream=1", "k", "{\"a\": 1}"),
        ("/api/v1/storage/note/", "row", r#"{"text": "b"}"#),
        ("/api/v1/storage/note/", "k", r#"{"text": "a"}"#),
        ("/throw/t", "row", r#"{"text": "a"}"#),
        ("/api/v1/factory/storage/", "dog", "{}"),
        ("/api/v1/factory/storage/dog/plan/", "dog", &dog().to_string()),
    ] {
        let problem = keyed(&server, path, key, body).await.problem(422);
        assert_eq!(problem["code"], "idempotency-key-reused", "{path} {key} {body}");
    }
    let request = keyed(&server, "/throw/t", "k", "{\"a\": 1}").header("content-type", "text/csv");
    request.await.problem(422);
    // Equal JSON is the same request, however it is formatted; a different precondition makes it a different
    // one.
    keyed(&server, "/api/v1/storage/note/", "row", r#"{ "text":"a" }"#).await.is(201).ok();
    let conditional = keyed(&server, "/api/v1/storage/note/", "row", r#"{"text": "a"}"#);
    conditional.header("if-none-match", "*").await.problem(422);
    assert_eq!((count(&server, "t").await, count(&server, "note").await), (1, 1));
}

async fn twenty_concurrent_equal_requests_take_effect_once(server: Server) {
    server.declare(&note()).await;
    let lines = "{\"a\": 1}\n{\"a\": 2}\n";
    for (path, storage, body, rows) in [
        ("/throw/t", "t", lines, 2),
        ("/throw/s?stream=1", "s", lines, 2),
        ("/throw/later?ack=accepted", "later", lines, 2),
        ("/api/v1/storage/note/", "note", r#"{"text": "a"}"#, 1),
    ] {
        let requests = (0..20).map(|_| {
            let request = keyed(&server, path, storage, body);
            tokio::spawn(async move { request.await })
        });
        let mut responses = Vec::new();
        for request in requests.collect::<Vec<_>>() {
            responses.push(request.await.unwrap());
        }
        assert!(responses[0].status < 300, "{path}: {}", responses[0].text());
        assert!(
            responses.iter().all(|response| replayed_parts(response) == replayed_parts(&responses[0])),
            "{path}: {responses:#?}"
        );
        let first = responses.iter().filter(|response| response.header(REPLAYED).is_none());
        assert_eq!(first.count(), 1, "{path}");
        eventually("the rows are stored", || async { (count(&server, storage).await == rows).then_some(()) })
            .await;
    }
}

async fn keys_are_checked_and_not_logged(server: Server) {
    let long = "k".repeat(256);
    for key in ["", " ", "two words", "tab\tbed", long.as_str()] {
        for path in ["/", "/throw/t?stream=1", "/api/v1/storage/note/", "/api/v1/factory/storage/"] {
            let problem = keyed(&server, path, key, "{}").await.problem(400);
            assert_eq!(problem["errors"][0]["parameter"], "Idempotency-Key", "{key:?} {path}");
        }
    }
    let twice = keyed(&server, "/", "a", "{}").header("idempotency-key", "b").await;
    assert_eq!(twice.problem(400)["code"], "idempotency-key");
    assert_eq!(count(&server, "inbox").await, 0);
    let longest = "k".repeat(255);
    for key in ["x", "~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./", longest.as_str(), "secret-4711"] {
        keyed(&server, "/", key, "{}").await.is(200).ok();
        keyed(&server, "/", key, "{ }").await.problem(422);
    }
    assert!(!server.output().contains("secret-4711"), "{}", server.output());
}

async fn a_refused_request_can_be_retried_with_its_key(server: Server) {
    let row = r#"{"text": "a"}"#;
    keyed(&server, "/api/v1/storage/note/", "row", row).await.problem(404);
    keyed(&server, "/throw/note?strict=1&format=json", "throw", "{\"text\": ").await.problem(422);
    keyed(&server, "/throw/note?format=nonsense", "format", row).await.problem(400);
    server.declare(&note()).await;
    let written = keyed(&server, "/api/v1/storage/note/", "row", row).await.is(201);
    assert_eq!(written.header(REPLAYED), None);
    // Even a different request may use the key, because the refusal recorded nothing.
    keyed(&server, "/throw/note", "throw", row).await.is(200).ok();
    keyed(&server, "/throw/note", "format", row).await.is(200).ok();
    assert_eq!(count(&server, "note").await, 3);
}

async fn recorded_responses_survive_stops_and_kills(server: Server) {
    server.declare(&note()).await;
    let mut server = server;
    let requests = [
        ("/throw/t", "t", "{\"a\": 1}\n{\"a\": 2}\n"),
        ("/throw/t?stream=1", "s", "{\"a\": 1}\n{\"a\": 2}\n"),
        ("/api/v1/storage/note/", "row", r#"{"text": "a"}"#),
        ("/api/v1/factory/storage/", "dog", &dog().to_string()),
    ];
    let mut first = Vec::new();
    for (path, key, body) in requests {
        first.push(keyed(&server, path, key, body).await);
    }
    for stop in ["stopped", "killed"] {
        let (setup, database) = if stop == "stopped" { server.stop().await } else { server.kill().await };
        server = setup.start(database).await;
        for ((path, key, body), first) in requests.into_iter().zip(&first) {
            let again = keyed(&server, path, key, body).await;
            assert_eq!(
                (replayed_parts(&again), again.header(REPLAYED)),
                (replayed_parts(first), Some("true")),
                "{stop}: {path}"
            );
            keyed(&server, path, key, format!("{body} ")).await;
        }
    }
    assert_eq!((count(&server, "t").await, count(&server, "note").await), (4, 1));
}

async fn websocket_messages_accept_keys(server: Server) {
    let mut socket = WebSocket::connect(&server, "/throw/t").await;
    let mut say = async |message: Json| {
        socket.send(message.to_string()).await;
        socket.receive_json().await
    };
    let first = say(json!({"id": 1, "key": "k", "throw": {"a": 1}})).await;
    assert_eq!((&first["ok"], &first["accepted"]), (&json!(true), &json!(1)), "{first}");
    let again = say(json!({"id": 2, "key": "k", "throw": {"a": 1}})).await;
    assert_eq!((&first["replayed"], &again["replayed"]), (&Json::Null, &json!(true)), "{again}");
    assert_eq!((&again["throw"], &again["id"]), (&first["throw"], &json!(2)));
    let other = say(json!({"key": "k", "throw": {"a": 2}})).await;
    assert_eq!((&other["ok"], &other["status"]), (&json!(false), &json!(422)), "{other}");
    let malformed = say(json!({"key": "a b", "throw": {"a": 2}})).await;
    assert_eq!((&malformed["ok"], &malformed["status"]), (&json!(false), &json!(400)), "{malformed}");
    assert_eq!(count(&server, "t").await, 1);
    // The same throw over HTTP is replayed too.
    let over_http = keyed(&server, "/throw/t", "k", r#"{"a":1}"#).header("content-type", "application/json");
    assert_eq!(over_http.await.is(200).json()["throw"], first["throw"]);
}

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ =
            writeln!(text, "{{\"n\": {number}, \"text\": \"the quick brown fox jumps over the lazy dog\"}}");
        text
    })
}

/// Starts a stream with a key, and returns while the body is incomplete.
async fn begin(server: &Server, key: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /throw/s?stream=1 HTTP/1.1\r\nhost: localhost\r\nidempotency-key: {key}\r\ncontent-length: 100000000\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(body.as_bytes()).await.unwrap();
    socket
}

async fn stored(server: &Server, at_least: u64) -> u64 {
    eventually("more rows are stored", || async {
        let stored = count(server, "s").await;
        (stored >= at_least).then_some(stored)
    })
    .await
}

async fn an_interrupted_stream_resumes_where_it_broke_off(server: Server) {
    let body = lines(40_000);
    let half = &body[..body.len() / 2];
    let socket = begin(&server, "k", half).await;
    let before = stored(&server, 5_000).await;
    drop(socket);
    // The second attempt is interrupted by a kill of the server.
    let socket = begin(&server, "k", &body[..body.len() * 3 / 4]).await;
    stored(&server, before + 5_000).await;
    let (setup, database) = server.kill().await;
    drop(socket);
    let server = setup.start(database).await;
    let before = count(&server, "s").await;
    assert!(before < 40_000, "{before}");
    // Different bytes are detected, and nothing is stored twice.
    let other = body.replacen("quick", "quack", 1);
    let problem = keyed(&server, "/throw/s?stream=1", "k", other).await.problem(422);
    assert_eq!(problem["code"], "idempotency-key-reused", "{problem}");
    let receipt = keyed(&server, "/throw/s?stream=1", "k", body.clone()).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["storages"]["s"]), (&json!(40_000), &json!(40_000)));
    let again = keyed(&server, "/throw/s?stream=1", "k", body.clone()).await.is(200);
    assert_eq!((again.json(), again.header(REPLAYED)), (receipt, Some("true")));
    let packed = datadump_tests::compress("gzip", body.as_bytes());
    let packed = keyed(&server, "/throw/s?stream=1", "k", packed).header("content-encoding", "gzip");
    assert_eq!(packed.await.is(200).header(REPLAYED), Some("true"), "decompressed bodies are compared");
    keyed(&server, "/throw/s?stream=1", "k", half).await.problem(422);
    assert_eq!(count(&server, "s").await, 40_000);
    let last = server.get("/api/v1/storage/s/?ordering=-n&limit=1").await.is(200).json();
    assert_eq!(last["results"][0]["n"], 39_999);
}

async fn a_request_waits_for_another_one_with_its_key(server: Server) {
    let body = lines(15_000);
    let socket = begin(&server, "k", &body[..body.len() / 2]).await;
    stored(&server, 1_000).await;
    let request = keyed(&server, "/throw/s?stream=1", "k", body.clone());
    let second = tokio::spawn(async move { request.await });
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(!second.is_finished(), "the first request is still in progress");
    drop(socket);
    // The first one failed, so the second one takes effect.
    let receipt = second.await.unwrap().is(200).json();
    assert_eq!((&receipt["accepted"], count(&server, "s").await), (&json!(15_000), 15_000));
}

/// Equal requests at two nodes of one database take effect once.
#[tokio::test]
async fn equal_requests_at_two_nodes_take_effect_once() {
    let one = Server::start(Database::postgres().await).await;
    let two = one.start_second().await;
    one.declare(&note()).await;
    two.wait_until_applied("note").await;
    for round in 0..20 {
        for (path, body) in [
            ("/throw/t", format!("{{\"n\": {round}}}\n{{\"m\": 1}}\n")),
            ("/throw/s?stream=1", format!("{{\"n\": {round}}}\n")),
            ("/api/v1/storage/note/", json!({"text": round.to_string()}).to_string()),
        ] {
            let key = format!("{round}{path}");
            let requests = [&one, &two, &one, &two].map(|server| {
                let request = keyed(server, path, &key, body.clone());
                tokio::spawn(async move { request.await })
            });
            let mut responses = Vec::new();
            for request in requests {
                let mut response = request.await.unwrap();
                // Both were at the same chunk of a stream: the second one has to retry.
                while response.status == 503 {
                    response = keyed(&two, path, &key, body.clone()).await;
                }
                responses.push(response);
            }
            assert!(responses[0].status < 300, "{path}: {}", responses[0].text());
            assert!(
                responses.iter().all(|response| replayed_parts(response) == replayed_parts(&responses[0])),
                "{path}: {responses:#?}"
            );
        }
    }
    assert_eq!((count(&one, "t").await, count(&one, "note").await), (40, 20));
    assert_eq!(count(&two, "s").await, 20);
}

async fn a_record_with_its_own_id_is_stored_once(server: Server) {
    let throw = |body: String| {
        let request = server.request("POST", "/throw/own").body(body);
        tokio::spawn(async move { request.await.is(200).json() })
    };
    let record = |n: usize| json!({"_id": format!("id-{n}"), "n": n});
    // Twice in one throw, once with different contents.
    let body = format!("{}\n{}\n{}\n", record(0), record(0), record(1));
    let receipt = throw(body).await.unwrap();
    assert_eq!((&receipt["accepted"], &receipt["duplicates"]), (&json!(2), &json!(1)), "{receipt}");
    // Many equal throws at the same time.
    let throws: Vec<_> = (0..30).map(|_| throw(record(2).to_string())).collect();
    let (mut accepted, mut duplicates) = (0, 0);
    for throw in throws {
        let receipt = throw.await.unwrap();
        accepted += receipt["accepted"].as_u64().unwrap();
        duplicates += receipt["duplicates"].as_u64().unwrap();
    }
    assert_eq!((accepted, duplicates), (1, 29));
    let (setup, database) = server.stop().await;
    let server = setup.start(database).await;
    let batch: Vec<Json> = (0..4).map(record).collect();
    let receipt = server.post("/throw/own", &json!(batch)).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["duplicates"]), (&json!(1), &json!(3)), "after a restart");
    let changed = json!({"_id": "id-0", "n": 7});
    let receipt = server.post("/throw/own", &changed).await.is(200).json();
    assert_eq!(
        (&receipt["accepted"], &receipt["duplicates"]),
        (&json!(1), &json!(0)),
        "it says something new"
    );
    assert_eq!(count(&server, "own").await, 4);
}
