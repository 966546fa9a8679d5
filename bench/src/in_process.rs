//! Throws in a program that embeds the library.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_core::{Dump, Incoming, SourceName};
use datadump_tests::load::Tally;
use rusqlite::types::Value;

use crate::{
    Bench,
    alternate::alternate_load,
    data::reading,
    report::{Goal, Row},
    sqlite::Direct,
};

const TASKS: usize = 64;

pub(crate) fn run(bench: &mut Bench) {
    if !bench.selects("inside") {
        return;
    }
    let mut row = Row::new(
        "inside",
        "`dump.throw()` in the same process, 64 tasks",
        "/s",
        "rusqlite, prepared insert of the same row, 64 per transaction",
        Goal::AtLeast(0.5, 0.7),
    );
    let time = bench.time;
    let repeats = bench.repeats;
    // A runtime cannot be created inside another.
    let measured = std::thread::spawn(move || {
        let folder = tempfile::tempdir().expect("a temporary folder can be created");
        let file = folder.path().join("inside.db");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime can be created");
        runtime.block_on(async {
            let address = format!("sqlite:{}", file.display());
            let dump = Dump::builder().database(address).open().await.expect("the database can be opened");
            throw(&dump, time / 4).await;
            let mut direct = Direct::with_table_of(&file, "inside");
            let insert = direct.insert("storage_inside");
            let (mut pairs, mut written) = (Vec::new(), 0);
            for _ in 0..repeats {
                let pair = alternate_load(
                    time,
                    async |time| insert_directly(&mut direct, &insert, &mut written, time),
                    async |time| throw(&dump, time).await,
                );
                pairs.push(pair.await);
            }
            dump.close().await;
            pairs
        })
    });
    for (theirs, ours) in measured.join().expect("the measurement does not panic") {
        row.pair(ours.rate(), theirs.rate());
    }
    bench.report.add(row);
}

/// Throws from `TASKS` tasks for `time`.
async fn throw(dump: &Dump, time: Duration) -> Tally {
    let source = SourceName::parse("inside").expect("the name is valid");
    let (began, thrown) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let tasks = (0..TASKS).map(|task| {
        let (dump, source, thrown) = (dump.clone(), source.clone(), thrown.clone());
        tokio::spawn(async move {
            let mut number = 0;
            while began.elapsed() < time {
                let body = reading(task, number).into();
                let receipt = dump.throw(&source, Incoming { body, ..Incoming::default() }).await;
                assert_eq!(receipt.expect("the throw succeeds").accepted, 1);
                number += 1;
            }
            thrown.fetch_add(number, Ordering::Relaxed);
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("a task does not panic");
    }
    Tally { answered: thrown.load(Ordering::Relaxed), time: began.elapsed(), ..Tally::default() }
}

/// Inserts rows for `time`, `TASKS` per transaction.
fn insert_directly(direct: &mut Direct, insert: &str, written: &mut u64, time: Duration) -> Tally {
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
    while began.elapsed() < time {
        let rows: Vec<Vec<Value>> = (*written..*written + TASKS as u64).map(row).collect();
        direct.transaction(insert, &rows);
        *written += TASKS as u64;
    }
    Tally { answered: *written - first, time: began.elapsed(), ..Tally::default() }
}
