//! Startup time and idle memory on an empty database.

use std::time::Duration;

use datadump_tests::{Database, Server, eventually, load::Process};

use crate::Bench;

const STARTS: usize = 21;

pub(crate) async fn run() {
    println!("{:<12} {:>14} {:>10} {:>12}", "database", "start, median", "worst", "idle RSS");
    let mut kinds = vec!["SQLite"];
    if Bench::has_postgres() {
        kinds.push("PostgreSQL");
    }
    for kind in kinds {
        let (mut times, mut memory) = (Vec::new(), 0);
        for _ in 0..STARTS {
            let database = if kind == "SQLite" { Database::sqlite() } else { Database::postgres().await };
            let server = Server::start(database).await;
            server.get("/health").await.is(200).ok();
            times.push(server.started_in);
            memory = memory.max(idle_memory(&server).await);
            server.stop().await;
        }
        times.sort_unstable();
        let (median, worst) = (times[STARTS / 2], times[STARTS - 1]);
        let mebibytes = format!("{}.{} MiB", memory / 1024, memory % 1024 * 10 / 1024);
        println!("{kind:<12} {median:>14.1?} {worst:>10.1?} {mebibytes:>12}");
    }
}

/// Returns the resident memory in KiB, once it no longer changes.
async fn idle_memory(server: &Server) -> u64 {
    let process = Process(server.process_id());
    eventually("the memory stops changing", || async {
        let before = process.resident();
        tokio::time::sleep(Duration::from_millis(100)).await;
        (process.resident() == before).then_some(before)
    })
    .await
}
