//! Limits on requests and connections: bodies, headers, slow clients, and the number of connections.

use std::time::{Duration, Instant};

use datadump_tests::{Database, Server, Setup, dog};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const ROWS: &str = "/api/v1/storage/dog/";

#[tokio::test]
async fn too_large_bodies_are_refused() {
    let server = Setup::default().arguments(["--max-body", "10000"]).start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let row = |length: usize| json!({"chip_id": "C", "color": "x".repeat(length), "collar_size": 1});
    server.post(ROWS, &row(20)).await.is(201).ok();
    server.post(ROWS, &row(10_000)).await.problem_about(413, &["10000"]);
    server.put(&format!("{ROWS}C/"), &row(10_000)).await.problem(413);
    server.post("/api/v1/factory/storage/", &row(10_000)).await.problem(413);
    server.post(ROWS, &row(3_000_000)).await.problem(413);

    // Chunked, without a content length: the received bytes count.
    let mut socket = connect(&server).await;
    let head = format!(
        "POST {ROWS} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let piece = format!("400\r\n{}\r\n", " ".repeat(1024));
    for _ in 0..20 {
        socket.write_all(piece.as_bytes()).await.unwrap();
    }
    socket.write_all(b"0\r\n\r\n").await.unwrap();
    assert!(read(&mut socket).await.starts_with("HTTP/1.1 413"));
    assert_eq!(server.get(ROWS).await.is(200).json()["count"], 1);
}

#[tokio::test]
async fn unknown_encodings_and_content_types_are_refused() {
    let server = Server::start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let row = json!({"chip_id": "C", "color": "red", "collar_size": 1});
    for encoding in ["gzip", "br", "nonsense", "gzip, identity"] {
        let request = server.post(ROWS, &row).header("content-encoding", encoding);
        request.await.problem(415);
    }
    for kind in ["application/xml", "multipart/form-data; boundary=x", "image/png"] {
        let request = server.request("POST", ROWS).header("content-type", kind).body(row.to_string());
        request.await.problem(415);
    }
    assert_eq!(server.get(ROWS).await.is(200).json()["count"], 0);
    for kind in ["application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain", ""] {
        let request = server.request("POST", ROWS).header("content-type", kind).body(row.to_string());
        request.await.is(201).ok();
    }
    server.request("POST", ROWS).body(row.to_string()).await.is(201).ok();
}

#[tokio::test]
async fn incomplete_headers_time_out() {
    let server = Setup::default().arguments(["--header-timeout", "1s"]).start(Database::sqlite()).await;
    for begin in ["", "GET /health HTTP/1.1\r\n", "GET /health HTTP/1.1\r\nhost: localhost\r\nx: "] {
        let mut socket = connect(&server).await;
        socket.write_all(begin.as_bytes()).await.unwrap();
        let began = Instant::now();
        let response = read(&mut socket).await;
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 4"), "{begin:?}: {response}");
        let took = began.elapsed();
        assert!((Duration::from_millis(500)..Duration::from_secs(5)).contains(&took), "{begin:?}: {took:?}");
    }
    // The timeout also applies to headers that arrive byte by byte.
    let mut socket = connect(&server).await;
    let began = Instant::now();
    let head = "GET /health HTTP/1.1\r\nhost: localhost\r\n".to_owned() + &"x: y\r\n".repeat(1000);
    for byte in head.bytes() {
        if socket.write_all(&[byte]).await.is_err() || began.elapsed() > Duration::from_secs(10) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(began.elapsed() < Duration::from_secs(5), "a slow head may take {:?}", began.elapsed());
    server.get("/health").await.is(200).ok();
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let server = Setup::default().arguments(["--idle-timeout", "1s"]).start(Database::sqlite()).await;
    let mut socket = connect(&server).await;
    socket.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    let began = Instant::now();
    let response = read(&mut socket).await;
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn stalled_bodies_time_out() {
    let server = Setup::default().arguments(["--body-timeout", "1s"]).start(Database::sqlite()).await;
    server.declare(&dog()).await;
    let mut socket = connect(&server).await;
    let head = format!("POST {ROWS} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{{");
    socket.write_all(head.as_bytes()).await.unwrap();
    let began = Instant::now();
    let response = read(&mut socket).await;
    assert!(response.is_empty() || response.starts_with("HTTP/1.1 408"), "{response}");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

#[tokio::test]
async fn the_number_of_connections_is_limited() {
    let server = Setup::default().arguments(["--max-connections", "5"]).start(Database::sqlite()).await;
    let mut held = Vec::new();
    for _ in 0..5 {
        let mut socket = connect(&server).await;
        socket.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        let mut some = [0; 12];
        timeout(Duration::from_secs(5), socket.read_exact(&mut some)).await.unwrap().unwrap();
        assert_eq!(&some, b"HTTP/1.1 200");
        held.push(socket);
    }
    let mut socket = connect(&server).await;
    let _ = socket.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let response = read(&mut socket).await;
    assert!(response.starts_with("HTTP/1.1 503"), "{response}");
    assert!(response.to_lowercase().contains("retry-after"), "{response}");
    drop(held);
    datadump_tests::eventually("connections are accepted again", || async {
        server.get("/health").send().await.ok().filter(|response| response.status == 200)
    })
    .await;
}

#[tokio::test]
async fn invalid_http_is_refused() {
    let server = Server::start(Database::sqlite()).await;
    for nonsense in [
        "\r\n\r\n\r\n\r\n".to_owned(),
        "\x16\x03\x01\x02\x00\x01\x00\x01".to_owned(),
        "GET / HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\nhost: localhost\r\n\r\n".to_owned(),
        format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(1_000_000)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n", "x".repeat(1_000_000)),
        format!("GET / HTTP/1.1\r\nhost: localhost\r\n{}\r\n", "x: y\r\n".repeat(10_000)),
        "POST /api/v1/storage/x/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n{}".into(),
        "POST /api/v1/storage/x/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n".into(),
        "GET /api/v1/storage/%ff%fe/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".into(),
        "GET /api/v1/storage/x/?a=%zz&%ff HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".into(),
    ] {
        let mut socket = connect(&server).await;
        let _ = socket.write_all(nonsense.as_bytes()).await;
        let _ = socket.shutdown().await;
        let response = read(&mut socket).await;
        let short: String = nonsense.chars().take(80).collect();
        assert!(response.is_empty() || response.starts_with("HTTP/1.1 4"), "{short:?}: {response}");
        server.get("/health").await.is(200).ok();
    }
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).await.unwrap()
}

/// Reads until the server closes the connection.
async fn read(socket: &mut TcpStream) -> String {
    let mut response = Vec::new();
    let mut piece = [0; 4096];
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match timeout(left, socket.read(&mut piece)).await.expect("the connection ends") {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&response).into_owned(),
            Ok(length) => response.extend_from_slice(&piece[..length]),
        }
    }
}

/// Patterns that take long to compile are refused before they do, and block nobody meanwhile.
#[tokio::test]
async fn patterns_are_limited_together() {
    let server = Server::start(Database::sqlite()).await;
    let definition = |name: usize, pattern: &dyn Fn(usize) -> String| {
        let field = |number| json!({"name": format!("f{number}"), "type": "text", "nullable": true, "pattern": pattern(number)});
        let fields: Vec<_> = (0..300).map(field).collect();
        json!({"name": format!("s{name}"), "key": {"name": "id", "type": "long"}, "fields": fields})
    };
    let path = "/api/v1/factory/storage/";
    let heavy = |number: usize| format!(r"(?i)\w{{{}}}", 20 + number % 5);
    let (declared, health) = tokio::join!(
        futures_util::future::join_all(
            (0..6).map(|number| { server.post(path, &definition(number, &heavy)).into_future() })
        ),
        async {
            let mut longest = Duration::ZERO;
            for _ in 0..50 {
                let asked = Instant::now();
                server.get("/health").await.is(200).ok();
                longest = longest.max(asked.elapsed());
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            longest
        }
    );
    for response in declared {
        response.problem_about(400, &["pattern", "compiled"]);
    }
    assert!(health < Duration::from_secs(1), "{health:?}");
    let many = server.post(path, &definition(7, &|number| format!("[a-z]{{{number}}}"))).await;
    assert_eq!(many.problem(400)["errors"][0]["pointer"], "/fields/250/pattern");
}
