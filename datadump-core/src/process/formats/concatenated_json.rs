//! Concatenated JSON values, with or without white space between them, and JSON sequences (RFC 7464):
//! one record per value.

use crate::{
    process::{
        Input, Output, Processor,
        json::{self, scan, skip_space},
    },
    record::Failure,
};

#[derive(Debug)]
pub(in crate::process) struct ConcatenatedJson;

impl Processor for ConcatenatedJson {
    fn name(&self) -> &str {
        "concatenated-json"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let text = input.text()?;
        let bytes = text.as_bytes();
        let mut position = skip_space(bytes, 0);
        while position < bytes.len() && !output.is_full() {
            let mut value = scan(bytes, position);
            // A stray comma or closing bracket is rejected by itself, and parsing continues after
            // it.
            value.end = value.end.max(next_character(text, position));
            let byte_range = position..value.end;
            match json::record_from_scan(text.get(byte_range.clone()).unwrap_or_default(), &value, output) {
                Ok(record) => output.record_at(record, None, Some(byte_range)),
                Err(failure) => {
                    // A truncated value extends over what follows, up to the next record separator.
                    let rest = bytes.get(position + 1..value.end).unwrap_or_default();
                    let separator = memchr::memchr(0x1E, rest).map(|at| position + 1 + at);
                    value.end = separator.unwrap_or(value.end);
                    output.reject(failure, None, Some(position..value.end));
                }
            }
            position = skip_space(bytes, value.end);
        }
        Ok(())
    }
}

fn next_character(text: &str, position: usize) -> usize {
    position + text.get(position..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn values_become_records() {
        for (body, expected) in [
            (r#"{"a": 1}{"a": 2} {"a": 3}"#, &[r#"{"a":1}"#, r#"{"a":2}"#, r#"{"a":3}"#][..]),
            (
                "{\n\"a\": 1\n}\n[2]\n3 \"x\"",
                &[r#"{"a":1}"#, r#"{"value":[2]}"#, r#"{"value":3}"#, r#"{"value":"x"}"#],
            ),
            (r#"{"a": 1},{"a": 2}]"#, &[r#"{"a":1}"#, "!unreadable", r#"{"a":2}"#, "!unreadable"]),
            (r#"{"a": 1}{"a": 2"#, &[r#"{"a":1}"#, "!unreadable"]),
            (
                "\u{1E}{\"a\": 1}\n\u{1E}{\"a\": \n\u{1E}{\"a\": 3}\n",
                &[r#"{"a":1}"#, "!unreadable", r#"{"a":3}"#],
            ),
            (r#"{"a": 1}{b}{"a": NaN}"#, &[r#"{"a":1}"#, "!unreadable", r#"{} non_finite {"a":"NaN"}"#]),
            ("", &[]),
            ("ü", &["error unreadable"]),
        ] {
            check(&ConcatenatedJson, body, expected);
        }
    }
}
