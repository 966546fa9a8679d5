//! Throughput and latency of single throws.

use std::time::Duration;

use datadump_tests::{
    Database, Server,
    load::{Process, Tally, closed_loop, closed_loop_over_websockets, open_loop},
};

use crate::{
    Bench,
    alternate::alternate_load,
    data::{reading, readings},
    echo::Echo,
    machine,
    report::{Goal, Row},
};

/// Number of connections.
pub(crate) const CLIENTS: usize = 64;

pub(crate) async fn run(bench: &mut Bench) {
    if bench.selects("throws") {
        over_http(bench).await;
    }
    for (name, window, goal) in
        [("socket-1", 1, Goal::AtLeast(0.45, 0.6)), ("socket-32", 32, Goal::AtLeast(0.15, 0.3))]
    {
        if bench.selects(name) {
            over_sockets(bench, name, window, goal).await;
        }
    }
    if bench.selects("latency") {
        latency(bench).await;
    }
}

async fn over_http(bench: &mut Bench) {
    let (echo, server) = (Echo::start(), Server::start(Database::sqlite()).await);
    let mut row = Row::new(
        "throws",
        "single JSON throws, 64 connections, auto storage",
        "/s",
        "echo server: same framework, parses the same JSON",
        Goal::AtLeast(0.45, 0.65),
    );
    let (ours, theirs) = (readings("/throw/single"), readings("/"));
    closed_loop(server.address(), CLIENTS, bench.time / 4, ours.clone()).await.assert_all_answered();
    closed_loop(&echo.http, CLIENTS, bench.time / 4, theirs.clone()).await.assert_all_answered();
    let mut costs = Vec::new();
    for _ in 0..bench.repeats {
        let before = ProcessorTime::start(&server, &echo);
        let (echoed, thrown) = alternate_load(
            bench.time,
            async |time| closed_loop(&echo.http, CLIENTS, time, theirs.clone()).await,
            async |time| closed_loop(server.address(), CLIENTS, time, ours.clone()).await,
        )
        .await;
        row.pair(thrown.rate(), echoed.rate());
        costs.push(before.per_answer(&thrown, &echoed));
    }
    row.note(processor_note(&costs));
    bench.report.add(row);
    server.stop().await;
}

async fn over_sockets(bench: &mut Bench, name: &str, window: usize, goal: Goal) {
    let (echo, server) = (Echo::start(), Server::start(Database::sqlite()).await);
    let what = format!("the same over 64 WebSockets, window {window}");
    let mut row = Row::new(name, &what, "/s", "the same echo server over WebSockets", goal);
    let address = format!("ws://{}/throw/single", server.address());
    let make: datadump_tests::load::RequestFactory =
        std::sync::Arc::new(|client, number| reading(client, number).into_bytes());
    let load = async |address: &str, time| {
        closed_loop_over_websockets(address, CLIENTS, window, time, make.clone()).await.assert_all_answered()
    };
    load(&address, bench.time / 4).await;
    load(&echo.sockets, bench.time / 4).await;
    let mut costs = Vec::new();
    for _ in 0..bench.repeats {
        let before = ProcessorTime::start(&server, &echo);
        let (echoed, thrown) = alternate_load(
            bench.time,
            async |time| load(&echo.sockets, time).await,
            async |time| load(&address, time).await,
        )
        .await;
        row.pair(thrown.rate(), echoed.rate());
        costs.push(before.per_answer(&thrown, &echoed));
    }
    row.note(processor_note(&costs));
    bench.report.add(row);
    server.stop().await;
}

/// Measures the p99 in an open loop at half the sustained rate.
async fn latency(bench: &mut Bench) {
    let (echo, server) = (Echo::start(), Server::start(Database::sqlite()).await);
    let mut row = Row::new(
        "latency",
        "p99 of single throws in an open loop at half the sustained rate, minus that of the echo server",
        "ms",
        "p99 of fdatasync on the same disk",
        Goal::AtMost(4.0, 2.0),
    );
    let (ours, theirs) = (readings("/throw/single"), readings("/"));
    closed_loop(server.address(), CLIENTS, bench.time / 4, ours.clone()).await.assert_all_answered();
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    // Twice the repetitions, so that a disk that stalls for minutes spoils less than half of them.
    for _ in 0..2 * bench.repeats {
        // Measured for every repetition: a minute later the same machine may be a third slower.
        let sustained =
            closed_loop(server.address(), CLIENTS, bench.time, ours.clone()).await.assert_all_answered();
        let (rate, mut syncs) = (sustained.rate() / 2.0, Vec::new());
        // Long enough for each measurement to meet some stalls of the disk.
        let (echoed, thrown) = alternate_load(
            bench.time * 4,
            async |time| {
                // As long as the other measurements, to meet as many stalls of the disk.
                syncs.extend(machine::measure_syncs(time));
                open_loop(&echo.http, CLIENTS, rate, time, theirs.clone()).await
            },
            async |time| open_loop(server.address(), CLIENTS, rate, time, ours.clone()).await,
        )
        .await;
        let sync = machine::exceeded_by_one_in(100, &mut syncs);
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

/// The processor time that the server and the echo server had used before a measurement.
struct ProcessorTime([(Process, f64); 2]);

impl ProcessorTime {
    fn start(server: &Server, echo: &Echo) -> Self {
        Self(
            [Process(server.process_id()), echo.process()]
                .map(|process| (process, process.processor_seconds())),
        )
    }

    /// Returns the microseconds per answer since then.
    fn per_answer(self, thrown: &Tally, echoed: &Tally) -> (f64, f64) {
        let [ours, theirs] = self.0.map(|(process, before)| (process.processor_seconds() - before) * 1e6);
        (ours / thrown.answered as f64, theirs / echoed.answered as f64)
    }
}

fn processor_note(costs: &[(f64, f64)]) -> String {
    let median_of =
        |value: fn(&(f64, f64)) -> f64| crate::report::median(&costs.iter().map(value).collect::<Vec<_>>());
    let (ours, theirs) = (median_of(|cost| cost.0), median_of(|cost| cost.1));
    format!("{ours:.1} µs of processor time each, baseline {theirs:.1} µs")
}
