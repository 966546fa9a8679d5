//! Test helper of the formats: processes a body and compares the output as lines of text.

use bytes::Bytes;
use serde_json::Value as Json;

use super::{Input, Processor, run};
use crate::{clock::Timestamp, record::Fields};

/// Processes bytes with a content type and compares the output with one line per record: the fields,
/// followed by `non_finite` and the values that JSON cannot hold. A rejection is `!code` with its line
/// number, and a failure of the whole throw `error code`.
pub(super) fn check_as(
    processor: &dyn Processor,
    content_type: Option<&str>,
    body: &[u8],
    expected: &[&str],
) {
    let body = Bytes::copy_from_slice(body);
    let input = Input { body: &body, content_type, arguments: &[], received_at: Timestamp::MIN };
    let shown = match run(processor, &input) {
        Err(failure) => vec![format!("error {}", failure.code)],
        Ok(output) => {
            let records = output.records.iter().map(|record| {
                let non_finite = if record.non_finite.is_empty() {
                    String::new()
                } else {
                    format!(" non_finite {}", json(&record.non_finite))
                };
                (record.origin.index, format!("{}{non_finite}", json(&record.fields)))
            });
            let rejected = output.rejected.iter().map(|rejected| {
                let line = rejected.origin.line.map_or(String::new(), |line| format!(" line {line}"));
                (rejected.origin.index, format!("!{}{line}", rejected.failure.code))
            });
            let mut shown: Vec<_> = records.chain(rejected).collect();
            shown.sort();
            shown.into_iter().map(|(_, shown)| shown).collect()
        }
    };
    assert_eq!(shown, expected, "{}: {:?}", processor.name(), String::from_utf8_lossy(&body));
}

/// Processes text without a content type.
pub(super) fn check(processor: &dyn Processor, text: &str, expected: &[&str]) {
    check_as(processor, None, text.as_bytes(), expected);
}

fn json(fields: &Fields) -> String {
    Json::from(fields.clone()).to_string()
}
