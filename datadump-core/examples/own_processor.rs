//! A custom processor in a program that embeds the library.
//!
//! The scales of a shop send one line per weighing: `apples 1.250 kg`. This format is proprietary, so the
//! library has no processor for it.
//!
//! Run it with `cargo run -p datadump-core --example own_processor`.

use datadump_core::{
    Dump, Failure, Incoming, Record, SourceName,
    process::{Input, Output, Processor, Splitting},
};
use serde_json::{Map, json};

/// Parses the lines that the scales send.
#[derive(Debug)]
struct Balance;

impl Processor for Balance {
    /// The name used in `?format=balance`.
    fn name(&self) -> &str {
        "balance"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        // An error here would reject the whole throw.
        let text = input.text()?;
        let mut start = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            // The byte range lets a line that cannot be stored be quarantined alone.
            let byte_range = start..start + line.len();
            start = byte_range.end;
            match weighing(line) {
                Some(record) => output.record_at(record, Some(number + 1), Some(byte_range)),
                None => {
                    let failure = Failure::new("no-weighing", "expected `GOODS WEIGHT kg`");
                    output.reject(failure, Some(number + 1), Some(byte_range));
                }
            }
        }
        Ok(())
    }

    /// Lines are independent, so a stream may be split after any of them.
    fn splitting(&self) -> Splitting {
        Splitting::Lines
    }
}

fn weighing(line: &str) -> Option<Record> {
    let mut words = line.split_whitespace();
    let (goods, weight, unit) = (words.next()?, words.next()?.parse::<f64>().ok()?, words.next()?);
    if unit != "kg" || words.next().is_some() {
        return None;
    }
    let fields = [("goods".to_owned(), json!(goods)), ("kilograms".to_owned(), json!(weight))];
    Some(Record::new(Map::from_iter(fields)))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dump = Dump::builder().database("sqlite::memory:").processor(Balance).open().await?;
    let source = SourceName::parse("shop")?;

    let incoming = Incoming {
        body: "apples 1.250 kg\npears 0.8 kg\nplums a few\n".into(),
        format: Some("balance".into()),
        ..Incoming::default()
    };
    let receipt = dump.throw(&source, incoming).await?;
    let rows = dump.storage("shop")?.list(&[("ordering".into(), "goods".into())]).await?.rows;
    let waiting = dump.quarantine().list(&[]).await?.rows;

    let mut out = std::io::stdout();
    let shown = json!({"receipt": receipt, "rows": rows, "quarantine": waiting});
    std::io::Write::write_all(&mut out, format!("{shown:#}\n").as_bytes())?;
    dump.close().await;
    Ok(())
}
