//! Throw → records: the trait a processor implements, the list of those built in, and how the right
//! one is found.
//!
//! ```text
//! body ─► charset ─► detect ─► decode (one file per format) ─► records ─► own program (VRL) ─► records
//! ```
//!
//! A new format is one file and one line in [`registry`].

mod charset;
pub mod decompress;
mod detect;
mod examples;
mod formats;
mod infer_scalar;
mod json;
mod lines;
mod magic;
mod media;
mod memory_budget;
mod parsed_value;
mod registry;
mod serde_value;
#[cfg(test)]
mod testing;
pub mod vrl;

use std::fmt::Debug;

use bytes::Bytes;

pub use self::{
    detect::{Detection, body_for, detect},
    examples::{Example, examples},
    infer_scalar::is_untyped,
    registry::{Registry, run},
};
pub(crate) use self::{
    memory_budget::{MemoryBudget, MemoryShare},
    registry::{NO_MEMORY, run_into},
};
use crate::{
    clock::Timestamp,
    record::{Failure, Origin, Record, Rejection},
};

/// Turns one throw into records.
///
/// # Contract
///
/// * **Pure.** The same input gives the same output; it needs no runtime, no clock, no disk and no
///   network. It is run on a thread where it may take its time.
/// * **One bad record never takes its neighbours with it**: what cannot be read is
///   [rejected](Output::reject) and the next one is read. `Err` means that nothing of the throw can
///   be read; the throw then goes to quarantine whole, and what was put out before is forgotten.
/// * **Any bytes.** It never panics, whatever it is given. When it does all the same the panic is
///   caught and the throw quarantined. A deadline passes likewise; but its thread cannot be
///   stopped: a processor is trusted code.
/// * **Bounded.** It makes no more than a small multiple of what it is given; [`Output`] stops it
///   otherwise.
pub trait Processor: Send + Sync + Debug + 'static {
    /// Its name, as `?format=` and a source's settings say it: lowercase words with hyphens.
    fn name(&self) -> &str;

    /// Its version, kept with what is quarantined.
    fn version(&self) -> u32 {
        1
    }

    /// Reads the input and puts out its records, in order.
    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure>;

    /// How an endless body may be cut into chunks that are read one by one.
    fn splitting(&self) -> Splitting {
        Splitting::None
    }
}

/// How a body of a format may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Splitting {
    /// It may not: only the whole has a meaning.
    Never,
    /// After any line.
    Lines,
    /// After any line, with the first line put in front of every chunk.
    LinesUnderHeader,
}

/// What a processor is given.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// The bytes. For formats that are text they are UTF-8, whatever they came as.
    pub body: &'a Bytes,
    /// The content type, as it was sent.
    pub content_type: Option<&'a str>,
    /// The arguments of the address.
    pub arguments: &'a [(String, String)],
    /// When the throw was received.
    pub received_at: Timestamp,
}

impl<'a> Input<'a> {
    /// The body as text, or why it is none.
    pub fn text(&self) -> Result<&'a str, Failure> {
        std::str::from_utf8(self.body)
            .map_err(|error| Failure::unreadable(format!("not UTF-8 text: {error}")))
    }
}

/// The most records that a throw may hold. A stream may be of any length: it is read in chunks.
pub const MAX_RECORDS: usize = 1_000_000;

/// About how many bytes a member of a record takes, beside those of its body.
const MEMBER: usize = 160;

/// What a processor puts out.
#[derive(Debug, Default)]
pub struct Output {
    /// The records, in order.
    pub records: Vec<Record>,
    /// What did not become one.
    pub rejected: Vec<Rejection>,
    next: usize,
    /// The room that it takes, where that is bounded.
    pub(crate) share: Option<MemoryShare>,
    is_out_of_room: bool,
}

impl Output {
    /// One that takes its room of all there is.
    pub(crate) fn within(room: &MemoryBudget) -> Self {
        Self { share: Some(room.share()), ..Self::default() }
    }

    /// Puts out a record that stands in no particular place.
    pub fn record(&mut self, record: Record) {
        self.record_at(record, None, None);
    }

    /// Puts out a record with its line and its bytes.
    pub fn record_at(&mut self, record: Record, line: Option<usize>, byte_range: Option<std::ops::Range<usize>>) {
        let origin = Origin { index: self.next, line, byte_range };
        self.next += 1;
        self.take(size_of::<Record>() + MEMBER * (record.fields.len() + record.non_finite.len()));
        if !self.is_full() {
            if self.records.capacity() == 0 {
                // Most throws are of one record.
                self.records.reserve_exact(1);
            }
            self.records.push(Record { origin, ..record });
        }
    }

    /// Says that what stands here cannot be read.
    pub fn reject(&mut self, failure: Failure, line: Option<usize>, byte_range: Option<std::ops::Range<usize>>) {
        let origin = Origin { index: self.next, line, byte_range };
        self.next += 1;
        self.take(size_of::<Rejection>() + failure.detail.len());
        if !self.is_full() {
            self.rejected.push(Rejection { origin, failure });
        }
    }

    /// Whether more was put out than is kept: a processor that sees it may stop.
    pub fn is_full(&self) -> bool {
        self.next > MAX_RECORDS || self.is_out_of_room
    }

    /// Whether it would have taken more room than there is beside other throws.
    pub(crate) fn is_out_of_room(&self) -> bool {
        self.is_out_of_room
    }

    fn take(&mut self, bytes: usize) {
        self.is_out_of_room |= self.share.as_mut().is_some_and(|share| !share.grow(bytes));
    }
}
