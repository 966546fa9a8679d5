//! `Content-Range`: the part of a file that a body holds.

use datadump_core::FilePart;
use poem::http::{HeaderMap, HeaderName, header};

use super::header_parameter::header_parameter;
use crate::problem::Problem;

/// The part of the file, if the header is given.
#[derive(Debug)]
pub(crate) struct ContentRange(pub(crate) Option<FilePart>);

header_parameter!(ContentRange, header::CONTENT_RANGE, read);

fn read(headers: &HeaderMap, name: &HeaderName) -> Result<ContentRange, Problem> {
    let Some(sent) = headers.get(name) else { return Ok(ContentRange(None)) };
    let part = sent.to_str().ok().and_then(parse);
    part.map(|part| ContentRange(Some(part))).ok_or_else(|| {
        let detail = "the header Content-Range must have the form `bytes 1000-1999/2000`: the positions of the first \
                      and the last byte, and the length of the whole file";
        Problem::parameter("Content-Range", "invalid-parameter", detail)
    })
}

fn parse(range: &str) -> Option<FilePart> {
    let (range, total) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, total) = (number(first)?, number(last)?, number(total)?);
    let length = last.checked_sub(first)?.checked_add(1)?;
    let left = total.checked_sub(last)?.checked_sub(1)?;
    Some(FilePart { offset: first, length: Some(length), continues: left > 0 })
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_a_first_and_a_last_byte_and_a_total() {
        let part = |offset, length, continues| Some(FilePart { offset, length: Some(length), continues });
        for (range, expected) in [
            ("bytes 1000-1999/2000", part(1000, 1000, false)),
            ("bytes 0-999/5000", part(0, 1000, true)),
            (" bytes  0 - 0 / 1 ", part(0, 1, false)),
            ("bytes 0-1998/2000", part(0, 1999, true)),
            ("bytes 0-2000/2000", None),
            ("bytes 10-9/2000", None),
            ("bytes 0-999/*", None),
            ("bytes */2000", None),
            ("bytes 0-999", None),
            ("bytes +0-999/1000", None),
            ("bytes 0-18446744073709551615/18446744073709551615", None),
            ("lines 0-999/1000", None),
            ("", None),
        ] {
            assert_eq!(parse(range), expected, "{range}");
        }
    }
}
