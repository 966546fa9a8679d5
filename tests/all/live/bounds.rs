//! What those who listen may take: memory, what is kept for them, and time.

use std::time::{Duration, Instant};

use datadump_tests::{Api, Database, Listener, Setup, Socket, eventually, load::Process};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{STREAM, dog, here, save};

#[tokio::test]
async fn rows_that_wait_for_the_slow_take_little_memory_on_sqlite() {
    rows_that_wait_for_the_slow_take_little_memory(Database::sqlite()).await;
}

#[tokio::test]
async fn rows_that_wait_for_the_slow_take_little_memory_on_postgres() {
    rows_that_wait_for_the_slow_take_little_memory(Database::postgres().await).await;
}

/// Rows of a megabyte each, and some who take none of them until all are there.
async fn rows_that_wait_for_the_slow_take_little_memory(database: Database) {
    const ROWS: usize = 100;
    const SLOW: usize = 3;
    // They are slow on purpose, and this machine may be.
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
    let process = Process(server.process());
    let before = process.resident();
    let mut slow = Vec::new();
    for _ in 0..SLOW {
        slow.push(Listener::at(&server, &path, None).await);
    }
    let mut socket = Socket::at(&server, &path).await;
    for id in 1..=ROWS {
        save(id).await;
    }
    // What was there is asked for as well, and taken by nobody yet.
    let mut late = Listener::at(&server, &format!("{path}&backfill=1000"), None).await;
    let more = process.resident().saturating_sub(before) / 1024;
    assert!(more < 100, "{more} MiB more");
    for listener in &mut slow {
        for id in 1..=ROWS {
            let change = listener.change().await.unwrap();
            assert_eq!(
                (&change.data["key"], change.data["row"]["text"].as_str().map(str::len)),
                (&json!(id), Some(1 << 20))
            );
        }
    }
    assert_eq!(socket.answer().await["event"], "hello");
    for id in 1..=ROWS {
        let row = socket.answer().await["data"]["row"].take();
        assert_eq!((&row["id"], row["text"].as_str().map(str::len)), (&json!(id), Some(1 << 20)));
    }
    for id in 0..=ROWS {
        assert_eq!(late.change().await.unwrap().data["key"], id);
    }
    let most = process.most_resident().saturating_sub(before) / 1024;
    assert!(most < 170, "{most} MiB more at most");
}

#[tokio::test]
async fn what_is_too_old_goes_on_sqlite() {
    what_is_kept_no_more_is_one_gap(Database::sqlite(), &["--change-log-time=2s"]).await;
}

#[tokio::test]
async fn what_is_too_old_goes_on_postgres() {
    what_is_kept_no_more_is_one_gap(Database::postgres().await, &["--change-log-time=2s"]).await;
}

/// How often it is looked is a tenth of the time; nothing gets as old as that here.
const SIZE: [&str; 2] = ["--change-log-size=200", "--change-log-time=40s"];

#[tokio::test]
async fn what_is_too_much_goes_on_sqlite() {
    what_is_kept_no_more_is_one_gap(Database::sqlite(), &SIZE).await;
}

#[tokio::test]
async fn what_is_too_much_goes_on_postgres() {
    what_is_kept_no_more_is_one_gap(Database::postgres().await, &SIZE).await;
}

/// Returns the change log's range and size from the status.
async fn change_log(api: &Api) -> (i64, i64, u64) {
    let log = api.get("/api/v1/status").await.is(200).json()["change_log"].clone();
    assert!(log["since"].as_str().unwrap().ends_with('Z'), "{log}");
    (log["first"].as_i64().unwrap(), log["last"].as_i64().unwrap(), log["bytes"].as_u64().unwrap())
}

async fn what_is_kept_no_more_is_one_gap(database: Database, arguments: &[&str]) {
    let server = Setup::default().arguments(arguments.iter().copied()).start(database).await;
    server.declare(&dog()).await;
    let first = here(&server).await;
    for number in 0..30 {
        save(&server, &format!("old{number}"), number).await;
    }
    let (oldest, newest, _) = change_log(&server).await;
    assert!(oldest < newest, "{oldest} to {newest}");
    // On SQLite whoever writes sees to it.
    let went = eventually("the oldest have gone", || async {
        save(&server, "tick", 1).await;
        let (oldest, newest, bytes) = change_log(&server).await;
        (oldest > 20 && newest > oldest).then_some(bytes)
    });
    let bytes = went.await;
    assert!(bytes < 10_000, "{bytes}");
    for number in 0..5 {
        save(&server, &format!("new{number}"), number).await;
    }
    let mut listener = Listener::at(&server, STREAM, Some(&first)).await;
    listener.next().await.unwrap();
    let gap = listener.next().await.unwrap();
    assert_eq!((gap.event.as_deref(), &gap.data["reason"]), (Some("gap"), &json!("expired")));
    assert_eq!((&gap.data["from"], gap.data["to"].as_str()), (&json!(first), gap.id.as_deref()));
    let (mut numbers, mut keys) = (vec![number(gap.id.as_deref())], Vec::new());
    while keys.last().is_none_or(|key| key != "new4") {
        let frame = listener.change().await.unwrap();
        numbers.push(number(frame.id.as_deref()));
        keys.push(frame.data["key"].as_str().unwrap().to_owned());
    }
    // Every commit behind the gap, none left out and no other gap: each has one row.
    let expected: Vec<i64> = (numbers[0]..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "{keys:?}");
    assert!(keys.ends_with(&["new0", "new1", "new2", "new3", "new4"].map(String::from)), "{keys:?}");
    // Who heard of the last one has none.
    let last = format!("{}-{}", first.split_once('-').unwrap().0, numbers.last().unwrap());
    let mut again = Listener::at(&server, STREAM, Some(&last)).await;
    save(&server, "next", 1).await;
    again.next().await.unwrap();
    assert_eq!(again.next().await.unwrap().data["key"], "next");
}

/// The number of the commit behind which one is.
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
async fn one_who_takes_no_events_is_cut_off() {
    one_who_takes_nothing_is_cut_off("").await;
}

#[tokio::test]
async fn one_who_takes_no_messages_is_cut_off() {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    one_who_takes_nothing_is_cut_off(upgrade).await;
}

/// A real socket that nobody reads from, beside one who is read from.
async fn one_who_takes_nothing_is_cut_off(headers: &str) {
    const ROWS: usize = 20;
    let setup = Setup::default().arguments(["--blocked-timeout", "2s"]);
    let server = setup.start(Database::sqlite()).await;
    let mut listener = Listener::at(&server, STREAM, None).await;
    listener.next().await.unwrap();
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("GET {STREAM} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let streams = async || metric(&server, "datadump_streams").await;
    eventually("both listen", || async { (streams().await == 2).then_some(()) }).await;
    let text = "x".repeat(1 << 20);
    for number in 0..ROWS {
        server.post("/throw/long", &json!({"number": number, "text": text})).await.is(200).ok();
        assert_eq!(listener.change().await.unwrap().data["row"]["number"], number);
    }
    let began = Instant::now();
    let cut_off = async || metric(&server, "datadump_streams_cut_off_total").await;
    eventually("it is cut off", || async { (cut_off().await == 1).then_some(()) }).await;
    eventually("it listens no more", || async { (streams().await == 1).then_some(()) }).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(server.get("/api/v1/status").await.json()["streams"], 1);
    assert!(metric(&server, "datadump_stream_events_total").await >= ROWS as u64);
    // What was on its way is there, and then the end.
    let mut taken = Vec::new();
    let end = timeout(Duration::from_secs(20), socket.read_to_end(&mut taken)).await;
    assert!(end.is_ok(), "it is not closed after {} bytes", taken.len());
    assert!(taken.len() < ROWS << 20, "{}", taken.len());
    // Who takes what there is is not.
    server.post("/throw/long", &json!({"number": ROWS})).await.is(200).ok();
    assert_eq!(listener.change().await.unwrap().data["row"]["number"], ROWS);
}
