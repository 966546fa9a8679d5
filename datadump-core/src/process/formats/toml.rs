//! TOML: one record per document.

use crate::{
    process::{Input, Output, Processor, parsed_value::ParsedValue, serde_value::SerdeValue},
    record::Failure,
};

#[derive(Debug)]
pub(in crate::process) struct Toml;

impl Processor for Toml {
    fn name(&self) -> &str {
        "toml"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let text = input.text()?;
        output.need(memory(text))?;
        let document: SerdeValue = toml::from_str(text).map_err(|error| match error.message() {
            detail if detail.contains("recurs") => Failure::new("too-deep", detail),
            detail => {
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = 1 + before.matches('\n').count();
                Failure::unreadable(format!("invalid TOML: line {line}: {detail}"))
            }
        })?;
        output.record(unwrap_datetimes(document.0).into_record()?);
        Ok(())
    }
}

/// Returns the maximum memory of a document while it is parsed: the library keeps a list of the parser's events, and
/// a table of nodes with positions, which then become values.
fn memory(text: &str) -> usize {
    const NODE_BYTES: usize = 900;
    let bytes = text.as_bytes();
    let nodes: usize = b"\n,=.[{".iter().map(|byte| memchr::memchr_iter(*byte, bytes).count()).sum();
    (nodes + 10) * NODE_BYTES + 2 * text.len()
}

/// Returns whether text is valid TOML.
pub(in crate::process) fn is_document(text: &str) -> bool {
    toml::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Member name that the library uses to pass a date or time through `serde`.
const DATETIME_NAME: &str = "$__toml_private_datetime";

/// Replaces the wrappers around dates and times by their text.
fn unwrap_datetimes(value: ParsedValue) -> ParsedValue {
    match value {
        ParsedValue::Object(members) => match <[_; 1]>::try_from(members) {
            Ok([(name, text)]) if name == DATETIME_NAME => text,
            Ok([(name, value)]) => ParsedValue::Object(vec![(name, unwrap_datetimes(value))]),
            Err(members) => ParsedValue::Object(
                members.into_iter().map(|(name, value)| (name, unwrap_datetimes(value))).collect(),
            ),
        },
        ParsedValue::Array(items) => ParsedValue::Array(items.into_iter().map(unwrap_datetimes).collect()),
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn documents_become_one_record() {
        let deep = format!("a = {}{}", "[".repeat(70), "]".repeat(70));
        for (body, expected) in [
            (
                "a = 1\nb = 1979-05-27\nc = [07:32:00]\n[t]\nx = 'y'\n",
                &[r#"{"a":1,"b":"1979-05-27","c":["07:32:00"],"t":{"x":"y"}}"#][..],
            ),
            ("a = -inf\nb = {c = nan}\n", &[r#"{"b":{"c":"NaN"}} non_finite {"a":"-Infinity"}"#]),
            ("", &["{}"]),
            (&deep, &["error too-deep"]),
            ("a = \n", &["error unreadable"]),
            ("a = 1\na = 2\n", &["error unreadable"]),
        ] {
            check(&Toml, body, expected);
        }
    }
}
