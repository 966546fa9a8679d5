//! Decompresses bodies (gzip, deflate, Brotli, Zstandard) incrementally, so that output never exceeds the
//! limit for a body.

mod encoding;
mod inflate;
mod input_queue;
mod stage;
#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;

pub use self::encoding::{Encoding, encodings};
use self::stage::Stage;
use crate::{error::Error, memory::OutOfMemory};

/// Output size up to which a body is buffered while it is decompressed. A larger one that also exceeds
/// [`SUSPICIOUS_FACTOR`] is first measured and then decompressed again, so that a decompression bomb is
/// rejected without being held in memory.
const SUSPICIOUS_BYTES: usize = 8 << 20;

/// Compression ratio above which a body may be a decompression bomb.
const SUSPICIOUS_FACTOR: usize = 32;

/// Output size from which the full capacity is reserved at once. Untouched pages cost nothing.
const LARGE_OUTPUT_BYTES: usize = 1 << 20;

/// Why a body cannot be decompressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// It exceeds the size limit.
    #[error("the decompressed body exceeds {limit} bytes")]
    TooLarge {
        /// The size limit in bytes.
        limit: usize,
    },
    /// It is not valid in its encoding, or truncated.
    #[error("{0}")]
    Invalid(String),
    /// There is not enough memory for it.
    #[error("there is not enough memory for the decompressed body")]
    Memory(OutOfMemory),
}

impl From<DecompressError> for Error {
    fn from(error: DecompressError) -> Self {
        match error {
            DecompressError::TooLarge { limit } => Self::TooLarge { limit },
            DecompressError::Invalid(detail) => Self::Encoding(detail),
            DecompressError::Memory(_) => Self::Overloaded,
        }
    }
}

/// Decompresses a whole body. `encodings` are in the order they were applied.
///
/// ```
/// use datadump_core::process::decompress::{Encoding, DecompressError, decompress};
/// use std::io::Write;
///
/// let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
/// gzip.write_all(b"speed=1.75").unwrap();
/// let body = gzip.finish().unwrap().into();
/// assert_eq!(decompress(&[Encoding::Gzip], &body, 100).unwrap(), "speed=1.75");
/// assert_eq!(decompress(&[Encoding::Gzip], &body, 9), Err(DecompressError::TooLarge { limit: 9 }));
/// ```
pub fn decompress(encodings: &[Encoding], body: &Bytes, limit: usize) -> Result<Bytes, DecompressError> {
    decompress_into(encodings, body, limit, |_| Ok(()))
}

/// Decompresses a whole body. `reserve` is told how much memory it takes in total, before it is allocated.
pub fn decompress_into(
    encodings: &[Encoding],
    body: &Bytes,
    limit: usize,
    mut reserve: impl FnMut(usize) -> Result<(), OutOfMemory>,
) -> Result<Bytes, DecompressError> {
    if encodings.is_empty() {
        return if body.len() > limit { Err(DecompressError::TooLarge { limit }) } else { Ok(body.clone()) };
    }
    let working_memory: usize = encodings.iter().map(|encoding| encoding.memory()).sum();
    let mut reserve = |bytes: usize| reserve(working_memory + bytes).map_err(DecompressError::Memory);
    let whole = || {
        let mut decompressor = Decompressor::new(encodings, Some(limit))?;
        decompressor.push(body.clone())?;
        decompressor.finish();
        Ok::<_, DecompressError>(decompressor)
    };
    let suspicious_size = SUSPICIOUS_BYTES.max(body.len().saturating_mul(SUSPICIOUS_FACTOR));
    reserve(LARGE_OUTPUT_BYTES.min(limit))?;
    let (mut output, mut decompressor) = (Vec::new(), whole()?);
    while let Some(chunk) = decompressor.next_chunk()? {
        let length = output.len() + chunk.len();
        if length <= suspicious_size {
            // Avoids moving a large output each time it outgrows its capacity.
            if length > output.capacity().max(LARGE_OUTPUT_BYTES) {
                reserve(suspicious_size.min(limit))?;
                output.reserve_exact(suspicious_size.min(limit).saturating_sub(output.len()));
            }
            output.extend_from_slice(chunk);
            continue;
        }
        output = Vec::new();
        while decompressor.next_chunk()?.is_some() {}
        reserve(decompressor.output_bytes())?;
        output.reserve_exact(decompressor.output_bytes());
        decompressor = whole()?;
        while let Some(chunk) = decompressor.next_chunk()? {
            output.extend_from_slice(chunk);
        }
    }
    Ok(output.into())
}

/// An incremental decompressor.
///
/// [Push](Self::push) input and take [chunks](Self::next_chunk) until there are none, repeatedly. At the
/// end of the input call [`finish`](Self::finish) and take the remaining chunks.
pub struct Decompressor {
    /// The first stage receives the input, the last one produces the output.
    stages: Vec<Stage>,
    limit: Option<usize>,
    output_bytes: usize,
}

impl Decompressor {
    /// Creates a decompressor. `encodings` are in the order they were applied, and at least one. Output
    /// beyond `limit` is an error.
    pub fn new(encodings: &[Encoding], limit: Option<usize>) -> Result<Self, DecompressError> {
        let stages =
            encodings.iter().rev().map(|encoding| Stage::new(*encoding)).collect::<Result<_, _>>()?;
        Ok(Self { stages, limit, output_bytes: 0 })
    }

    /// Adds input.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), DecompressError> {
        self.stages.first_mut().map_or(Ok(()), |first| first.push(bytes))
    }

    /// Marks the end of the input.
    pub fn finish(&mut self) {
        if let Some(first) = self.stages.first_mut() {
            first.finish();
        }
    }

    /// Returns the next chunk of output, at most 64 KiB. Returns `None` if more input is needed or, after
    /// [`finish`](Self::finish), at the end. Must not be called again after an error.
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>, DecompressError> {
        let length = advance(&mut self.stages)?;
        self.output_bytes = self.output_bytes.saturating_add(length);
        match self.limit {
            Some(limit) if self.output_bytes > limit => Err(DecompressError::TooLarge { limit }),
            _ if length == 0 => Ok(None),
            _ => Ok(self.stages.last().map(|last| last.chunk(length))),
        }
    }

    /// Returns the number of bytes produced so far.
    pub fn output_bytes(&self) -> usize {
        self.output_bytes
    }
}

/// Produces the next chunk of the last stage, advancing the earlier stages as needed.
fn advance(stages: &mut [Stage]) -> Result<usize, DecompressError> {
    let Some((last, before)) = stages.split_last_mut() else { return Ok(0) };
    loop {
        let length = last.advance()?;
        if length > 0 || before.is_empty() {
            return Ok(length);
        }
        let fed = advance(before)?;
        match before.last() {
            Some(previous) if fed > 0 => last.push(Bytes::copy_from_slice(previous.chunk(fed)))?,
            Some(previous) if previous.is_over() && !last.is_finished => last.finish(),
            _ => return Ok(0),
        }
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").field("output_bytes", &self.output_bytes).finish_non_exhaustive()
    }
}
