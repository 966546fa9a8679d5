//! Runs a built-in VRL program on each line of a throw, in this process.

use std::{fmt, sync::OnceLock};

use serde_json::{Map, Value as Json};
use vrl::{compiler::runtime::Runtime, value::Value};

use super::{
    diagnostic::Diagnostics,
    input::ProgramContext,
    program::{Program, RunLimits},
    run_result::{ErrorCode, RunResult},
};
use crate::{
    process::{Input, Output, Processor, Splitting, infer_scalar, lines::lines},
    record::{Failure, Record},
    throw::Headers,
};

/// Number of times that a program may copy a line: into captures, fields, and text in between.
const COPIES: usize = 12;

/// A processor that parses each line with a VRL program.
pub(in crate::process) struct LineProgram {
    name: &'static str,
    source: &'static str,
    /// If the format is untyped: the fields that stay text when the types of the others are inferred.
    /// Otherwise the program converts numbers itself.
    text_fields: Option<&'static [&'static str]>,
    /// Fields that come first in a record, in this order. The others follow in order of their names.
    order: &'static [&'static str],
    program: OnceLock<Result<Program, Diagnostics>>,
}

impl LineProgram {
    /// Creates a processor from the source of a program.
    pub(in crate::process) fn new(
        name: &'static str,
        source: &'static str,
        text_fields: Option<&'static [&'static str]>,
        order: &'static [&'static str],
    ) -> Self {
        Self { name, source, text_fields, order, program: OnceLock::new() }
    }

    /// Returns the program, which is compiled on first use.
    fn program(&self) -> Result<&Program, Failure> {
        let compile = || Program::compile_for(self.source.into(), None);
        let program = self.program.get_or_init(compile);
        program.as_ref().map_err(|why| Failure::new(ErrorCode::NotCompiled.as_str(), why.rendered.clone()))
    }

    fn record(&self, mut found: Map<String, Json>) -> Record {
        let mut fields = Map::new();
        for name in self.order {
            if let Some(value) = found.get_mut(*name) {
                fields.insert((*name).to_owned(), value.take());
            }
        }
        fields.extend(found.into_iter().filter(|(name, _)| !self.order.contains(&name.as_str())));
        if let Some(text_fields) = self.text_fields {
            for (name, value) in &mut fields {
                if let Json::String(text) = value
                    && !text_fields.contains(&name.as_str())
                {
                    *value = infer_scalar::infer(text);
                }
            }
        }
        Record::new(fields)
    }
}

impl fmt::Debug for LineProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineProgram").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Processor for LineProgram {
    fn name(&self) -> &str {
        self.name
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let program = self.program()?;
        let context = ProgramContext {
            source: String::new(),
            received_at: input.received_at,
            format: Some(self.name.to_owned()),
            arguments: Vec::new(),
            method: None,
            path: None,
            headers: Headers::default(),
        };
        let context = context.basic_metadata();
        let mut runtime = Runtime::default();
        let bounds = RunLimits { deadline: None, output: usize::MAX };
        for line in lines(input.text()?).filter(|line| !line.is_blank()) {
            // Programs copy the line several times.
            let copies = COPIES * line.text.len();
            if output.need(copies).is_err() || !line.has_room([b'=', b' '], output) {
                break;
            }
            let (number, byte_range) = (Some(line.number), line.byte_range());
            let metadata = Value::Object(context.clone());
            match program.run_one(&mut runtime, Value::from(line.text), metadata, bounds) {
                RunResult::Records(items) => {
                    for item in items {
                        output.record_at(self.record(item.fields), number, Some(byte_range.clone()));
                    }
                }
                // Built-in programs use `abort` to report what is wrong with a line.
                RunResult::Dropped(reason) => {
                    output.reject(Failure::unreadable(reason.unwrap_or_default()), number, Some(byte_range));
                }
                RunResult::Failed { detail, .. } => {
                    output.reject(Failure::unreadable(detail), number, Some(byte_range));
                }
            }
        }
        Ok(())
    }

    fn splitting(&self) -> Splitting {
        Splitting::Lines
    }
}
