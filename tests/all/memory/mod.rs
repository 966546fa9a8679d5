//! The memory of the server, whatever is sent to it: attacks on a server under an address-space limit.
//!
//! ```text
//! throws      bodies of every format ─► Attack
//! reads       long answers, connections that hold memory ─► Attack
//! rows        few values in storages of many fields ─► Attack
//! LimitedServer ─► attack: an answer, /health, and the peak of resident memory
//! ```
//!
//! An attack is a line of a table: a name, and a function that sends requests and returns their statuses.

mod bodies;
mod reads;
mod rows;
mod throws;

use std::{
    pin::Pin,
    time::{Duration, Instant},
};

use datadump_tests::{Api, Database, Server, Setup, load::Process};
use futures_util::{StreamExt as _, stream};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// Maximum resident memory of the server with default settings, in MiB: the promise of `docs/reliability.md`.
const MAX_RESIDENT_MIB: u64 = 700;

/// Address space that the server may map in addition to what it maps when idle. Its worker processes inherit the
/// limit. More than the resident memory, because it includes the stacks of threads and free parts of the heap.
const MAX_ADDITIONAL_MIB: u64 = 1280;

/// Number of attackers at once.
const ATTACKERS: usize = 50;

/// Maximum time for a request. Throws of many rows wait for each other.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Requests that try to make the server use too much memory.
pub(super) struct Attack {
    name: String,
    run: Box<AttackFn>,
}

/// Sends the requests of an attack and returns the statuses of the answers.
type AttackFn = dyn Fn(Api) -> Pin<Box<dyn Future<Output = Vec<u16>> + Send>> + Send + Sync;

impl Attack {
    /// Creates an attack from a function that returns the statuses of its requests.
    pub(super) fn new<F: Future<Output = Vec<u16>> + Send + 'static>(
        name: impl Into<String>,
        run: impl Fn(Api) -> F + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), run: Box::new(move |api| Box::pin(run(api))) }
    }
}

/// A server with default settings that cannot map much more memory than it does when idle.
pub(super) struct LimitedServer {
    server: Server,
    process: Process,
}

impl LimitedServer {
    pub(super) async fn start(database: Database) -> Self {
        let server = Setup::default().start(database).await;
        // The first throw creates what a throw needs.
        server.post("/throw/first", &serde_json::json!({"a": 1})).await.is(200).ok();
        let process = Process(server.process_id());
        let limit = (process.mapped() << 10) + (MAX_ADDITIONAL_MIB << 20);
        let pid = i32::try_from(server.process_id()).ok().and_then(Pid::from_raw);
        let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
        prlimit(pid, Resource::As, limit).expect("the limit can be set");
        Self { server, process }
    }

    /// Returns a client with connections of its own.
    fn api(&self) -> Api {
        Api::with_timeout(self.server.base(), TIMEOUT)
    }

    /// Runs an attack and returns what is wrong with its answers, or with the server afterwards.
    async fn attack(&self, attack: &Attack) -> Vec<String> {
        let statuses = (attack.run)(self.api()).await;
        let is_answer = |status: &u16| matches!(status, 200..=299 | 400..=499 | 503);
        let mut wrong = Vec::new();
        if statuses.is_empty() || !statuses.iter().all(is_answer) {
            wrong.push(format!("{}: answered with {statuses:?}", attack.name));
        }
        match self.api().get("/health").send().await {
            Ok(health) if health.status == 200 => {}
            other => wrong.push(format!("{}: then /health: {other:?}", attack.name)),
        }
        wrong
    }

    /// Runs attacks one after the other, and prints the peak of each.
    pub(super) async fn one_by_one(&self, attacks: &[Attack]) {
        let mut wrong = Vec::new();
        for attack in attacks {
            self.reset_peak();
            let began = Instant::now();
            wrong.extend(self.attack(attack).await);
            let peak = self.peak_mib();
            println!("{:32} {peak:5} MiB {:6.1} s", attack.name, began.elapsed().as_secs_f64());
            // Of a process that has ended, nothing is resident.
            assert!(peak > 0, "{}: the server has ended\n{}", attack.name, self.server.output());
            if peak > MAX_RESIDENT_MIB {
                wrong.push(format!("{}: {peak} MiB", attack.name));
            }
        }
        self.check(wrong);
    }

    /// Runs all attacks with many attackers at once.
    pub(super) async fn at_once(&self, attacks: &[Attack]) {
        self.reset_peak();
        let attacks = stream::iter(attacks).map(|attack| self.attack(attack));
        let wrong = attacks.buffer_unordered(ATTACKERS).concat().await;
        println!("{ATTACKERS} at once: {} MiB", self.peak_mib());
        self.check(wrong);
    }

    /// Asserts that nothing is wrong, and that the peak since it was last reset is within the limit.
    #[track_caller]
    pub(super) fn check(&self, mut wrong: Vec<String>) {
        let peak = self.peak_mib();
        if peak > MAX_RESIDENT_MIB {
            wrong.push(format!("{peak} MiB of memory were resident"));
        }
        assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), self.server.output());
    }

    fn reset_peak(&self) {
        self.process.reset_peak();
    }

    fn peak_mib(&self) -> u64 {
        self.process.peak_resident() >> 10
    }
}

#[tokio::test]
async fn rows_cost_what_they_hold_on_sqlite() {
    LimitedServer::start(Database::sqlite()).await.one_by_one(&rows::attacks()).await;
}

#[tokio::test]
async fn rows_cost_what_they_hold_on_postgres() {
    LimitedServer::start(Database::postgres().await).await.one_by_one(&rows::attacks()).await;
}

#[tokio::test]
async fn throws_one_by_one_stay_within_the_memory_limit_on_sqlite() {
    LimitedServer::start(Database::sqlite()).await.one_by_one(&throws::attacks()).await;
}

#[tokio::test]
async fn throws_one_by_one_stay_within_the_memory_limit_on_postgres() {
    LimitedServer::start(Database::postgres().await).await.one_by_one(&throws::stored_attacks()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn throws_at_once_stay_within_the_memory_limit_on_sqlite() {
    LimitedServer::start(Database::sqlite()).await.at_once(&throws::attacks()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn throws_at_once_stay_within_the_memory_limit_on_postgres() {
    LimitedServer::start(Database::postgres().await).await.at_once(&throws::stored_attacks()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_connections_stay_within_the_memory_limit_on_sqlite() {
    reads_and_connections_stay_within_the_memory_limit(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_connections_stay_within_the_memory_limit_on_postgres() {
    reads_and_connections_stay_within_the_memory_limit(Database::postgres().await).await;
}

async fn reads_and_connections_stay_within_the_memory_limit(database: Database) {
    let server = LimitedServer::start(database).await;
    reads::prepare(&server.server).await;
    server.one_by_one(&reads::attacks()).await;
    server.at_once(&reads::attacks()).await;
}

#[tokio::test]
async fn a_large_throw_is_stored_whole_on_sqlite() {
    store_large_throw(Database::sqlite()).await;
}

#[tokio::test]
async fn a_large_throw_is_stored_whole_on_postgres() {
    store_large_throw(Database::postgres().await).await;
}

/// Throws 60 MB: half a million records of ten fields.
async fn store_large_throw(database: Database) {
    const COUNT: usize = 500_000;
    let server = LimitedServer::start(database).await;
    server.reset_peak();
    let body = bodies::rows(COUNT);
    assert!(body.len() > 58_000_000, "{}", body.len());
    let request = server.api().request("POST", "/throw/large").body(body);
    let receipt = request.header("content-type", "application/x-ndjson").await.is(200).json();
    assert_eq!((&receipt["accepted"], &receipt["quarantined"]), (&COUNT.into(), &0.into()), "{receipt}");
    println!("{COUNT} rows: {} MiB", server.peak_mib());
    server.check(Vec::new());
}
