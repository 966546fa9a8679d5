//! PostgreSQL is stopped under load and restarted: no acknowledged row is lost or duplicated, no client waits forever,
//! and the server recovers by itself.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_tests::{Api, Cluster, Database, Response, Server, StopMode, dog, eventually, load::Process};
use serde_json::json;
use tokio::time::sleep;

use super::setting;

const CLIENTS: usize = 64;

/// Maximum response time while the database is unavailable, as documented in docs/reliability.md.
const MAX_RESPONSE_TIME: Duration = Duration::from_secs(15);

/// Maximum time until the server works again after the database has restarted.
const MAX_RECOVERY_TIME: Duration = Duration::from_secs(5);

/// Maximum memory of the server, in KiB.
const MAX_MEMORY: u64 = 200 << 10;

/// State shared by the clients and the test.
#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    acknowledged: AtomicU64,
    refused: AtomicU64,
    /// Connections that closed without a response.
    broken: AtomicU64,
    longest: Mutex<Duration>,
}

#[tokio::test]
async fn acknowledged_rows_survive_immediate_stops_of_the_database() {
    let stops = setting("DATADUMP_TEST_STOPS", 2);
    let mut cluster = Cluster::start(&[]).await;
    let server = Server::start(cluster.database().await).await;
    let shared = Arc::new(Shared::default());
    server.post("/throw/ledger", &json!({"_id": "first", "key": "first"})).await.is(200).ok();
    let clients: Vec<_> =
        (0..CLIENTS).map(|client| tokio::spawn(throw((*server).clone(), client, shared.clone()))).collect();
    let reader = tokio::spawn(read((*server).clone(), shared.clone()));
    let process = Process(server.process_id());
    let (mut memory, mut slowest) = (0, Duration::ZERO);
    for stop in 0..stops {
        sleep(Duration::from_millis(500 + 170 * (stop % 7))).await;
        let how = if stop % 2 == 0 { StopMode::Immediate } else { StopMode::Kill };
        cluster.stop(how).await;
        // Sometimes long enough for requests to be refused, sometimes too short.
        let until =
            Instant::now() + Duration::from_millis([7_000, 300, 2_000][usize::try_from(stop % 3).unwrap()]);
        while Instant::now() < until {
            memory = memory.max(process.resident());
            sleep(Duration::from_millis(50)).await;
        }
        cluster.restart().await;
        let (back, before) = (Instant::now(), shared.acknowledged.load(Ordering::Relaxed));
        while shared.acknowledged.load(Ordering::Relaxed) == before {
            assert!(
                back.elapsed() < MAX_RECOVERY_TIME,
                "nothing is stored {MAX_RECOVERY_TIME:?} after the database has restarted"
            );
            sleep(Duration::from_millis(5)).await;
        }
        let took = back.elapsed();
        slowest = slowest.max(took);
        println!("{how:?}: works again {took:.0?} after the database has restarted");
    }
    sleep(Duration::from_secs(1)).await;
    shared.stopped.store(true, Ordering::Relaxed);
    let mut stored = BTreeSet::from(["first".to_owned()]);
    for client in clients {
        for key in client.await.unwrap() {
            assert!(stored.insert(key));
        }
    }
    reader.await.unwrap();
    assert_eq!(keys(&server).await, stored, "exactly the acknowledged rows are stored");
    let longest = *shared.longest.lock().unwrap();
    println!(
        "{stops} stops: {} acknowledged, {} refused, {} without an response; the longest response took \
         {longest:.1?}, the server was back after at most {slowest:.0?}, and had at most {} MiB",
        stored.len(),
        shared.refused.load(Ordering::Relaxed),
        shared.broken.load(Ordering::Relaxed),
        memory >> 10,
    );
    assert!(shared.refused.load(Ordering::Relaxed) > 0, "no request was refused");
    assert!(longest < MAX_RESPONSE_TIME, "a response took {longest:?}");
    assert!(memory < MAX_MEMORY, "{memory} KiB of memory");
}

/// The database accepts connections and does not answer. Requests are refused within the time that
/// docs/reliability.md promises. That takes minutes, so by default only `/ready` is tested.
#[tokio::test]
async fn requests_time_out_while_the_database_hangs() {
    let freezes = setting("DATADUMP_TEST_FREEZES", 0);
    let cluster = Cluster::start(&[]).await;
    let server = Server::start(cluster.database().await).await;
    server.post("/throw/ledger", &json!({"_id": "first", "key": "first"})).await.is(200).ok();
    cluster.freeze();
    let began = Instant::now();
    server.get("/health").await.is(200).ok();
    assert_refused(server.get("/ready").await);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    cluster.thaw();
    for freeze in 0..freezes {
        cluster.freeze();
        let throw = json!({"_id": format!("{freeze}"), "key": format!("{freeze}")});
        let began = Instant::now();
        let timed = async |request: datadump_tests::Request| {
            let response = request.await;
            (response, began.elapsed())
        };
        let (read, write) = tokio::join!(
            timed(server.get("/api/v1/storage/ledger/?limit=3")),
            timed(server.post("/throw/ledger", &throw))
        );
        cluster.thaw();
        println!("frozen: a read was answered after {:.0?}, a throw after {:.0?}", read.1, write.1);
        assert!(read.1 < Duration::from_secs(50) && write.1 < Duration::from_secs(50));
        assert_refused(read.0);
        assert_refused(write.0);
    }
    eventually("the server works again", || async {
        (server.post("/throw/ledger", &json!({"_id": "last", "key": "last"})).await.status == 200)
            .then_some(())
    })
    .await;
}

/// Throws records one after another, each until it is acknowledged, and returns their keys.
async fn throw(api: Api, client: usize, shared: Arc<Shared>) -> Vec<String> {
    let mut stored = Vec::new();
    for number in 0.. {
        if shared.stopped.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{client}-{number}");
        let throw = json!({"_id": key, "key": key, "number": number});
        while !succeeds(&shared, api.post("/throw/ledger", &throw)).await {
            sleep(Duration::from_millis(20)).await;
        }
        shared.acknowledged.fetch_add(1, Ordering::Relaxed);
        stored.push(key);
    }
    stored
}

/// Reads rows and polls `/ready`.
async fn read(api: Api, shared: Arc<Shared>) {
    while !shared.stopped.load(Ordering::Relaxed) {
        succeeds(&shared, api.get("/api/v1/storage/ledger/?limit=3")).await;
        let began = Instant::now();
        succeeds(&shared, api.get("/ready")).await;
        assert!(began.elapsed() < Duration::from_secs(5), "/ready took {:?}", began.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
}

/// Sends a request, and returns whether it succeeded. Any other response must be a refusal.
async fn succeeds(shared: &Shared, request: datadump_tests::Request) -> bool {
    let began = Instant::now();
    let response = request.send().await;
    let mut longest = shared.longest.lock().unwrap();
    *longest = longest.max(began.elapsed());
    drop(longest);
    match response {
        Ok(response) if response.status == 200 => true,
        Ok(response) => {
            assert_refused(response);
            shared.refused.fetch_add(1, Ordering::Relaxed);
            false
        }
        Err(_) => {
            shared.broken.fetch_add(1, Ordering::Relaxed);
            false
        }
    }
}

fn assert_refused(response: Response) {
    assert!(response.header("retry-after").is_some(), "{response:?}");
    let problem = response.problem(503);
    assert!(["unavailable", "overloaded"].contains(&problem["code"].as_str().unwrap()), "{problem}");
}

/// Returns the keys of all rows, and asserts that none is stored twice.
async fn keys(server: &Server) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    let mut next = Some("/api/v1/storage/ledger/?limit=1000&cursor=".to_owned());
    while let Some(path) = next {
        let page = server.get(&path).await.is(200).json();
        for row in page["results"].as_array().unwrap() {
            assert!(keys.insert(row["key"].as_str().unwrap().to_owned()), "stored twice: {row}");
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    keys
}

/// A trigger records the setting in every transaction that writes.
#[tokio::test]
async fn commits_are_synchronous_even_if_the_database_default_is_not() {
    let database = Database::postgres().await;
    let name = database.address().rsplit_once('/').unwrap().1.to_owned();
    database.execute(&format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let server = Server::start(database).await;
    server
        .database()
        .execute(
            "CREATE TABLE noted (setting text); \
             CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN INSERT INTO noted VALUES (current_setting(''synchronous_commit'')); RETURN NULL; END'; \
             DO 'DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE tablename LIKE ''datadump%'' \
                 LOOP EXECUTE format(''CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON %I EXECUTE FUNCTION note()'', t); \
                 END LOOP; END'",
        )
        .await;
    server.declare(&dog()).await;
    server
        .database()
        .execute(
            "CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON storage_dog EXECUTE FUNCTION note()",
        )
        .await;
    let row = json!({"chip_id": "A", "color": "red", "collar_size": 1});
    server.post("/api/v1/storage/dog/", &row).await.is(201).ok();
    server.patch("/api/v1/storage/dog/A/", &json!({"color": "blue"})).await.is(200).ok();
    server.delete("/api/v1/storage/dog/A/").await.is(204).ok();
    let receipt = server
        .post("/throw/dog", &json!([{"chip_id": "B", "color": "red", "collar_size": 1}, {"chip_id": "C"}]))
        .await
        .is(200)
        .json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&json!(1), &json!(1)), "{receipt}");
    let noted =
        server.database().query_texts("SELECT setting || ' ' || count(*) FROM noted GROUP BY setting").await;
    assert_eq!(noted.len(), 1, "{noted:?}");
    let count: u64 = noted[0].strip_prefix("on ").expect("the setting is on").parse().unwrap();
    assert!(count >= 6, "only {count} statements were recorded");
    println!("{count} statements that write, all with synchronous_commit = on");
}

#[tokio::test]
async fn an_unsafe_database_setting_is_reported() {
    for (setting, warned) in [("fsync=off", 1), ("full_page_writes=off", 1), ("fsync=on", 0)] {
        let cluster = Cluster::start(&[setting]).await;
        let server = Server::start(cluster.database().await).await;
        let status = server.get("/api/v1/status").await.is(200).json();
        let warnings = status["warnings"].as_array().unwrap();
        assert_eq!(warnings.len(), warned, "{status}");
        for warning in warnings {
            let text = warning.as_str().unwrap();
            assert!(text.contains(&setting.replace('=', " = ")), "{text}");
            assert!(server.output().contains(text), "{}", server.output());
        }
        drop(server);
    }
}
