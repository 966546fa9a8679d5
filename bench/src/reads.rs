//! Reads: one row by its key, and a page of 100 rows.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use datadump_tests::{
    Database, Server,
    load::{RequestFactory, Tally, closed_loop},
};
use rusqlite::types::ValueRef;
use serde_json::{Map, Value as Json};

use crate::{
    Bench,
    alternate::alternate_load,
    batches::{BATCHES, throw},
    data::{BATCH, definition, readings},
    echo::Echo,
    report::{Goal, Row},
    throws::CLIENTS,
};

pub(crate) async fn run(bench: &mut Bench) {
    if !bench.selects("read") && !bench.selects("list") {
        return;
    }
    let (echo, server) = (Echo::start(), Server::start(Database::sqlite()).await);
    server.declare(&definition("reading")).await;
    throw(&server, "/throw/reading", 0, None).await;
    let mut read = Row::new(
        "read",
        "read of a row by its key, 64 connections",
        "/s",
        "echo of the same framework",
        Goal::AtLeast(0.5, 0.8),
    );
    let by_key = get(|client, number| {
        let key = (client as u64 * 7919 + number * 104_729) % (BATCHES * BATCH) as u64;
        format!("/api/v1/storage/reading/{key}/")
    });
    let echoed = readings("/");
    closed_loop(server.address(), CLIENTS, bench.time / 4, by_key.clone()).await.assert_all_answered();
    closed_loop(&echo.http, CLIENTS, bench.time / 4, echoed.clone()).await.assert_all_answered();
    for _ in 0..bench.repeats {
        let (theirs, ours) = alternate_load(
            bench.time,
            async |time| closed_loop(&echo.http, CLIENTS, time, echoed.clone()).await,
            async |time| closed_loop(server.address(), CLIENTS, time, by_key.clone()).await,
        )
        .await;
        read.pair(ours.rate(), theirs.rate());
    }
    bench.report.add(read);
    let mut list = Row::new(
        "list",
        "page of 100 rows, 4 connections",
        "/s",
        "the same SQL and serde_json in one process, one thread",
        Goal::AtLeast(0.6, 0.9),
    );
    let pages = get(|_, _| "/api/v1/storage/reading/?limit=100&count=none".to_owned());
    closed_loop(server.address(), 4, bench.time / 4, pages.clone()).await.assert_all_answered();
    let file = server.database().file();
    for _ in 0..bench.repeats {
        let (theirs, ours) = alternate_load(
            bench.time,
            async |time| list_directly(&file, time),
            async |time| closed_loop(server.address(), 4, time, pages.clone()).await,
        )
        .await;
        list.pair(ours.rate(), theirs.rate());
    }
    bench.report.add(list);
    server.stop().await;
}

fn get(path: impl Fn(usize, u64) -> String + Send + Sync + 'static) -> RequestFactory {
    Arc::new(move |client, number| {
        format!("GET {} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", path(client, number)).into_bytes()
    })
}

/// Reads pages for `time`: the newest 100 rows, serialized as JSON.
fn list_directly(file: &std::path::Path, time: Duration) -> Tally {
    let connection = rusqlite::Connection::open(file).expect("the database can be opened");
    let (began, mut pages) = (Instant::now(), 0);
    while began.elapsed() < time {
        let mut statement = connection
            .prepare_cached("SELECT * FROM storage_reading ORDER BY updated_at DESC, id DESC LIMIT 100")
            .expect("the query can be prepared");
        let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let mut rows = statement.query([]).expect("the query runs");
        let mut results = Vec::with_capacity(100);
        while let Some(row) = rows.next().expect("the query runs") {
            let members = names.iter().enumerate().map(|(index, name)| {
                let value = match row.get_ref(index).expect("the row has the column") {
                    ValueRef::Null | ValueRef::Blob(_) => Json::Null,
                    ValueRef::Integer(number) => number.into(),
                    ValueRef::Real(number) => number.into(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned().into(),
                };
                (name.clone(), value)
            });
            results.push(Json::Object(members.collect::<Map<_, _>>()));
        }
        assert_eq!(results.len(), 100);
        std::hint::black_box(serde_json::to_vec(&results).expect("rows can be serialized"));
        pages += 1;
    }
    Tally { answered: pages, time: began.elapsed(), ..Tally::default() }
}
