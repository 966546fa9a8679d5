//! A processor of one's own, used by a program that embeds the library.
//!
//! The balances of a shop send one line for each weighing: `apples 1.250 kg`. Nobody else writes like
//! this, so the library has no processor for it.
//!
//! Run it with `cargo run -p datadump-core --example own_processor`.

use datadump_core::{
    Dump, Failure, Incoming, Record, SourceName,
    process::{Input, Output, Processor, Splitting},
};
use serde_json::{Map, json};

/// Reads what the balances send.
#[derive(Debug)]
struct Balance;

impl Processor for Balance {
    /// What `format=balance` asks for.
    fn name(&self) -> &str {
        "balance"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        // `Err` would mean that nothing of the throw can be read.
        let text = input.text()?;
        let mut begin = 0;
        for (number, line) in text.split_inclusive('\n').enumerate() {
            // Where the record stands: a line that cannot be stored is quarantined alone.
            let piece = begin..begin + line.len();
            begin = piece.end;
            match weighing(line) {
                Some(record) => output.record_at(record, Some(number + 1), Some(piece)),
                None => {
                    let failure = Failure::new("no-weighing", "this is not `GOODS WEIGHT kg`");
                    output.reject(failure, Some(number + 1), Some(piece));
                }
            }
        }
        Ok(())
    }

    /// Each line stands for itself, so that a stream of them may be cut after any.
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
    let waiting = dump.quarantine(&[]).await?.rows;

    let mut out = std::io::stdout();
    let shown = json!({"receipt": receipt, "rows": rows, "quarantine": waiting});
    std::io::Write::write_all(&mut out, format!("{shown:#}\n").as_bytes())?;
    dump.close().await;
    Ok(())
}
