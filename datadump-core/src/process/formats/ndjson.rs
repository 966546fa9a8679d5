//! NDJSON (JSON Lines): one record per line.

use crate::{
    process::{Input, Output, Processor, Splitting, json, lines::lines},
    record::Failure,
};

#[derive(Debug)]
pub(in crate::process) struct Ndjson;

impl Processor for Ndjson {
    fn name(&self) -> &str {
        "ndjson"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for line in lines(input.text()?).filter(|line| !line.is_blank()) {
            if output.is_full() {
                break;
            }
            let record = json::record(line.text, output).map_err(|failure| {
                // The parser sees one line and calls it line 1; the line number is reported separately.
                let detail = failure.detail.replace("at line 1 column", "at column");
                Failure { detail, ..failure }
            });
            line.emit(record, output);
        }
        Ok(())
    }

    fn splitting(&self) -> Splitting {
        Splitting::Lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn lines_become_records() {
        for (body, expected) in [
            ("{\"a\": 1}\n\r\n  \n{\"a\": 2}", &[r#"{"a":1}"#, r#"{"a":2}"#][..]),
            ("{\"a\": 1}\r\n{\"a\": }\r\n[3]\r\n", &[r#"{"a":1}"#, "!unreadable line 2", r#"{"value":[3]}"#]),
            ("1\n\"x\"\n", &[r#"{"value":1}"#, r#"{"value":"x"}"#]),
            (
                "{\"a\": Infinity}\n{\"a\": 1} {\"a\": 2}\n",
                &[r#"{} non_finite {"a":"Infinity"}"#, "!unreadable line 2"],
            ),
            ("", &[]),
            ("no\njson\n", &["error unreadable"]),
        ] {
            check(&Ndjson, body, expected);
        }
    }
}
