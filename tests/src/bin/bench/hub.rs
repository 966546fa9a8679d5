//! What it costs that readings are readings: pushed to the hub, against the same bytes thrown.

use std::fmt::Write as _;
use std::sync::Arc;

use datadump_tests::{
    Database, Server, Setup,
    load::{Make, closed, post},
};

use crate::{
    Bench,
    report::{Goal, Row},
    throws::CLIENTS,
    turns::in_turns,
};

/// How many sensors a device has.
const SENSORS: u64 = 10;

pub(crate) async fn run(bench: &mut Bench) {
    for (name, what, count) in [
        ("hub-large", "pushes of a hundred readings, 64 devices of ten sensors", 10 * SENSORS),
        ("hub-batch", "pushes of ten readings, 64 devices of ten sensors", SENSORS),
        ("hub-single", "pushes of one reading, 64 devices", 1),
    ] {
        if bench.wants(name) {
            pushes(bench, name, what, count).await;
        }
    }
}

async fn pushes(bench: &mut Bench, name: &str, what: &str, count: u64) {
    let mut row = Row::new(name, what, "/s", "the same bytes, thrown", Goal::AtLeast(0.8, 1.0));
    // No device is to be told that it floods.
    let setup = || Setup::default().environment("DATADUMP_DEVICE_RATE", "1000000");
    let server: Server = setup().start(Database::sqlite()).await;
    let plain: Server = setup().start(Database::sqlite()).await;
    let (push, throw) = (readings("/api/data", count), readings("/throw/readings", count));
    closed(server.address(), CLIENTS, bench.time / 4, push.clone()).await.all_answered();
    closed(plain.address(), CLIENTS, bench.time / 4, throw.clone()).await.all_answered();
    for _ in 0..bench.repeats {
        let (theirs, ours) = in_turns(
            bench.time,
            async |time| closed(plain.address(), CLIENTS, time, throw.clone()).await,
            async |time| closed(server.address(), CLIENTS, time, push.clone()).await,
        )
        .await;
        row.pair(ours.rate(), theirs.rate());
    }
    bench.report.add(row);
    server.stop().await;
    plain.stop().await;
}

/// So many readings of one device each, at a path.
fn readings(path: &'static str, count: u64) -> Make {
    Arc::new(move |client, number| {
        let mut body = String::from("[");
        for place in 0..count {
            let value = (number * count + place) % 1_000;
            let _ = write!(
                body,
                "{}{{\"device_id\":\"device-{client}\",\"sensor_type\":\"sensor-{}\",\"value\":{value}.5}}",
                if place > 0 { "," } else { "" },
                place % SENSORS
            );
        }
        body.push(']');
        post(path, "application/json", body.as_bytes())
    })
}
