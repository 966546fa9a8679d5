//! Every acknowledgement is sent after a sync that covers the data.
//!
//! The server runs on a disk that logs all operations. For each response, the test reconstructs the files as a power
//! cut at that moment would have left them, and checks with SQLite that the acknowledged data is there.

use std::{
    collections::BTreeMap,
    fmt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use datadump_tests::{
    Api, Server, WebSocket,
    disk::{Disk, DurableState, Event, Operation},
    dog,
};
use serde_json::{Value as Json, json};

use super::setting;

/// A fact that a response has acknowledged.
#[derive(Debug, Clone)]
enum Fact {
    /// The number of rows of a storage with this note.
    Rows(&'static str, String, usize),
    /// There is no row with this key.
    Gone(String),
    /// There is a quarantine entry whose bytes contain this text.
    Entry(String),
}

/// Acknowledged facts by the id of the response.
type Ledger = BTreeMap<String, Fact>;

#[tokio::test]
async fn every_response_follows_a_sync_that_covers_it() {
    let disk = Disk::new();
    let folder = tempfile::Builder::new().prefix("datadump-").tempdir().unwrap();
    // Logging starts before the database and its folders are created.
    let new = folder.path().join("new");
    let file = new.join("deep").join("test.db");
    let prefix = new.display().to_string();
    disk.record();
    let setup = disk.setup(&prefix).arguments(["--listen", "127.0.0.1:0", "--database"]);
    let server = setup.arguments([format!("sqlite:{}", file.display())]).start_unmodified().await;
    prepare(&server).await;
    let ledger = load(&server, usize::try_from(setting("DATADUMP_TEST_ANSWERS", 600)).unwrap()).await;
    let process = server.process_id();
    let copied = std::fs::metadata(&file).unwrap().len();
    assert!(copied > 1 << 20, "there was no checkpoint: {copied} bytes");
    drop(server);

    let events = disk.events(process);
    let (lost, reconstructions) = find_lost(&events, &ledger, &file);
    assert!(lost.is_empty(), "{} of {} answers: {:?}", lost.len(), ledger.len(), lost.first());
    println!(
        "{} responses, each after a sync that covers it; {reconstructions} power cuts simulated",
        ledger.len()
    );
    println!("{} events, {copied} bytes in the database file", events.len());

    // Proves that the test can fail: without one kind of sync, and with every sync too late.
    let wal = file.with_extension("db-wal");
    let (unsynced, _) = find_lost(&without_syncs_of(&wal, &events), &ledger, &file);
    let (late, _) = find_lost(&with_late_syncs(&events), &ledger, &file);
    println!("control: {} lost without syncs of the WAL, {} with late syncs", unsynced.len(), late.len());
    assert!(unsynced.len() > ledger.len() / 2, "{} only", unsynced.len());
    assert!(late.len() > ledger.len() / 2, "{} only", late.len());
}

async fn prepare(server: &Server) {
    server.declare(&dog()).await;
    let program = json!({"name": "numbers", "takes": "record", "program": ".number = int!(.number)"});
    server.post("/api/v1/processor/", &program).await.is(201).ok();
    server.put("/api/v1/source/program/", &json!({"processor": "numbers"})).await.is(201).ok();
    server.post("/throw/single", &json!({"note": "first"})).await.is(200).ok();
    server.post("/throw/batch", &json!({"note": "first"})).await.is(200).ok();
}

/// Sends writes of all kinds until there are `answers` responses.
async fn load(server: &Server, responses: usize) -> Ledger {
    let left = Arc::new(AtomicUsize::new(responses));
    let mut clients = Vec::new();
    for client in 0..16 {
        let (api, left) = ((**server).clone(), left.clone());
        clients.push(tokio::spawn(async move {
            let mut ledger = Ledger::new();
            for number in 0.. {
                let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(6));
                if taken.is_err() {
                    break;
                }
                let name = format!("{client:02}-{number:05}");
                match client % 4 {
                    0 => rows(&api, &name, &mut ledger).await,
                    1 => throws(&api, &name, &mut ledger).await,
                    2 => batches(&api, &name, &mut ledger).await,
                    _ => socket(&api, &name, &mut ledger).await,
                }
            }
            ledger
        }));
    }
    let mut ledger = Ledger::new();
    for client in clients {
        ledger.extend(client.await.unwrap());
    }
    ledger
}

/// Returns the id of a request, which identifies its response in the sent bytes.
fn id(name: &str, step: usize) -> String {
    format!("cut-{name}-{step}")
}

/// Creates, changes and deletes rows.
async fn rows(api: &Api, name: &str, ledger: &mut Ledger) {
    let path = format!("/api/v1/storage/dog/{name}/");
    let row = |step: usize| json!({"chip_id": name, "color": format!("{name}.{step}"), "collar_size": step});
    let fact = |step: usize| Fact::Rows("dog", format!("{name}.{step}"), 1);
    let ask = |method: &str, path: &str, step: usize| {
        api.request(method, path).header("x-request-id", &id(name, step))
    };
    ask("POST", "/api/v1/storage/dog/", 0).json(&row(0)).await.is(201).ok();
    ledger.insert(id(name, 0), fact(0));
    ask("PUT", &path, 1).json(&row(1)).await.is(200).ok();
    ledger.insert(id(name, 1), fact(1));
    ask("PATCH", &path, 2).json(&json!({"color": format!("{name}.2")})).await.is(200).ok();
    ledger.insert(id(name, 2), fact(2));
    ask("DELETE", &path, 3).await.is(204).ok();
    ledger.insert(id(name, 3), Fact::Gone(name.to_owned()));
    ask("PUT", &path, 4).json(&row(4)).await.is(200).ok();
    ledger.insert(id(name, 4), fact(4));
}

/// Sends single throws, every third of which is quarantined.
async fn throws(api: &Api, name: &str, ledger: &mut Ledger) {
    for step in 0..6 {
        let note = format!("{name}.{step}");
        let (source, fact) = match step % 3 {
            2 => ("program", Fact::Entry(note.clone())),
            _ => ("single", Fact::Rows("single", note.clone(), 1)),
        };
        let throw = api.post(&format!("/throw/{source}"), &json!({"note": note, "number": "x"}));
        let status = if step % 3 == 2 { 202 } else { 200 };
        let receipt = throw.header("x-request-id", &id(name, step)).await.is(status).json();
        assert_eq!(receipt["quarantined"], u64::from(step % 3 == 2), "{receipt}");
        ledger.insert(id(name, step), fact);
    }
}

/// Sends throws of many records.
async fn batches(api: &Api, name: &str, ledger: &mut Ledger) {
    for step in 0..6 {
        let note = format!("{name}.{step}");
        let records = 1 + step * 20;
        let lines: String = (0..records)
            .map(|n| format!("{{\"note\": \"{note}\", \"n\": {n}, \"text\": \"{n:x<800}\"}}\n"))
            .collect();
        let throw = api.request("POST", "/throw/batch").header("x-request-id", &id(name, step)).body(lines);
        assert_eq!(throw.await.is(200).json()["accepted"], records);
        ledger.insert(id(name, step), Fact::Rows("batch", note, records));
    }
}

/// Throws over a WebSocket, with several messages in flight.
async fn socket(api: &Api, name: &str, ledger: &mut Ledger) {
    let mut single = WebSocket::connect(api, "/throw/single").await;
    for step in 0..6 {
        let note = format!("{name}.{step}");
        let envelope = json!({"id": id(name, step), "throw": {"note": note}});
        single.feed(envelope.to_string()).await;
        ledger.insert(id(name, step), Fact::Rows("single", note, 1));
    }
    single.flush().await;
    for step in 0..6 {
        let receipt = single.receive_json().await;
        assert_eq!((&receipt["id"], &receipt["accepted"]), (&Json::from(id(name, step)), &json!(1)));
    }
}

/// Returns the responses whose data a power cut just before them would have lost, and the number of reconstructed
/// databases.
fn find_lost(events: &[Event], ledger: &Ledger, file: &Path) -> (Vec<Lost>, usize) {
    let copy = tempfile::Builder::new().prefix("datadump-").tempdir().unwrap();
    let files = [file, &file.with_extension("db-wal")];
    let mut durable = DurableState::default();
    let (mut lost, mut found, mut reconstructions) = (Vec::new(), 0, 0);
    let mut last_check: Option<(u64, Recovered)> = None;
    for event in events {
        if let Operation::Sent(bytes) = &event.operation {
            for id in ids(bytes).filter(|id| ledger.contains_key(*id)) {
                found += 1;
                // The durable contents only change at a sync.
                if last_check.as_ref().is_none_or(|(changes, _)| *changes != durable.changes) {
                    drop(last_check.take());
                    durable.copy_to(&files, copy.path());
                    let stored = Recovered::new(copy.path(), file);
                    last_check = Some((durable.changes, stored));
                    reconstructions += 1;
                }
                let holds = last_check.as_ref().is_some_and(|(_, last_check)| last_check.holds(&ledger[id]));
                let unsure: Vec<_> =
                    durable.volatile_names().into_iter().filter(|path| !is_recreated(path)).collect();
                if !holds || !unsure.is_empty() {
                    let names = unsure.into_iter().map(|path| path.display().to_string()).collect();
                    lost.push(Lost { id: id.to_owned(), fact: ledger[id].clone(), names });
                }
            }
        }
        durable.apply(event);
    }
    assert_eq!(found, ledger.len(), "every response is found in the sent bytes");
    (lost, reconstructions)
}

/// Acknowledged data that a power cut would have lost.
struct Lost {
    id: String,
    fact: Fact,
    names: Vec<String>,
}

impl fmt::Debug for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} is not there; names that may be lost: {:?}", self.id, self.fact, self.names)
    }
}

/// Returns whether a file is recreated at every start.
fn is_recreated(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "db-shm" || extension == "lock")
}

/// A database as reconstructed after a power cut.
struct Recovered(Option<rusqlite::Connection>);

impl Recovered {
    fn new(folder: &Path, file: &Path) -> Self {
        let file = folder.join(file.file_name().unwrap());
        let shm = file.with_extension("db-shm");
        let _ = std::fs::remove_file(shm);
        let connection = rusqlite::Connection::open(&file).unwrap();
        let _ = connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
        let check = connection.query_row("PRAGMA quick_check", [], |row| row.get::<_, String>(0));
        Self(Some(connection).filter(|_| check.is_ok_and(|check| check == "ok")))
    }

    fn holds(&self, fact: &Fact) -> bool {
        let Some(connection) = &self.0 else { return false };
        let (query, argument, expected) = match fact {
            Fact::Rows("dog", note, count) => {
                ("SELECT count(*) FROM storage_dog WHERE color = ?1", note, *count)
            }
            Fact::Rows("single", note, count) => {
                ("SELECT count(*) FROM storage_single WHERE note = ?1", note, *count)
            }
            Fact::Rows(_, note, count) => {
                ("SELECT count(*) FROM storage_batch WHERE note = ?1", note, *count)
            }
            Fact::Gone(key) => ("SELECT count(*) FROM storage_dog WHERE chip_id = ?1", key, 0),
            Fact::Entry(note) => (
                "SELECT count(*) FROM datadump_quarantine WHERE instr(CAST(raw AS TEXT), ?1 || '\"') > 0",
                note,
                1,
            ),
        };
        let count = connection.query_row(query, [argument], |row| row.get::<_, usize>(0));
        count.is_ok_and(|count| count == expected)
    }
}

/// Returns the ids of responses in sent bytes: from headers of HTTP responses and envelopes of messages.
fn ids(bytes: &[u8]) -> impl Iterator<Item = &str> {
    const LENGTH: usize = "cut-00-00000-0".len();
    let found = bytes.windows(LENGTH).filter(|window| window.starts_with(b"cut-"));
    found.filter_map(|window| std::str::from_utf8(window).ok())
}

/// Removes all syncs of a file.
fn without_syncs_of(file: &Path, events: &[Event]) -> Vec<Event> {
    let is_it = |event: &&Event| matches!(&event.operation, Operation::Opened { path, .. } if Path::new(path) == file);
    let number = events.iter().find(is_it).expect("the file was opened").file;
    let kept = events.iter().filter(|event| event.operation != Operation::Synced || event.file != number);
    kept.cloned().collect()
}

/// Delays the end of each sync to the end of the next one.
fn with_late_syncs(events: &[Event]) -> Vec<Event> {
    let (mut moved, mut late) = (Vec::with_capacity(events.len()), None);
    for event in events {
        let is_late = event.operation == Operation::Synced;
        let next = if is_late { late.replace(event.clone()) } else { Some(event.clone()) };
        moved.extend(next);
    }
    moved
}
