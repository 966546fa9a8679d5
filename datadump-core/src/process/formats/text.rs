//! Plain text: one record per line, together with its continuation lines.

use serde_json::{Map, Value as Json};

use crate::{
    process::{
        Input, Output, Processor, Splitting, infer_scalar,
        lines::{Line, lines},
    },
    record::{Failure, Record},
    schema::infer,
};

/// Splits text into log entries.
#[derive(Debug)]
pub(in crate::process) struct Text;

impl Processor for Text {
    fn name(&self) -> &str {
        "text"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let text = input.text()?;
        let is_typed = are_values(text);
        let mut open: Option<LogEntry> = None;
        for line in lines(text).filter(|line| !line.is_blank()) {
            if output.is_full() {
                break;
            }
            if let Some(entry) = open.as_mut()
                && !is_typed
                && entry.continues_with(line.text)
            {
                entry.end = line.byte_range().end;
                continue;
            }
            if let Some(entry) = open.replace(LogEntry::new(&line)) {
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

/// Returns whether every line is a number, a boolean or blank. A sensor may send nothing but a number,
/// which is then stored as one. A number on a single line of a log stays text, because the other lines
/// would not fit a numeric column.
fn are_values(text: &str) -> bool {
    lines(text).all(|line| {
        !infer_scalar::infer(line.text).is_string() || infer::plain_decimal(line.text.trim()).is_some()
    })
}

/// A line and its continuation lines.
struct LogEntry {
    number: usize,
    start: usize,
    end: usize,
    trace: Trace,
}

/// The kind of stack trace in an entry, which determines how unindented lines continue it.
#[derive(PartialEq)]
enum Trace {
    None,
    /// Python: the first unindented line after the indented ones names the error and ends the trace.
    Python,
    /// Go: alternating lines of function and indented file, until a line of any other form.
    Go,
}

impl LogEntry {
    fn new(line: &Line<'_>) -> Self {
        let trace = match line.text {
            text if text.starts_with(PYTHON) => Trace::Python,
            text if is_goroutine(text) => Trace::Go,
            _ => Trace::None,
        };
        Self { number: line.number, start: line.start, end: line.byte_range().end, trace }
    }

    /// Returns whether the line continues this entry.
    fn continues_with(&mut self, line: &str) -> bool {
        if line.starts_with(PYTHON) {
            self.trace = Trace::Python;
            return true;
        }
        if is_goroutine(line) {
            self.trace = Trace::Go;
            return true;
        }
        if line.starts_with([' ', '\t'])
            || CONTINUATION_PREFIXES.iter().any(|prefix| line.starts_with(prefix))
        {
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
        // Parsed on its own, an entry that looks like values would get a different type, so it has no byte
        // range.
        let byte_range = (is_typed || !are_values(text)).then_some(byte_range);
        let value = if is_typed { infer_scalar::infer(text) } else { Json::String(text.to_owned()) };
        let fields = Map::from_iter([("text".to_owned(), value)]);
        let record = Record { untyped: is_typed, ..Record::new(fields) };
        output.record_at(record, Some(self.number), byte_range);
    }
}

const PYTHON: &str = "Traceback (most recent call last):";

/// Prefixes of lines that always continue an entry.
const CONTINUATION_PREFIXES: [&str; 6] = [
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
    fn lines_become_records_with_their_continuation_lines() {
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
