//! Writes during migrations of a large table: none waits long, and none is quarantined, whatever the migration does
//! to the rows.
//!
//! `DATADUMP_TEST_ROWS` sets the size of the table.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use datadump_tests::{Server, eventually, on_both};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::setting;

on_both![writes_go_on_during_every_migration];

const FACTORY: &str = "/api/v1/factory/storage/";
const STATUS: &str = "/api/v1/factory/ready_status/load/";
const ROWS: &str = "/api/v1/storage/load/";

/// Maximum time that a write may take on a machine that is busy with other tests.
const MAX_WAIT: Duration = Duration::from_secs(2);

type Change = fn(&mut Json);

/// Changes one after another, each with its class.
const CHANGES: &[(&str, &str, Change)] = &[
    ("text to string", "data-dependent", |d| d["fields"][0] = string("t", 40)),
    ("long to float", "breaking", |d| d["fields"][1]["type"] = json!("float")),
    ("long to string", "data-dependent", |d| d["fields"][2] = string("m", 20)),
    ("float to text", "breaking", |d| d["fields"][1]["type"] = json!("text")),
    ("a field dropped", "destructive", |d| drop(d["fields"].as_array_mut().unwrap().pop())),
    ("a field added", "additive", |d| {
        let added = json!({"name": "added", "type": "integer", "default": 3});
        d["fields"].as_array_mut().unwrap().push(added);
    }),
];

/// Writes that were made during a migration.
#[derive(Default)]
struct Writes {
    /// The number thrown last for each key.
    thrown: HashMap<u64, u64>,
    longest: Duration,
    count: usize,
}

async fn writes_go_on_during_every_migration(server: Server) {
    let rows = setting("DATADUMP_TEST_ROWS", 200_000);
    let server = fill(server, rows).await;
    let mut definition = definition();
    let mut thrown = HashMap::new();
    for (round, (name, class, change)) in (0..).zip(CHANGES) {
        change(&mut definition);
        let is_done = AtomicBool::new(false);
        let migrated = async {
            let took = migrate(&server, &definition, class).await;
            is_done.store(true, Ordering::Relaxed);
            took
        };
        let (took, throws, others) = tokio::join!(
            migrated,
            throw(&server, rows, round * 100_000, &is_done),
            write_elsewhere(&server, &is_done)
        );
        println!(
            "{name}: {took:.2?}; the longest of {} throws {:.0?}, of {} writes to another storage {:.0?}",
            throws.count, throws.longest, others.count, others.longest
        );
        assert!(throws.longest < MAX_WAIT && others.longest < MAX_WAIT, "{name}: a write waited");
        thrown.extend(throws.thrown);
    }
    assert_eq!(server.get("/api/v1/quarantine/?count=exact").await.is(200).json()["count"], 0);
    check_rows(&server, rows, &thrown).await;
    if !server.database().is_postgres() {
        check_columns(server).await;
    }
}

/// Creates a storage with this many rows, and another one.
async fn fill(server: Server, rows: u64) -> Server {
    server.declare(&definition()).await;
    server
        .declare(&json!({"name": "other", "key": {"name": "id", "type": "long"},
                         "fields": [{"name": "n", "type": "long"}]}))
        .await;
    let first = json!({"id": 0, "t": "text 0", "n": 0, "m": 0, "gone": "gone 0"});
    server.post(ROWS, &first).await.is(201).ok();
    let columns =
        [("id", "n"), ("t", "'text ' || n"), ("n", "n % 1000"), ("m", "n"), ("gone", "'gone ' || n")];
    server.database().insert_copies("load", &columns, 1, rows - 1).await;
    // The server has the number of rows and the query plan of an empty table.
    server.restart().await
}

/// Applies a version; returns how long that took.
async fn migrate(server: &Server, definition: &Json, class: &str) -> Duration {
    let plan = server.post(&format!("{FACTORY}load/plan/"), definition).await.is(200).json();
    assert_eq!(plan["class"], class, "{plan}");
    for change in plan["changes"].as_array().unwrap() {
        assert!(change["writers_wait_ms"].as_u64().unwrap() < 1000, "{plan}");
    }
    let path = format!("{FACTORY}?allow={class}&plan={}", plan["plan_hash"].as_str().unwrap());
    let began = Instant::now();
    server.post(&path, definition).await.is(201).ok();
    loop {
        let status = server.get(STATUS).await.is(200).json();
        assert_ne!(status["state"], "failed", "{status}");
        if status["applied"] == true {
            return began.elapsed();
        }
        sleep(Duration::from_millis(5)).await;
    }
}

/// Throws new rows and changes existing ones until the migration ends, with numbers from `first`. CSV has no types,
/// so a number is also a text.
async fn throw(server: &Server, rows: u64, first: u64, is_done: &AtomicBool) -> Writes {
    let mut writes = Writes::default();
    for number in first.. {
        let key = if number % 2 == 0 { rows + number } else { number * 7919 % rows };
        let body = format!("id,t,n,m\n{key},thrown,{number},{number}\n");
        let began = Instant::now();
        let throw = server.request("POST", "/throw/load").header("content-type", "text/csv").body(body);
        let receipt = throw.await.is(200).json();
        writes.took(began);
        assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(1), &json!(0)), "{receipt}");
        writes.thrown.insert(key, number);
        if is_done.load(Ordering::Relaxed) {
            break;
        }
    }
    writes
}

async fn write_elsewhere(server: &Server, is_done: &AtomicBool) -> Writes {
    let mut writes = Writes::default();
    while !is_done.load(Ordering::Relaxed) {
        let began = Instant::now();
        server.put("/api/v1/storage/other/1/", &json!({"n": writes.count})).await.is(200).ok();
        writes.took(began);
        sleep(Duration::from_millis(5)).await;
    }
    writes
}

impl Writes {
    fn took(&mut self, began: Instant) {
        self.longest = self.longest.max(began.elapsed());
        self.count += 1;
    }
}

/// Asserts that all rows have the values of the last version.
async fn check_rows(server: &Server, rows: u64, thrown: &HashMap<u64, u64>) {
    let new = thrown.keys().filter(|key| **key >= rows).count() as u64;
    let list = server.get(&format!("{ROWS}?count=exact&limit=1")).await.is(200).json();
    assert_eq!(list["count"], rows + new);
    let mut after = -1_i64;
    let mut seen = 0;
    loop {
        let path = format!("{ROWS}?limit=1000&count=none&ordering=id&id__gt={after}");
        let list = server.get(&path).await.is(200).json();
        let page = list["results"].as_array().unwrap();
        for row in page {
            let key = row["id"].as_u64().unwrap();
            let (t, n, m) = match thrown.get(&key) {
                Some(number) => ("thrown".to_owned(), *number, *number),
                None => (format!("text {key}"), key % 1000, key),
            };
            let shown = json!([row["t"], row["n"], row["m"], row["gone"], row["added"]]);
            let number = |shown: &Json| shown.as_str().unwrap().parse::<f64>().unwrap();
            assert_eq!(number(&row["n"]), n as f64, "{row}");
            assert_eq!(shown, json!([t, row["n"], m.to_string(), null, 3]), "{row}");
        }
        seen += page.len() as u64;
        let Some(last) = page.last() else { break };
        after = last["id"].as_i64().unwrap();
    }
    assert_eq!(seen, rows + new);
}

/// Asserts that what migrations leave behind is removed, also after a restart.
async fn check_columns(server: Server) {
    let server = server.restart().await;
    let database = server.database();
    eventually("the values of unused columns are removed", || async {
        let leftovers =
            "SELECT name FROM pragma_table_info('storage_load') WHERE name LIKE '\\_\\_old%' ESCAPE '\\'";
        database.query_texts(leftovers).await.is_empty().then_some(())
    })
    .await;
    let spare =
        "SELECT name FROM pragma_table_info('storage_load') WHERE name LIKE '\\_\\_spare%' ESCAPE '\\'";
    let spare = database.query_texts(spare).await;
    assert!(!spare.is_empty());
    for name in spare {
        let values = format!("SELECT CAST(count(\"{name}\") AS TEXT) FROM storage_load");
        assert_eq!(database.query_texts(&values).await, ["0"], "{name}");
    }
    assert_eq!(database.query_texts("PRAGMA integrity_check").await, ["ok"]);
}

fn string(name: &str, max_length: u32) -> Json {
    json!({"name": name, "type": "string", "max_length": max_length})
}

fn definition() -> Json {
    json!({
        "name": "load",
        "key": {"name": "id", "type": "long"},
        "fields": [{"name": "t", "type": "text"},
                   {"name": "n", "type": "long"},
                   {"name": "m", "type": "long"},
                   {"name": "gone", "type": "text", "default": "gone by default"}],
        "meta": {"scans": true},
    })
}
