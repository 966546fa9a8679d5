//! A server with a processor of its own. It is the whole server: all flags, both databases, the page.
//!
//! Run it with `cargo run -p datadump-server --example own_processor_server`, and throw at it:
//!
//! ```sh
//! printf 'apples 1.250 kg\npears 0.8 kg\n' | curl --data-binary @- 'http://127.0.0.1:6050/throw/shop?format=balance'
//! curl http://127.0.0.1:6050/api/v1/storage/shop/
//! ```
//!
//! A source can also be told that all it gets is of this format:
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

/// Reads what the balances of a shop send: `apples 1.250 kg`, one weighing a line.
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
