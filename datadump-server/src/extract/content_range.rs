//! `Content-Range`: the position of a body in a file that is sent in parts.

use poem::http::{HeaderMap, HeaderName, header};

use super::header_parameter::header_parameter;
use crate::problem::Problem;

/// The position of the first byte, if the header is given.
#[derive(Debug)]
pub(crate) struct ContentRange(pub(crate) Option<u64>);

header_parameter!(ContentRange, header::CONTENT_RANGE, read);

fn read(headers: &HeaderMap, name: &HeaderName) -> Result<ContentRange, Problem> {
    let Some(sent) = headers.get(name) else { return Ok(ContentRange(None)) };
    let range = sent.to_str().unwrap_or_default().trim().strip_prefix("bytes ");
    let start =
        range.and_then(|range| range.split_once('-')).and_then(|(start, _)| start.trim().parse().ok());
    start.map(|start| ContentRange(Some(start))).ok_or_else(|| {
        let detail = "the header Content-Range must have the form `bytes 1000-1999/2000`";
        Problem::parameter("Content-Range", "invalid-parameter", detail)
    })
}
