//! JSON: an object is a record, an array is a record per item.

use super::{
    Input, Output, Processor,
    json_text::{self, shape, skip_space},
};
use crate::record::Failure;

/// Reads one JSON document.
#[derive(Debug)]
pub(super) struct JsonDocument;

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
        output.record(json_text::record(text)?);
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
        let item = shape(bytes, place);
        let piece = place..item.end;
        match json_text::shaped_record(text.get(piece.clone()).unwrap_or_default(), &item) {
            _ if piece.is_empty() => return Err(not_an_array(bytes, place, "a value")),
            Ok(record) => output.record_at(record, None, Some(piece)),
            Err(failure) => output.reject(failure, None, Some(piece)),
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
