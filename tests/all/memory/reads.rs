//! Requests whose answers take much memory, and connections that hold some.

use std::time::Duration;

use datadump_tests::Api;
use futures_util::future::join_all;
use serde_json::{Value as Json, json};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    time::{sleep, timeout},
};

use super::Attack;

const MIB: usize = 1 << 20;

/// Number of requests or connections of most attacks.
const AT_ONCE: usize = 12;

/// Number of idle streams, which are a quarter of the connections that are allowed.
const STREAMS: usize = 1000;

/// Time for which connections are held.
const HOLD: Duration = Duration::from_secs(2);

const UPGRADE: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                       Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Returns the attacks. The data that they read is stored by [`prepare`].
pub(super) fn attacks() -> Vec<Attack> {
    let paths = [
        ("pages of large rows", "/api/v1/storage/large/?limit=1000"),
        ("pages of large rows by cursor", "/api/v1/storage/large/?limit=1000&cursor=&count=exact"),
        ("a huge row", "/api/v1/storage/huge/1/"),
        ("a huge row in a list", "/api/v1/storage/huge/"),
        ("huge quarantine entries", "/api/v1/quarantine/?limit=1000&fields=id,raw,record,detail"),
        ("versions", "/api/v1/factory/storage/grown/versions/?limit=1000"),
        ("a version", "/api/v1/factory/storage/grown/versions/?limit=1"),
        ("storages", "/api/v1/factory/storage/?limit=1000"),
        ("recent throws", "/api/v1/source/recent/recent/"),
        ("large readings", "/api/fetch/device?logger&limit=1000"),
        ("exports of large rows", "/api/v1/storage/large/export/?format=csv&limit=40"),
        ("exports of large rows as Parquet", "/api/v1/storage/large/export/?format=parquet&limit=40"),
        ("exports of a huge row as Parquet", "/api/v1/storage/huge/export/?format=parquet"),
    ];
    let reads = paths.into_iter().map(|(name, path)| {
        Attack::new(name, move |api| async move { join_all((0..AT_ONCE).map(|_| get(&api, path))).await })
    });
    let slow = paths.into_iter().take(3).map(|(name, path)| {
        Attack::new(format!("{name}, not read"), move |api| {
            hold(api, AT_ONCE, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes())
        })
    });
    let connections = [
        Attack::new("idle event streams", |api| {
            hold(api, STREAMS, b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec())
        }),
        Attack::new("idle WebSocket streams", |api| hold(api, STREAMS, upgrade("/api/v1/stream", &[]))),
        Attack::new("announced messages", |api| hold(api, 50, upgrade("/throw/ws", &message(60 * MIB, 10)))),
        Attack::new("incomplete messages", |api| {
            hold(api, AT_ONCE, upgrade("/throw/ws", &message(60 * MIB, 50 * MIB)))
        }),
        Attack::new("fragments of messages", |api| {
            let fragment = [&b"\x02\xfe\xff\xff\0\0\0\0"[..], &[b'x'; 65_535]].concat();
            let rest = [&b"\x00\xfe\xff\xff\0\0\0\0"[..], &[b'x'; 65_535]].concat().repeat(600);
            hold(api, AT_ONCE, upgrade("/throw/ws", &[fragment, rest].concat()))
        }),
        Attack::new("pings", |api| hold(api, AT_ONCE, upgrade("/throw/ws", &pings()))),
        Attack::new("pings of a stream", |api| hold(api, AT_ONCE, upgrade("/api/v1/stream", &pings()))),
        Attack::new("slow bodies", |api| {
            let head = "POST /throw/slow HTTP/1.1\r\nHost: localhost\r\ncontent-length: 60000000\r\n\r\nx";
            hold(api, 50, head.as_bytes().to_vec())
        }),
        Attack::new("slow heads", |api| {
            let head = format!("GET / HTTP/1.1\r\nHost: localhost\r\nx: {}", "x".repeat(30_000));
            hold(api, STREAMS, head.into_bytes())
        }),
    ];
    reads.chain(slow).chain(connections).collect()
}

/// Stores what the attacks read.
pub(super) async fn prepare(api: &Api) {
    let text = |length: usize| "x".repeat(length);
    for first in (0..300).step_by(20) {
        let rows: Vec<Json> =
            (first..first + 20).map(|id| json!({"_id": id.to_string(), "text": text(MIB)})).collect();
        send(api, "/throw/large", Json::Array(rows).to_string()).await;
    }
    send(api, "/throw/huge", json!({"_id": "1", "text": text(30 * MIB), "more": text(25 * MIB)}).to_string())
        .await;
    for _ in 0..3 {
        send(api, "/throw/broken?format=json", format!("{{\"a\": \"{}", text(30 * MIB))).await;
    }
    for fields in (10..=1000).step_by(30) {
        let record = (0..fields).map(|number| (format!("f{number}_{}", text(50)), json!(number)));
        send(api, "/throw/grown", Json::Object(record.collect()).to_string()).await;
    }
    for number in 0..300 {
        send(api, "/throw/recent", format!("{number}{}", "\u{1}".repeat(30_000))).await;
    }
    for number in 0..60 {
        let reading =
            json!({"device_id": "logger", "sensor_type": "log", "value": format!("{number}{}", text(MIB))});
        send(api, "/api/data", reading.to_string()).await;
    }
}

async fn send(api: &Api, path: &str, body: String) {
    let response = api.request("POST", path).body(body).await;
    assert!((200..300).contains(&response.status), "{path}: {response:.500?}");
}

/// Sends a request and discards the body of the answer as it arrives.
async fn get(api: &Api, path: &str) -> u16 {
    let Some(mut response) = api.get(path).stream().await else { return 0 };
    let status = response.status().as_u16();
    while let Ok(Some(_)) = response.chunk().await {}
    status
}

fn upgrade(path: &str, then: &[u8]) -> Vec<u8> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{UPGRADE}\r\n");
    [head.as_bytes(), then].concat()
}

/// A frame that announces more bytes than follow.
fn message(announced: usize, sent: usize) -> Vec<u8> {
    [&b"\x82\xff"[..], &(announced as u64).to_be_bytes(), &[0; 4], &vec![b'x'; sent]].concat()
}

fn pings() -> Vec<u8> {
    [&b"\x89\xfd\0\0\0\0"[..], &[b'x'; 125]].concat().repeat(200_000)
}

/// Opens connections, sends these bytes on each, reads nothing for a while, and then asks for an answer.
async fn hold(api: Api, connections: usize, bytes: Vec<u8>) -> Vec<u16> {
    let address = api.base().trim_start_matches("http://").to_owned();
    let open = (0..connections).map(|_| async {
        let mut socket = TcpStream::connect(&address).await.ok()?;
        // The server may have refused it, or read only as much as it has memory for.
        let _ = timeout(HOLD, socket.write_all(&bytes)).await;
        Some(socket)
    });
    let sockets = join_all(open).await;
    assert!(sockets.iter().any(Option::is_some), "no connection was accepted");
    sleep(HOLD).await;
    vec![get(&api, "/api/v1/storage/large/?limit=1&fields=_id").await]
}
