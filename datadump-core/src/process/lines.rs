//! Splits text into lines that know their position.

use std::ops::Range;

use super::Output;
use crate::record::{Failure, Record};

/// One line, without its line ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// Line number, from 1.
    pub(super) number: usize,
    /// Byte offset of the line in the text.
    pub(super) start: usize,
}

impl Line<'_> {
    /// Returns the byte range of the line in the text.
    pub(super) fn byte_range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    /// Makes sure that the fields of the line can be parsed, given the bytes that separate them. Returns whether
    /// the output takes more lines.
    pub(super) fn has_room(&self, separators: [u8; 2], output: &mut Output) -> bool {
        /// A field while it is parsed, and the member of a map that it becomes.
        const FIELD_BYTES: usize = 3 * size_of::<serde_json::Value>() + 256;
        let fields = 1 + memchr::memchr2_iter(separators[0], separators[1], self.text.as_bytes()).count();
        !output.is_full() && output.need(fields * FIELD_BYTES + 4 * self.text.len()).is_ok()
    }

    /// Emits the record of the line, or rejects the line.
    pub(super) fn emit(&self, record: Result<Record, Failure>, output: &mut Output) {
        let (number, byte_range) = (Some(self.number), Some(self.byte_range()));
        match record {
            Ok(record) => output.record_at(record, number, byte_range),
            Err(failure) => output.reject(failure, number, byte_range),
        }
    }

    /// Returns whether the line holds only white space.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim_ascii().is_empty()
    }
}

/// Iterates over the lines of a string. Lines end with `\n` or `\r\n`; the last one may have no ending.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let (mut start, mut number) = (0, 0);
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let line = rest.get(..end.unwrap_or(rest.len()))?;
        let text = if end.is_some() { line.strip_suffix('\r').unwrap_or(line) } else { line };
        number += 1;
        let current = Line { text, number, start };
        start += line.len() + usize::from(end.is_some());
        Some(current)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_know_their_position() {
        let text = "a\r\n\nbc\n \nd";
        let found: Vec<_> =
            lines(text).map(|line| (line.number, line.byte_range(), line.is_blank())).collect();
        let expected =
            [(1, 0..1, false), (2, 3..3, true), (3, 4..6, false), (4, 7..8, true), (5, 9..10, false)];
        assert_eq!(found, expected);
        assert_eq!(lines("").count(), 0);
    }
}
