//! NDJSON (JSON lines): a JSON value on each line, and a record of each.

use super::{Cuts, Input, Output, Processor, json_text, lines::lines};
use crate::record::Failure;

/// Reads JSON lines.
#[derive(Debug)]
pub(super) struct Ndjson;

impl Processor for Ndjson {
    fn name(&self) -> &str {
        "ndjson"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        for line in lines(input.text()?) {
            if line.is_blank() {
                continue;
            }
            match json_text::record(line.text) {
                Ok(record) => output.record_at(record, Some(line.number), Some(line.piece())),
                Err(failure) => output.reject(failure, Some(line.number), Some(line.piece())),
            }
        }
        Ok(())
    }

    fn cuts(&self) -> Cuts {
        Cuts::Lines
    }
}
