//! Streamed throws of any length: committed in chunks, in constant memory.

use std::{fmt::Write as _, time::Duration};

use datadump_tests::{Server, compress, eventually, on_both};
use serde_json::{Value as Json, json};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use super::{bodies::peak, count};

on_both![
    a_stream_counts_durable_records,
    an_interrupted_stream_reports_what_is_stored,
    a_stream_needs_the_memory_of_one_chunk,
];

fn lines(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, number| {
        let _ =
            writeln!(text, "{{\"n\": {number}, \"text\": \"the quick brown fox jumps over the lazy dog\"}}");
        text
    })
}

async fn a_stream_counts_durable_records(server: Server) {
    let body = lines(50_000);
    assert!(body.len() > 3 << 20, "the stream has several chunks");
    let receipt = server.request("POST", "/throw/plain?stream=1").body(body.clone()).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["format"]), (&json!(50_000), &json!("ndjson")), "{receipt}");
    for encoding in ["gzip", "zstd", "br", "deflate"] {
        let request = server.request("POST", "/throw/packed?stream=1").header("content-encoding", encoding);
        let receipt = request.body(compress(encoding, lines(20_000).as_bytes())).await.is(200).json();
        assert_eq!(receipt["accepted"], 20_000, "{encoding}");
    }
    assert_eq!((count(&server, "plain").await, count(&server, "packed").await), (50_000, 80_000));
    // The header of a table applies to all chunks.
    let table = (0..100_000).fold("n,square\n".to_owned(), |text, n: u64| format!("{text}{n},{}\n", n * n));
    let receipt = server.request("POST", "/throw/table?stream=1").body(table).await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["format"]), (&json!(100_000), &json!("csv")), "{receipt}");
    let last = server.get("/api/v1/storage/table/?n=99999").await.is(200).json();
    assert_eq!(last["results"][0]["square"], 9_999_800_001_u64, "{last}");
    // Formats without records cannot be streamed, and a stream cannot be atomic.
    let refused = [("format=json", "{}"), ("format=xml", "<a/>"), ("strict=1", "{}\n{}\n")];
    for (query, body) in refused {
        server.request("POST", &format!("/throw/no?stream=1&{query}")).body(body).await.problem(400);
    }
    assert_eq!(count(&server, "no").await, 0);
}

async fn an_interrupted_stream_reports_what_is_stored(server: Server) {
    let whole = compress("gzip", lines(60_000).as_bytes());
    let broken = whole[..whole.len() * 9 / 10].to_vec();
    let request =
        server.request("POST", "/throw/broken?stream=1").header("content-encoding", "gzip").body(broken);
    let problem = request.await.problem(400);
    let stored = problem["receipt"]["accepted"].as_u64().unwrap();
    assert!((1000..60_000).contains(&stored), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(&stored.to_string()), "{problem}");
    assert_eq!(count(&server, "broken").await, stored);

    // A disconnected client leaves only whole chunks.
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let head = "POST /throw/gone?stream=1 HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000\r\n\r\n";
    socket.write_all(head.as_bytes()).await.unwrap();
    socket.write_all(lines(40_000).as_bytes()).await.unwrap();
    let before = eventually("a part of the stream is stored", || async {
        let stored = count(&server, "gone").await;
        (stored > 1000).then_some(stored)
    });
    assert!(before.await < 40_000);
    drop(socket);
    eventually("the server notices the disconnect", || async {
        let metrics = server.get("/metrics").await.text();
        metrics.lines().any(|line| line == "datadump_throw_memory_bytes 0").then_some(())
    })
    .await;
    let list = server.get("/api/v1/storage/gone/?ordering=-n&limit=1&count=exact").await.is(200).json();
    assert_eq!(list["results"][0]["n"].as_u64().unwrap() + 1, list["count"].as_u64().unwrap(), "{list}");
}

async fn a_stream_needs_the_memory_of_one_chunk(server: Server) {
    let line = "{\"text\": \"the quick brown fox jumps over the lazy dog\", \"n\": [1, 2, 3]}\n";
    server.request("POST", "/throw/long?stream=1").body(line).await.is(200).ok();
    let before = peak(&server);
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let piece = line.repeat(1000);
    let pieces = 100;
    let length = piece.len() * pieces;
    let head = format!(
        "POST /throw/long?stream=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..pieces {
        socket.write_all(piece.as_bytes()).await.unwrap();
    }
    let mut response = String::new();
    let read = tokio::io::AsyncReadExt::read_to_string(&mut socket, &mut response);
    tokio::time::timeout(Duration::from_secs(120), read).await.unwrap().unwrap();
    let receipt: Json = serde_json::from_str(response.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(receipt["accepted"], pieces * 1000, "{response}");
    let grown = peak(&server) - before;
    println!("{} MiB took {} MiB of memory", length >> 20, grown >> 20);
    assert!(grown < 100 << 20, "{grown}");
}
