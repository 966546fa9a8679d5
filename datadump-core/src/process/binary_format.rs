//! Reads sequences of values of a binary format. Each value is measured before it is parsed.

use std::ops::Range;

use serde_json::Value as Json;

use super::{
    Output,
    extent::{Extent, Head},
    parsed_value::ParsedValue,
};
use crate::record::Failure;

/// A binary format: what is needed to measure its values, and to parse them one by one.
pub(super) struct BinaryFormat {
    /// Its name for people.
    pub(super) name: &'static str,
    /// Reads the start of one value.
    pub(super) head: fn(&[u8]) -> Option<(usize, Head)>,
    /// Returns whether a value is a list, given its first byte.
    pub(super) is_list: fn(u8) -> bool,
    /// Parses bytes that are one value.
    pub(super) read: fn(&[u8]) -> Result<ParsedValue, Failure>,
}

impl BinaryFormat {
    /// Emits the values of a sequence, and of a list in it each item. Each value is measured before it is parsed.
    pub(super) fn emit(&self, body: &[u8], output: &mut Output) {
        let mut start = 0;
        while let Some(rest) = body.get(start..).filter(|rest| !rest.is_empty()) {
            let extent = match Extent::of(rest, self.head) {
                Ok(extent) => extent,
                // Where the next value starts is unknown.
                Err(failure) => return output.reject(self.named(&failure), None, Some(start..body.len())),
            };
            let end = start + extent.length;
            match (self.head)(rest) {
                Some((length, _)) if self.starts_list(rest) => {
                    self.emit_items(body, start + length..end, output);
                }
                _ => self.emit_value(body, start, extent, output, ParsedValue::emit),
            }
            if output.is_full() {
                return;
            }
            start = end;
        }
    }

    fn emit_items(&self, body: &[u8], items: Range<usize>, output: &mut Output) {
        let mut start = items.start;
        while let Some(rest) = body.get(start..items.end).filter(|rest| !rest.is_empty()) {
            // The list is complete, so only the break at its end is not a value.
            let Ok(extent) = Extent::of(rest, self.head) else { return };
            self.emit_value(body, start, extent, output, ParsedValue::emit_item);
            if output.is_full() {
                return;
            }
            start += extent.length;
        }
    }

    fn emit_value(
        &self,
        body: &[u8],
        start: usize,
        extent: Extent,
        output: &mut Output,
        emit: impl FnOnce(ParsedValue, Option<Range<usize>>, &mut Output),
    ) {
        /// Each library has its own form of a value, which becomes a parsed value and then JSON.
        const VALUE_BYTES: usize = 3 * size_of::<ParsedValue>() + 2 * size_of::<Json>();
        if output.need(extent.values * VALUE_BYTES + 4 * extent.length).is_err() {
            return;
        }
        let byte_range = start..start + extent.length;
        let bytes = body.get(byte_range.clone()).unwrap_or_default();
        match (self.read)(bytes) {
            Ok(value) => emit(value, Some(byte_range), output),
            Err(failure) => output.reject(self.named(&failure), None, Some(byte_range)),
        }
    }

    fn starts_list(&self, bytes: &[u8]) -> bool {
        bytes.first().is_some_and(|first| (self.is_list)(*first))
    }

    fn named(&self, failure: &Failure) -> Failure {
        Failure::new(failure.code, format!("invalid {}: {}", self.name, failure.detail))
    }
}
