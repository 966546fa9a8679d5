//! Throws and batches on PostgreSQL. The baselines are its own tools: `pgbench` for single throws, and binary `COPY`
//! in `psql`, which uses libpq, for batches.

use std::{fs, path::Path, process::Command, time::Instant};

use datadump_tests::{Database, Server, load::closed_loop};
use sqlx::Connection as _;

use crate::{
    Bench,
    batches::{BATCHES, throw},
    data::{BATCH, definition, readings},
    report::{Goal, Row},
    throws::CLIENTS,
};

pub(crate) async fn run(bench: &mut Bench) {
    if !Bench::has_postgres() {
        return;
    }
    if bench.selects("postgres-batches") {
        batches(bench).await;
    }
    if bench.selects("postgres-throws") {
        throws(bench).await;
    }
}

async fn throws(bench: &mut Bench) {
    let server = Server::start(Database::postgres().await).await;
    let mut row = Row::new(
        "postgres-throws",
        "PostgreSQL: single JSON throws, 64 connections",
        "/s",
        "pgbench -M prepared -c 64 -j 2, one insert of the same row",
        Goal::AtLeast(1.2, 1.6),
    );
    let make = readings("/throw/single");
    closed_loop(server.address(), CLIENTS, bench.time / 4, make.clone()).await.assert_all_answered();
    let database = server.database();
    database.execute("CREATE TABLE direct (LIKE storage_single INCLUDING ALL)").await;
    let folder = tempfile::tempdir().expect("a folder can be made");
    let script = folder.path().join("insert.sql");
    fs::write(&script, insert(database).await).expect("a file can be written");
    for _ in 0..bench.repeats {
        let theirs = pgbench(&database.address(), &script, bench.time.as_secs_f64());
        let ours = closed_loop(server.address(), CLIENTS, bench.time, make.clone())
            .await
            .assert_all_answered()
            .rate();
        row.pair(ours, theirs);
    }
    bench.report.add(row);
    server.stop().await;
}

/// Returns the statement for pgbench: an insert of a row like those that are thrown.
async fn insert(database: &Database) -> String {
    let Database::Postgres { url, .. } = database else { panic!("the database is not PostgreSQL") };
    let mut connection = sqlx::PgConnection::connect(url).await.expect("PostgreSQL answers");
    let query = "SELECT column_name::text, data_type::text FROM information_schema.columns \
                    WHERE table_name = 'direct' ORDER BY ordinal_position";
    let columns: Vec<(String, String)> =
        sqlx::query_as(query).fetch_all(&mut connection).await.expect("the columns can be listed");
    let values = columns.iter().map(|(name, kind)| match (name.as_str(), kind.as_str()) {
        ("_id", _) => "gen_random_uuid()",
        ("_version", _) => "1",
        ("sequence", _) => ":number",
        (_, "text" | "character varying") => "'the window is open'",
        (_, "double precision") => "21.5",
        (_, "boolean") => "true",
        (_, "timestamp with time zone") => "now()",
        _ => "NULL",
    });
    let values = values.collect::<Vec<_>>().join(", ");
    format!("\\set number random(1, 1000000000)\nINSERT INTO direct VALUES ({values});\n")
}

fn pgbench(address: &str, script: &Path, seconds: f64) -> f64 {
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-c", "64", "-j", "2", "-T", &format!("{seconds:.0}"), "-f"])
        .args([script.as_os_str(), address.as_ref()])
        .output()
        .expect("pgbench is installed");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let rate = stdout.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    rate.unwrap_or_else(|| {
        panic!("pgbench printed no rate: {stdout}\n{}", String::from_utf8_lossy(&output.stderr))
    })
}

async fn batches(bench: &mut Bench) {
    let server = Server::start(Database::postgres().await).await;
    server.declare(&definition("reading")).await;
    let database = server.database();
    database.execute("CREATE TABLE direct (LIKE storage_reading INCLUDING ALL)").await;
    let mut row = Row::new(
        "postgres-batches",
        "PostgreSQL: NDJSON, 10 columns, batches of 10,000, validated",
        "rows/s",
        "binary COPY of the same rows with libpq, same transactions",
        Goal::AtLeast(0.5, 0.8),
    );
    for repeat in 0..=bench.repeats {
        let first = repeat * BATCHES;
        let ours = throw(&server, "/throw/reading", first, None).await;
        let theirs = copy(&database.address(), first);
        if repeat > 0 {
            row.pair(ours, theirs);
        }
    }
    bench.report.add(row);
    server.stop().await;
}

/// Copies the thrown batches into an identical table, and returns the rows per second.
fn copy(address: &str, first: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (mut export, mut import) = (String::new(), String::new());
    for batch in first..first + BATCHES {
        let file = folder.path().join(batch.to_string()).display().to_string();
        let (from, to) = (batch * BATCH, (batch + 1) * BATCH);
        let rows = format!("(SELECT * FROM storage_reading WHERE id >= {from} AND id < {to} ORDER BY id)");
        export += &format!("\\copy {rows} TO '{file}' (FORMAT binary)\n");
        import += &format!("\\copy direct FROM '{file}' (FORMAT binary)\n");
    }
    psql(address, folder.path(), &export);
    let began = Instant::now();
    psql(address, folder.path(), &import);
    (BATCHES * BATCH) as f64 / began.elapsed().as_secs_f64()
}

fn psql(address: &str, folder: &Path, script: &str) {
    let file = folder.join("script.sql");
    fs::write(&file, script).expect("a file can be written");
    let output = Command::new("psql")
        .args(["--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", "--file"])
        .args([file.as_os_str(), address.as_ref()])
        .output()
        .expect("psql is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
