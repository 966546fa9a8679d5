//! Who is cut off and comes back, again and again, while rows are written: it misses nothing, and hears nothing twice.

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

use super::{STREAM, dog, here, said, save};

/// How often a listener is cut off.
const CUTS: usize = 200;

/// The row that is written when everything else was.
const END: &str = "end";

/// How long all of a test is waited for.
const PATIENCE: Duration = Duration::from_secs(100);

on_both![who_was_cut_off_misses_nothing];

/// By row, what happened to it, in order.
type Ledger = BTreeMap<String, Vec<(String, i64)>>;

/// Some that insert, change and delete rows of their own until they are told to stop.
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

    /// What was answered to them.
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

/// Somebody who listens until the end, at one server after the other, and is cut off so often on the way.
struct Listening {
    task: JoinHandle<Ledger>,
    servers: watch::Sender<Vec<Api>>,
    cuts: watch::Receiver<usize>,
}

impl Listening {
    fn start(servers: &[&Server], first: &str, most: usize) -> Self {
        let (servers, apis) = watch::channel(servers.iter().map(|server| Api::new(server.base())).collect());
        let (sender, cuts) = watch::channel(0);
        Self { task: tokio::spawn(listen(apis, first.to_owned(), most, sender)), servers, cuts }
    }

    /// One of the servers has come back, at another address.
    fn came_back(&self, place: usize, server: &Server) {
        self.servers.send_modify(|servers| servers[place] = Api::new(server.base()));
    }

    /// Waits until it was cut off so often.
    async fn was_cut(&mut self, times: usize) {
        let cut = timeout(PATIENCE, self.cuts.wait_for(|cuts| *cuts >= times)).await;
        cut.expect("it is cut off in time").expect("it goes on");
    }

    /// What it has heard.
    async fn end(self) -> Ledger {
        self.task.await.unwrap()
    }
}

async fn listen(
    servers: watch::Receiver<Vec<Api>>,
    mut last: String,
    most: usize,
    cuts: watch::Sender<usize>,
) -> Ledger {
    let (mut ledger, mut turn, began) = (Ledger::new(), 0, Instant::now());
    loop {
        turn += 1;
        assert!(began.elapsed() < PATIENCE, "turn {turn}, {:?} cuts, last {last}", cuts.borrow());
        let apis = servers.borrow().clone();
        let Some(mut listener) = EventStream::try_open(&apis[turn % apis.len()], STREAM, Some(&last)).await
        else {
            sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (goes_on, mut left) = (*cuts.borrow() == most, 1 + turn % 20);
        while goes_on || left > 0 {
            let Some(frame) = listener.next().await else { break };
            assert_ne!(frame.event.as_deref(), Some("gap"), "{frame:?}");
            last = frame.id.clone().unwrap_or(last);
            if matches!(frame.event.as_deref(), Some("insert" | "update" | "delete")) {
                let (what, key, version) = said(&frame);
                if key == END {
                    return ledger;
                }
                ledger.entry(key).or_default().push((what, version));
                left = left.saturating_sub(1);
            }
        }
        // One whose server was killed was not cut off by us.
        if left == 0 && !goes_on {
            cuts.send_modify(|cuts| *cuts += 1);
        }
    }
}

async fn who_was_cut_off_misses_nothing(server: Server) {
    server.declare(&dog()).await;
    let mut listening = Listening::start(&[&server], &here(&server).await, CUTS);
    let writers = Writers::start(&server, 0..20);
    listening.was_cut(CUTS).await;
    let written = writers.stop().await;
    save(&server, END, 0).await;
    assert_eq!(listening.end().await, written);
}

/// Two servers behind each other's backs, one of which is killed and comes back.
#[tokio::test]
async fn what_one_node_commits_all_nodes_tell() {
    let one = Server::start(Database::postgres().await).await;
    let two = one.start_second().await;
    one.declare(&dog()).await;
    two.wait_until_applied("dog").await;
    let first = here(&one).await;
    let mut listening = Listening::start(&[&one, &two], &first, CUTS);
    let (on_one, on_two) = (Writers::start(&one, 0..10), Writers::start(&two, 10..20));
    listening.was_cut(CUTS / 3).await;
    let mut written = on_two.stop().await;
    let (setup, database) = two.kill().await;
    listening.was_cut(CUTS / 2).await;
    let two = setup.start(database).await;
    listening.came_back(1, &two);
    let later = Writers::start(&two, 20..30);
    listening.was_cut(CUTS).await;
    written.extend(on_one.stop().await);
    written.extend(later.stop().await);
    save(&one, END, 0).await;
    assert_eq!(listening.end().await, written);
    // And from the beginning, at the node that has come back.
    let again = Listening::start(&[&two], &first, 0).end().await;
    assert_eq!(again, written);
}
