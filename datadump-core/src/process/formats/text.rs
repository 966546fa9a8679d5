//! Plain text: a record per line, with the lines that belong to the one before it.

use serde_json::{Map, Value as Json};

use crate::{
    process::{
        Input, Output, Processor, Splitting, infer_scalar,
        lines::{Line, lines},
    },
    record::{Failure, Record},
    schema::infer,
};

/// Reads text by lines.
#[derive(Debug)]
pub(in crate::process) struct Text;

impl Processor for Text {
    fn name(&self) -> &str {
        "text"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let text = input.text()?;
        let is_typed = are_values(text);
        let mut open: Option<Entry> = None;
        for line in lines(text).filter(|line| !line.is_blank()) {
            if let Some(entry) = open.as_mut()
                && !is_typed
                && entry.continues_with(line.text)
            {
                entry.end = line.byte_range().end;
                continue;
            }
            if let Some(entry) = open.replace(Entry::new(&line)) {
                entry.emit(text, is_typed, output);
            }
        }
        if let Some(entry) = open {
            entry.emit(text, is_typed, output);
        }
        Ok(())
    }

    fn splitting(&self) -> Splitting {
        Splitting::Lines
    }
}

/// Whether all lines are numbers and the like. A number by itself is a number: a sensor may send
/// nothing else. A number on one line of a log is not, or the lines around it would not fit its
/// column.
fn are_values(text: &str) -> bool {
    lines(text).all(|line| {
        !infer_scalar::infer(line.text).is_string() || infer::plain_decimal(line.text.trim()).is_some()
    })
}

/// A line and its continuation.
struct Entry {
    number: usize,
    start: usize,
    end: usize,
    trace: Trace,
}

/// Which traces say where they end, so that more than indented lines belong to them.
#[derive(PartialEq)]
enum Trace {
    None,
    /// Python: the first line that is not indented behind indented ones names the error.
    Python,
    /// Go: a function and, indented, its file, until something else comes.
    Go,
}

impl Entry {
    fn new(line: &Line<'_>) -> Self {
        let trace = match line.text {
            text if text.starts_with(PYTHON) => Trace::Python,
            text if is_goroutine(text) => Trace::Go,
            _ => Trace::None,
        };
        Self { number: line.number, start: line.start, end: line.byte_range().end, trace }
    }

    /// Whether the line belongs to this entry.
    fn continues_with(&mut self, line: &str) -> bool {
        if line.starts_with(PYTHON) {
            self.trace = Trace::Python;
            return true;
        }
        if is_goroutine(line) {
            self.trace = Trace::Go;
            return true;
        }
        if line.starts_with([' ', '\t']) || TAILS.iter().any(|tail| line.starts_with(tail)) {
            return true;
        }
        match self.trace {
            Trace::None => false,
            Trace::Python => {
                self.trace = Trace::None;
                true
            }
            Trace::Go => {
                line.ends_with(')') || line.starts_with("created by ") || line.starts_with("exit status ")
            }
        }
    }

    fn emit(self, text: &str, is_typed: bool, output: &mut Output) {
        let byte_range = self.start..self.end;
        let text = text.get(byte_range.clone()).unwrap_or_default();
        // What would by itself be read as values does not say by itself what it is.
        let byte_range = (is_typed || !are_values(text)).then_some(byte_range);
        let value = if is_typed { infer_scalar::infer(text) } else { Json::String(text.to_owned()) };
        let fields = Map::from_iter([("text".to_owned(), value)]);
        let record = Record { untyped: is_typed, ..Record::new(fields) };
        output.record_at(record, Some(self.number), byte_range);
    }
}

const PYTHON: &str = "Traceback (most recent call last):";

/// How lines begin that are never the first of anything.
const TAILS: [&str; 6] = [
    "Caused by: ",
    "... ",
    "During handling of the above exception",
    "The above exception was the direct cause",
    "stack backtrace:",
    "note: run with `RUST_BACKTRACE",
];

fn is_goroutine(line: &str) -> bool {
    line.strip_prefix("goroutine ").is_some_and(|rest| rest.ends_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn lines_become_records_with_what_belongs_to_them() {
        let java = "error\njava.lang.Error: x\n\tat a.B(C.java:1)\nCaused by: y\n\t... 3 more\nnext";
        let python = "error\nTraceback (most recent call last):\n  File \"a\"\n\nValueError: x\nnext";
        let go = "panic: x\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:1 +0x1d\nexit status 2\nnext";
        for (body, expected) in [
            ("one\r\n\n  \ntwo", &[r#"{"text":"one"}"#, r#"{"text":"two"}"#][..]),
            ("one\n  and more\n\tand more", &[r#"{"text":"one\n  and more\n\tand more"}"#]),
            ("  first\nsecond", &[r#"{"text":"  first"}"#, r#"{"text":"second"}"#]),
            (
                java,
                &[
                    r#"{"text":"error"}"#,
                    r#"{"text":"java.lang.Error: x\n\tat a.B(C.java:1)\nCaused by: y\n\t... 3 more"}"#,
                    r#"{"text":"next"}"#,
                ],
            ),
            (
                python,
                &[
                    r#"{"text":"error\nTraceback (most recent call last):\n  File \"a\"\n\nValueError: x"}"#,
                    r#"{"text":"next"}"#,
                ],
            ),
            (
                go,
                &[
                    r#"{"text":"panic: x\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/a.go:1 +0x1d\nexit status 2"}"#,
                    r#"{"text":"next"}"#,
                ],
            ),
            ("21.5", &[r#"{"text":21.5}"#]),
            ("21.50\n21.49", &[r#"{"text":"21.50"}"#, r#"{"text":21.49}"#]),
            ("21.5\n 22\n\ntrue", &[r#"{"text":21.5}"#, r#"{"text":22}"#, r#"{"text":true}"#]),
            ("21.5\nbroken\n", &[r#"{"text":"21.5"}"#, r#"{"text":"broken"}"#]),
            ("\n\n", &[]),
        ] {
            check(&Text, body, expected);
        }
    }
}
