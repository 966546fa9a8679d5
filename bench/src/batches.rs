//! Batches of 10,000 records: inserts into a declared and an inferred storage, and upserts.

use std::{sync::Arc, time::Instant};

use datadump_tests::{
    Database, Server,
    load::{Connection, Process, post},
};
use rusqlite::types::Value;

use crate::{
    Bench,
    data::{BATCH, definition, ndjson, records},
    report::{Goal, Row, median},
    sqlite::Direct,
};

/// Number of batches in one measurement.
pub(crate) const BATCHES: usize = 20;

/// Number of batches in flight.
const CLIENTS: usize = 4;

pub(crate) async fn run(bench: &mut Bench) {
    if bench.selects("batches") || bench.selects("upsert") {
        declared(bench).await;
    }
    if bench.selects("auto-batches") {
        inferred(bench).await;
    }
}

async fn declared(bench: &mut Bench) {
    let server = Server::start(Database::sqlite()).await;
    server.declare(&definition("reading")).await;
    let file = server.database().file();
    let mut indexed = Direct::with_table_of(&file, "reading");
    let mut bare = Direct::new();
    bare.connection
        .execute_batch("CREATE TABLE bare (id INTEGER PRIMARY KEY, device, room, sequence, temperature, humidity, battery, errors, online, taken_at, note)")
        .expect("the table can be created");
    let insert = indexed.insert("storage_reading");
    let upsert = upsert(&indexed);
    let mut rows = [
        Row::new(
            "batches",
            "NDJSON, 10 columns, batches of 10,000, validated",
            "rows/s",
            "rusqlite, prepared insert into the same table, same transactions",
            Goal::AtLeast(0.5, 0.85),
        ),
        Row::new(
            "batches-bare",
            "the same",
            "rows/s",
            "a bare table of the same columns",
            Goal::Informational,
        ),
        Row::new(
            "upsert",
            "upsert of declared rows by key with version check, batches of 10,000",
            "rows/s",
            "rusqlite, ON CONFLICT with the same check",
            Goal::AtLeast(0.5, 0.85),
        ),
    ];
    let mut costs = Vec::new();
    for repeat in 0..=bench.repeats {
        let first = repeat * BATCHES;
        let direct = insert_directly(&mut indexed, &insert, first, &service_values(0));
        let bare_inserted = insert_directly(&mut bare, &bare_insert(), first, &[]);
        let process = Process(server.process_id());
        let before = process.processor_seconds();
        let inserted = throw(&server, "/throw/reading", first, None).await;
        costs.push((process.processor_seconds() - before) / (BATCHES * BATCH) as f64 * 1e6);
        let directly_updated = update_directly(&mut indexed, &upsert, first);
        let updated = throw(&server, "/throw/reading", first, Some(1)).await;
        // The first repetition is a warm-up.
        if repeat > 0 {
            rows[0].pair(inserted, direct);
            rows[1].pair(inserted, bare_inserted);
            rows[2].pair(updated, directly_updated);
        }
    }
    rows[0].note(format!("{:.2} µs of processor time per row", median(&costs)));
    rows.into_iter().for_each(|row| bench.report.add(row));
    server.stop().await;
}

/// Throws at a source without a declared storage, whose schema is inferred.
async fn inferred(bench: &mut Bench) {
    let server = Server::start(Database::sqlite()).await;
    throw(&server, "/throw/auto", 0, None).await;
    let file = server.database().file();
    let mut indexed = Direct::with_table_of(&file, "auto");
    let insert = indexed.insert("storage_auto");
    let mut row = Row::new(
        "auto-batches",
        "the same into an auto storage",
        "rows/s",
        "rusqlite, prepared insert into the same table, same transactions",
        Goal::Informational,
    );
    for repeat in 1..=bench.repeats {
        let first = repeat * BATCHES;
        let batches: Vec<Vec<Vec<Value>>> =
            (first..first + BATCHES).map(|batch| inferred_rows(batch, &indexed)).collect();
        let began = Instant::now();
        batches.iter().for_each(|batch| indexed.transaction(&insert, batch));
        let direct = (BATCHES * BATCH) as f64 / began.elapsed().as_secs_f64();
        row.pair(throw(&server, "/throw/auto", first, None).await, direct);
    }
    bench.report.add(row);
    server.stop().await;
}

/// Returns the rows of an inferred storage, in the order of its columns and with time-ordered keys.
fn inferred_rows(batch: usize, direct: &Direct) -> Vec<Vec<Value>> {
    let columns = direct.columns("storage_auto");
    records(batch, 0)
        .map(|record| {
            let mut named: std::collections::HashMap<&str, Value> = [
                "id",
                "device",
                "room",
                "sequence",
                "temperature",
                "humidity",
                "battery",
                "errors",
                "online",
                "taken_at",
                "note",
            ]
            .into_iter()
            .zip(record.values())
            .collect();
            let mut key = vec![0x01; 6];
            key.extend((record.id as u64).to_be_bytes());
            key.extend([3, 9]);
            named.insert("_id", Value::Blob(key));
            named.insert("_version", Value::Integer(1));
            named.insert("_received_at", Value::Integer(1_777_900_000_000_000 + record.id));
            named.insert("_updated_at", Value::Integer(1_777_900_000_000_000 + record.id));
            columns.iter().map(|name| named.remove(name.as_str()).unwrap_or(Value::Null)).collect()
        })
        .collect()
}

/// Throws batches over `CLIENTS` connections, and returns the rows per second.
pub(crate) async fn throw(server: &Server, path: &'static str, first: usize, version: Option<i64>) -> f64 {
    let round = i64::from(version.is_some());
    let requests: Vec<Vec<u8>> = (first..first + BATCHES)
        .map(|batch| post(path, "application/x-ndjson", ndjson(batch, round, version).as_bytes()))
        .collect();
    let began = Instant::now();
    send(server.address(), requests, |status, body| {
        let response = String::from_utf8_lossy(body);
        assert!(status == 200 && response.contains("\"accepted\":10000"), "{status}: {response}");
    })
    .await;
    (BATCHES * BATCH) as f64 / began.elapsed().as_secs_f64()
}

/// Sends all requests over `CLIENTS` connections, and checks the status and the body of each response.
pub(crate) async fn send(
    address: &str,
    requests: Vec<Vec<u8>>,
    check: impl Fn(u16, &[u8]) + Copy + Send + 'static,
) {
    let (requests, address) = (Arc::new(requests), address.to_owned());
    let clients = (0..CLIENTS).map(|client| {
        let (requests, address) = (requests.clone(), address.clone());
        tokio::spawn(async move {
            let mut connection = Connection::open(&address).await.expect("the server accepts connections");
            for request in requests.iter().skip(client).step_by(CLIENTS) {
                let status = connection.send(request).await.expect("the server answers");
                check(status, connection.body());
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.expect("a client does not panic");
    }
}

/// Returns the values of the system columns.
fn service_values(version: i64) -> Vec<Value> {
    let now = 1_777_900_000_000_000;
    vec![Value::Integer(version + 1), Value::Integer(now), Value::Integer(now)]
}

fn bare_insert() -> String {
    format!("INSERT INTO bare VALUES ({})", ["?"; 11].join(", "))
}

/// Inserts the same rows, already parsed, and returns the rows per second.
fn insert_directly(direct: &mut Direct, statement: &str, first: usize, service: &[Value]) -> f64 {
    let batches: Vec<Vec<Vec<Value>>> = (first..first + BATCHES)
        .map(|batch| records(batch, 0).map(|record| [record.values(), service.to_vec()].concat()).collect())
        .collect();
    let began = Instant::now();
    batches.iter().for_each(|batch| direct.transaction(statement, batch));
    (BATCHES * BATCH) as f64 / began.elapsed().as_secs_f64()
}

fn upsert(direct: &Direct) -> String {
    let columns = direct.columns("storage_reading");
    let changed = columns.iter().filter(|name| !matches!(name.as_str(), "id" | "version" | "created_at"));
    let changed: Vec<String> = changed.map(|name| format!("\"{name}\" = excluded.\"{name}\"")).collect();
    format!(
        "{} ON CONFLICT (id) DO UPDATE SET {}, version = version + 1 WHERE version = excluded.version",
        direct.insert("storage_reading"),
        changed.join(", ")
    )
}

fn update_directly(direct: &mut Direct, statement: &str, first: usize) -> f64 {
    let batches: Vec<Vec<Vec<Value>>> = (first..first + BATCHES)
        .map(|batch| records(batch, 1).map(|record| [record.values(), service_values(0)].concat()).collect())
        .collect();
    let began = Instant::now();
    batches.iter().for_each(|batch| direct.transaction(statement, batch));
    (BATCHES * BATCH) as f64 / began.elapsed().as_secs_f64()
}
