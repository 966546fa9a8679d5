//! A server that is killed during a migration reports the correct state after a restart, completes the
//! migration, and loses nothing. Reads keep working during the migration.
//!
//! `DATADUMP_TEST_ROWS` and `DATADUMP_TEST_KILLS` set the size of the test.

use std::time::{Duration, Instant};

use datadump_tests::{Database, Server};
use serde_json::{Value as Json, json};
use tokio::time::{sleep, timeout};

use super::setting;

const FACTORY: &str = "/api/v1/factory/storage/";
const STATUS: &str = "/api/v1/factory/ready_status/load/";
const ROWS: &str = "/api/v1/storage/load/";

/// Minimum number of rows for a migration that takes long enough to measure a percentile of concurrent reads.
const MIN_ROWS_TO_MEASURE: u64 = 500_000;

/// The duration of an undisturbed migration, and the p99 of reads without and with it.
struct Baseline {
    duration: Duration,
    usual: Duration,
    meanwhile: Duration,
}

#[tokio::test]
async fn sqlite() {
    check(Database::sqlite()).await;
}

#[tokio::test]
async fn postgres() {
    check(Database::postgres().await).await;
}

async fn check(database: Database) {
    let rows = setting("DATADUMP_TEST_ROWS", 50_000);
    let kills = setting("DATADUMP_TEST_KILLS", 3);
    let copy = fill(database, rows).await;
    let Baseline { duration, usual, meanwhile } = measure_baseline(&copy, rows).await;

    let (mut made, mut running, mut tries) = (0, 0, 0);
    while made < kills {
        tries += 1;
        assert!(tries <= kills * 3 + 10, "only {made} kills in {tries} migrations, which end too soon");
        // Spread evenly over the migration, so that every run kills at the same points.
        let place = (tries * 7919 % 97) as f64 / 97.0;
        let (kill, server) = migrate_and_kill(copy.copy().await, duration.mul_f64(place * 0.9)).await;
        if !kill {
            continue;
        }
        made += 1;
        running += u64::from(check_status(&server).await);
        check_finished(&server, rows).await;
    }
    let kind = if copy.is_postgres() { "PostgreSQL" } else { "SQLite" };
    println!(
        "{kind}: {made} kills while running over {rows} rows, {running} found unfinished, each migration ended"
    );
    // A short migration ends before there are enough reads for a percentile.
    if rows >= MIN_ROWS_TO_MEASURE {
        assert!(
            meanwhile < usual * 5,
            "reads are slow during the migration: {meanwhile:?} instead of {usual:?}"
        );
    }
}

/// Creates a storage with `rows` rows.
async fn fill(database: Database, rows: u64) -> Database {
    let server = Server::start(database).await;
    server.declare(&before()).await;
    server.post(ROWS, &json!({"id": 0, "a": 0, "b": 0, "c": 0, "note": "n0"})).await.is(201).ok();
    let columns = [
        ("id", "n"),
        ("a", "n % 1000"),
        ("b", "n % 5000"),
        ("c", "n % 7"),
        ("note", "'n' || CAST(n AS text)"),
    ];
    server.database().insert_copies("load", &columns, 1, rows - 1).await;
    server.stop().await.1
}

/// Measures an undisturbed migration, and the latency of reads with and without it. A large migration is repeated
/// until there are enough reads for a percentile.
async fn measure_baseline(copy: &Database, rows: u64) -> Baseline {
    let (mut usual, mut meanwhile, mut duration) = (Vec::new(), Vec::new(), Duration::MAX);
    while meanwhile.is_empty() || (rows >= MIN_ROWS_TO_MEASURE && meanwhile.len() < 1000) {
        let server = Server::start(copy.copy().await).await;
        for number in 0..500 {
            usual.push(read(&server, number * 7 % rows).await);
        }
        let began = Instant::now();
        migrate(&server).await;
        for number in 0.. {
            meanwhile.push(read(&server, number * 13 % rows).await);
            if number % 10 == 0 && server.get(STATUS).await.is(200).json()["applied"] == true {
                break;
            }
        }
        duration = duration.min(began.elapsed());
        check_finished(&server, rows).await;
        // Also measured afterwards, so that other load on the machine affects both.
        for number in 0..500 {
            usual.push(read(&server, number * 7 % rows).await);
        }
    }
    let (usual, slow) = (percentile(&mut usual), percentile(&mut meanwhile));
    println!(
        "{rows} rows migrated in {duration:.2?}; p99 of reads {usual:.2?} usually, {slow:.2?} meanwhile ({:.1} times), of {}",
        slow.as_secs_f64() / usual.as_secs_f64(),
        meanwhile.len()
    );
    Baseline { duration, usual, meanwhile: slow }
}

/// Starts the migration, and kills the server after `delay` if the migration is still running.
async fn migrate_and_kill(database: Database, delay: Duration) -> (bool, Server) {
    let server = Server::start(database).await;
    migrate(&server).await;
    let began = Instant::now();
    let mut state = state(&server).await;
    while state == "queued" || (state == "running" && began.elapsed() < delay) {
        sleep(Duration::from_millis(1)).await;
        state = self::state(&server).await;
    }
    let (setup, database) = server.kill().await;
    (state == "running", setup.start(database).await)
}

/// Asserts that the status after the restart is correct, and returns whether the migration was unfinished.
async fn check_status(server: &Server) -> bool {
    let status = server.get(STATUS).await.is(200).json();
    assert_eq!(status["version"], 2, "{status}");
    let applied = status["applied"] == true;
    let state = status["state"].as_str().unwrap();
    assert!(if applied { state == "applied" } else { ["queued", "running"].contains(&state) }, "{status}");
    let storage = server.get(&format!("{FACTORY}load/")).await.is(200).json();
    if applied {
        assert_eq!(storage["locked"], false, "{storage}");
    }
    // Rows are served under the definition in force.
    let row = server.get(&format!("{ROWS}17/")).await.is(200).json();
    assert_eq!((&row["a"], &row["note"], &row["version"]), (&json!(17), &json!("n17"), &json!(1)));
    !applied
}

/// Asserts that the migration completes and nothing is lost.
async fn check_finished(server: &Server, rows: u64) {
    let limit = Duration::from_secs(30) + Duration::from_millis(rows);
    let applied = timeout(limit, async {
        loop {
            let status = server.get(STATUS).await.is(200).json();
            assert_ne!(status["state"], "failed", "{status}");
            if status["applied"] == true {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    applied.await.expect("the migration ends");
    let storage = server.get(&format!("{FACTORY}load/")).await.is(200).json();
    assert_eq!((&storage["version"], &storage["locked"]), (&json!(2), &json!(false)));

    let list = server.get(&format!("{ROWS}?count=exact&limit=1")).await.is(200).json();
    assert_eq!(list["count"], rows, "no row is lost or duplicated");
    let expected = (0..rows).filter(|n| n % 5000 == 42).count();
    let list = server.get(&format!("{ROWS}?b=42&count=exact&ordering=id&limit=1000")).await.is(200).json();
    assert_eq!(list["count"], expected, "the new index finds all rows");
    for n in [0, 1, rows / 3, rows - 1] {
        let row = server.get(&format!("{ROWS}{n}/")).await.is(200).json();
        let shown = json!([row["id"], row["a"], row["b"], row["c"], row["note"], row["version"]]);
        assert_eq!(shown, json!([n, n % 1000, n % 5000, n % 7, format!("n{n}"), 1]));
    }
    let large = json!({"id": 1, "a": 5_000_000_000_i64, "b": 1, "c": 1, "note": ""});
    assert_eq!(server.put(&format!("{ROWS}1/"), &large).await.is(200).json()["a"], 5_000_000_000_i64);
    server
        .put(&format!("{ROWS}1/"), &json!({"a": 1, "b": 1, "c": 1, "note": "n1", "version": 2}))
        .await
        .is(200)
        .ok();
    server.patch(&format!("{ROWS}2/"), &json!({"c": null})).await.problem_about(400, &["c"]);
    let new = json!({"id": rows, "a": 1, "b": 1, "c": 1, "note": ""});
    server.post(ROWS, &new).await.is(201).ok();
    server.delete(&format!("{ROWS}{rows}/")).await.is(204).ok();
}

/// Requests all three changes, with a plan and consent.
async fn migrate(server: &Server) {
    let plan = server.post(&format!("{FACTORY}load/plan/"), &after()).await.is(200).json();
    let path = format!("{FACTORY}?allow=data-dependent&plan={}", plan["plan_hash"].as_str().unwrap());
    server.post(&path, &after()).await.is(201).ok();
}

async fn state(server: &Server) -> String {
    server.get(STATUS).await.is(200).json()["state"].as_str().unwrap().to_owned()
}

/// Measures a read of one row and of a page, paced to leave the processors to the migration.
async fn read(server: &Server, key: u64) -> Duration {
    sleep(Duration::from_millis(2)).await;
    let began = Instant::now();
    server.get(&format!("{ROWS}{key}/")).await.is(200).ok();
    server.get(&format!("{ROWS}?limit=10&count=none&ordering=id&id__gte={key}")).await.is(200).ok();
    began.elapsed()
}

fn percentile(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}

fn before() -> Json {
    json!({
        "name": "load",
        "key": {"name": "id", "type": "long"},
        "fields": [{"name": "a", "type": "integer"},
                   {"name": "b", "type": "integer"},
                   {"name": "c", "type": "integer", "nullable": true},
                   {"name": "note", "type": "string", "max_length": 40}],
    })
}

/// Returns the new definition: integer → long, a new index, nullable → required.
fn after() -> Json {
    let mut definition = before();
    definition["fields"][0]["type"] = json!("long");
    definition["fields"][1]["db_index"] = json!(true);
    definition["fields"][2] = json!({"name": "c", "type": "integer"});
    definition
}
