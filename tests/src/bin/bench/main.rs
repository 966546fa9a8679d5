//! Every benchmark with what it is measured against in the same run, one after the other: a table of
//! ratios. `tests/bench` builds the release and runs it.
//!
//! ```text
//! bench [ROW…]      only the rows whose names begin so
//!   --repeats N     how often each pair is measured; 5
//!   --seconds S     how long each measurement under load goes on; 4
//!   --write FOLDER  writes performance.md and performance.json there
//! ```

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "it prints, and fails by panicking"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "numbers of rows are small and positive"
)]

mod batches;
mod data;
mod echo;
mod growth;
mod heard;
mod hub;
mod inside;
mod live;
mod machine;
mod postgres;
mod reads;
mod report;
mod sqlite;
mod start;
mod throws;
mod turns;

use std::{process::ExitCode, time::Duration};

use machine::settle;
use report::Report;

/// All there is to measure.
const ROWS: [&str; 23] = [
    "start",
    "throws",
    "socket-1",
    "socket-32",
    "latency",
    "batches",
    "upsert",
    "auto-batches",
    "read",
    "list",
    "inside",
    "postgres-batches",
    "postgres-throws",
    "rows-1m",
    "rows-10m",
    "storages",
    "live-late",
    "live-idle",
    "live-stalled",
    "live-open",
    "hub-large",
    "hub-batch",
    "hub-single",
];

/// What is to be measured, and what was.
struct Bench {
    repeats: usize,
    time: Duration,
    only: Vec<String>,
    report: Report,
}

impl Bench {
    fn of_arguments() -> (Self, Option<String>) {
        let (only, report) = (Vec::new(), Report::default());
        let mut bench = Self { repeats: 5, time: Duration::from_secs(4), only, report };
        let (mut arguments, mut write) = (std::env::args().skip(1), None);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            match argument.as_str() {
                "--repeats" => bench.repeats = value().parse().expect("--repeats is a number"),
                "--seconds" => {
                    bench.time = Duration::from_secs_f64(value().parse().expect("--seconds is a number"));
                }
                "--write" => write = Some(value()),
                row => bench.only.push(row.to_owned()),
            }
        }
        (bench, write)
    }

    /// Whether a row is wanted.
    fn wants(&self, name: &'static str) -> bool {
        assert!(ROWS.contains(&name), "{name} is one of them");
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only.as_str()))
    }

    /// What is wanted and no row at all.
    fn unknown(&self) -> Option<&String> {
        self.only.iter().find(|only| !ROWS.iter().any(|name| name.starts_with(only.as_str())))
    }

    /// Whether PostgreSQL is there to be measured.
    fn has_postgres() -> bool {
        std::env::var_os("DATADUMP_TEST_POSTGRES").is_some()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (mut bench, write) = Bench::of_arguments();
    if let Some(unknown) = bench.unknown() {
        println!("no row is called `{unknown}`; those there are: {}", ROWS.join(", "));
        return ExitCode::from(2);
    }
    settle();
    println!("{}", machine::machine());
    println!("{} repeats, {:?} each\n", bench.repeats, bench.time);
    if bench.wants("start") {
        start::run().await;
    }
    throws::run(&mut bench).await;
    settle();
    batches::run(&mut bench).await;
    settle();
    reads::run(&mut bench).await;
    settle();
    inside::run(&mut bench);
    settle();
    postgres::run(&mut bench).await;
    settle();
    growth::run(&mut bench).await;
    settle();
    live::run(&mut bench).await;
    settle();
    hub::run(&mut bench).await;
    println!("\n{}", bench.report.table());
    if let Some(folder) = write {
        bench.report.write(std::path::Path::new(&folder));
    }
    if bench.report.all_reached() {
        return ExitCode::SUCCESS;
    }
    println!("not every row has reached what it has to");
    ExitCode::FAILURE
}
