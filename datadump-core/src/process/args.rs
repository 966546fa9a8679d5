//! The arguments of the address as the record, when a throw has no body.

use super::{Input, Output, Processor, untyped};
use crate::record::{Failure, Record};

/// Makes one record of the arguments; without any it is an empty one: something happened, and the
/// time it happened at is known.
#[derive(Debug)]
pub(super) struct Arguments;

impl Processor for Arguments {
    fn name(&self) -> &str {
        "args"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let pairs = input.arguments.iter().map(|(name, text)| (name.clone(), text.as_str()));
        output.record(Record::new(untyped::gather(pairs)));
        Ok(())
    }
}
