//! JSON: an object is one record, an array one record per item.

use crate::{
    process::{
        Input, Output, Processor,
        json::{self, scan, skip_space},
    },
    record::Failure,
};

#[derive(Debug)]
pub(in crate::process) struct JsonDocument;

impl Processor for JsonDocument {
    fn name(&self) -> &str {
        "json"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let text = input.text()?;
        let start = skip_space(text.as_bytes(), 0);
        if text.as_bytes().get(start) == Some(&b'[') {
            return items(text, start + 1, output);
        }
        let record = json::record(text, output)?;
        output.record(record);
        Ok(())
    }
}

/// Parses the items of an array separately, so that an invalid item is rejected alone and each record
/// has its own byte range. `position` is the offset after the opening bracket.
fn items(text: &str, mut position: usize, output: &mut Output) -> Result<(), Failure> {
    let bytes = text.as_bytes();
    position = skip_space(bytes, position);
    if bytes.get(position) == Some(&b']') {
        return end(bytes, position + 1);
    }
    while !output.is_full() {
        let item = scan(bytes, position);
        let byte_range = position..item.end;
        match json::record_from_scan(text.get(byte_range.clone()).unwrap_or_default(), &item, output) {
            _ if byte_range.is_empty() => return Err(invalid_array(bytes, position, "a value")),
            // Parsed on its own, a nested array would become several records, so it has no byte range.
            Ok(record) if bytes.get(position) == Some(&b'[') => output.record(record),
            Ok(record) => output.record_at(record, None, Some(byte_range)),
            Err(failure) => output.reject(failure, None, Some(byte_range)),
        }
        position = skip_space(bytes, item.end);
        match bytes.get(position) {
            Some(b',') => position = skip_space(bytes, position + 1),
            Some(b']') => return end(bytes, position + 1),
            _ => return Err(invalid_array(bytes, position, "`,` or `]`")),
        }
    }
    Ok(())
}

fn end(bytes: &[u8], position: usize) -> Result<(), Failure> {
    match skip_space(bytes, position) {
        rest if rest == bytes.len() => Ok(()),
        rest => Err(invalid_array(bytes, rest, "the end of the body")),
    }
}

fn invalid_array(bytes: &[u8], position: usize, expected: &str) -> Failure {
    let before = bytes.get(..position).unwrap_or_default();
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = 1 + position - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let detail = format!("invalid JSON: expected {expected} at line {line} column {column}");
    Failure::unreadable(detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn documents_become_records() {
        let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let inside = format!(r#"[{{"a": 1}}, {{"a": {}}}]"#, deep(64));
        for (body, expected) in [
            (r#" {"a": 1, "b": null} "#, &[r#"{"a":1,"b":null}"#][..]),
            ("[]", &[]),
            ("[ ]\n", &[]),
            (
                r#"[{"a": 1}, 2, "x", null, [3]]"#,
                &[
                    r#"{"a":1}"#,
                    r#"{"value":2}"#,
                    r#"{"value":"x"}"#,
                    r#"{"value":null}"#,
                    r#"{"value":[3]}"#,
                ],
            ),
            ("42", &[r#"{"value":42}"#]),
            (r#"{"a": 1, "a": 2}"#, &[r#"{"a":2}"#]),
            (r#"{"a": NaN}"#, &[r#"{} non_finite {"a":"NaN"}"#]),
            (
                r#"[{"a": 1}, {"a": x}, {"a": -Infinity, "b": 1}]"#,
                &[r#"{"a":1}"#, "!unreadable", r#"{"b":1} non_finite {"a":"-Infinity"}"#],
            ),
            (r#"{"id": 12345678901234567890123}"#, &[r#"{"id":"12345678901234567890123"}"#]),
            (r#"{"a": "x\u0000y"}"#, &[r#"{"a":"x\u0000y"}"#]),
            (&inside, &[r#"{"a":1}"#, "!too-deep"]),
            (&deep(100_000), &["error too-deep"]),
            (
                r#"{"$serde_json::private::RawValue": "[1]"}"#,
                &[r#"{"$serde_json::private::RawValue":"[1]"}"#],
            ),
            ("", &["error unreadable"]),
            ("[1, 2", &["error unreadable"]),
            ("[1, 2,]", &["error unreadable"]),
            ("[1, 2] 3", &["error unreadable"]),
            (r#"{"a": 1,}"#, &["error unreadable"]),
            (r#"{"a": 1} {"a": 2}"#, &["error unreadable"]),
        ] {
            check(&JsonDocument, body, expected);
        }
    }

    #[test]
    fn items_have_byte_ranges() {
        let body = bytes::Bytes::from_static(br#"[ {"a": "]"} , 7,"x" ]"#);
        let input =
            Input { body: &body, content_type: None, arguments: &[], received_at: crate::Timestamp::MIN };
        let output = crate::process::run(&JsonDocument, &input).unwrap();
        let pieces = output.records.iter().filter_map(|record| record.origin.byte_range.clone());
        let pieces: Vec<_> = pieces.map(|byte_range| &body[byte_range]).collect();
        assert_eq!(pieces, [&br#"{"a": "]"}"#[..], b"7", br#""x""#]);
    }
}
