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
    turns::in_turns,
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
        let cost = Cost::begin(&server, &echo);
        let (echoed, thrown) = in_turns(
            bench.time,
            async |time| closed(&echo.http, CLIENTS, time, theirs.clone()).await,
            async |time| closed(server.address(), CLIENTS, time, ours.clone()).await,
        )
        .await;
        row.pair(thrown.rate(), echoed.rate());
        costs.push(cost.of_each(&thrown, &echoed));
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
    let load = async |address: &str, time| {
        closed_over_sockets(address, CLIENTS, window, time, make.clone()).await.all_answered()
    };
    load(&address, bench.time / 4).await;
    load(&echo.sockets, bench.time / 4).await;
    let mut costs = Vec::new();
    for _ in 0..bench.repeats {
        let cost = Cost::begin(&server, &echo);
        let (echoed, thrown) = in_turns(
            bench.time,
            async |time| load(&echo.sockets, time).await,
            async |time| load(&address, time).await,
        )
        .await;
        row.pair(thrown.rate(), echoed.rate());
        costs.push(cost.of_each(&thrown, &echoed));
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
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    // Minutes in which the disk stands still are not to be half of them.
    for _ in 0..2 * bench.repeats {
        // Half of what can be sustained now: a minute later the same machine may be a third slower.
        let sustained = closed(server.address(), CLIENTS, bench.time, ours.clone()).await.all_answered();
        let (rate, mut syncs) = (sustained.rate() / 2.0, Vec::new());
        // Long enough that each meets some of the moments in which a disk stands still.
        let (echoed, thrown) = in_turns(
            bench.time * 4,
            async |time| {
                // As long as the others are measured: a disk has slow moments.
                syncs.extend(machine::syncs(time));
                open(&echo.http, CLIENTS, rate, time, theirs.clone()).await
            },
            async |time| open(server.address(), CLIENTS, rate, time, ours.clone()).await,
        )
        .await;
        let sync = machine::longest_but_for(100, &mut syncs);
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

/// What two servers had taken of the processors before they were loaded.
struct Cost([(Process, f64); 2]);

impl Cost {
    fn begin(server: &Server, echo: &Echo) -> Self {
        Self(
            [Process(server.process()), echo.process()].map(|process| (process, process.processor_seconds())),
        )
    }

    /// The microseconds that each answer has cost.
    fn of_each(self, thrown: &Tally, echoed: &Tally) -> (f64, f64) {
        let [ours, theirs] = self.0.map(|(process, before)| (process.processor_seconds() - before) * 1e6);
        (ours / thrown.answered as f64, theirs / echoed.answered as f64)
    }
}

fn processor(costs: &[(f64, f64)]) -> String {
    let middle =
        |of: fn(&(f64, f64)) -> f64| crate::report::median(&costs.iter().map(of).collect::<Vec<_>>());
    let (ours, theirs) = (middle(|cost| cost.0), middle(|cost| cost.1));
    format!("{ours:.1} µs of processor time each, the other {theirs:.1} µs")
}
