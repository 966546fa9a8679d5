//! Built-in formats that are small programs: for each a `.vrl` in `programs/`, run line by line in
//! this process.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use serde_json::{Map, Value as Json};
use vrl::{compiler::runtime::Runtime, value::Value};

use super::{
    answer::{Answer, Code},
    compile::Shape,
    diagnostic::Diagnostics,
    event::About,
    program::{Bounds, Program},
};
use crate::{
    process::{Cuts, Input, Output, Processor, influx::Influx, lines::lines, logfmt::Logfmt, untyped},
    record::{Failure, Record},
};

/// What is text in CEF and LEEF whatever it looks like: what devices call themselves and say.
const CEF_TEXTS: &[&str] = &[
    "cefVersion",
    "leefVersion",
    "deviceVendor",
    "deviceProduct",
    "deviceVersion",
    "deviceEventClassId",
    "eventId",
    "name",
    "msg",
    "timestamp",
];

/// The formats of lines.
pub(in crate::process) fn builtin() -> Vec<Arc<dyn Processor>> {
    vec![
        Arc::new(Logfmt),
        Arc::new(Influx),
        Arc::new(Embedded::new(
            "syslog",
            include_str!("programs/syslog.vrl"),
            Values::Typed,
            &["timestamp", "hostname", "appname", "procid", "msgid", "severity", "facility", "message"],
        )),
        Arc::new(Embedded::new(
            "access-log",
            include_str!("programs/access-log.vrl"),
            Values::Typed,
            &[
                "timestamp",
                "client",
                "user",
                "method",
                "path",
                "protocol",
                "status",
                "size",
                "referrer",
                "agent",
            ],
        )),
        Arc::new(Embedded::new(
            "cef",
            include_str!("programs/cef.vrl"),
            Values::Untyped { texts: CEF_TEXTS },
            &["timestamp", "hostname", "deviceVendor", "deviceProduct", "deviceVersion", "name", "severity"],
        )),
    ]
}

/// A format whose lines a program reads.
struct Embedded {
    name: &'static str,
    source: &'static str,
    values: Values,
    /// What stands first in a record, in this order; the rest follows by name.
    order: &'static [&'static str],
    program: OnceLock<Result<Program, Diagnostics>>,
}

/// What the texts are that a program puts out.
#[derive(Debug, Clone, Copy)]
enum Values {
    /// What they are: the program gives numbers as numbers.
    Typed,
    /// The format has no types: they are read as what they look like.
    Untyped {
        /// But for these.
        texts: &'static [&'static str],
    },
}

impl Embedded {
    fn new(name: &'static str, source: &'static str, values: Values, order: &'static [&'static str]) -> Self {
        Self { name, source, values, order, program: OnceLock::new() }
    }

    /// The program, compiled when the first line comes.
    fn program(&self) -> Result<&Program, Failure> {
        let compile = || Program::compile_for(self.source.into(), Shape::Line);
        let program = self.program.get_or_init(compile);
        program.as_ref().map_err(|why| Failure::new(Code::NotCompiled.as_str(), why.rendered.clone()))
    }

    fn record(&self, mut found: Map<String, Json>) -> Record {
        let mut fields = Map::new();
        for name in self.order {
            if let Some(value) = found.get_mut(*name) {
                fields.insert((*name).to_owned(), value.take());
            }
        }
        fields.extend(found.into_iter().filter(|(name, _)| !self.order.contains(&name.as_str())));
        if let Values::Untyped { texts } = self.values {
            for (name, value) in &mut fields {
                if let Json::String(text) = value
                    && !texts.contains(&name.as_str())
                {
                    *value = untyped::value(text);
                }
            }
        }
        Record::new(fields)
    }
}

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedded").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Processor for Embedded {
    fn name(&self) -> &str {
        self.name
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let program = self.program()?;
        let about = About {
            source: String::new(),
            received_at: input.received_at,
            format: Some(self.name.to_owned()),
            arguments: Vec::new(),
        };
        let about = about.metadata();
        let mut runtime = Runtime::default();
        let bounds = Bounds { deadline: None, output: usize::MAX };
        for line in lines(input.text()?).filter(|line| !line.is_blank()) {
            let (number, piece) = (Some(line.number), line.piece());
            let metadata = Value::Object(about.clone());
            match program.run_one(&mut runtime, Value::from(line.text), metadata, bounds) {
                Answer::Records(items) => {
                    for item in items {
                        output.record_at(self.record(item.fields), number, Some(piece.clone()));
                    }
                }
                // Only a person's program drops; ours say in this way what is wrong with the line.
                Answer::Dropped(reason) => {
                    output.reject(Failure::unreadable(reason.unwrap_or_default()), number, Some(piece));
                }
                Answer::Failed { detail, .. } => {
                    output.reject(Failure::unreadable(detail), number, Some(piece));
                }
            }
        }
        Ok(())
    }

    fn cuts(&self) -> Cuts {
        Cuts::Lines
    }
}
