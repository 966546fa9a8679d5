//! Export of a million rows as NDJSON.

use std::{fs::File, io::Write as _, path::Path, time::Instant};

use datadump_tests::{Database, Server, load::Process};
use rusqlite::types::ValueRef;
use serde::ser::{SerializeMap as _, Serializer as _};

use crate::{
    Bench,
    alternate::alternate,
    batches::{BATCHES, throw},
    data::{BATCH, definition},
    report::{Goal, Row},
};

/// Number of rows, in units of what `throw` stores.
const ROUNDS: usize = 5;

/// Number of bytes after which rows are written out.
const WRITE_BYTES: usize = 64 << 10;

pub(crate) async fn run(bench: &mut Bench) {
    if !bench.selects("export") {
        return;
    }
    let server = Server::start(Database::sqlite()).await;
    server.declare(&definition("reading")).await;
    for round in 0..ROUNDS {
        throw(&server, "/throw/reading", round * BATCHES, None).await;
    }
    let server = server.restart().await;
    let file = server.database().file();
    let mut row = Row::new(
        "export",
        "export of a million rows as NDJSON",
        "rows/s",
        "the same SQL and serde_json in one process, one thread",
        Goal::AtLeast(0.5, 1.0),
    );
    let process = Process(server.process_id());
    let before = process.resident();
    let mut count = u32::try_from(bench.repeats).unwrap_or(u32::MAX);
    // The first pair is a warm-up.
    count = count.saturating_add(1);
    let pairs = alternate(count, async || print_directly(&file), async || export(&server).await).await;
    for (theirs, ours) in pairs.into_iter().skip(1) {
        row.pair(ours, theirs);
    }
    row.note(format!("{} MiB more than before", process.peak_resident().saturating_sub(before) >> 10));
    bench.report.add(row);
    server.stop().await;
}

/// Exports all rows and returns the number of rows per second.
async fn export(server: &Server) -> f64 {
    let began = Instant::now();
    let response = server.get("/api/v1/storage/reading/export/").stream().await;
    let mut response = response.expect("the server answers");
    let mut lines = 0;
    while let Some(piece) = response.chunk().await.expect("the export is complete") {
        lines += memchr::memchr_iter(b'\n', &piece).count();
    }
    rate(lines, began)
}

/// Prints all rows with the SQLite library and returns the number of rows per second.
fn print_directly(file: &Path) -> f64 {
    let connection = rusqlite::Connection::open(file).expect("the database can be opened");
    let mut output = File::create("/dev/null").expect("the device exists");
    let began = Instant::now();
    let mut statement =
        connection.prepare("SELECT * FROM storage_reading ORDER BY id").expect("the query can be prepared");
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let mut rows = statement.query([]).expect("the query runs");
    let (mut text, mut lines) = (Vec::with_capacity(2 * WRITE_BYTES), 0);
    while let Some(row) = rows.next().expect("the query runs") {
        let mut json = serde_json::Serializer::new(&mut text);
        let mut object = json.serialize_map(None).expect("rows can be serialized");
        for (index, name) in names.iter().enumerate() {
            let written = match row.get_ref(index).expect("the row has the column") {
                ValueRef::Null | ValueRef::Blob(_) => object.serialize_entry(name, &()),
                ValueRef::Integer(number) => object.serialize_entry(name, &number),
                ValueRef::Real(number) => object.serialize_entry(name, &number),
                ValueRef::Text(text) => object.serialize_entry(name, &String::from_utf8_lossy(text)),
            };
            written.expect("rows can be serialized");
        }
        object.end().expect("rows can be serialized");
        text.push(b'\n');
        lines += 1;
        if text.len() > WRITE_BYTES {
            output.write_all(&text).expect("rows can be written");
            text.clear();
        }
    }
    output.write_all(&text).expect("rows can be written");
    rate(lines, began)
}

fn rate(lines: usize, began: Instant) -> f64 {
    assert_eq!(lines, ROUNDS * BATCHES * BATCH);
    lines as f64 / began.elapsed().as_secs_f64()
}
