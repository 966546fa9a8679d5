//! The cost of a throw when a storage is large, and when throws alternate between many storages.

use std::{path::Path, sync::Arc};

use datadump_tests::{
    Database, Server, Setup,
    load::{RequestFactory, closed_loop, post},
};

use crate::{
    Bench,
    alternate::alternate_load,
    data::{reading, readings},
    machine::flush_disk,
    report::{Goal, Row},
    throws::CLIENTS,
};

const STORAGES: usize = 500;

pub(crate) async fn run(bench: &mut Bench) {
    for (name, rows, what) in
        [("rows-1m", 1_000_000, "1 million rows"), ("rows-10m", 10_000_000, "10 million rows")]
    {
        if bench.selects(name) {
            large_storage(bench, name, rows, what).await;
        }
    }
    if bench.selects("storages") {
        many_storages(bench).await;
    }
}

async fn large_storage(bench: &mut Bench, name: &str, rows: u64, what: &str) {
    let what = format!("single throws into a storage of {what}");
    let mut row = Row::new(name, &what, "/s", "into an empty one", Goal::AtLeast(0.9, 1.0));
    let make = readings("/throw/single");
    let full = Server::start(Database::sqlite()).await;
    closed_loop(full.address(), 1, bench.time / 10, make.clone()).await.assert_all_answered();
    let (setup, database) = full.stop().await;
    fill(&database.file(), rows);
    let full = setup.start(database).await;
    closed_loop(full.address(), CLIENTS, bench.time, make.clone()).await.assert_all_answered();
    for _ in 0..bench.repeats {
        // A new one for each repetition, because measuring fills it.
        let empty = Setup::default().start(Database::sqlite()).await;
        closed_loop(empty.address(), CLIENTS, bench.time / 4, make.clone()).await.assert_all_answered();
        let (theirs, ours) = alternate_load(
            bench.time,
            async |time| closed_loop(empty.address(), CLIENTS, time, make.clone()).await,
            async |time| closed_loop(full.address(), CLIENTS, time, make.clone()).await,
        )
        .await;
        row.pair(ours.rate(), theirs.rate());
        empty.stop().await;
    }
    bench.report.add(row);
    full.stop().await;
}

/// Copies the only row `rows` times, with earlier keys and times.
fn fill(file: &Path, rows: u64) {
    let connection = rusqlite::Connection::open(file).expect("the database can be opened");
    let mut columns = connection
        .prepare("SELECT name FROM pragma_table_info('storage_single')")
        .expect("the columns can be listed");
    let names = columns.query_map([], |row| row.get::<_, String>(0)).expect("the columns can be listed");
    let names: Vec<String> = names.map(|name| name.expect("a column has a name")).collect();
    let values = names.iter().map(|name| match name.as_str() {
        "_id" => "unhex(printf('%012x', 1700000000000 + n)) || randomblob(10)".to_owned(),
        "_received_at" | "_updated_at" => "1700000000000000 + n".to_owned(),
        "sequence" => "n".to_owned(),
        name => format!("t.\"{name}\""),
    });
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let (quoted, values) = (quoted.join(", "), values.collect::<Vec<_>>().join(", "));
    connection
        .execute_batch("PRAGMA synchronous=OFF; PRAGMA cache_size=-500000")
        .expect("the settings are valid");
    for first in (1..=rows).step_by(1_000_000) {
        let last = (first + 999_999).min(rows);
        connection
            .execute_batch(&format!(
                "INSERT INTO storage_single ({quoted}) WITH RECURSIVE c(n) AS \
                 (SELECT {first} UNION ALL SELECT n + 1 FROM c WHERE n < {last}) \
                 SELECT {values} FROM c, (SELECT * FROM storage_single ORDER BY _id DESC LIMIT 1) AS t"
            ))
            .expect("rows can be inserted");
    }
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("the WAL can be truncated");
    flush_disk();
}

async fn many_storages(bench: &mut Bench) {
    let mut row = Row::new(
        "storages",
        "single throws, alternating between 500 storages",
        "/s",
        "into one storage",
        Goal::AtLeast(0.4, 0.6),
    );
    let (single, server) = (Server::start(Database::sqlite()).await, Server::start(Database::sqlite()).await);
    let one = readings("/throw/one");
    let many: RequestFactory = Arc::new(|client, number| {
        let path = format!("/throw/many{}", (client as u64 * 131 + number) as usize % STORAGES);
        post(&path, "application/json", reading(client, number).as_bytes())
    });
    for number in 0..STORAGES {
        let body = reading(0, 0);
        let path = format!("/throw/many{number}");
        server
            .request("POST", &path)
            .header("content-type", "application/json")
            .body(body)
            .await
            .is(200)
            .ok();
    }
    for (server, load) in [(&single, &one), (&server, &many)] {
        closed_loop(server.address(), CLIENTS, bench.time / 4, load.clone()).await.assert_all_answered();
    }
    for _ in 0..bench.repeats {
        let (theirs, ours) = alternate_load(
            bench.time,
            async |time| closed_loop(single.address(), CLIENTS, time, one.clone()).await,
            async |time| closed_loop(server.address(), CLIENTS, time, many.clone()).await,
        )
        .await;
        row.pair(ours.rate(), theirs.rate());
    }
    bench.report.add(row);
    single.stop().await;
    server.stop().await;
}
