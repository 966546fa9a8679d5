//! Binary data: one record with the whole body in base64.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value as Json};

use crate::{
    process::{Input, Output, Processor, magic, media::Media},
    record::{Failure, Record},
};

/// Turns any bytes into one record.
#[derive(Debug)]
pub(in crate::process) struct Binary;

impl Processor for Binary {
    fn name(&self) -> &str {
        "binary"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        output.need(blob_memory(input.body))?;
        output.record(Record::new(blob(input.body, input.content_type)));
        Ok(())
    }
}

/// Returns the memory that a blob takes.
pub(super) fn blob_memory(bytes: &[u8]) -> usize {
    bytes.len() / 3 * 4
}

/// Returns the fields of a blob: its data, size and, if known, content type.
pub(in crate::process) fn blob(bytes: &[u8], content_type: Option<&str>) -> Map<String, Json> {
    let mut fields = Map::new();
    let media = Media::parse(content_type);
    // A binary body declared as text is not text.
    let is_generic = media.essence.is_empty() || media.starts_with("text/") || media.is(&GENERIC_TYPES);
    let declared = content_type.filter(|_| !is_generic);
    if let Some(content_type) = declared.or_else(|| magic::content_type(bytes)) {
        fields.insert("content_type".to_owned(), content_type.into());
    }
    fields.insert("size".to_owned(), bytes.len().into());
    fields.insert("data".to_owned(), BASE64_STANDARD.encode(bytes).into());
    fields
}

/// Default content types of HTTP clients.
const GENERIC_TYPES: [&str; 3] =
    ["application/octet-stream", "application/x-www-form-urlencoded", "binary/octet-stream"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check_as;

    #[test]
    fn any_bytes_become_one_record() {
        for (content_type, body, expected) in [
            (None, &b"\0\x01"[..], &[r#"{"size":2,"data":"AAE="}"#][..]),
            (Some("image/png"), b"x", &[r#"{"content_type":"image/png","size":1,"data":"eA=="}"#]),
            (
                Some("text/plain"),
                b"\x1F\x8B",
                &[r#"{"content_type":"application/gzip","size":2,"data":"H4s="}"#],
            ),
            (Some("application/octet-stream"), b"", &[r#"{"size":0,"data":""}"#]),
        ] {
            check_as(&Binary, content_type, body, expected);
        }
    }
}
