//! Bodies of throws: content types, compression, and decompression limits.

use std::time::Instant;

use datadump_tests::{Server, compress, on_both};
use serde_json::json;

use super::{count, rows};

on_both![any_content_type_is_accepted, compressed_bodies_are_decompressed, decompression_bombs_are_refused,];

async fn any_content_type_is_accepted(server: Server) {
    for kind in [
        "",
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/octet-stream",
        "image/png",
        "nonsense",
        "application/json; charset=utf-8",
        "*/*",
    ] {
        let request = server.request("POST", "/throw/kinds").header("content-type", kind).body(r#"{"a": 1}"#);
        request.await.is(200).ok();
    }
    let receipt = server.request("POST", "/throw/kinds").body(r#"{"a": 1}"#).await.is(200).json();
    assert_eq!(receipt["format"], "json");
}

async fn compressed_bodies_are_decompressed(server: Server) {
    let body = br#"{"a": 1}"#;
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let request = server.request("POST", "/throw/packed").header("content-encoding", encoding);
        let receipt = request.body(compress(encoding, body)).await.is(200).json();
        assert_eq!((&receipt["format"], &receipt["accepted"]), (&json!("json"), &json!(1)), "{encoding}");
    }
    // Compressed twice, and with `identity`.
    let twice = compress("br", &compress("gzip", body));
    let request = server.request("POST", "/throw/packed").header("content-encoding", "gzip, identity, br");
    request.body(twice).await.is(200).ok();
    // Detected by magic bytes, without a header.
    for encoding in ["gzip", "zstd"] {
        let receipt =
            server.request("POST", "/throw/packed").body(compress(encoding, body)).await.is(200).json();
        assert_eq!((&receipt["format"], &receipt["accepted"]), (&json!("json"), &json!(1)), "{encoding}");
    }
    let two = [compress("gzip", b"{\"a\": 2}\n"), compress("gzip", b"{\"a\": 3}\n")].concat();
    let request = server.request("POST", "/throw/packed").header("content-encoding", "gzip");
    assert_eq!(request.body(two).await.is(200).json()["accepted"], 2);
    assert_eq!(count(&server, "packed").await, 9);

    let post = |encoding: &str, body: Vec<u8>| {
        server.request("POST", "/throw/packed").header("content-encoding", encoding).body(body)
    };
    for encoding in ["lzw", "gzip, lzw", "x"] {
        post(encoding, body.to_vec()).await.problem_about(415, &["gzip, deflate, br or zstd"]);
    }
    post("gzip, gzip, gzip", body.to_vec()).await.problem(400);
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let whole = compress(encoding, &[body.as_slice(); 100].concat());
        post(encoding, whole[..whole.len() - 1].to_vec()).await.problem(400);
        post(encoding, body.to_vec()).await.problem(400);
        post(encoding, [whole, b"more".to_vec()].concat()).await.problem(400);
    }
    assert_eq!(count(&server, "packed").await, 9);
    assert_eq!(
        server.get("/api/v1/quarantine/").await.is(200).json()["count"],
        0,
        "a refusal stores nothing"
    );
    assert!(rows(&server, "packed").await.iter().all(|row| row["a"].is_number()));
}

async fn decompression_bombs_are_refused(server: Server) {
    server.post("/throw/bomb", &json!({"a": 1})).await.is(200).ok();
    let zeros = vec![b' '; 1 << 30];
    let before = peak(&server);
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let bomb = compress(encoding, &zeros);
        let length = bomb.len();
        let began = Instant::now();
        let request = server.request("POST", "/throw/bomb").header("content-encoding", encoding).body(bomb);
        request.await.problem_about(413, &["67108864"]);
        println!("{encoding}: {length} bytes refused in {:?}", began.elapsed());
        assert!(began.elapsed().as_millis() < 1500, "{encoding}: {:?}", began.elapsed());
    }
    let grown = peak(&server) - before;
    println!("memory grew by {} MiB", grown >> 20);
    assert!(grown < 64 << 20, "{grown}");
    // The same without a Content-Encoding header.
    let receipt = server.request("POST", "/throw/bomb").body(compress("zstd", &zeros)).await;
    assert!(matches!(receipt.status, 202 | 413), "{receipt:?}");
    assert_eq!(count(&server, "bomb").await, 1);
}

/// Returns the peak memory of the server.
pub(crate) fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}
