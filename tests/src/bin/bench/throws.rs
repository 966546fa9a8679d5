//! Single throws: how many, and how long each takes.

use std::time::Duration;

use datadump_tests::{
    Database, Server,
    load::{Process, Tally, closed, closed_over_sockets, open},
};

use crate::{
    Bench,
    data::{reading, readings},
    echo::Echo,
    machine,
    report::{Goal, Row},
};

/// How many clients there are.
pub(crate) const CLIENTS: usize = 64;

pub(crate) async fn run(bench: &mut Bench) {
    if bench.wants("throws") {
        over_http(bench).await;
    }
    for (name, window, goal) in
        [("socket-1", 1, Goal::AtLeast(0.45, 0.6)), ("socket-32", 32, Goal::AtLeast(0.15, 0.3))]
    {
        if bench.wants(name) {
            over_sockets(bench, name, window, goal).await;
        }
    }
    if bench.wants("latency") {
        latency(bench).await;
    }
}

async fn over_http(bench: &mut Bench) {
    let (echo, server) = (Echo::start(), Server::start(Database::sqlite()).await);
    let mut row = Row::new(
        "throws",
        "single JSON throws, 64 connections, auto storage",
        "/s",
        "echo of the same framework parsing the same JSON",
        Goal::AtLeast(0.45, 0.65),
    );
    let (ours, theirs) = (readings("/throw/single"), readings("/"));
    closed(server.address(), CLIENTS, bench.time / 4, ours.clone()).await.all_answered();
    closed(&echo.http, CLIENTS, bench.time / 4, theirs.clone()).await.all_answered();
    let mut costs = Vec::new();
    for _ in 0..bench.repeats {
        let (echoed, of_echo) =
            cost(echo.process(), closed(&echo.http, CLIENTS, bench.time, theirs.clone())).await;
        let server_process = Process(server.process());
        let (thrown, of_server) =
            cost(server_process, closed(server.address(), CLIENTS, bench.time, ours.clone())).await;
        row.pair(thrown.rate(), echoed.rate());
        costs.push((of_server, of_echo));
    }
    row.note(processor(&costs));
    bench.report.add(row);
    server.stop().await;
}

async fn over_sockets(bench: &mut Bench, name: &str, window: usize, goal: Goal) {
    let (echo, server) = (Echo::start(), Server::start(Database::sqlite()).await);
    let what = format!("the same over 64 WebSockets, window {window}");
    let mut row = Row::new(name, &what, "/s", "the same echo over WebSockets", goal);
    let address = format!("ws://{}/throw/single", server.address());
    let make: datadump_tests::load::Make =
        std::sync::Arc::new(|client, number| reading(client, number).into_bytes());
    let load = |address: &str, time| {
        let (address, make) = (address.to_owned(), make.clone());
        async move { closed_over_sockets(&address, CLIENTS, window, time, make).await.all_answered() }
    };
    load(&address, bench.time / 4).await;
    load(&echo.sockets, bench.time / 4).await;
    let mut costs = Vec::new();
    for _ in 0..bench.repeats {
        let (echoed, of_echo) = cost(echo.process(), load(&echo.sockets, bench.time)).await;
        let (thrown, of_server) = cost(Process(server.process()), load(&address, bench.time)).await;
        row.pair(thrown.rate(), echoed.rate());
        costs.push((of_server, of_echo));
    }
    row.note(processor(&costs));
    bench.report.add(row);
    server.stop().await;
}

/// An open loop at half of what can be sustained.
async fn latency(bench: &mut Bench) {
    let (echo, server) = (Echo::start(), Server::start(Database::sqlite()).await);
    let mut row = Row::new(
        "latency",
        "p99 of single throws, open loop at half the sustained rate, beyond that of the echo",
        "ms",
        "p99 of fdatasync on the same disk",
        Goal::AtMost(4.0, 2.0),
    );
    let (ours, theirs) = (readings("/throw/single"), readings("/"));
    closed(server.address(), CLIENTS, bench.time / 4, ours.clone()).await.all_answered();
    let sustained = closed(server.address(), CLIENTS, bench.time, ours.clone()).await.all_answered().rate();
    let rate = sustained / 2.0;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    for _ in 0..bench.repeats {
        let echoed = open(&echo.http, CLIENTS, rate, bench.time, theirs.clone()).await.all_answered();
        let syncs = machine::syncs(1000);
        let sync = syncs[syncs.len() * 99 / 100];
        let thrown = open(server.address(), CLIENTS, rate, bench.time, ours.clone()).await.all_answered();
        let beyond = milliseconds(thrown.p99()) - milliseconds(echoed.p99());
        row.pair(beyond, milliseconds(sync));
        let median = Duration::from_micros(thrown.latency.value_at_quantile(0.5));
        row.note(format!(
            "throws {:.1?} (median {median:.1?}), echo {:.1?}, at {rate:.0}/s",
            thrown.p99(),
            echoed.p99()
        ));
    }
    bench.report.add(row);
    server.stop().await;
}

/// A load, and the processor time that each answer cost the server, in microseconds.
async fn cost(process: Process, load: impl Future<Output = Tally>) -> (Tally, f64) {
    let before = process.processor_seconds();
    let tally = load.await.all_answered();
    let taken = process.processor_seconds() - before;
    let each = taken / tally.answered as f64 * 1e6;
    (tally, each)
}

fn processor(costs: &[(f64, f64)]) -> String {
    let middle =
        |of: fn(&(f64, f64)) -> f64| crate::report::median(&costs.iter().map(of).collect::<Vec<_>>());
    let (ours, theirs) = (middle(|cost| cost.0), middle(|cost| cost.1));
    format!("{ours:.1} µs of processor time each, the other {theirs:.1} µs")
}
