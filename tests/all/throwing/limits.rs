//! Limits on throws: size, shared memory, and incomplete bodies.

use std::time::Duration;

use datadump_tests::{Database, Server, Setup};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::count;

async fn started(arguments: &[&str]) -> Server {
    Setup::default().arguments(arguments.to_vec()).start(Database::sqlite()).await
}

#[tokio::test]
async fn too_large_throws_are_refused() {
    let server = started(&["--max-throw", "10000", "--max-body", "100"]).await;
    let text = |length: usize| "x".repeat(length);
    server.request("POST", "/throw/t").body(text(10_000)).await.is(200).ok();
    server.request("POST", "/throw/t").body(text(10_001)).await.problem_about(413, &["10000", "?stream=1"]);
    server.request("POST", "/throw/t").body(text(5_000_000)).await.problem(413);
    let packed = datadump_tests::compress("gzip", text(10_001).as_bytes());
    let request = server.request("POST", "/throw/t").header("content-encoding", "gzip").body(packed);
    request.await.problem_about(413, &["10000", "?stream=1"]);
    // Streams have no size limit.
    let lines = format!("{}\n", text(99)).repeat(1000);
    let receipt =
        server.request("POST", "/throw/lines?stream=1&format=text").body(lines).await.is(200).json();
    assert_eq!(receipt["accepted"], 1000);
    assert_eq!(count(&server, "t").await, 1);
}

#[tokio::test]
async fn memory_for_throws_is_shared_and_bounded() {
    let server = started(&["--max-throw", "4MiB", "--throw-memory", "4MiB"]).await;
    // An announced body reserves its memory before it arrives.
    let mut slow = connect(&server).await;
    slow.write_all(head("/throw/slow", 3_600_000, "").as_bytes()).await.unwrap();
    slow.write_all(&[b'x'; 100]).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    let refused = server.request("POST", "/throw/t").body("x".repeat(700_000)).await;
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    refused.problem_about(503, &["memory"]);
    server.request("POST", "/throw/t").body("x".repeat(50_000)).await.is(200).ok();
    drop(slow);
    datadump_tests::eventually("memory is available again", || async {
        let response = server.request("POST", "/throw/t").body("x".repeat(500_000)).await;
        (response.status == 200).then_some(())
    })
    .await;
    assert_eq!(count(&server, "slow").await, 0);
}

#[tokio::test]
async fn expect_continue_is_answered_before_the_body_is_sent() {
    let server = started(&["--max-throw", "1000"]).await;
    let mut socket = connect(&server).await;
    socket.write_all(head("/throw/t", 8, "expect: 100-continue\r\n").as_bytes()).await.unwrap();
    let mut begin = vec![0; 25];
    timeout(Duration::from_secs(10), socket.read_exact(&mut begin)).await.unwrap().unwrap();
    assert_eq!(String::from_utf8_lossy(&begin), "HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"{\"a\": 1}").await.unwrap();
    assert!(read(&mut socket).await.starts_with("HTTP/1.1 200"));
    let mut socket = connect(&server).await;
    socket.write_all(head("/throw/t", 5000, "expect: 100-continue\r\n").as_bytes()).await.unwrap();
    assert!(read(&mut socket).await.starts_with("HTTP/1.1 413"));
    assert_eq!(count(&server, "t").await, 1);
}

#[tokio::test]
async fn an_incomplete_body_is_not_thrown() {
    let server = started(&["--body-timeout", "500ms"]).await;
    let mut socket = connect(&server).await;
    socket.write_all(head("/throw/half", 100, "").as_bytes()).await.unwrap();
    socket.write_all(b"{\"a\": 1}\n").await.unwrap();
    assert!(read(&mut socket).await.starts_with("HTTP/1.1 408"));
    let mut socket = connect(&server).await;
    socket.write_all(head("/throw/half", 100, "").as_bytes()).await.unwrap();
    socket.write_all(b"{\"a\": 1}\n").await.unwrap();
    drop(socket);
    server.post("/throw/other", &json!({"a": 1})).await.is(200).ok();
    sleep(Duration::from_millis(300)).await;
    assert_eq!(count(&server, "half").await, 0);
    assert_eq!(server.get("/api/v1/quarantine/").await.is(200).json()["count"], 0);
}

fn head(path: &str, length: usize, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{more}content-length: {length}\r\n\r\n"
    )
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

async fn read(socket: &mut TcpStream) -> String {
    let mut response = Vec::new();
    let _ = timeout(Duration::from_secs(20), socket.read_to_end(&mut response)).await.unwrap();
    String::from_utf8_lossy(&response).into_owned()
}
