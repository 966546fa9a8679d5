//! Throws over WebSocket: every message is a throw, and receipts arrive in order.

use std::time::Duration;

use datadump_tests::{Database, RECEIPT, Server, ServerMessage, Setup, WebSocket, compress, dog, on_both};
use rustix::process::Signal;
use serde_json::{Value as Json, json};
use tokio::{io::AsyncWriteExt as _, time::sleep};
use tokio_tungstenite::tungstenite::Message;

on_both![
    every_message_gets_its_receipt_in_order,
    receipts_repeat_the_ids_of_envelopes,
    one_bad_message_never_ends_the_connection,
    more_messages_than_the_window_are_processed,
    a_stop_completes_accepted_messages_and_sends_a_close_frame,
];

async fn count(server: &Server, storage: &str) -> u64 {
    let response = server.get(&format!("/api/v1/storage/{storage}/?limit=1&count=exact")).await;
    if response.status == 404 { 0 } else { response.is(200).json()["count"].as_u64().unwrap() }
}

async fn every_message_gets_its_receipt_in_order(server: Server) {
    let mut socket = WebSocket::connect(&server, "/").await;
    socket.send(r#"{"speed": "1.75"}"#).await;
    let receipt = socket.receive_json().await;
    let members: Vec<&String> = receipt.as_object().unwrap().keys().collect();
    assert_eq!(members, RECEIPT);
    assert_eq!((&receipt["source"], &receipt["accepted"]), (&json!("inbox"), &json!(1)));
    // Any size and format, text or binary.
    let mut socket = WebSocket::connect(&server, "/throw/mixed?station=north").await;
    socket.feed("a,b\n1,2\n3,4\n").await;
    socket.feed(Message::binary(compress("gzip", br#"[{"a": 1}, {"a": 2}, {"a": 3}]"#))).await;
    socket.feed(format!("[{}]", vec![r#"{"a": 5}"#; 5000].join(","))).await;
    socket.feed(r#"{"a": 7}"#).await;
    socket.flush().await;
    for accepted in [2, 3, 5000, 1] {
        let receipt = socket.receive_json().await;
        assert_eq!((&receipt["ok"], &receipt["accepted"]), (&json!(true), &json!(accepted)), "{receipt}");
    }
    assert_eq!(count(&server, "mixed").await, 5006);
    let recent = server.get("/api/v1/source/mixed/recent/").await.is(200).json();
    assert_eq!(recent["results"][0]["arguments"], json!([["station", "north"]]), "{recent}");
    // A close frame is answered.
    let mut leaving = WebSocket::connect(&server, "/throw/mixed").await;
    leaving.send(Message::Close(None)).await;
    let began = std::time::Instant::now();
    assert_eq!(leaving.receive_close().await, None);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    // An open WebSocket counts as a connection, a closed one does not.
    let connections = || async { server.get("/api/v1/status").await.json()["connections"].as_u64().unwrap() };
    let open = connections().await;
    assert!(open >= 2, "{open}");
    drop(socket);
    datadump_tests::eventually("the connection is closed", || async {
        (connections().await < open).then_some(())
    })
    .await;
}

async fn receipts_repeat_the_ids_of_envelopes(server: Server) {
    let mut socket = WebSocket::connect(&server, "/throw/envelopes").await;
    for (message, id, format) in [
        (json!({"id": 7, "throw": {"a": 1}}), json!(7), "json"),
        (json!({"id": "x", "throw": [{"a": 1}, {"a": 2}]}), json!("x"), "json"),
        (json!({"id": {"n": 1}, "throw": "a,b\n1,2\n", "format": "csv"}), json!({"n": 1}), "csv"),
        (json!({"id": 8, "throw": "a,b\n1,2\n", "content_type": "text/csv"}), json!(8), "csv"),
        (json!({"throw": {"a": 1}}), Json::Null, "json"),
    ] {
        socket.send(message.to_string()).await;
        let receipt = socket.receive_json().await;
        assert_eq!((&receipt["id"], &receipt["format"]), (&id, &json!(format)), "{message}: {receipt}");
        assert_eq!(receipt.get("id").is_some(), !id.is_null());
    }
    // An object with any other member is data, not an envelope.
    socket.send(json!({"id": 9, "throw": {"a": 1}, "more": true}).to_string()).await;
    assert_eq!(socket.receive_json().await.get("id"), None);
    let rows = server.get("/api/v1/storage/envelopes/?ordering=-_received_at&limit=1").await.is(200).json();
    assert_eq!((&rows["results"][0]["id"], &rows["results"][0]["more"]), (&json!(9), &json!(true)), "{rows}");
}

async fn one_bad_message_never_ends_the_connection(server: Server) {
    server.declare(&dog()).await;
    let mut socket = WebSocket::connect(&server, "/throw/dog?strict=1").await;
    let dog = |chip: &str, size: Json| json!({"chip_id": chip, "color": "red", "collar_size": size});
    for (message, status) in [
        (json!({"id": 1, "throw": dog("A", json!(1))}).to_string(), None),
        (json!({"id": 2, "throw": dog("B", json!("many"))}).to_string(), Some(422)),
        (json!({"id": 3, "throw": "x", "format": "nonsense"}).to_string(), Some(400)),
        (String::new(), Some(400)),
        (json!({"id": 5, "throw": dog("C", json!(3))}).to_string(), None),
    ] {
        socket.send(message.clone()).await;
        let response = socket.receive_json().await;
        let Some(status) = status else {
            assert_eq!(response["ok"], true, "{message}: {response}");
            continue;
        };
        assert_eq!(
            (&response["ok"], &response["status"]),
            (&json!(false), &json!(status)),
            "{message}: {response}"
        );
        for member in ["type", "title", "detail", "code", "instance", "request_id"] {
            assert!(response[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {response}");
        }
        if status == 422 {
            assert_eq!(
                (&response["id"], &response["errors"][0]["pointer"]),
                (&json!(2), &json!("/0/collar_size"))
            );
        }
    }
    assert_eq!(count(&server, "dog").await, 2);
}

async fn more_messages_than_the_window_are_processed(server: Server) {
    let mut socket = WebSocket::connect(&server, "/throw/many").await;
    for number in 0..1000 {
        socket
            .feed(json!({"id": number, "throw": {"n": number, "text": "x".repeat(2000)}}).to_string())
            .await;
    }
    socket.flush().await;
    for number in 0..1000 {
        let receipt = socket.receive_json().await;
        assert_eq!((&receipt["id"], &receipt["accepted"]), (&json!(number), &json!(1)), "{receipt}");
    }
    assert_eq!(count(&server, "many").await, 1000);
}

async fn a_stop_completes_accepted_messages_and_sends_a_close_frame(mut server: Server) {
    let mut socket = WebSocket::connect(&server, "/throw/last").await;
    let mut silent = WebSocket::connect(&server, "/throw/last").await;
    socket.send(r#"{"n": 0}"#).await;
    socket.receive_json().await;
    for number in 1..50 {
        socket.feed(json!({"n": number}).to_string()).await;
    }
    socket.flush().await;
    let began = std::time::Instant::now();
    server.signal(Signal::TERM);
    let mut answered = 1;
    loop {
        match socket.receive().await {
            ServerMessage::Json(receipt) => {
                assert_eq!(receipt["accepted"], 1, "{receipt}");
                answered += 1;
            }
            ServerMessage::Closed(code) => {
                assert_eq!(code, Some(1001));
                break;
            }
        }
    }
    assert_eq!(silent.receive_close().await, Some(1001));
    assert!(server.wait().await.success(), "{}", server.output());
    assert!(began.elapsed() < Duration::from_millis(1900), "the stop took {:?}", began.elapsed());
    let server = server.restart().await;
    let stored = count(&server, "last").await;
    assert!((answered..=50).contains(&stored), "{answered} of {stored} acknowledged");
}

#[tokio::test]
async fn a_too_large_message_is_refused_and_ends_the_connection() {
    let server = Setup::default().arguments(["--max-throw", "10000"]).start(Database::sqlite()).await;
    let mut socket = WebSocket::connect(&server, "/throw/large").await;
    socket.feed(r#"{"n": 1}"#).await;
    socket.feed("x".repeat(2_000_000)).await;
    let _ = socket.send(r#"{"n": 2}"#).await;
    assert_eq!(socket.receive_json().await["accepted"], 1);
    let response = socket.receive_json().await;
    assert_eq!(
        (&response["ok"], &response["status"], &response["code"]),
        (&json!(false), &json!(413), &json!("too-large"))
    );
    assert_eq!(socket.receive_close().await, Some(1009));
    assert_eq!(count(&server, "large").await, 1);
}

#[tokio::test]
async fn malformed_frames_and_half_messages_store_nothing() {
    let server = Server::start(Database::sqlite()).await;
    for (bytes, code) in [
        // Reserved bits, an unknown opcode, an unmasked frame.
        (&b"\xf1\x81\0\0\0\0x"[..], Some(1002)),
        (b"\x83\x81\0\0\0\0x", Some(1002)),
        (b"\x81\x01x", Some(1002)),
        // A text message that is not UTF-8, which is answered too.
        (b"\x81\x81\0\0\0\0\xff", None),
        // Half a message, and then nothing.
        (b"\x01\x88\0\0\0\0{\"a\": 1}", None),
    ] {
        let mut raw = WebSocket::connect(&server, "/throw/bad").await.into_stream();
        raw.write_all(bytes).await.unwrap();
        if let Some(code) = code {
            let mut received = Vec::new();
            let read = tokio::io::AsyncReadExt::read_to_end(&mut raw, &mut received);
            let _ = tokio::time::timeout(Duration::from_secs(10), read).await.unwrap();
            assert_eq!(
                (received[0], u16::from_be_bytes([received[2], received[3]])),
                (0x88, code),
                "{bytes:?}"
            );
        }
    }
    sleep(Duration::from_millis(200)).await;
    assert_eq!(count(&server, "bad").await, 0);
    assert_eq!(server.get("/api/v1/quarantine/").await.is(200).json()["count"], 0);
}

#[tokio::test]
async fn an_unresponsive_client_is_disconnected() {
    let server = Setup::default().arguments(["--idle-timeout", "1s"]).start(Database::sqlite()).await;
    // This client reads, and so answers pings.
    let mut alive = WebSocket::connect(&server, "/throw/alive").await;
    let message = tokio::time::timeout(Duration::from_secs(3), alive.receive()).await;
    assert!(message.is_err(), "{message:?}");
    alive.send("{}").await;
    assert_eq!(alive.receive_json().await["ok"], true);
    // This client does not read.
    let mut dead = WebSocket::connect(&server, "/throw/alive").await.into_stream();
    let mut received = Vec::new();
    let read = tokio::io::AsyncReadExt::read_to_end(&mut dead, &mut received);
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
    assert!(received.len() > 2 && received[0] == 0x89, "the first frame is not a ping: {received:?}");
}

#[tokio::test]
async fn upgrades_are_limited_to_throw_paths() {
    let server = Server::start(Database::sqlite()).await;
    assert_eq!(WebSocket::try_connect(&server, "/throw/a.b", &[]).await.unwrap_err(), 400);
    assert_eq!(WebSocket::try_connect(&server, "/throw/a?stream=1", &[]).await.unwrap_err(), 400);
    assert_eq!(WebSocket::try_connect(&server, "/throw/a?strict=perhaps", &[]).await.unwrap_err(), 400);
    assert_eq!(WebSocket::try_connect(&server, "/health", &[]).await.unwrap_err(), 200);
    let upgrade = |version: &str| {
        let request = server.get("/throw/a").header("connection", "upgrade").header("upgrade", "websocket");
        request.header("sec-websocket-version", version)
    };
    let refused = upgrade("8").await;
    assert_eq!(refused.header("sec-websocket-version"), Some("13"));
    refused.problem(426);
    upgrade("13").await.problem_about(400, &["Sec-WebSocket-Key"]);
}
