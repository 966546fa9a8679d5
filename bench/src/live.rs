//! The cost of live streams: delivery latency to a thousand subscribers, memory of idle ones, and what stalled
//! subscribers cost the others.
//!
//! These rows measure what happens after a commit. The p99 of the disk can be many times that, so the databases are
//! files in memory; a note gives the latency on the disk for a thousand subscribers.

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
    load::{Process, RequestFactory, closed_loop, open_loop, post},
};
use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    Bench,
    alternate::{ROUNDS, alternate},
    data::readings,
    delivery::measure_delivery,
    report::{Goal, Row},
    throws::CLIENTS,
};

const SUBSCRIBERS: usize = 1_000;
const IDLE: usize = 10_000;
const STALLED: usize = 100;
const EVENTS_PER_SECOND: f64 = 100.0;

/// Maximum p99 of the delivery latency, in milliseconds.
const MAX_LATENCY: f64 = 50.0;

/// Maximum memory of an idle subscriber, in KiB.
const MAX_MEMORY: f64 = 20.0;

pub(crate) async fn run(bench: &mut Bench) {
    if bench.selects("live-late") {
        latency(bench).await;
    }
    if bench.selects("live-idle") {
        idle(bench).await;
    }
    if bench.selects("live-stalled") {
        stalled(bench).await;
    }
    if bench.selects("live-open") {
        open_streams(bench).await;
    }
}

/// Starts a server on a database in memory, and creates the storage to subscribe to.
async fn server() -> Server {
    server_on(Database::sqlite_in(Path::new("/dev/shm"))).await
}

async fn server_on(database: Database) -> Server {
    let setup = Setup::default().environment("DATADUMP_MAX_CONNECTIONS", "15000");
    let server = setup.start(database).await;
    server.post("/throw/events", &serde_json::json!({"number": -1})).await.is(200).ok();
    server
}

/// Opens a stream, and returns once it has received the greeting.
async fn subscribe(address: &str, storage: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("the server accepts connections");
    let request = format!("GET /api/v1/stream?storage={storage} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server accepts requests");
    let mut buffer = [0; 4096];
    let mut received = Vec::new();
    while !received.windows(5).any(|word| word == b"hello") {
        let length = stream.read(&mut buffer).await.expect("the stream is readable");
        assert!(length > 0, "the server closed the stream");
        received.extend_from_slice(&buffer[..length]);
    }
    stream
}

async fn subscribe_many(address: &str, count: usize, storage: &str) -> Vec<TcpStream> {
    let mut streams = Vec::with_capacity(count);
    while streams.len() < count {
        let batch = (0..64.min(count - streams.len())).map(|_| subscribe(address, storage));
        streams.extend(futures_util::future::join_all(batch).await);
    }
    streams
}

/// Returns throws that are numbered from zero.
fn numbered_throws() -> RequestFactory {
    let next = AtomicU64::new(0);
    Arc::new(move |_, _| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        post("/throw/events", "application/json", format!("{{\"number\":{number}}}").as_bytes())
    })
}

async fn latency(bench: &mut Bench) {
    let mut row = Row::new(
        "live-late",
        "p99 from throw to delivery, 1,000 subscribers, 100 events per second, database in memory",
        "ms",
        "50 ms",
        Goal::AtMost(1.0, 0.5),
    );
    let server = server().await;
    for _ in 0..bench.repeats {
        let latency = delivery_latency(&server, SUBSCRIBERS, bench.time).await;
        row.pair(p99(&latency), MAX_LATENCY);
        row.note(summary(&latency));
    }
    server.stop().await;
    let server = server_on(Database::sqlite()).await;
    let latency = delivery_latency(&server, SUBSCRIBERS, bench.time).await;
    row.note(format!("on disk: p99 {:.1} ms, {}", p99(&latency), summary(&latency)));
    bench.report.add(row);
    server.stop().await;
}

fn summary(latency: &Histogram<u64>) -> String {
    let [median, worst] =
        [latency.value_at_quantile(0.5), latency.max()].map(|micros| micros as f64 / 1000.0);
    format!("{} events delivered, median {median:.1} ms, worst {worst:.1} ms", latency.len())
}

/// Throws `EVENTS_PER_SECOND` and measures when `count` subscribers receive them: all events, each once.
async fn delivery_latency(server: &Server, count: usize, time: Duration) -> Histogram<u64> {
    let began = Instant::now();
    let events = (EVENTS_PER_SECOND * time.as_secs_f64()) as u64;
    let streams = subscribe_many(server.address(), count, "events").await.into_iter();
    let streams = streams.map(|stream| stream.into_std().expect("the stream can be deregistered")).collect();
    let delivery = tokio::task::spawn_blocking(move || measure_delivery(streams, events as usize, began));
    open_loop(server.address(), 4, EVENTS_PER_SECOND, time, timed_throws(began)).await.assert_all_answered();
    delivery.await.expect("every subscriber receives every event once")
}

/// Returns the p99 in milliseconds.
fn p99(latency: &Histogram<u64>) -> f64 {
    latency.value_at_quantile(0.99) as f64 / 1000.0
}

/// Returns throws that carry their number and their creation time, in microseconds since `began`.
fn timed_throws(began: Instant) -> RequestFactory {
    let next = AtomicU64::new(0);
    Arc::new(move |_, _| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let at = began.elapsed().as_micros();
        let body = format!("{{\"number\":{number},\"at\":{at}}}");
        post("/throw/events", "application/json", body.as_bytes())
    })
}

async fn idle(bench: &mut Bench) {
    let mut row = Row::new(
        "live-idle",
        "memory of an idle subscriber, one of 10,000",
        "KiB",
        "20 KiB",
        Goal::AtMost(1.0, 0.5),
    );
    let server = server().await;
    let process = Process(server.process_id());
    drop(subscribe_many(server.address(), 100, "events").await);
    let before = process.resident();
    let streams = subscribe_many(server.address(), IDLE, "events").await;
    let each = (process.resident() as f64 - before as f64) / streams.len() as f64;
    row.pair(each, MAX_MEMORY);
    bench.report.add(row);
    drop(streams);
    server.kill().await;
}

async fn stalled(bench: &mut Bench) {
    let mut rate = Row::new(
        "live-stalled",
        "throws with 100 stalled subscribers, database in memory",
        "/s",
        "with 100 subscribers that read",
        Goal::AtLeast(0.77, 1.0),
    );
    let mut latency = Row::new(
        "live-stalled-p99",
        "p99 from throw to delivery, 100 subscribers beside 100 stalled ones, database in memory",
        "ms",
        "without stalled subscribers",
        Goal::AtMost(1.3, 1.1),
    );
    let (reading, stalled) = (server().await, server().await);
    for _ in 0..2 * bench.repeats {
        let mut readers = JoinSet::new();
        for mut stream in subscribe_many(reading.address(), STALLED, "events").await {
            readers.spawn(async move {
                let mut buffer = vec![0; 64 << 10];
                while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {}
            });
        }
        let theirs = closed_loop(reading.address(), CLIENTS, bench.time, numbered_throws())
            .await
            .assert_all_answered();
        drop(readers);
        let held = subscribe_many(stalled.address(), STALLED, "events").await;
        // The socket buffers fill up before long.
        let ours = closed_loop(stalled.address(), CLIENTS, bench.time, numbered_throws())
            .await
            .assert_all_answered();
        rate.pair(ours.rate(), theirs.rate());
        let rounds = alternate(
            ROUNDS / 2,
            async || p99(&delivery_latency(&reading, STALLED, bench.time / 2).await),
            async || p99(&delivery_latency(&stalled, STALLED, bench.time / 2).await),
        );
        latency.rounds(&rounds.await);
        drop(held);
    }
    bench.report.add(rate);
    bench.report.add(latency);
    reading.kill().await;
    stalled.kill().await;
}

async fn open_streams(bench: &mut Bench) {
    let mut row = Row::new(
        "live-open",
        "p99 of throws with 1,000 streams open, database in memory",
        "ms",
        "with none open",
        Goal::AtMost(1.3, 1.1),
    );
    let (idle, streaming) = (server().await, server().await);
    let _streams = subscribe_many(streaming.address(), SUBSCRIBERS, "events").await;
    let throws = readings("/throw/other");
    let time = bench.time * 3 / ROUNDS;
    for _ in 0..2 * bench.repeats {
        let rounds = alternate(
            ROUNDS,
            async || p99_under_load(&idle, time, &throws).await,
            async || p99_under_load(&streaming, time, &throws).await,
        );
        row.rounds(&rounds.await);
    }
    bench.report.add(row);
    idle.kill().await;
    streaming.kill().await;
}

/// Returns the p99 of throws at a sustainable rate, in milliseconds.
async fn p99_under_load(server: &Server, time: Duration, throws: &RequestFactory) -> f64 {
    let tally =
        open_loop(server.address(), CLIENTS, 5_000.0, time, throws.clone()).await.assert_all_answered();
    tally.p99().as_secs_f64() * 1000.0
}
