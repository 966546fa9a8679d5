//! The arguments of the address as the record, when a throw has no body.

use crate::{
    process::{Input, Output, Processor, infer_scalar},
    record::{Failure, Record},
};

/// Makes one record of the arguments; without any it is an empty one: something happened, and the
/// time it happened at is known.
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
