//! Questions to large storages: aggregates, series, pages far from the beginning, values and counts.

use std::{path::Path, time::Instant};

use datadump_tests::{Database, Server};
use rusqlite::Connection;
use serde_json::{Value as Json, json};

use crate::{
    Bench,
    alternate::alternate,
    machine::flush_disk,
    report::{Goal, Row},
};

/// Rows of the large storage, which are a month, and of the small one, which are its end.
const LARGE: u64 = 10_000_000;
const SMALL: u64 = 100_000;

/// Time between two rows, in microseconds.
const STEP: u64 = 259_200;

/// 2026-01-01T00:00:00Z, in microseconds since 1970.
const START: u64 = 1_767_225_600_000_000;

/// Rounds of one repetition.
const ROUNDS: u32 = 8;

/// Number of pages before the deep one, and rows on each.
const PAGES_BEFORE: usize = 5_000;
const PAGE: usize = 1_000;

pub(crate) async fn run(bench: &mut Bench) {
    if !["aggregate", "series", "deep-page", "values", "count"].iter().any(|name| bench.selects(name)) {
        return;
    }
    let server = Server::start(Database::sqlite()).await;
    for (name, rows) in [("large", LARGE), ("small", SMALL)] {
        server.declare(&definition(name)).await;
        // The storage is known to the server before it is filled behind its back.
        server.get(&format!("/api/v1/storage/{name}/")).await.is(200).ok();
        fill(&server.database().file(), name, rows);
    }
    let file = server.database().file();
    if bench.selects("aggregate") {
        aggregate(bench, &server, &file).await;
    }
    let end = at(LARGE).unsigned_abs();
    let hour = |name: &str| {
        format!(
            "/api/v1/storage/{name}/series/?field=value&time=at&from={}&to={}",
            moment(end - 3_600_000_000),
            moment(end)
        )
    };
    let mut row = Row::new(
        "series",
        "series of the last hour of 10 million rows",
        "ms",
        "of 100,000 rows",
        Goal::AtMost(1.5, 1.1),
    );
    compare(bench, &server, &mut row, "series", &hour("small"), &hour("large")).await;
    bench.report.add(row);
    if bench.selects("deep-page") {
        let first = "/api/v1/storage/large/?ordering=id&limit=100&cursor=".to_owned();
        let deep = deep_page(&server).await;
        let mut row = Row::new(
            "deep-page",
            "page of 100 rows at row 5 million",
            "ms",
            "the first page",
            Goal::AtMost(1.5, 1.1),
        );
        compare(bench, &server, &mut row, "deep-page", &first, &deep).await;
        bench.report.add(row);
    }
    for (name, what, path) in [
        ("values", "values of an indexed field of 10 million rows", "values/?field=sensor"),
        ("count", "first page and estimated count of 10 million rows", "?limit=1&ordering=id"),
    ] {
        let mut row = Row::new(name, what, "ms", "of 100,000 rows", Goal::Informational);
        let of = |storage: &str| format!("/api/v1/storage/{storage}/{path}");
        compare(bench, &server, &mut row, name, &of("small"), &of("large")).await;
        bench.report.add(row);
    }
    server.stop().await;
}

fn definition(name: &str) -> Json {
    json!({
        "name": name,
        "key": {"name": "id", "type": "long"},
        "fields": [
            {"name": "sensor", "type": "string", "max_length": 16, "db_index": true},
            {"name": "at", "type": "timestamp", "db_index": true},
            {"name": "value", "type": "float"},
            {"name": "ok", "type": "boolean"},
        ],
    })
}

/// Fills a storage with rows whose times end at the same moment in all storages.
fn fill(file: &Path, name: &str, rows: u64) {
    let connection = Connection::open(file).expect("the database can be opened");
    connection
        .execute_batch("PRAGMA synchronous=OFF; PRAGMA cache_size=-500000")
        .expect("the settings are valid");
    for first in (LARGE - rows..LARGE).step_by(1_000_000) {
        let last = (first + 999_999).min(LARGE - 1);
        connection
            .execute_batch(&format!(
                "INSERT INTO storage_{name} (id, sensor, at, value, ok, version, created_at, updated_at) \
                 WITH RECURSIVE c(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) \
                 SELECT n, 'sensor-' || (n % 50), {START} + n * {STEP}, (n * 7919 % 10007) / 100.0, n % 3 > 0, 1, \
                 {START} + n * {STEP}, {START} + n * {STEP} FROM c"
            ))
            .expect("rows can be inserted");
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("the WAL can be truncated");
    flush_disk();
}

fn at(row: u64) -> i64 {
    (START + row * STEP) as i64
}

fn moment(micros: u64) -> String {
    let at = datadump_core::Timestamp::from_micros(micros as i64).expect("the year is four digits long");
    at.to_string()
}

async fn milliseconds(server: &Server, path: &str) -> f64 {
    let began = Instant::now();
    server.get(path).await.is(200).ok();
    began.elapsed().as_secs_f64() * 1e3
}

/// Compares the times of two requests.
async fn compare(
    bench: &Bench,
    server: &Server,
    row: &mut Row,
    name: &'static str,
    theirs: &str,
    ours: &str,
) {
    if !bench.selects(name) {
        return;
    }
    milliseconds(server, theirs).await;
    milliseconds(server, ours).await;
    for _ in 0..bench.repeats {
        let rounds = alternate(
            ROUNDS,
            async || milliseconds(server, theirs).await,
            async || milliseconds(server, ours).await,
        );
        row.rounds(&rounds.await);
    }
}

async fn aggregate(bench: &mut Bench, server: &Server, file: &Path) {
    let mut row = Row::new(
        "aggregate",
        "count, mean and maximum by hour of a month of 10 million rows",
        "ms",
        "the same GROUP BY with the sqlite3 library",
        Goal::AtMost(1.1, 1.0),
    );
    let path = format!(
        "/api/v1/storage/large/aggregate/?agg=count,avg(value),max(value)&group_by=bucket(at,1h)&at__gte={}&at__lt={}",
        moment(START),
        moment(at(LARGE).unsigned_abs())
    );
    let connection = Connection::open(file).expect("the database can be opened");
    connection.execute_batch("PRAGMA cache_size=-16000; PRAGMA mmap_size=0").expect("the settings are valid");
    let directly = || {
        let began = Instant::now();
        let text = "SELECT at / 3600000000, count(*), avg(value), max(value) FROM storage_large \
                    WHERE at >= ?1 AND at < ?2 GROUP BY 1";
        let mut statement = connection.prepare(text).expect("the query can be prepared");
        let rows = statement.query_map([at(0), at(LARGE)], |row| row.get::<_, f64>(2));
        let groups = rows.expect("the query runs").fold(0, |count, mean| {
            mean.expect("a row can be read");
            count + 1
        });
        assert_eq!(groups, 720);
        began.elapsed().as_secs_f64() * 1e3
    };
    for repeat in 0..=bench.repeats.min(3) {
        let theirs = directly();
        let ours = milliseconds(server, &path).await;
        // The first repetition is a warm-up.
        if repeat > 0 {
            row.pair(ours, theirs);
        }
    }
    bench.report.add(row);
}

/// Follows the pages of the list, and returns the path of the page at row 5 million.
async fn deep_page(server: &Server) -> String {
    let mut path = format!("/api/v1/storage/large/?ordering=id&limit={PAGE}&fields=id&cursor=");
    for _ in 0..PAGES_BEFORE {
        let page = server.get(&path).await.is(200).json();
        page["next"].as_str().expect("a page follows").clone_into(&mut path);
    }
    path.replace(&format!("limit={PAGE}"), "limit=100").replace("&fields=id", "")
}
