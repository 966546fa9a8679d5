//! Limits of live streams: memory, retention of the change log, and time.

use std::time::{Duration, Instant};

use datadump_tests::{Api, Database, EventStream, Setup, WebSocket, eventually, load::Process};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{STREAM, dog, multiplexed::Multiplexed, position, save};

#[tokio::test]
async fn rows_buffered_for_slow_clients_use_little_memory_on_sqlite() {
    rows_buffered_for_slow_clients_use_little_memory(Database::sqlite()).await;
}

#[tokio::test]
async fn rows_buffered_for_slow_clients_use_little_memory_on_postgres() {
    rows_buffered_for_slow_clients_use_little_memory(Database::postgres().await).await;
}

/// Writes rows of 1 MB each, with some clients that read none of them until all are written.
async fn rows_buffered_for_slow_clients_use_little_memory(database: Database) {
    const ROWS: usize = 100;
    const SLOW: usize = 3;
    // The clients are slow on purpose, and the machine may be too.
    let server = Setup::default().arguments(["--blocked-timeout=10m"]).start(database).await;
    let definition = json!({"name": "note", "key": {"name": "id", "type": "long"},
                            "fields": [{"name": "text", "type": "text"}]});
    server.declare(&definition).await;
    let path = format!("{STREAM}?storage=note");
    let text = "x".repeat(1 << 20);
    let save = async |id: usize| {
        server.post("/api/v1/storage/note/", &json!({"id": id, "text": text})).await.is(201).ok();
    };
    save(0).await;
    let process = Process(server.process_id());
    let before = process.resident();
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(EventStream::open(&server, &path, None).await);
    }
    let mut socket = WebSocket::connect(&server, &path).await;
    for id in 1..=ROWS {
        save(id).await;
    }
    // The existing rows are requested too, and not read yet.
    let mut late = EventStream::open(&server, &format!("{path}&backfill=1000"), None).await;
    let more = process.resident().saturating_sub(before) / 1024;
    assert!(more < 100, "{more} MiB more");
    for stream in &mut slow {
        for id in 1..=ROWS {
            let change = stream.next_change().await.unwrap();
            assert_eq!(
                (&change.data["key"], change.data["row"]["text"].as_str().map(str::len)),
                (&json!(id), Some(1 << 20))
            );
        }
    }
    assert_eq!(socket.receive_json().await["event"], "hello");
    for id in 1..=ROWS {
        let row = socket.receive_json().await["data"]["row"].take();
        assert_eq!((&row["id"], row["text"].as_str().map(str::len)), (&json!(id), Some(1 << 20)));
    }
    for id in 0..=ROWS {
        assert_eq!(late.next_change().await.unwrap().data["key"], id);
    }
    let most = process.peak_resident().saturating_sub(before) / 1024;
    assert!(most < 170, "{most} MiB more at most");
}

#[tokio::test]
async fn old_change_log_entries_are_dropped_on_sqlite() {
    dropped_entries_appear_as_one_gap(Database::sqlite(), &["--change-log-time=2s"]).await;
}

#[tokio::test]
async fn old_change_log_entries_are_dropped_on_postgres() {
    dropped_entries_appear_as_one_gap(Database::postgres().await, &["--change-log-time=2s"]).await;
}

/// A size limit alone. The check interval is a tenth of the time limit, which no entry reaches.
const SIZE_LIMIT: [&str; 2] = ["--change-log-size=200", "--change-log-time=40s"];

#[tokio::test]
async fn a_large_change_log_is_truncated_on_sqlite() {
    dropped_entries_appear_as_one_gap(Database::sqlite(), &SIZE_LIMIT).await;
}

#[tokio::test]
async fn a_large_change_log_is_truncated_on_postgres() {
    dropped_entries_appear_as_one_gap(Database::postgres().await, &SIZE_LIMIT).await;
}

/// Returns the change log as the status reports it.
async fn change_log(api: &Api) -> (i64, i64, u64) {
    let change_log = api.get("/api/v1/status").await.is(200).json()["change_log"].clone();
    assert!(change_log["since"].as_str().unwrap().ends_with('Z'), "{change_log}");
    (
        change_log["first"].as_i64().unwrap(),
        change_log["last"].as_i64().unwrap(),
        change_log["bytes"].as_u64().unwrap(),
    )
}

async fn dropped_entries_appear_as_one_gap(database: Database, arguments: &[&str]) {
    let server = Setup::default().arguments(arguments.iter().copied()).start(database).await;
    server.declare(&dog()).await;
    let first = position(&server).await;
    for number in 0..30 {
        save(&server, &format!("old{number}"), number).await;
    }
    let (oldest, newest, _) = change_log(&server).await;
    assert!(oldest < newest, "{oldest} to {newest}");
    // On SQLite the writer drops entries.
    let went = eventually("the oldest entries are dropped", || async {
        save(&server, "tick", 1).await;
        let (oldest, newest, bytes) = change_log(&server).await;
        (oldest > 20 && newest > oldest).then_some(bytes)
    });
    let bytes = went.await;
    assert!(bytes < 10_000, "{bytes}");
    for number in 0..5 {
        save(&server, &format!("new{number}"), number).await;
    }
    let mut stream = EventStream::open(&server, STREAM, Some(&first)).await;
    stream.next().await.unwrap();
    let gap = stream.next().await.unwrap();
    assert_eq!((gap.event.as_deref(), &gap.data["reason"]), (Some("gap"), &json!("expired")));
    assert_eq!((&gap.data["from"], gap.data["to"].as_str()), (&json!(first), gap.id.as_deref()));
    let (mut numbers, mut keys) = (vec![number(gap.id.as_deref())], Vec::new());
    while keys.last().is_none_or(|key| key != "new4") {
        let frame = stream.next_change().await.unwrap();
        numbers.push(number(frame.id.as_deref()));
        keys.push(frame.data["key"].as_str().unwrap().to_owned());
    }
    // Every commit after the gap arrives, without another gap: each has one row.
    let expected: Vec<i64> = (numbers[0]..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "{keys:?}");
    assert!(keys.ends_with(&["new0", "new1", "new2", "new3", "new4"].map(String::from)), "{keys:?}");
    // A client that received the last entry gets no gap.
    let last = format!("{}-{}", first.split_once('-').unwrap().0, numbers.last().unwrap());
    let mut again = EventStream::open(&server, STREAM, Some(&last)).await;
    save(&server, "next", 1).await;
    again.next().await.unwrap();
    assert_eq!(again.next().await.unwrap().data["key"], "next");
}

/// Returns the number of the commit in an event id.
fn number(id: Option<&str>) -> i64 {
    let (_, number) = id.unwrap().split_once('-').unwrap();
    number.parse().unwrap()
}

async fn metric(api: &Api, name: &str) -> u64 {
    let text = api.get("/metrics").await.is(200).text();
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn a_client_that_reads_no_events_is_disconnected() {
    a_client_that_does_not_read_is_disconnected("").await;
}

#[tokio::test]
async fn a_client_that_reads_no_messages_is_disconnected() {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    a_client_that_does_not_read_is_disconnected(upgrade).await;
}

/// A raw socket that is never read, next to a client that reads.
async fn a_client_that_does_not_read_is_disconnected(headers: &str) {
    const ROWS: usize = 20;
    let setup = Setup::default().arguments(["--blocked-timeout", "2s"]);
    let server = setup.start(Database::sqlite()).await;
    let mut stream = EventStream::open(&server, STREAM, None).await;
    stream.next().await.unwrap();
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let streams = async || metric(&server, "datadump_streams").await;
    eventually("both clients are connected", || async { (streams().await == 2).then_some(()) }).await;
    let text = "x".repeat(1 << 20);
    for number in 0..ROWS {
        server.post("/throw/long", &json!({"number": number, "text": text})).await.is(200).ok();
        assert_eq!(stream.next_change().await.unwrap().data["row"]["number"], number);
    }
    let began = Instant::now();
    let cut_off = async || metric(&server, "datadump_streams_cut_off_total").await;
    eventually("the client is disconnected", || async { (cut_off().await == 1).then_some(()) }).await;
    eventually("only one client is connected", || async { (streams().await == 1).then_some(()) }).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(server.get("/api/v1/status").await.json()["streams"], 1);
    assert!(metric(&server, "datadump_stream_events_total").await >= ROWS as u64);
    // The data in flight arrives, and then the end.
    let mut taken = Vec::new();
    let end = timeout(Duration::from_secs(20), socket.read_to_end(&mut taken)).await;
    assert!(end.is_ok(), "it is not closed after {} bytes", taken.len());
    assert!(taken.len() < ROWS << 20, "{}", taken.len());
    // The client that reads is still connected.
    server.post("/throw/long", &json!({"number": ROWS})).await.is(200).ok();
    assert_eq!(stream.next_change().await.unwrap().data["row"]["number"], ROWS);
}

#[tokio::test]
async fn a_client_that_reads_nothing_of_its_subscriptions_is_disconnected() {
    let setup = Setup::default().arguments(["--blocked-timeout", "2s"]);
    let server = setup.start(Database::sqlite()).await;
    let mut client = Multiplexed::open(&server).await;
    for (id, add) in
        [("rows", json!({"id": "rows"})), ("newest", json!({"id": "newest", "storage": "long", "hz": 60}))]
    {
        assert_eq!(client.add(add).await["sub"], id);
    }
    let unread = client.socket.into_stream();
    let text = "x".repeat(1 << 20);
    for number in 0..20 {
        server.post("/throw/long", &json!({"number": number, "text": text})).await.is(200).ok();
    }
    let cut_off = async || metric(&server, "datadump_streams_cut_off_total").await;
    eventually("the client is disconnected", || async { (cut_off().await == 1).then_some(()) }).await;
    let streams = async || metric(&server, "datadump_streams").await;
    eventually("its subscriptions end", || async { (streams().await == 0).then_some(()) }).await;
    drop(unread);
}

#[tokio::test]
async fn many_slow_subscriptions_use_little_memory_on_sqlite() {
    many_slow_subscriptions_use_little_memory(Database::sqlite()).await;
}

#[tokio::test]
async fn many_slow_subscriptions_use_little_memory_on_postgres() {
    many_slow_subscriptions_use_little_memory(Database::postgres().await).await;
}

/// All subscriptions of one WebSocket that is not read, to rows of 1 MB each.
async fn many_slow_subscriptions_use_little_memory(database: Database) {
    const ROWS: usize = 50;
    const SUBSCRIPTIONS: usize = 64;
    let server = Setup::default().arguments(["--blocked-timeout=10m"]).start(database).await;
    let definition = json!({"name": "note", "key": {"name": "id", "type": "long"},
                            "fields": [{"name": "text", "type": "text"}]});
    server.declare(&definition).await;
    let text = "x".repeat(1 << 20);
    let save = async |id: usize| {
        server.post("/api/v1/storage/note/", &json!({"id": id, "text": text})).await.is(201).ok();
    };
    save(0).await;
    let process = Process(server.process_id());
    let before = process.resident();
    let mut client = Multiplexed::open(&server).await;
    for number in 0..SUBSCRIPTIONS {
        let mut add = json!({"id": format!("p{number}"), "storage": "note"});
        match number % 4 {
            0 => add["hz"] = 1.into(),
            1 => add["backfill"] = 100.into(),
            _ => {}
        }
        assert_eq!(client.add(add).await["event"], "hello");
    }
    for id in 1..=ROWS {
        save(id).await;
    }
    let more = process.resident().saturating_sub(before) / 1024;
    assert!(more < 100, "{more} MiB more");
    // Some of the rows of all of them.
    let mut keys = std::collections::BTreeMap::<String, Vec<u64>>::new();
    while keys.len() < SUBSCRIPTIONS {
        let message = client.next().await;
        if message["event"] == "insert" {
            let id = message["sub"].as_str().unwrap().to_owned();
            keys.entry(id).or_default().push(message["data"]["key"].as_u64().unwrap());
        }
    }
    for (id, keys) in &keys {
        assert!(keys.is_sorted(), "{id}: {keys:?}");
    }
    let most = process.peak_resident().saturating_sub(before) / 1024;
    assert!(most < 170, "{most} MiB more at most");
}
