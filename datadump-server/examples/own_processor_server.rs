//! A server with a custom processor. It is the complete server, with all flags and both databases.
//!
//! Run it with `cargo run -p datadump-server --example own_processor_server`, and throw data at it:
//!
//! ```sh
//! printf 'apples 1.250 kg\npears 0.8 kg\n' | curl --data-binary @- 'http://127.0.0.1:6050/throw/shop?format=balance'
//! curl http://127.0.0.1:6050/api/v1/storage/shop/
//! ```
//!
//! A source can also be set to parse everything as this format:
//!
//! ```sh
//! curl -X PUT http://127.0.0.1:6050/api/v1/source/shop/ -H 'content-type: application/json' -d '{"format": "balance"}'
//! ```

use std::{process::ExitCode, sync::Arc};

use datadump_core::{
    Failure, Record,
    process::{Input, Output, Processor},
};
use serde_json::{Map, json};

/// Parses the output of a shop's scales: `apples 1.250 kg`, one weighing per line.
#[derive(Debug)]
struct Balance;

impl Processor for Balance {
    fn name(&self) -> &str {
        "balance"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for (number, line) in input.text()?.lines().enumerate() {
            match weighing(line) {
                Some(record) => output.record_at(record, Some(number + 1), None),
                None => {
                    let failure = Failure::new("no-weighing", "this is not `GOODS WEIGHT kg`");
                    output.reject(failure, Some(number + 1), None);
                }
            }
        }
        Ok(())
    }
}

fn weighing(line: &str) -> Option<Record> {
    let (goods, weight) = line.strip_suffix(" kg")?.split_once(' ')?;
    let weight: f64 = weight.parse().ok()?;
    let fields = [("goods".to_owned(), json!(goods)), ("kilograms".to_owned(), json!(weight))];
    Some(Record::new(Map::from_iter(fields)))
}

fn main() -> ExitCode {
    datadump_server::program(std::env::args_os(), std::env::vars_os(), vec![Arc::new(Balance)])
}
