//! Full and broken disks: only stored data is acknowledged, errors name the cause, reads continue, and the
//! server recovers without a restart when the disk does.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use datadump_tests::{
    Api, Database, Response, Server, WebSocket,
    disk::{Disk, DurableState, Mount},
    eventually,
};
use serde_json::{Value as Json, json};
use tokio::time::sleep;

use super::setting;

/// A failure of the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// No free space.
    Full,
    /// Writes fail.
    Writes,
    /// Syncs fail.
    Syncs,
}

#[tokio::test]
async fn a_full_disk_loses_nothing_acknowledged() {
    fail_and_repair(Fault::Full, setting("DATADUMP_TEST_FULL_DISKS", 2)).await;
    match setting("DATADUMP_TEST_FULL_MOUNTS", 0) {
        0 => println!("no real file system was filled up"),
        times => fill_real_file_system(times).await,
    }
}

#[tokio::test]
async fn failing_writes_lose_nothing_acknowledged() {
    fail_and_repair(Fault::Writes, setting("DATADUMP_TEST_BROKEN_DISKS", 2)).await;
}

#[tokio::test]
async fn failing_syncs_lose_nothing_acknowledged() {
    fail_and_repair(Fault::Syncs, setting("DATADUMP_TEST_BROKEN_DISKS", 2)).await;
}

/// Fills up a real file system, where mounting one is permitted.
async fn fill_real_file_system(times: u64) {
    let mount = Mount::new(160);
    let mut server = Server::start(Database::sqlite_in(mount.path())).await;
    let mut ledger = Ledger::default();
    server.post("/throw/ledger", &json!({"key": "first"})).await.is(200).ok();
    for round in 0..times {
        let name = format!("m{round}");
        // Leaves space for a few throws.
        let fill = || mount.fill(256 << 10);
        let statuses = under_load(&server, &mut ledger, &name, Fault::Full, fill).await;
        mount.clear();
        assert_recovered(&server, &mut ledger, &name, &statuses).await;
    }
    let (setup, database) = server.kill().await;
    server = setup.start(database).await;
    ledger.check(&server).await;
    println!("real file system full {times} times: {ledger:?}");
}

async fn fail_and_repair(fault: Fault, times: u64) {
    let disk = Disk::new();
    let database = Database::sqlite();
    let prefix = database.file().display().to_string();
    disk.record();
    let mut server = disk.setup(&prefix).start(database).await;
    let mut processes = vec![server.process_id()];
    let mut ledger = Ledger::default();
    server.post("/throw/ledger", &json!({"key": "first"})).await.is(200).ok();
    for round in 0..times {
        let name = format!("r{round}");
        let fail = || match fault {
            Fault::Full => disk.limit_space(64 << 10),
            Fault::Writes => disk.fail_writes(),
            Fault::Syncs => disk.fail_syncs(),
        };
        let statuses = under_load(&server, &mut ledger, &name, fault, fail).await;
        // In every other round the server is killed while the disk is failing.
        if round % 2 == 1 {
            let (setup, database) = server.kill().await;
            disk.repair();
            server = setup.start(database).await;
            processes.push(server.process_id());
        } else {
            disk.repair();
        }
        assert_recovered(&server, &mut ledger, &name, &statuses).await;
    }
    assert!(disk.times_full() + disk.times_failed() > 0, "the disk never failed");
    let (setup, database) = server.kill().await;
    ledger.check_after_a_power_cut(&disk.durable_state(&processes), &database);
    server = setup.start(database).await;
    ledger.check(&server).await;
    println!("{fault:?} {times} times: {ledger:?}");
}

/// A reader holds an old snapshot, so that the WAL is only partly checkpointed and not synced. Then the sync of
/// the database file fails once. The pages that the operating system drops must be copied again before the WAL is
/// reused.
#[tokio::test]
async fn pages_lost_by_a_failed_checkpoint_are_copied_again() {
    let disk = Disk::new();
    let database = Database::sqlite();
    let prefix = database.file().display().to_string();
    disk.record();
    let server = disk.setup(&prefix).start(database).await;
    let process = server.process_id();
    let mut ledger = Ledger::default();
    let file = server.database().file();
    for round in 0..setting("DATADUMP_TEST_BROKEN_DISKS", 2) {
        throw_large(&server, &mut ledger, &format!("{round}-a"), 1).await;
        let reader = rusqlite::Connection::open(&file).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM storage_ledger").unwrap();
        throw_large(&server, &mut ledger, &format!("{round}-b"), 5).await;
        disk.fail_database_syncs();
        drop(reader);
        let failed = disk.times_failed();
        throw_large(&server, &mut ledger, &format!("{round}-c"), 2).await;
        assert!(disk.times_failed() > failed, "there was no checkpoint");
        disk.repair();
        // The server does not retry immediately.
        sleep(Duration::from_millis(1100)).await;
        throw_large(&server, &mut ledger, &format!("{round}-d"), 5).await;
    }
    let (_, database) = server.kill().await;
    ledger.check_after_a_power_cut(&disk.durable_state(&[process]), &database);
    println!("{} acknowledged", ledger.stored.len());
}

/// Sends throws of about 1 MiB each.
async fn throw_large(server: &Server, ledger: &mut Ledger, name: &str, throws: usize) {
    for throw in 0..throws {
        let keys: Vec<String> = (0..1000).map(|number| format!("{name}-{throw}-{number}")).collect();
        let lines: String =
            keys.iter().map(|key| format!("{}\n", json!({"key": key, "text": "y".repeat(900)}))).collect();
        let receipt = server.request("POST", "/throw/ledger").body(lines).await.is(200).json();
        assert_eq!(receipt["accepted"], keys.len(), "{receipt}");
        ledger.stored.extend(keys);
    }
}

/// The responses of the server, by the keys of the throws.
#[derive(Default)]
struct Ledger {
    stored: BTreeSet<String>,
    refused: BTreeSet<String>,
    unknown: BTreeSet<String>,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (stored, refused) = (self.stored.len(), self.refused.len());
        write!(f, "{stored} acknowledged, {refused} refused, {} unanswered", self.unknown.len())
    }
}

impl Ledger {
    fn add(&mut self, other: Self) {
        self.stored.extend(other.stored);
        self.refused.extend(other.refused);
        self.unknown.extend(other.unknown);
    }

    /// Asserts that acknowledged data is on the disk and not only in the page cache.
    fn check_after_a_power_cut(&self, durable: &DurableState, database: &Database) {
        let (copy, file) = (tempfile::Builder::new().prefix("datadump-").tempdir().unwrap(), database.file());
        durable.copy_to(&[&file, &file.with_extension("db-wal")], copy.path());
        let left = rusqlite::Connection::open(copy.path().join(file.file_name().unwrap())).unwrap();
        let check: String = left.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        let mut keys = left.prepare("SELECT key FROM storage_ledger").unwrap();
        let keys = keys.query_map([], |row| row.get(0)).unwrap();
        let stored: BTreeSet<String> = keys.map(Result::unwrap).collect();
        let lost: Vec<_> = self.stored.difference(&stored).collect();
        assert!(lost.is_empty(), "a power cut would take {} of {}", lost.len(), self.stored.len());
    }

    /// Asserts that every acknowledged throw is stored exactly once, and no refused one.
    async fn check(&self, server: &Server) {
        let mut stored = BTreeSet::new();
        let mut next = Some("/api/v1/storage/ledger/?limit=1000&cursor=".to_owned());
        while let Some(path) = next {
            let page = server.get(&path).await.is(200).json();
            for row in page["results"].as_array().unwrap() {
                assert!(stored.insert(row["key"].as_str().unwrap().to_owned()), "stored twice: {row}");
            }
            next = page["next"].as_str().map(str::to_owned);
        }
        let lost: Vec<_> = self.stored.difference(&stored).collect();
        assert!(lost.is_empty(), "{} are lost: {lost:?}", lost.len());
        let claimed: Vec<_> = self.refused.intersection(&stored).collect();
        assert!(claimed.is_empty(), "{} refused throws are stored: {claimed:?}", claimed.len());
    }
}

/// Throws over HTTP and WebSocket: before the fault, until it takes effect, and for a while afterwards.
async fn under_load(
    server: &Server,
    ledger: &mut Ledger,
    round: &str,
    fault: Fault,
    fail: impl FnOnce(),
) -> Vec<u16> {
    let stopped = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..8)
        .map(|client| {
            let (api, stopped, name) = ((**server).clone(), stopped.clone(), format!("{round}-{client}"));
            tokio::spawn(async move {
                if client % 2 == 0 {
                    throw_over_http(&api, &name, &stopped).await
                } else {
                    throw_over_socket(&api, &name, &stopped).await
                }
            })
        })
        .collect();
    sleep(Duration::from_millis(200)).await;
    fail();
    let status = if fault == Fault::Full { 507 } else { 503 };
    eventually("the server is not ready", || async {
        let ready = server.get("/ready").await;
        (ready.status != 200).then(|| refusal(&ready, status))
    })
    .await;
    for _ in 0..20 {
        // Reads still work, and `/ready` reports the failure.
        let began = Instant::now();
        server.get("/api/v1/storage/ledger/?limit=5").await.is(200).ok();
        server.get("/health").await.is(200).ok();
        let ready = server.get("/ready").await;
        // A small row may still fit where a larger one did not.
        assert!(ready.status == status || (fault == Fault::Full && ready.status == 200), "{ready:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    stopped.store(true, Ordering::Relaxed);
    let mut statuses = Vec::new();
    for client in clients {
        let (client_ledger, client_statuses) = client.await.unwrap();
        ledger.add(client_ledger);
        statuses.extend(client_statuses);
    }
    assert!(statuses.contains(&status), "no client saw status {status}: {statuses:?}");
    let allowed: &[u16] = if fault == Fault::Full { &[507] } else { &[503] };
    assert!(statuses.iter().all(|status| allowed.contains(status)), "unexpected statuses: {statuses:?}");
    statuses
}

/// Asserts that the server recovers by itself soon after the disk has.
async fn assert_recovered(server: &Server, ledger: &mut Ledger, round: &str, statuses: &[u16]) {
    let began = Instant::now();
    eventually("the server is ready", || async { (server.get("/ready").await.status == 200).then_some(()) })
        .await;
    let ready_in = began.elapsed();
    for number in 0..20 {
        let key = format!("{round}-after-{number}");
        server.post("/throw/ledger", &record_of(&key)).await.is(200).ok();
        ledger.stored.insert(key);
    }
    let mut socket = WebSocket::connect(server, "/throw/ledger").await;
    let key = format!("{round}-after-socket");
    assert!(socket.send(record_of(&key).to_string()).await);
    assert_eq!(socket.receive_json().await["ok"], true);
    ledger.stored.insert(key);
    assert!(ready_in < Duration::from_secs(5), "recovery took {ready_in:?}");
    ledger.check(server).await;
    println!("{round}: {} refused, ready again after {ready_in:.1?}", statuses.len());
}

/// Asserts that a response names the cause and has a `Retry-After`, and returns its status.
fn refusal(response: &Response, status: u16) -> u16 {
    assert_eq!(response.status, status, "{response:?}");
    let problem = response.json();
    let code = if status == 507 { "full" } else { "unavailable" };
    assert_eq!((&problem["status"], &problem["code"]), (&json!(status), &json!(code)), "{response:?}");
    assert!(response.header("retry-after").is_some(), "{response:?}");
    status
}

fn record_of(key: &str) -> Json {
    json!({"key": key, "text": "x".repeat(500)})
}

async fn throw_over_http(api: &Api, client: &str, stopped: &AtomicBool) -> (Ledger, Vec<u16>) {
    let (mut ledger, mut statuses) = (Ledger::default(), Vec::new());
    for number in 0.. {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{client}-{number}");
        match api.post("/throw/ledger", &record_of(&key)).send().await {
            Ok(response) if response.status == 200 => {
                ledger.stored.insert(key);
            }
            Ok(response) => {
                let status = response.status;
                assert!([503, 507].contains(&status), "{response:?}");
                statuses.push(refusal(&response, status));
                ledger.refused.insert(key);
                sleep(Duration::from_millis(5)).await;
            }
            Err(_) => {
                ledger.unknown.insert(key);
                break;
            }
        }
    }
    (ledger, statuses)
}

async fn throw_over_socket(api: &Api, client: &str, stopped: &AtomicBool) -> (Ledger, Vec<u16>) {
    let (mut ledger, mut statuses) = (Ledger::default(), Vec::new());
    let mut socket = WebSocket::connect(api, "/throw/ledger").await;
    for number in 0.. {
        if stopped.load(Ordering::Relaxed) {
            break;
        }
        // Keeps several messages in flight.
        let keys: Vec<String> = (0..8).map(|place| format!("{client}-{number}-{place}")).collect();
        for key in &keys {
            socket.feed(json!({"id": key, "throw": record_of(key)}).to_string()).await;
        }
        socket.flush().await;
        for key in keys {
            let response = socket.receive_json().await;
            assert_eq!(response["id"], *key, "{response}");
            if response["ok"] == true {
                ledger.stored.insert(key);
            } else {
                statuses.push(u16::try_from(response["status"].as_u64().unwrap()).unwrap());
                ledger.refused.insert(key);
            }
        }
        sleep(Duration::from_millis(5)).await;
    }
    (ledger, statuses)
}
