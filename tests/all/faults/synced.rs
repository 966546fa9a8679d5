//! Every answer that something is stored is sent after a sync that covers it.
//!
//! A server runs on a disk that writes down what it is asked. At the moment of each answer the disk
//! is laid out as a power cut would have left it, with what was synced by then and nothing else, and
//! SQLite is asked whether it is there.

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

/// What an answer has promised.
#[derive(Debug, Clone)]
enum Fact {
    /// So many rows of a storage have this note.
    Rows(&'static str, String, usize),
    /// There is no row of this key.
    Gone(String),
    /// There is an entry of quarantine with this in its bytes.
    Entry(String),
}

/// By what its answer is known, and what that has promised.
type Ledger = BTreeMap<String, Fact>;

#[tokio::test]
async fn every_answer_follows_a_sync_that_covers_it() {
    let disk = Disk::new();
    let folder = tempfile::Builder::new().prefix("datadump-").tempdir().unwrap();
    // The database is made, with the folders it is in, while it is watched.
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
    assert!(copied > 1 << 20, "the log was never copied into the file: {copied} bytes");
    drop(server);

    let events = disk.events(process);
    let (broken, looks) = broken(&events, &ledger, &file);
    assert!(broken.is_empty(), "{} of {} answers: {:?}", broken.len(), ledger.len(), broken.first());
    println!("{} answers, each after a sync that covers it; {looks} power cuts looked at", ledger.len());
    println!("{} events, {copied} bytes in the file of the database", events.len());

    // That the test can fail: the same without one kind of sync, and with each a moment too late.
    let log = file.with_extension("db-wal");
    let (unsynced, _) = self::broken(&without_syncs_of(&log, &events), &ledger, &file);
    let (late, _) = self::broken(&with_late_syncs(&events), &ledger, &file);
    println!("control: {} without syncs of the log, {} with late ones", unsynced.len(), late.len());
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

/// A load of everything that is answered with success, by so many answers.
async fn load(server: &Server, answers: usize) -> Ledger {
    let left = Arc::new(AtomicUsize::new(answers));
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

/// The id of a request, by which its answer is found among what was sent.
fn id(name: &str, step: usize) -> String {
    format!("cut-{name}-{step}")
}

/// A row from its first to its last.
async fn rows(api: &Api, name: &str, ledger: &mut Ledger) {
    let path = format!("/api/v1/storage/dog/{name}/");
    let row = |step: usize| json!({"chip_id": name, "color": format!("{name}.{step}"), "collar_size": step});
    let fact = |step: usize| Fact::Rows("dog", format!("{name}.{step}"), 1);
    let ask = |method: &str, path: &str, step: usize| {
        api.call(method, path).header("x-request-id", &id(name, step))
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

/// Single throws; each third one ends in quarantine.
async fn throws(api: &Api, name: &str, ledger: &mut Ledger) {
    for step in 0..6 {
        let note = format!("{name}.{step}");
        let (source, fact) = match step % 3 {
            2 => ("program", Fact::Entry(note.clone())),
            _ => ("single", Fact::Rows("single", note.clone(), 1)),
        };
        let throw = api.post(&format!("/throw/{source}"), &json!({"note": note, "number": "x"}));
        let receipt = throw.header("x-request-id", &id(name, step)).await.is(200).json();
        assert_eq!(receipt["quarantined"], u64::from(step % 3 == 2), "{receipt}");
        ledger.insert(id(name, step), fact);
    }
}

/// Many records in a throw.
async fn batches(api: &Api, name: &str, ledger: &mut Ledger) {
    for step in 0..6 {
        let note = format!("{name}.{step}");
        let records = 1 + step * 20;
        let lines: String = (0..records)
            .map(|n| format!("{{\"note\": \"{note}\", \"n\": {n}, \"text\": \"{n:x<800}\"}}\n"))
            .collect();
        let throw = api.call("POST", "/throw/batch").header("x-request-id", &id(name, step)).body(lines);
        assert_eq!(throw.await.is(200).json()["accepted"], records);
        ledger.insert(id(name, step), Fact::Rows("batch", note, records));
    }
}

/// Throws over a WebSocket, some on their way at once.
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

/// The answers whose promise a power cut just before them would have broken, and how often the disk
/// was laid out to find that.
fn broken(events: &[Event], ledger: &Ledger, file: &Path) -> (Vec<Broken>, usize) {
    let copy = tempfile::Builder::new().prefix("datadump-").tempdir().unwrap();
    let files = [file, &file.with_extension("db-wal")];
    let mut durable = DurableState::default();
    let (mut broken, mut found, mut looks) = (Vec::new(), 0, 0);
    let mut asked: Option<(u64, Asked)> = None;
    for event in events {
        if let Operation::Sent(bytes) = &event.operation {
            for id in ids(bytes).filter(|id| ledger.contains_key(*id)) {
                found += 1;
                // Nothing changes between two syncs.
                if asked.as_ref().is_none_or(|(changes, _)| *changes != durable.changes) {
                    drop(asked.take());
                    durable.copy_to(&files, copy.path());
                    let there = Asked::new(copy.path(), file);
                    asked = Some((durable.changes, there));
                    looks += 1;
                }
                let holds = asked.as_ref().is_some_and(|(_, asked)| asked.holds(&ledger[id]));
                let unsure: Vec<_> =
                    durable.volatile_names().into_iter().filter(|path| !is_passing(path)).collect();
                if !holds || !unsure.is_empty() {
                    let names = unsure.into_iter().map(|path| path.display().to_string()).collect();
                    broken.push(Broken { id: id.to_owned(), fact: ledger[id].clone(), names });
                }
            }
        }
        durable.apply(event);
    }
    assert_eq!(found, ledger.len(), "all answers are among what was sent");
    (broken, looks)
}

/// A promise that would not have been kept.
struct Broken {
    id: String,
    fact: Fact,
    names: Vec<String>,
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} is not there; names that may be lost: {:?}", self.id, self.fact, self.names)
    }
}

/// Whether a file is made anew at every start.
fn is_passing(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "db-shm" || extension == "lock")
}

/// A database that a power cut has left.
struct Asked(Option<rusqlite::Connection>);

impl Asked {
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
        let (question, argument, expected) = match fact {
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
        let count = connection.query_row(question, [argument], |row| row.get::<_, usize>(0));
        count.is_ok_and(|count| count == expected)
    }
}

/// The ids of answers in what was sent: of requests in their heads, of messages in their envelopes.
fn ids(bytes: &[u8]) -> impl Iterator<Item = &str> {
    const LENGTH: usize = "cut-00-00000-0".len();
    let found = bytes.windows(LENGTH).filter(|window| window.starts_with(b"cut-"));
    found.filter_map(|window| std::str::from_utf8(window).ok())
}

/// The same, as if nothing had ever been synced of a file.
fn without_syncs_of(file: &Path, events: &[Event]) -> Vec<Event> {
    let is_it = |event: &&Event| matches!(&event.operation, Operation::Opened { path, .. } if Path::new(path) == file);
    let number = events.iter().find(is_it).expect("it was opened").file;
    let kept = events.iter().filter(|event| event.operation != Operation::Synced || event.file != number);
    kept.cloned().collect()
}

/// The same, as if each sync had ended only when the next one did.
fn with_late_syncs(events: &[Event]) -> Vec<Event> {
    let (mut moved, mut late) = (Vec::with_capacity(events.len()), None);
    for event in events {
        let is_late = event.operation == Operation::Synced;
        let next = if is_late { late.replace(event.clone()) } else { Some(event.clone()) };
        moved.extend(next);
    }
    moved
}
