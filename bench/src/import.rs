//! Import of a file of 200 MB, and the same file thrown with `?stream=1`.

use std::{
    cell::RefCell,
    time::{Duration, Instant},
};

use datadump_tests::{Api, Database, Server};

use crate::{
    Bench,
    alternate::alternate,
    data::{BATCH, definition, ndjson},
    report::{Goal, Row},
};

/// Size of the file, in bytes.
const SIZE: usize = 200_000_000;

pub(crate) async fn run(bench: &mut Bench) {
    if !bench.selects("import") {
        return;
    }
    let server = Server::start(Database::sqlite()).await;
    let mut row = Row::new(
        "import",
        "import of 200 MB of NDJSON into a declared storage",
        "rows/s",
        "the same file thrown with `?stream=1`",
        Goal::AtLeast(0.8, 1.0),
    );
    let file = file();
    let api = Api::with_timeout(format!("http://{}", server.address()), Duration::from_secs(600));
    let count = u32::try_from(bench.repeats).unwrap_or(u32::MAX);
    // Each measurement fills a storage of its own.
    let mut names = Vec::new();
    for number in 0..2 * count {
        let name = format!("reading_{number}");
        server.declare(&definition(&name)).await;
        names.push(name);
    }
    let names = RefCell::new(names);
    let next = || names.borrow_mut().pop().expect("there is a storage for each measurement");
    let pairs = alternate(
        count,
        async || send(&api, &format!("/throw/{}?stream=1&format=ndjson", next()), &file).await,
        async || send(&api, &format!("/api/v1/storage/{}/import/?format=ndjson", next()), &file).await,
    );
    for (theirs, ours) in pairs.await {
        row.pair(ours, theirs);
    }
    bench.report.add(row);
    server.stop().await;
}

fn file() -> String {
    let mut text = String::with_capacity(SIZE + BATCH * 250);
    let mut batch = 0;
    while text.len() < SIZE {
        text.push_str(&ndjson(batch, 0, None));
        batch += 1;
    }
    text
}

/// Sends the file and returns the number of rows per second.
async fn send(api: &Api, path: &str, file: &str) -> f64 {
    let rows = memchr::memchr_iter(b'\n', file.as_bytes()).count();
    let body = file.as_bytes().to_vec();
    let began = Instant::now();
    let answer = api.request("POST", path).header("Content-Type", "application/x-ndjson").body(body).await;
    let answer = answer.is(200).json();
    let rate = rows as f64 / began.elapsed().as_secs_f64();
    let stored = answer["rows"]["stored"].as_u64().or_else(|| answer["accepted"].as_u64());
    assert_eq!(stored, Some(rows as u64), "{answer}");
    rate
}
