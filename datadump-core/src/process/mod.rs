//! Turns throws into records: the [`Processor`] trait, the built-in processors and format detection.
//!
//! ```text
//! body ─► charset ─► detect ─► decode (formats/) ─► records ─► own program (VRL) ─► records
//! ```
//!
//! A new format is one file in `formats/` and one line in [`registry`].

mod binary_format;
mod charset;
pub mod decompress;
mod detect;
mod examples;
mod extent;
mod file_encoding;
mod formats;
mod infer_scalar;
mod json;
mod lines;
mod magic;
mod media;
mod meter;
mod parsed_value;
mod quotes;
mod registry;
mod serde_value;
mod splitter;
#[cfg(test)]
mod testing;
pub mod vrl;

use std::{fmt::Debug, ops::Range};

use bytes::Bytes;

pub use self::{
    detect::{Basis, Detection, body_for, detect, other_formats},
    examples::{Example, examples},
    infer_scalar::is_untyped,
    registry::{Registry, run},
};
pub(crate) use self::{
    file_encoding::{FileEncoding, as_utf8},
    meter::{MEMORY_IN_USE, Meter, memory_failure, too_much_memory},
    quotes::EmptyTexts,
    registry::run_into,
    splitter::{Malformed, Splitter, TableHeader, Units, table_start},
};
use crate::{
    clock::Timestamp,
    memory::MemoryShare,
    record::{Change, Changes, Failure, Origin, Record, Records, Rejection},
};

/// Turns one throw into records.
///
/// # Contract
///
/// * **Pure.** The same input gives the same output. A processor needs no runtime, clock, disk or
///   network. It runs on a thread where it may block.
/// * **Isolated failures.** A record that cannot be read is [rejected](Output::reject) and processing
///   continues with the next one. `Err` means that no part of the throw can be read: the whole throw is
///   quarantined and earlier output is discarded.
/// * **Total.** It does not panic, whatever the input. If it does, the panic is caught and the throw is
///   quarantined. The same happens when it exceeds its deadline, but its thread cannot be stopped: a
///   processor is trusted code.
/// * **Bounded.** It counts while it reads: it stops once the output [is full](Output::is_full), and calls
///   [`Output::need`] before it builds anything whose size the input determines, apart from the records that it
///   emits, which are counted anyway.
pub trait Processor: Send + Sync + Debug + 'static {
    /// Returns the name used in `?format=` and in source settings: lowercase words with hyphens.
    fn name(&self) -> &str;

    /// Returns the version, which is stored with quarantined throws.
    fn version(&self) -> u32 {
        1
    }

    /// Reads the input and emits its records in order.
    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure>;

    /// Returns how a stream may be split into chunks that are processed independently.
    fn splitting(&self) -> Splitting {
        Splitting::None
    }
}

/// Rule for splitting a stream of a format into chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splitting {
    /// The body must be processed as a whole.
    None,
    /// After any line.
    Lines,
    /// After any line, with the first line repeated at the start of every chunk.
    LinesWithHeader,
}

/// The input of a processor.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The body. Text formats get UTF-8, whatever encoding was sent.
    pub body: &'a Bytes,
    /// The `Content-Type` header as sent.
    pub content_type: Option<&'a str>,
    /// The query parameters of the request.
    pub arguments: &'a [(String, String)],
    /// When the throw was received.
    pub received_at: Timestamp,
}

impl<'a> Input<'a> {
    /// Returns the body as text, or a failure if it is not UTF-8.
    pub fn text(&self) -> Result<&'a str, Failure> {
        std::str::from_utf8(self.body)
            .map_err(|error| Failure::unreadable(format!("not UTF-8 text: {error}")))
    }
}

/// Maximum number of records in a throw. Streams are unlimited: they are processed in chunks.
pub const MAX_RECORDS: usize = 1_000_000;

/// The output of a processor.
#[derive(Debug, Default)]
pub struct Output {
    /// The records, in order.
    pub records: Records,
    /// Parts of the throw that did not become a record.
    pub rejected: Vec<Rejection>,
    /// Values in the records that were read differently from how they were sent.
    pub changes: Changes,
    next: usize,
    /// True if the input is a part of a body: then it may have no readable record at all.
    is_part: bool,
    /// The memory that the output uses.
    pub(crate) meter: Meter,
    /// The reason for discarding further output, if a memory limit was exceeded.
    out_of_memory: Option<Failure>,
}

impl Output {
    /// Creates an output whose memory is taken from a share.
    pub(crate) fn within(share: MemoryShare) -> Self {
        Self { meter: Meter::new(Some(share)), ..Self::default() }
    }

    /// Returns the same output for a part of a body.
    pub(crate) fn of_part(self) -> Self {
        Self { is_part: true, ..self }
    }

    /// Emits a record without a position in the body.
    pub fn record(&mut self, record: Record) {
        self.record_at(record, None, None);
    }

    /// Emits a record with its line number and byte range.
    pub fn record_at(&mut self, mut record: Record, line: Option<usize>, byte_range: Option<Range<usize>>) {
        let origin = Origin { index: self.next, line, byte_range };
        if !record.changes.is_empty() {
            self.count(record.changes.iter().map(Change::size).sum());
            if !self.is_full() {
                self.changes.put(self.next, std::mem::take(&mut record.changes));
            }
        }
        self.next += 1;
        if self.is_full() {
            return;
        }
        let before = self.records.size();
        self.records.push(Record { origin, ..record });
        if self.meter.is_scarce() {
            self.records.save_memory();
        }
        match self.records.size() {
            after if after > before => self.count(after - before),
            // Records have been packed.
            after => self.meter.shrink(before - after),
        }
    }

    /// Reports a part of the body that cannot be read.
    pub fn reject(&mut self, failure: Failure, line: Option<usize>, byte_range: Option<Range<usize>>) {
        let origin = Origin { index: self.next, line, byte_range };
        self.next += 1;
        // The list may be moved while it grows.
        self.count(2 * size_of::<Rejection>() + failure.detail.len());
        if !self.is_full() {
            self.rejected.push(Rejection { origin, failure });
        }
    }

    /// Returns whether a limit was exceeded. Further output is discarded, so a processor should stop.
    pub fn is_full(&self) -> bool {
        self.next > MAX_RECORDS || self.out_of_memory.is_some()
    }

    /// Makes sure that a processor may use `bytes` of memory for a moment, in addition to the records that it has
    /// emitted. It must return the failure.
    pub fn need(&mut self, bytes: usize) -> Result<(), Failure> {
        self.meter.need(bytes).inspect_err(|failure| {
            self.out_of_memory.get_or_insert_with(|| failure.clone());
        })
    }

    /// Counts `bytes` that the processor keeps while it reads on.
    fn count(&mut self, bytes: usize) {
        if let Err(failure) = self.meter.grow(bytes) {
            self.out_of_memory.get_or_insert(failure);
        }
    }
}
