//! A server that is killed in the middle of a migration tells the truth when it is back, brings the
//! migration to its end, and loses nothing. Reads are answered all the while.
//!
//! `DATADUMP_TEST_ROWS` and `DATADUMP_TEST_KILLS` make it as large as wanted.

use std::time::{Duration, Instant};

use datadump_tests::{Database, Server};
use serde_json::{Value as Json, json};
use tokio::time::{sleep, timeout};

use super::setting;

const FACTORY: &str = "/api/v1/factory/storage/";
const STATUS: &str = "/api/v1/factory/ready_status/load/";
const ROWS: &str = "/api/v1/storage/load/";

/// From how many rows on a migration takes long enough for a percentile of the reads meanwhile.
const LARGE: u64 = 500_000;

/// How long a migration takes undisturbed, and the 99th percentile of reads without it and with it.
struct Watched {
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
    let copy = filled(database, rows).await;
    let Watched { duration, usual, meanwhile } = watched(&copy, rows).await;

    let (mut made, mut running, mut tries) = (0, 0, 0);
    while made < kills {
        tries += 1;
        assert!(tries <= kills * 3 + 10, "only {made} kills in {tries} migrations: they end too soon");
        // Spread over the whole of the migration, and the same every time.
        let place = (tries * 7919 % 97) as f64 / 97.0;
        let (kill, server) = killed(copy.copy().await, duration.mul_f64(place * 0.9)).await;
        if !kill {
            continue;
        }
        made += 1;
        running += u64::from(truth(&server).await);
        finished(&server, rows).await;
    }
    let kind = if copy.is_postgres() { "PostgreSQL" } else { "SQLite" };
    println!(
        "{kind}: {made} kills while running over {rows} rows, {running} found unfinished, each migration ended"
    );
    // A short migration is over before there is a percentile to speak of.
    if rows >= LARGE {
        assert!(meanwhile < usual * 5, "reads wait for the migration: {meanwhile:?} against {usual:?}");
    }
}

/// A database with one storage of so many rows.
async fn filled(database: Database, rows: u64) -> Database {
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

/// Runs the migration undisturbed, and compares how long reads take meanwhile with how long they
/// usually take. A large one is run until there are reads enough for a percentile.
async fn watched(copy: &Database, rows: u64) -> Watched {
    let (mut usual, mut meanwhile, mut duration) = (Vec::new(), Vec::new(), Duration::MAX);
    while meanwhile.is_empty() || (rows >= LARGE && meanwhile.len() < 1000) {
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
        finished(&server, rows).await;
        // After it too: what else the machine does is then in both.
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
    Watched { duration, usual, meanwhile: slow }
}

/// Starts the migration and kills the server so much later, if it still says that it is running.
async fn killed(database: Database, later: Duration) -> (bool, Server) {
    let server = Server::start(database).await;
    migrate(&server).await;
    let began = Instant::now();
    let mut state = state(&server).await;
    while state == "queued" || (state == "running" && began.elapsed() < later) {
        sleep(Duration::from_millis(1)).await;
        state = self::state(&server).await;
    }
    let (setup, database) = server.kill().await;
    (state == "running", setup.start(database).await)
}

/// What the status says right after the start is so; answers whether the migration was unfinished.
async fn truth(server: &Server) -> bool {
    let status = server.get(STATUS).await.is(200).json();
    assert_eq!(status["version"], 2, "{status}");
    let applied = status["applied"] == true;
    let state = status["state"].as_str().unwrap();
    assert!(if applied { state == "applied" } else { ["queued", "running"].contains(&state) }, "{status}");
    let storage = server.get(&format!("{FACTORY}load/")).await.is(200).json();
    if applied {
        assert_eq!(storage["locked"], false, "{storage}");
    }
    // Rows are served, under the definition that is in force.
    let row = server.get(&format!("{ROWS}17/")).await.is(200).json();
    assert_eq!((&row["a"], &row["note"], &row["version"]), (&json!(17), &json!("n17"), &json!(1)));
    !applied
}

/// The migration ends, and everything is there and works.
async fn finished(server: &Server, rows: u64) {
    let patience = Duration::from_secs(30) + Duration::from_millis(rows);
    let applied = timeout(patience, async {
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
    assert_eq!(list["count"], rows, "no row is lost or doubled");
    let expected = (0..rows).filter(|n| n % 5000 == 42).count();
    let list = server.get(&format!("{ROWS}?b=42&count=exact&ordering=id&limit=1000")).await.is(200).json();
    assert_eq!(list["count"], expected, "the new index finds all");
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

/// Asks for all three changes, with a plan and consent.
async fn migrate(server: &Server) {
    let plan = server.post(&format!("{FACTORY}load/plan/"), &after()).await.is(200).json();
    let path = format!("{FACTORY}?allow=data-dependent&plan={}", plan["plan_hash"].as_str().unwrap());
    server.post(&path, &after()).await.is(201).ok();
}

async fn state(server: &Server) -> String {
    server.get(STATUS).await.is(200).json()["state"].as_str().unwrap().to_owned()
}

/// How long a read of one row and of a page takes, at a pace that leaves the machine to others.
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

/// integer → long, a new index, nullable → required.
fn after() -> Json {
    let mut definition = before();
    definition["fields"][0]["type"] = json!("long");
    definition["fields"][1]["db_index"] = json!(true);
    definition["fields"][2] = json!({"name": "c", "type": "integer"});
    definition
}
