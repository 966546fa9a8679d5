//! Cuts bodies of any length into chunks that are processed one after the other.

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;

use crate::{
    error::{Error, Fault, Place, Result},
    memory::MemoryShare,
    process::{
        Malformed, Output, Splitter, Units,
        decompress::{Decompressor, Encoding},
    },
    record::Origin,
};

/// Target size of a chunk in bytes. While a chunk is processed, its records, rows and outcomes take many
/// times as much memory.
const CHUNK_BYTES: usize = 256 << 10;

/// Number of bytes used to detect the format.
const SAMPLE_BYTES: usize = 64 << 10;

/// Maximum length of a line, row or item in bytes.
const MAX_UNIT_BYTES: usize = 16 << 20;

/// A body as it arrives, decompressed if its first bytes are the signature of a compression format.
#[derive(Debug, Default)]
pub(crate) struct PlainBody(Compressed);

#[derive(Debug, Default)]
enum Compressed {
    #[default]
    Unknown,
    No(Bytes),
    /// In a mutex that is never contended, because decompressors are not `Sync`.
    Yes(Mutex<Decompressor>),
}

impl PlainBody {
    /// Adds bytes, after the previous ones have been taken.
    pub(crate) fn push(&mut self, bytes: Bytes) -> Result<()> {
        if matches!(self.0, Compressed::Unknown) && !bytes.is_empty() {
            self.0 = match Encoding::by_magic(&bytes) {
                Some(encoding) => Compressed::Yes(Mutex::new(Decompressor::new(&[encoding], None)?)),
                None => Compressed::No(Bytes::new()),
            };
        }
        match &mut self.0 {
            Compressed::Unknown => {}
            Compressed::No(waiting) => *waiting = bytes,
            Compressed::Yes(decompressor) => decompressor.get_mut().push(bytes)?,
        }
        Ok(())
    }

    /// Marks the end of the body.
    pub(crate) fn finish(&mut self) {
        if let Compressed::Yes(decompressor) = &mut self.0 {
            decompressor.get_mut().finish();
        }
    }

    /// Takes the next decompressed bytes.
    pub(crate) fn take(&mut self) -> Result<Option<Bytes>> {
        Ok(match &mut self.0 {
            Compressed::Unknown => None,
            Compressed::No(waiting) => Some(std::mem::take(waiting)).filter(|bytes| !bytes.is_empty()),
            Compressed::Yes(decompressor) => decompressor.get_mut().next_chunk()?.map(Bytes::copy_from_slice),
        })
    }
}

/// The bytes that wait for the end of their line, row or item.
#[derive(Debug)]
pub(crate) struct Chunks {
    waiting: BytesMut,
    memory: MemoryShare,
}

/// The error in place of the next chunk.
#[derive(Debug)]
pub(crate) enum ChunkError {
    /// The body cannot be split at this place among the waiting bytes.
    Malformed(Malformed),
    /// There is no memory for more waiting bytes.
    Overloaded,
}

impl From<ChunkError> for Error {
    fn from(error: ChunkError) -> Self {
        match error {
            ChunkError::Malformed(Malformed { detail, .. }) => {
                Self::Settings(vec![Fault::new(Place::body(), "malformed", detail)])
            }
            ChunkError::Overloaded => Self::Overloaded,
        }
    }
}

impl Chunks {
    /// Creates an empty buffer.
    pub(crate) fn new(memory: MemoryShare) -> Self {
        Self { waiting: BytesMut::new(), memory }
    }

    /// Adds bytes.
    pub(crate) fn extend(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// Returns the bytes that wait.
    pub(crate) fn waiting(&self) -> &[u8] {
        &self.waiting
    }

    /// Returns whether the bytes suffice for a chunk.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= CHUNK_BYTES
    }

    /// Takes the next chunk. Returns `None` if its end has not arrived.
    pub(crate) fn take(&mut self, splitter: &mut Splitter) -> Result<Option<Bytes>, ChunkError> {
        if !self.is_full() {
            return Ok(None);
        }
        match splitter.scan(&self.waiting).map_err(ChunkError::Malformed)? {
            0 => self.wait().map(|()| None),
            end => Ok(Some(self.take_front(splitter, end))),
        }
    }

    /// Takes the units that are complete.
    pub(crate) fn take_front(&mut self, splitter: &mut Splitter, end: usize) -> Bytes {
        self.memory.shrink(usize::MAX);
        splitter.take(end);
        self.waiting.split_to(end).freeze()
    }

    /// Reserves memory until the end of the unit has arrived.
    pub(crate) fn wait(&mut self) -> Result<(), ChunkError> {
        if self.waiting.len() > MAX_UNIT_BYTES {
            let detail = format!("a line, row or item is longer than {MAX_UNIT_BYTES} bytes");
            return Err(ChunkError::Malformed(Malformed { at: 0, detail }));
        }
        // The buffer may be moved while it grows.
        let needed = 3 * self.waiting.capacity();
        let missing = needed.saturating_sub(self.memory.used());
        self.memory.grow(missing).map_err(|_| ChunkError::Overloaded)
    }

    /// Takes everything that is left.
    pub(crate) fn take_rest(&mut self) -> Bytes {
        self.waiting.split().freeze()
    }
}

/// Returns the whole rows at the start of bytes, or all bytes if there is none.
pub(crate) fn whole_rows(bytes: &[u8]) -> &[u8] {
    match Splitter::new(Units::Rows(None), true).scan(bytes) {
        Ok(end) if end > 0 => bytes.get(..end).unwrap_or_default(),
        _ => bytes,
    }
}

/// Returns the lines at the start of a body from which its format is detected. Tables are not cut inside a cell.
pub(crate) fn sample(start: &[u8]) -> Bytes {
    let Some(sample) = start.get(..SAMPLE_BYTES) else { return Bytes::copy_from_slice(start) };
    let end = match Splitter::new(Units::Rows(None), true).scan(sample) {
        Ok(end) if end > 0 => end,
        _ => memchr::memrchr(b'\n', sample).map_or(start.len(), |end| end + 1),
    };
    Bytes::copy_from_slice(start.get(..end).unwrap_or_default())
}

/// Numbers the records of a chunk on from those before it. `line` converts a line of the chunk. Returns how many there
/// are, rejected ones included.
pub(crate) fn renumber(output: &mut Output, before: usize, line: impl Fn(usize) -> usize) -> usize {
    let shift = |origin: &mut Origin| {
        origin.index += before;
        origin.line = origin.line.map(&line);
    };
    output.changes.shift(before);
    output.records.update(|record| shift(&mut record.origin));
    output.rejected.iter_mut().for_each(|rejected| shift(&mut rejected.origin));
    output.records.len() + output.rejected.len()
}
