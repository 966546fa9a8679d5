//! JSON: an object is a record, an array is a record per item.

use crate::{
    process::{
        Input, Output, Processor,
        json::{self, scan, skip_space},
    },
    record::Failure,
};

/// Reads one JSON document.
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
        output.record(json::record(text)?);
        Ok(())
    }
}

/// Reads the items of the array that is opened before this byte, each by itself: so one that cannot
/// be read does not take its neighbours with it, and each is known by its bytes.
fn items(text: &str, mut place: usize, output: &mut Output) -> Result<(), Failure> {
    let bytes = text.as_bytes();
    place = skip_space(bytes, place);
    if bytes.get(place) == Some(&b']') {
        return end(bytes, place + 1);
    }
    loop {
        let item = scan(bytes, place);
        let byte_range = place..item.end;
        match json::record_from_scan(text.get(byte_range.clone()).unwrap_or_default(), &item) {
            _ if byte_range.is_empty() => return Err(not_an_array(bytes, place, "a value")),
            // An array in an array would by itself be read as several records.
            Ok(record) if bytes.get(place) == Some(&b'[') => output.record(record),
            Ok(record) => output.record_at(record, None, Some(byte_range)),
            Err(failure) => output.reject(failure, None, Some(byte_range)),
        }
        place = skip_space(bytes, item.end);
        match bytes.get(place) {
            Some(b',') => place = skip_space(bytes, place + 1),
            Some(b']') => return end(bytes, place + 1),
            _ => return Err(not_an_array(bytes, place, "`,` or `]`")),
        }
    }
}

fn end(bytes: &[u8], place: usize) -> Result<(), Failure> {
    match skip_space(bytes, place) {
        rest if rest == bytes.len() => Ok(()),
        rest => Err(not_an_array(bytes, rest, "the end")),
    }
}

fn not_an_array(bytes: &[u8], place: usize, expected: &str) -> Failure {
    let before = bytes.get(..place).unwrap_or_default();
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = 1 + place - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
    let detail = format!("this is not JSON: expected {expected} at line {line} column {column}");
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
    fn items_are_known_by_their_bytes() {
        let body = bytes::Bytes::from_static(br#"[ {"a": "]"} , 7,"x" ]"#);
        let input =
            Input { body: &body, content_type: None, arguments: &[], received_at: crate::Timestamp::MIN };
        let output = crate::process::run(&JsonDocument, &input).unwrap();
        let pieces = output.records.iter().filter_map(|record| record.origin.byte_range.clone());
        let pieces: Vec<_> = pieces.map(|byte_range| &body[byte_range]).collect();
        assert_eq!(pieces, [&br#"{"a": "]"}"#[..], b"7", br#""x""#]);
    }
}
