//! Edited entries: the records of a body that is used instead of the bytes of an entry.

use bytes::Bytes;
use serde_json::Value as Json;

use crate::{
    id::Ids,
    ingest::{decode::DecodedThrow, format_choice::FormatChoice, transform::TransformedThrow},
    json,
    process::{self, Output},
    record::{Changes, Failure, Record},
    throw::Throw,
};

/// Returns whether there are records of several indexes.
pub(super) fn has_several(transformed: &TransformedThrow) -> bool {
    let indexes = transformed.records.iter().map(|record| record.origin.index);
    let failed = transformed.failed.iter().filter_map(|failed| Some(failed.origin.as_ref()?.index));
    let mut indexes = indexes.chain(failed);
    let first = indexes.next();
    indexes.any(|index| Some(index) != first)
}

/// Turns all records into parts of the record with this index, so that they get ids that no other record of the throw
/// has.
pub(super) fn renumber(transformed: &mut TransformedThrow, index: usize) {
    let (mut part, mut changes) = (0, Changes::default());
    transformed.records.update(|record| {
        let before = transformed.changes.get(record.origin.index).to_vec();
        record.origin.index = Ids::index_of_part(index, part);
        changes.put(record.origin.index, before);
        part += 1;
    });
    transformed.changes = changes;
}

/// Reads the edited record of an entry that has no bytes of its own.
pub(super) fn record(body: &Bytes) -> Result<Json, Failure> {
    let detail = match json::parse(body) {
        Ok(record @ Json::Object(_)) => return Ok(record),
        Ok(_) => "the edited body must be a JSON object".to_owned(),
        Err(error) => format!("the edited body must be a JSON object: {error}"),
    };
    Err(Failure::new("unreadable", detail))
}

/// Returns the record of an entry as it was originally decoded.
pub(super) fn decoded(record: Json, format: &str, throw: &Throw) -> DecodedThrow {
    let mut output = Output::default();
    if let Json::Object(fields) = record {
        output.record(Record { untyped: process::is_untyped(format), ..Record::new(fields) });
    }
    let (format, choice) = (format.to_owned(), FormatChoice::Source);
    DecodedThrow { format, choice, body: throw.body.clone(), output: Ok(output) }
}
