//! Simulates devices against a server, until it is stopped or for some time: for trying the hub out.
//!
//! ```sh
//! cargo run -p datadump-tests --bin simulate -- --devices 20 --every 1 --drop-outs 0.01 http://127.0.0.1:6050
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it says what it does")]

use std::{process::ExitCode, time::Duration};

use datadump_tests::{Api, Simulated};

const USAGE: &str = "usage: simulate [--devices N] [--name NAME] [--every SECONDS] [--sensors 1..5] \
[--drop-outs PROBABILITY] [--silent PERIODS] [--for SECONDS] [--deaf] [ADDRESS]";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some((simulated, address, time)) = read(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let simulation = simulated.start(&Api::new(&address));
    println!("{} devices push to {address} every {:?}", simulated.devices, simulated.every);
    let mut left = time;
    while left.is_none_or(|left| !left.is_zero()) {
        let step = left.unwrap_or(Duration::from_secs(10)).min(Duration::from_secs(10));
        tokio::time::sleep(step).await;
        left = left.map(|left| left - step);
        let done = simulation.done();
        println!(
            "{} pushes, {} readings accepted, {} failed, {} commands done",
            done.pushed,
            done.accepted,
            done.failed,
            done.commands.len()
        );
    }
    ExitCode::SUCCESS
}

fn read(mut arguments: impl Iterator<Item = String>) -> Option<(Simulated, String, Option<Duration>)> {
    let mut simulated = Simulated::default();
    let (mut address, mut time) = ("http://127.0.0.1:6050".to_owned(), None);
    let seconds = |text: String| Duration::try_from_secs_f64(text.parse().ok()?).ok();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--deaf" => simulated.obey = false,
            "--devices" => simulated.devices = arguments.next()?.parse().ok()?,
            "--name" => simulated.name = arguments.next()?,
            "--every" => simulated.every = seconds(arguments.next()?)?,
            "--sensors" => simulated.sensors = arguments.next()?.parse().ok()?,
            "--drop-outs" => simulated.drop_outs = arguments.next()?.parse().ok()?,
            "--silent" => simulated.silent = arguments.next()?.parse().ok()?,
            "--for" => time = Some(seconds(arguments.next()?)?),
            other if other.starts_with('-') => return None,
            other => other.clone_into(&mut address),
        }
    }
    Some((simulated, address, time))
}
