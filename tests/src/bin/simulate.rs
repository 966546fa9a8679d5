//! Simulates devices, for trying out the hub. Runs until it is stopped, or for a given time.
//!
//! ```sh
//! cargo run -p datadump-tests --bin simulate -- --devices 20 --every 1 --drop-outs 0.01 http://127.0.0.1:6050
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool prints its progress")]

use std::{process::ExitCode, time::Duration};

use datadump_tests::{Api, SimulationOptions};

const USAGE: &str = "usage: simulate [--devices N] [--name NAME] [--every SECONDS] [--sensors 1..5] \
[--drop-outs PROBABILITY] [--silent PERIODS] [--for SECONDS] [--deaf] [ADDRESS]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some((options, address, time)) = parse_arguments(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let simulation = options.start(&Api::new(&address));
    println!("{} devices push to {address} every {:?}", options.devices, options.interval);
    let mut left = time;
    while left.is_none_or(|left| !left.is_zero()) {
        let step = left.unwrap_or(Duration::from_secs(10)).min(Duration::from_secs(10));
        tokio::time::sleep(step).await;
        left = left.map(|left| left - step);
        let progress = simulation.progress();
        println!(
            "{} pushes, {} readings accepted, {} pushes failed, {} commands run",
            progress.pushed,
            progress.accepted,
            progress.failed,
            progress.commands.len()
        );
    }
    ExitCode::SUCCESS
}

fn parse_arguments(
    mut arguments: impl Iterator<Item = String>,
) -> Option<(SimulationOptions, String, Option<Duration>)> {
    let mut options = SimulationOptions::default();
    let (mut address, mut time) = ("http://127.0.0.1:6050".to_owned(), None);
    let seconds = |text: String| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--deaf" => options.run_commands = false,
            "--devices" => options.devices = arguments.next()?.parse().ok()?,
            "--name" => options.name = arguments.next()?,
            "--every" => options.interval = seconds(arguments.next()?)?,
            "--sensors" => options.sensors = arguments.next()?.parse().ok()?,
            "--drop-outs" => options.drop_out_rate = arguments.next()?.parse().ok()?,
            "--silent" => options.offline_periods = arguments.next()?.parse().ok()?,
            "--for" => time = Some(seconds(arguments.next()?)?),
            other if other.starts_with('-') => return None,
            other => other.clone_into(&mut address),
        }
    }
    Some((options, address, time))
}
