//! The format of a file, and its chunks as a processor is given them.

use bytes::{Bytes, BytesMut};

use crate::{
    process::{Splitter, TableHeader, Units, table_start},
    record::Origin,
};

/// The format of a file.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) name: String,
    pub(super) header: Option<TableHeader>,
    /// Reason for this format.
    pub(super) because: &'static str,
    pub(super) units: Units,
    pub(super) splitter: Splitter,
}

/// A chunk as its processor is given it.
pub(super) struct Prepared {
    pub(super) body: Bytes,
    /// The place in the chunk where its body begins.
    pub(super) start: usize,
    /// Number of lines that were added before it.
    pub(super) added: usize,
}

impl Format {
    /// Returns the body of a throw with the records of a chunk.
    pub(super) fn body(&self, chunk: &Bytes, is_start: bool, is_last: bool) -> Prepared {
        match (&self.header, self.units) {
            (Some(header), _) if is_start => {
                let start = table_start(chunk);
                let declaration = header.bytes.get(..header.declaration).unwrap_or_default();
                Prepared {
                    body: joined(&[declaration, chunk.get(start..).unwrap_or_default()]),
                    start,
                    added: 0,
                }
            }
            (Some(header), _) => {
                Prepared { body: joined(&[&header.bytes, chunk]), start: 0, added: header.lines() }
            }
            (None, Units::Items) => {
                let start = match is_start {
                    true => memchr::memchr(b'[', chunk).map_or(0, |start| start + 1),
                    false => 0,
                };
                let items = chunk.get(start..).unwrap_or_default().trim_ascii_end();
                let last = if is_last { b"]" } else { b"," };
                let items = items.strip_suffix(last).unwrap_or(items);
                Prepared { body: joined(&[b"[", items, b"]"]), start, added: 0 }
            }
            (None, _) => Prepared { body: chunk.clone(), start: 0, added: 0 },
        }
    }
}

/// Counts the lines of a JSON array up to its items.
pub(super) struct LineCounter<'c> {
    chunk: &'c [u8],
    /// The place in the chunk of the first byte after the bracket of the body.
    start: usize,
    place: usize,
    line: usize,
}

impl<'c> LineCounter<'c> {
    pub(super) fn new(chunk: &'c [u8], start: usize) -> Self {
        Self { chunk, start, place: 0, line: 1 }
    }

    /// Sets the line of the next item, if its place is known.
    pub(super) fn number(&mut self, origin: &mut Origin) {
        let Some(range) = &origin.byte_range else { return };
        let place = (self.start + range.start).saturating_sub(1).max(self.place);
        let between = self.chunk.get(self.place..place).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count();
        self.place = place;
        origin.line = Some(self.line);
    }
}

fn joined(parts: &[&[u8]]) -> Bytes {
    let mut whole = BytesMut::with_capacity(parts.iter().map(|part| part.len()).sum());
    parts.iter().for_each(|part| whole.extend_from_slice(part));
    whole.freeze()
}

/// Returns the units of a file.
pub(super) fn units(name: &str, header: Option<&TableHeader>) -> Units {
    match (name, header) {
        (_, Some(header)) => header.units(),
        ("json", None) => Units::Items,
        _ => Units::Lines,
    }
}
