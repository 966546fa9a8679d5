//! Prints how long the server takes from its start to serving, and how much memory it holds idle, on
//! an empty database: `tests/run bench`, which builds the release and hands it over.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "it prints, and fails by panicking")]

use std::{fs, time::Duration};

use datadump_tests::{Database, Server, Setup, eventually};

const STARTS: usize = 21;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let program = std::env::args_os().nth(1).expect("usage: bench PROGRAM");
    let program = fs::canonicalize(program).expect("the program is there");
    println!("{}", machine());
    println!("{}, {STARTS} starts on an empty database each", program.display());
    println!("{:<12} {:>14} {:>10} {:>12}", "database", "start, median", "worst", "idle RSS");
    let mut kinds = vec!["SQLite"];
    if std::env::var_os("DATADUMP_TEST_POSTGRES").is_some() {
        kinds.push("PostgreSQL");
    }
    for kind in kinds {
        let (mut times, mut memory) = (Vec::new(), 0);
        for _ in 0..STARTS {
            let database = if kind == "SQLite" { Database::sqlite() } else { Database::postgres().await };
            let server = Setup::default().program(&program).start(database).await;
            server.get("/health").await.is(200).ok();
            times.push(server.started_in);
            memory = memory.max(settled(&server).await);
            server.stop().await;
        }
        times.sort_unstable();
        let (median, worst) = (times[STARTS / 2], times[STARTS - 1]);
        let mebibytes = format!("{}.{} MiB", memory / 1024, memory % 1024 * 10 / 1024);
        println!("{kind:<12} {median:>14.1?} {worst:>10.1?} {mebibytes:>12}");
    }
}

/// The resident memory in KiB, once it no longer changes.
async fn settled(server: &Server) -> u64 {
    eventually("the memory is settled", || async {
        let before = resident(server.process());
        tokio::time::sleep(Duration::from_millis(100)).await;
        (resident(server.process()) == before).then_some(before)
    })
    .await
}

fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it is running");
    number(&status, "VmRSS:")
}

fn machine() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = number(&fs::read_to_string("/proc/meminfo").unwrap_or_default(), "MemTotal:") >> 20;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    format!("{cores} cores of {model}, {memory} GiB, Linux {}", kernel.trim())
}

fn number(text: &str, name: &str) -> u64 {
    let rest = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    rest.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}
