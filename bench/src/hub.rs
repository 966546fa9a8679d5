//! The cost of the hub: readings pushed to it, compared with throwing the same bytes.

use std::fmt::Write as _;
use std::sync::Arc;

use datadump_tests::{
    Database, Server, Setup,
    load::{RequestFactory, closed_loop, post},
};

use crate::{
    Bench,
    alternate::alternate_load,
    report::{Goal, Row},
    throws::CLIENTS,
};

/// Number of sensors per device.
const SENSORS: u64 = 10;

pub(crate) async fn run(bench: &mut Bench) {
    for (name, what, count) in [
        ("hub-large", "pushes of 100 readings, 64 devices with 10 sensors", 10 * SENSORS),
        ("hub-batch", "pushes of 10 readings, 64 devices with 10 sensors", SENSORS),
        ("hub-single", "pushes of one reading, 64 devices", 1),
    ] {
        if bench.selects(name) {
            pushes(bench, name, what, count).await;
        }
    }
}

async fn pushes(bench: &mut Bench, name: &str, what: &str, count: u64) {
    let mut row = Row::new(name, what, "/s", "the same bytes, thrown", Goal::AtLeast(0.8, 1.0));
    // High enough to disable the rate limit of devices.
    let setup = || Setup::default().environment("DATADUMP_DEVICE_RATE", "1000000");
    let server: Server = setup().start(Database::sqlite()).await;
    let plain: Server = setup().start(Database::sqlite()).await;
    let (push, throw) = (readings("/api/data", count), readings("/throw/other", count));
    closed_loop(server.address(), CLIENTS, bench.time / 4, push.clone()).await.assert_all_answered();
    closed_loop(plain.address(), CLIENTS, bench.time / 4, throw.clone()).await.assert_all_answered();
    for _ in 0..bench.repeats {
        let (theirs, ours) = alternate_load(
            bench.time,
            async |time| closed_loop(plain.address(), CLIENTS, time, throw.clone()).await,
            async |time| closed_loop(server.address(), CLIENTS, time, push.clone()).await,
        )
        .await;
        row.pair(ours.rate(), theirs.rate());
    }
    bench.report.add(row);
    server.stop().await;
    plain.stop().await;
}

/// Returns requests that send `count` readings of one device each to a path.
fn readings(path: &'static str, count: u64) -> RequestFactory {
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
