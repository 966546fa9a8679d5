//! Benchmarks of the server, each paired with a baseline measured in the same run. The result is a table of ratios.
//! `tests/bench` builds the release and runs it.
//!
//! ```text
//! bench [ROW…]      only the rows whose names start with ROW
//!   --repeats N     how often each pair is measured (default 5)
//!   --seconds S     duration of each measurement under load (default 4)
//!   --write FOLDER  update performance.md and performance.json in FOLDER
//! ```

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark prints its results and fails by panicking"
)]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "row counts are small and positive"
)]

mod alternate;
mod batches;
mod data;
mod delivery;
mod echo;
mod export;
mod growth;
mod hub;
mod import;
mod in_process;
mod influx;
mod live;
mod machine;
mod postgres;
mod reads;
mod report;
mod retrieval;
mod sqlite;
mod start;
mod throws;

use std::{process::ExitCode, time::Duration};

use machine::flush_disk;
use report::Report;

/// The names of all rows, in the order in which they are measured.
const ROWS: [&str; 31] = [
    "start",
    "throws",
    "socket-1",
    "socket-32",
    "latency",
    "batches",
    "upsert",
    "auto-batches",
    "line-protocol",
    "read",
    "list",
    "aggregate",
    "series",
    "deep-page",
    "values",
    "count",
    "export",
    "import",
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

/// The options of a run and its results.
struct Bench {
    repeats: usize,
    time: Duration,
    only: Vec<String>,
    report: Report,
}

impl Bench {
    fn from_arguments() -> (Self, Option<String>) {
        let (only, report) = (Vec::new(), Report::default());
        let mut bench = Self { repeats: 5, time: Duration::from_secs(4), only, report };
        let (mut arguments, mut write) = (std::env::args().skip(1), None);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} needs a value"));
            match argument.as_str() {
                "--repeats" => bench.repeats = value().parse().expect("--repeats takes a number"),
                "--seconds" => {
                    bench.time = Duration::from_secs_f64(value().parse().expect("--seconds takes a number"));
                }
                "--write" => write = Some(value()),
                row => bench.only.push(row.to_owned()),
            }
        }
        (bench, write)
    }

    /// Returns whether a row was selected.
    fn selects(&self, name: &'static str) -> bool {
        assert!(ROWS.contains(&name), "{name} is missing from ROWS");
        self.only.is_empty() || self.only.iter().any(|only| name.starts_with(only.as_str()))
    }

    /// Returns the first argument that matches no row.
    fn unknown_row(&self) -> Option<&String> {
        self.only.iter().find(|only| !ROWS.iter().any(|name| name.starts_with(only.as_str())))
    }

    /// Returns whether a PostgreSQL server is available.
    fn has_postgres() -> bool {
        std::env::var_os("DATADUMP_TEST_POSTGRES").is_some()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (mut bench, write) = Bench::from_arguments();
    if let Some(unknown) = bench.unknown_row() {
        println!("there is no row `{unknown}`; the rows are: {}", ROWS.join(", "));
        return ExitCode::from(2);
    }
    flush_disk();
    println!("{}", machine::description());
    println!("{} repeats of {:?} each\n", bench.repeats, bench.time);
    if bench.selects("start") {
        start::run().await;
    }
    throws::run(&mut bench).await;
    flush_disk();
    batches::run(&mut bench).await;
    flush_disk();
    influx::run(&mut bench).await;
    flush_disk();
    reads::run(&mut bench).await;
    flush_disk();
    retrieval::run(&mut bench).await;
    flush_disk();
    export::run(&mut bench).await;
    flush_disk();
    import::run(&mut bench).await;
    flush_disk();
    in_process::run(&mut bench);
    flush_disk();
    postgres::run(&mut bench).await;
    flush_disk();
    growth::run(&mut bench).await;
    flush_disk();
    live::run(&mut bench).await;
    flush_disk();
    hub::run(&mut bench).await;
    println!("\n{}", bench.report.table());
    if let Some(folder) = write {
        bench.report.write(std::path::Path::new(&folder));
    }
    if bench.report.all_goals_met() {
        return ExitCode::SUCCESS;
    }
    println!("some rows missed their goals");
    ExitCode::FAILURE
}
