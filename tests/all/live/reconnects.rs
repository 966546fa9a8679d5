//! A client that is disconnected and resumes repeatedly while rows are written misses no event and receives none twice.

use std::{
    collections::BTreeMap,
    ops::Range,
    time::{Duration, Instant},
};

use datadump_tests::{Api, Database, EventStream, Server, on_both};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use super::{STREAM, dog, position, save, summary};

/// Number of disconnects of a client.
const DISCONNECTS: usize = 200;

/// The key of the row that is written last.
const END: &str = "end";

/// Maximum duration of a test.
const TEST_TIMEOUT: Duration = Duration::from_secs(100);

on_both![a_reconnecting_client_misses_nothing];

/// The changes of each row, in order.
type Ledger = BTreeMap<String, Vec<(String, i64)>>;

/// Writers that insert, change and delete their own rows until they are stopped.
struct Writers {
    stop: watch::Sender<bool>,
    running: Vec<JoinHandle<Ledger>>,
}

impl Writers {
    fn start(server: &Server, names: Range<usize>) -> Self {
        let stop = watch::Sender::new(false);
        let start = |name| tokio::spawn(write(Api::new(server.base()), name, stop.subscribe()));
        Self { running: names.map(start).collect(), stop }
    }

    /// Stops the writers and returns the acknowledged changes.
    async fn stop(self) -> Ledger {
        self.stop.send_replace(true);
        let mut ledger = Ledger::new();
        for writer in self.running {
            ledger.extend(writer.await.unwrap());
        }
        ledger
    }
}

async fn write(api: Api, name: usize, stop: watch::Receiver<bool>) -> Ledger {
    let (mut ledger, mut round) = (Ledger::new(), 0);
    while !*stop.borrow() {
        round += 1;
        let key = format!("w{name}-{}", round % 5);
        let mut note =
            |what: &str, version| ledger.entry(key.clone()).or_default().push((what.into(), version));
        note("insert", save(&api, &key, round).await);
        note("update", save(&api, &key, -round).await);
        api.delete(&format!("/api/v1/storage/dog/{key}/")).await.ok();
        note("delete", 2);
    }
    ledger
}

/// A client that reads to the end, alternating between servers, and is disconnected repeatedly.
struct Reader {
    task: JoinHandle<Ledger>,
    servers: watch::Sender<Vec<Api>>,
    disconnects: watch::Receiver<usize>,
}

impl Reader {
    fn start(servers: &[&Server], first: &str, limit: usize) -> Self {
        let (servers, apis) = watch::channel(servers.iter().map(|server| Api::new(server.base())).collect());
        let (sender, disconnects) = watch::channel(0);
        Self { task: tokio::spawn(read(apis, first.to_owned(), limit, sender)), servers, disconnects }
    }

    /// Announces that a server has restarted at another address.
    fn server_restarted(&self, index: usize, server: &Server) {
        self.servers.send_modify(|servers| servers[index] = Api::new(server.base()));
    }

    /// Waits until the client has been disconnected `times` times.
    async fn wait_for_disconnects(&mut self, times: usize) {
        let waited =
            timeout(TEST_TIMEOUT, self.disconnects.wait_for(|disconnects| *disconnects >= times)).await;
        waited.expect("the client is disconnected in time").expect("the client still runs");
    }

    /// Waits for the end and returns the received changes.
    async fn end(self) -> Ledger {
        self.task.await.unwrap()
    }
}

async fn read(
    servers: watch::Receiver<Vec<Api>>,
    mut last_event_id: String,
    limit: usize,
    disconnects: watch::Sender<usize>,
) -> Ledger {
    let (mut ledger, mut attempt, began) = (Ledger::new(), 0, Instant::now());
    loop {
        attempt += 1;
        assert!(
            began.elapsed() < TEST_TIMEOUT,
            "attempt {attempt}, {:?} disconnects, last event {last_event_id}",
            disconnects.borrow()
        );
        let apis = servers.borrow().clone();
        let Some(mut stream) =
            EventStream::try_open(&apis[attempt % apis.len()], STREAM, Some(&last_event_id)).await
        else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (is_last, mut remaining) = (*disconnects.borrow() == limit, 1 + attempt % 20);
        while is_last || remaining > 0 {
            let Some(event) = stream.next().await else { break };
            assert_ne!(event.event.as_deref(), Some("gap"), "{event:?}");
            last_event_id = event.id.clone().unwrap_or(last_event_id);
            if matches!(event.event.as_deref(), Some("insert" | "update" | "delete")) {
                let (what, key, version) = summary(&event);
                if key == END {
                    return ledger;
                }
                ledger.entry(key).or_default().push((what, version));
                remaining = remaining.saturating_sub(1);
            }
        }
        // A stream that ended because its server was killed does not count.
        if remaining == 0 && !is_last {
            disconnects.send_modify(|disconnects| *disconnects += 1);
        }
    }
}

async fn a_reconnecting_client_misses_nothing(server: Server) {
    server.declare(&dog()).await;
    let mut reader = Reader::start(&[&server], &position(&server).await, DISCONNECTS);
    let writers = Writers::start(&server, 0..20);
    reader.wait_for_disconnects(DISCONNECTS).await;
    let written = writers.stop().await;
    save(&server, END, 0).await;
    assert_eq!(reader.end().await, written);
}

/// Two nodes on one database, one of which is killed and restarted.
#[tokio::test]
async fn commits_of_one_node_are_streamed_by_all_nodes() {
    let one = Server::start(Database::postgres().await).await;
    let two = one.start_second().await;
    one.declare(&dog()).await;
    two.wait_until_applied("dog").await;
    let first = position(&one).await;
    let mut reader = Reader::start(&[&one, &two], &first, DISCONNECTS);
    let (on_one, on_two) = (Writers::start(&one, 0..10), Writers::start(&two, 10..20));
    reader.wait_for_disconnects(DISCONNECTS / 3).await;
    let mut written = on_two.stop().await;
    let (setup, database) = two.kill().await;
    reader.wait_for_disconnects(DISCONNECTS / 2).await;
    let two = setup.start(database).await;
    reader.server_restarted(1, &two);
    let later = Writers::start(&two, 20..30);
    reader.wait_for_disconnects(DISCONNECTS).await;
    written.extend(on_one.stop().await);
    written.extend(later.stop().await);
    save(&one, END, 0).await;
    assert_eq!(reader.end().await, written);
    // And from the beginning, on the restarted node.
    let again = Reader::start(&[&two], &first, 0).end().await;
    assert_eq!(again, written);
}
