//! Query parameters: the record of a throw without a body.

use crate::{
    process::{Input, Output, Processor, infer_scalar},
    record::{Failure, Record},
};

/// Turns the query parameters into one record. Without parameters the record is empty: it still says
/// when something happened.
#[derive(Debug)]
pub(in crate::process) struct Arguments;

impl Processor for Arguments {
    fn name(&self) -> &str {
        "args"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let pairs = input.arguments.iter().map(|(name, text)| (name.clone(), text.as_str()));
        output.record(Record::new(infer_scalar::fields(pairs)));
        Ok(())
    }
}
