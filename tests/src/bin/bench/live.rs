//! What it costs to be listened to: how late a thousand hear of it, what idle listeners take, and what those who
//! take nothing cost the others.
//!
//! What is asked is what happens once something is committed. So that it is not the disk that answers, whose p99 can
//! be many times all of this, the databases are files in memory; what the disk adds is noted for a thousand
//! listeners.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_tests::{
    Database, Server, Setup,
    load::{Make, Process, closed, open, post},
};
use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    Bench,
    data::readings,
    heard::hear,
    report::{Goal, Row},
    throws::CLIENTS,
    turns::{TURNS, turns},
};

const LISTENERS: usize = 1_000;
const IDLE: usize = 10_000;
const STALLED: usize = 100;
const RATE: f64 = 100.0;

/// How late a listener may hear, in milliseconds; and how much memory an idle one may take, in KiB.
const LATE: f64 = 50.0;
const MEMORY: f64 = 20.0;

pub(crate) async fn run(bench: &mut Bench) {
    if bench.wants("live-late") {
        late(bench).await;
    }
    if bench.wants("live-idle") {
        idle(bench).await;
    }
    if bench.wants("live-stalled") {
        stalled(bench).await;
    }
    if bench.wants("live-open") {
        beside_open_ones(bench).await;
    }
}

/// A server with a database in memory, on which the storage that is listened to is there already.
async fn server() -> Server {
    server_on(Database::sqlite_in(Path::new("/dev/shm"))).await
}

async fn server_on(database: Database) -> Server {
    let setup = Setup::default().environment("DATADUMP_MAX_CONNECTIONS", "15000");
    let server = setup.start(database).await;
    server.post("/throw/heard", &serde_json::json!({"number": -1})).await.is(200).ok();
    server
}

/// Begins to listen; answered when it is heard.
async fn listener(address: &str, storage: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let ask = format!("GET /api/v1/stream?storage={storage} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.expect("it takes requests");
    let mut head = [0; 4096];
    let mut read = Vec::new();
    while !read.windows(5).any(|word| word == b"hello") {
        let length = stream.read(&mut head).await.expect("it answers");
        assert!(length > 0, "it answers");
        read.extend_from_slice(&head[..length]);
    }
    stream
}

async fn listeners(address: &str, count: usize, storage: &str) -> Vec<TcpStream> {
    let mut all = Vec::with_capacity(count);
    while all.len() < count {
        let some = (0..64.min(count - all.len())).map(|_| listener(address, storage));
        all.extend(futures_util::future::join_all(some).await);
    }
    all
}

/// Throws that say how many they are.
fn numbered() -> Make {
    let next = AtomicU64::new(0);
    Arc::new(move |_, _| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        post("/throw/heard", "application/json", format!("{{\"number\":{number}}}").as_bytes())
    })
}

async fn late(bench: &mut Bench) {
    let mut row = Row::new(
        "live-late",
        "p99 from throw to listener, 1,000 listeners, 100 events a second, database in memory",
        "ms",
        "50 ms",
        Goal::AtMost(1.0, 0.5),
    );
    let server = server().await;
    for _ in 0..bench.repeats {
        let latency = heard(&server, LISTENERS, bench.time).await;
        row.pair(p99(&latency), LATE);
        row.note(heard_when(&latency));
    }
    server.stop().await;
    let server = server_on(Database::sqlite()).await;
    let latency = heard(&server, LISTENERS, bench.time).await;
    row.note(format!("on the disk p99 {:.1} ms, {}", p99(&latency), heard_when(&latency)));
    bench.report.add(row);
    server.stop().await;
}

fn heard_when(latency: &Histogram<u64>) -> String {
    let [median, worst] =
        [latency.value_at_quantile(0.5), latency.max()].map(|micros| micros as f64 / 1000.0);
    format!("{} events heard, median {median:.1} ms, worst {worst:.1} ms", latency.len())
}

/// How late so many listeners hear what is thrown a hundred times a second: all of it, each once.
async fn heard(server: &Server, count: usize, time: Duration) -> Histogram<u64> {
    let began = Instant::now();
    let events = (RATE * time.as_secs_f64()) as u64;
    let streams = listeners(server.address(), count, "heard").await.into_iter();
    let streams = streams.map(|stream| stream.into_std().expect("it is one of the system")).collect();
    let hearing = tokio::task::spawn_blocking(move || hear(streams, events as usize, began));
    open(server.address(), 4, RATE, time, due_numbers(began)).await.all_answered();
    hearing.await.expect("each hears all of it, once")
}

/// In milliseconds.
fn p99(latency: &Histogram<u64>) -> f64 {
    latency.value_at_quantile(0.99) as f64 / 1000.0
}

/// Throws that say how many they are, and when they were made, in microseconds.
fn due_numbers(began: Instant) -> Make {
    let next = AtomicU64::new(0);
    Arc::new(move |_, _| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let at = began.elapsed().as_micros();
        let body = format!("{{\"number\":{number},\"at\":{at}}}");
        post("/throw/heard", "application/json", body.as_bytes())
    })
}

async fn idle(bench: &mut Bench) {
    let mut row = Row::new(
        "live-idle",
        "memory of an idle listener, of 10,000",
        "KiB",
        "20 KiB",
        Goal::AtMost(1.0, 0.5),
    );
    let server = server().await;
    let process = Process(server.process());
    drop(listeners(server.address(), 100, "heard").await);
    let before = process.resident();
    let all = listeners(server.address(), IDLE, "heard").await;
    let each = (process.resident() as f64 - before as f64) / all.len() as f64;
    row.pair(each, MEMORY);
    bench.report.add(row);
    drop(all);
    server.kill().await;
}

async fn stalled(bench: &mut Bench) {
    let mut rate = Row::new(
        "live-stalled",
        "throws beside 100 listeners that take nothing, database in memory",
        "/s",
        "beside 100 that take what they are told",
        Goal::AtLeast(0.77, 1.0),
    );
    let mut late = Row::new(
        "live-stalled-p99",
        "p99 from throw to 100 listeners, beside 100 others that take nothing, database in memory",
        "ms",
        "with nobody beside them",
        Goal::AtMost(1.3, 1.1),
    );
    let (good, bad) = (server().await, server().await);
    for _ in 0..2 * bench.repeats {
        let mut reading = JoinSet::new();
        for mut stream in listeners(good.address(), STALLED, "heard").await {
            reading.spawn(async move {
                let mut buffer = vec![0; 64 << 10];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
            });
        }
        let theirs = closed(good.address(), CLIENTS, bench.time, numbered()).await.all_answered();
        drop(reading);
        let held = listeners(bad.address(), STALLED, "heard").await;
        // What is between them and the server is full before long.
        let ours = closed(bad.address(), CLIENTS, bench.time, numbered()).await.all_answered();
        rate.pair(ours.rate(), theirs.rate());
        let turns = turns(
            TURNS / 2,
            async || p99(&heard(&good, STALLED, bench.time / 2).await),
            async || p99(&heard(&bad, STALLED, bench.time / 2).await),
        );
        late.turns(&turns.await);
        drop(held);
    }
    bench.report.add(rate);
    bench.report.add(late);
    good.kill().await;
    bad.kill().await;
}

async fn beside_open_ones(bench: &mut Bench) {
    let mut row = Row::new(
        "live-open",
        "p99 of throws with 1,000 streams open, database in memory",
        "ms",
        "with none open",
        Goal::AtMost(1.3, 1.1),
    );
    let (alone, beside) = (server().await, server().await);
    let _all = listeners(beside.address(), LISTENERS, "heard").await;
    let throws = readings("/throw/other");
    let time = bench.time * 3 / TURNS;
    for _ in 0..2 * bench.repeats {
        let turns = turns(
            TURNS,
            async || loaded(&alone, time, &throws).await,
            async || loaded(&beside, time, &throws).await,
        );
        row.turns(&turns.await);
    }
    bench.report.add(row);
    alone.kill().await;
    beside.kill().await;
}

/// The p99 of throws at a rate that can be sustained, in milliseconds.
async fn loaded(server: &Server, time: Duration, throws: &Make) -> f64 {
    let tally = open(server.address(), CLIENTS, 5_000.0, time, throws.clone()).await.all_answered();
    tally.p99().as_secs_f64() * 1000.0
}
