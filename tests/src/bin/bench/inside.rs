//! Throws of a program that has the library in itself.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use datadump_core::{Dump, Incoming, SourceName};
use rusqlite::types::Value;

use crate::{
    Bench,
    data::reading,
    report::{Goal, Row},
    sqlite::Direct,
};

const TASKS: usize = 64;

pub(crate) fn run(bench: &mut Bench) {
    if !bench.wants("inside") {
        return;
    }
    let mut row = Row::new(
        "inside",
        "`dump.throw()` in the same process, 64 tasks",
        "/s",
        "rusqlite, prepared insert of the same row, 64 a transaction",
        Goal::AtLeast(0.5, 0.7),
    );
    let time = bench.time;
    let repeats = bench.repeats;
    // A runtime cannot be made inside another.
    let measured = std::thread::spawn(move || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let file = folder.path().join("inside.db");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be made");
        runtime.block_on(async {
            let address = format!("sqlite:{}", file.display());
            let dump = Dump::builder().database(address).open().await.expect("it can be opened");
            throw(&dump, time / 4).await;
            let mut direct = Direct::with_table_of(&file, "inside");
            let insert = direct.insert("storage_inside");
            let mut pairs = Vec::new();
            let mut written = 0;
            for _ in 0..repeats {
                let theirs = insert_directly(&mut direct, &insert, &mut written, time.as_secs_f64());
                pairs.push((throw(&dump, time).await, theirs));
            }
            dump.close().await;
            pairs
        })
    });
    for (ours, theirs) in measured.join().expect("it does not panic") {
        row.pair(ours, theirs);
    }
    bench.report.add(row);
}

/// Throws in a second.
async fn throw(dump: &Dump, time: std::time::Duration) -> f64 {
    let source = SourceName::parse("inside").expect("it is a name");
    let (began, thrown) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let tasks = (0..TASKS).map(|task| {
        let (dump, source, thrown) = (dump.clone(), source.clone(), thrown.clone());
        tokio::spawn(async move {
            let mut number = 0;
            while began.elapsed() < time {
                let body = reading(task, number).into();
                let receipt = dump.throw(&source, Incoming { body, ..Incoming::default() }).await;
                assert_eq!(receipt.expect("it is stored").accepted, 1);
                number += 1;
            }
            thrown.fetch_add(number, Ordering::Relaxed);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("a task does not panic");
    }
    thrown.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// Rows in a second, 64 a transaction.
fn insert_directly(direct: &mut Direct, insert: &str, written: &mut u64, seconds: f64) -> f64 {
    let columns = direct.columns("storage_inside");
    let row = |number: u64| -> Vec<Value> {
        let value = |name: &String| match name.as_str() {
            "_id" => {
                let mut key = vec![0x01; 6];
                key.extend(number.to_be_bytes());
                key.extend([3, 9]);
                Value::Blob(key)
            }
            "_version" | "online" => Value::Integer(1),
            "sequence" => Value::Integer(number as i64),
            "_received_at" | "_updated_at" | "taken_at" => {
                Value::Integer(1_777_900_000_000_000 + number as i64)
            }
            "temperature" => Value::Real(15.25),
            "humidity" => Value::Real(48.25),
            "battery" => Value::Real(3.71),
            "_extra" => Value::Null,
            _ => Value::Text("the window is open".into()),
        };
        columns.iter().map(value).collect()
    };
    let (began, first) = (Instant::now(), *written);
    while began.elapsed().as_secs_f64() < seconds {
        let rows: Vec<Vec<Value>> = (*written..*written + TASKS as u64).map(row).collect();
        direct.transaction(insert, &rows);
        *written += TASKS as u64;
    }
    (*written - first) as f64 / began.elapsed().as_secs_f64()
}
