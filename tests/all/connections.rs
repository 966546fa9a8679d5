//! Resources held by connections: open files, incomplete messages, unread answers, and clients that are gone.

use std::time::{Duration, Instant};

use datadump_tests::{
    Api, Database, EventStream, ServerMessage, Setup, WebSocket, eventually,
    load::{Connection, Process},
    workspace,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn metric(api: &Api, name: &str) -> u64 {
    let text = api.get("/metrics").await.is(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
}

async fn throw_memory(api: &Api) -> Option<()> {
    (metric(api, "datadump_throw_memory_bytes").await == 0).then_some(())
}

/// A frame of a binary message, whose header announces more bytes than follow.
fn frame(announced: u16, sent: usize) -> Vec<u8> {
    let [high, low] = announced.to_be_bytes();
    [&[0x82, 0xfe, high, low, 0, 0, 0, 0][..], &vec![b'x'; sent]].concat()
}

#[tokio::test]
async fn an_incomplete_message_is_given_up_however_slowly_it_arrives() {
    let setup = Setup::default().arguments(["--body-timeout", "400ms"]);
    let server = setup.start(Database::sqlite()).await;
    // A message that stalls, one of several frames that stalls, and one whose bytes trickle in.
    let fragments = [&b"\x01\x81\0\0\0\0x\x89\x80\0\0\0\0"[..], &frame(9, 0)].concat();
    for (begin, trickles, least, most) in [
        (frame(60_000, 50_000), false, 300, 3_000),
        (fragments, false, 300, 3_000),
        (b"\x82".to_vec(), false, 300, 3_000),
        (frame(60_000, 10), true, 3_500, 10_000),
    ] {
        let mut socket = WebSocket::connect(&server, "/throw/slow").await;
        let began = Instant::now();
        let raw = socket.stream_mut();
        raw.write_all(&begin).await.unwrap();
        while trickles && began.elapsed() < Duration::from_millis(3_700) {
            raw.write_all(b"x").await.unwrap();
            sleep(Duration::from_millis(100)).await;
        }
        let ServerMessage::Json(problem) = socket.receive().await else { panic!("no problem is sent") };
        assert_eq!((&problem["status"], &problem["code"]), (&json!(408), &json!("too-slow")), "{problem}");
        assert_eq!(socket.receive_close().await, Some(1008));
        let took = began.elapsed();
        let expected = Duration::from_millis(least)..Duration::from_millis(most);
        assert!(expected.contains(&took), "{took:?} instead of {expected:?}");
    }
    eventually("the memory is released", || throw_memory(&server)).await;
    // Between messages there is no such limit.
    let mut socket = WebSocket::connect(&server, "/throw/slow").await;
    sleep(Duration::from_millis(900)).await;
    socket.send(r#"{"n": 1}"#).await;
    assert_eq!(socket.receive_json().await["accepted"], 1);
}

#[tokio::test]
async fn pongs_that_are_not_read_take_little_memory_and_time() {
    let setup = Setup::default().arguments(["--blocked-timeout", "2s"]);
    let server = setup.start(Database::sqlite()).await;
    let process = Process(server.process_id());
    let pings = [&b"\x89\xfd\0\0\0\0"[..], &[b'x'; 125]].concat().repeat(1000);
    for path in ["/throw/pinged", "/api/v1/stream"] {
        let before = process.resident();
        let mut socket = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let began = Instant::now();
        let ended =
            timeout(Duration::from_secs(20), async { while socket.write_all(&pings).await.is_ok() {} });
        assert!(ended.await.is_ok(), "{path}: the client is not disconnected");
        assert!(began.elapsed() > Duration::from_secs(1), "{path}: {:?}", began.elapsed());
        let more = process.peak_resident().saturating_sub(before) / 1024;
        assert!(more < 20, "{path}: {more} MiB more");
        eventually("the memory is released", || throw_memory(&server)).await;
    }
    // Pings that were answered hold none either.
    let mut socket = WebSocket::connect(&server, "/throw/pinged").await;
    for _ in 0..50 {
        socket.send(tokio_tungstenite::tungstenite::Message::Ping("x".repeat(100).into())).await;
    }
    eventually("the memory is released", || throw_memory(&server)).await;
    socket.send(r#"{"n": 1}"#).await;
    assert_eq!(socket.receive_json().await["accepted"], 1);
}

#[tokio::test]
async fn a_closed_stream_is_noticed_at_once_and_a_half_closed_one_goes_on() {
    let server = Setup::default().arguments(["--max-connections", "8"]).start(Database::sqlite()).await;
    for round in 0..3 {
        let mut streams = Vec::new();
        for path in ["/api/v1/stream", "/api/stream", "/api/v1/stream", "/api/v1/stream", "/api/stream"] {
            let mut stream = EventStream::open(&server, path, None).await;
            stream.next().await.unwrap();
            streams.push(stream);
        }
        let began = Instant::now();
        drop(streams);
        let none_left = || async { (metric(&server, "datadump_streams").await == 0).then_some(()) };
        eventually("the streams are closed", none_left).await;
        assert!(began.elapsed() < Duration::from_secs(3), "round {round}: {:?}", began.elapsed());
    }
    // As `nc` does at the end of its input.
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    socket.write_all(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    socket.shutdown().await.unwrap();
    // Longer than the last probe takes.
    sleep(Duration::from_millis(1_500)).await;
    server.post("/throw/seen", &json!({"n": 1})).await.is(200).ok();
    let mut received = String::new();
    while !received.contains("event: insert") {
        let mut piece = [0; 4096];
        let length = timeout(Duration::from_secs(10), socket.read(&mut piece)).await.unwrap().unwrap();
        assert!(length > 0, "the stream ended after {received:?}");
        received.push_str(&String::from_utf8_lossy(&piece[..length]));
    }
}

#[tokio::test]
async fn connections_leave_open_files_to_the_database() {
    let setup = Setup::default().program("prlimit".as_ref()).arguments(["--nofile=64:200", "--"]);
    let setup = setup.arguments([workspace::program("datadump-server")]);
    let server = setup.start(Database::sqlite()).await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", server.process_id())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(
        files.split_whitespace().filter(|word| *word == "200").count(),
        2,
        "the limit is raised: {files}"
    );
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
    let mut first = Connection::open(server.address()).await.unwrap();
    assert_eq!(first.send(&get("/ready")).await.unwrap(), 200);
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(TcpStream::connect(server.address()).await.unwrap());
    }
    // The database opens no file that it cannot have.
    for _ in 0..20 {
        assert_eq!(first.send(&get("/ready")).await.unwrap(), 200);
        assert_eq!(first.send(&get("/api/v1/status")).await.unwrap(), 200);
    }
    drop(idle);
    eventually("connections are accepted again", || async {
        server.get("/ready").send().await.ok().filter(|response| response.status == 200)
    })
    .await;
}
