//! Bodies that come compressed (gzip, deflate, Brotli, Zstandard): read piece by piece, so that
//! nothing is ever made of them beyond what a body may have.

mod encoding;
mod input_queue;
mod inflate;
mod stage;
#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;

pub use self::encoding::{Encoding, encodings};
use self::stage::Stage;
use crate::error::Error;

/// What a body may become, and how many times its length, before it is counted first and kept
/// afterwards: so a bomb is refused without ever being held.
const SUSPECT_LENGTH: usize = 8 << 20;
const SUSPECT_FACTOR: usize = 32;

/// From when on room is made for all of a body at once: what is not used of it costs nothing.
const LARGE: usize = 1 << 20;

/// Why a body is not decompressed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// It is longer than it may be.
    #[error("more than {limit} bytes when it is decompressed")]
    TooLarge {
        /// The most there may be.
        limit: usize,
    },
    /// It is not in the encoding it says, or it breaks off.
    #[error("{0}")]
    Broken(String),
}

impl From<DecompressError> for Error {
    fn from(refusal: DecompressError) -> Self {
        match refusal {
            DecompressError::TooLarge { limit } => Self::TooLarge { limit },
            DecompressError::Broken(detail) => Self::Encoding(detail),
        }
    }
}

/// Decompresses a whole body that comes in one encoding.
pub fn whole(encoding: Encoding, body: &Bytes, limit: usize) -> Result<Bytes, DecompressError> {
    decompress(&[encoding], body, limit)
}

/// Decompresses a whole body that comes in these encodings, in the order they were applied.
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
    if encodings.is_empty() {
        return if body.len() > limit { Err(DecompressError::TooLarge { limit }) } else { Ok(body.clone()) };
    }
    let whole = || {
        let mut decompressor = Decompressor::new(encodings, Some(limit))?;
        decompressor.push(body.clone())?;
        decompressor.finish();
        Ok::<_, DecompressError>(decompressor)
    };
    let suspect = SUSPECT_LENGTH.max(body.len().saturating_mul(SUSPECT_FACTOR));
    let (mut kept, mut decompressor) = (Vec::new(), whole()?);
    while let Some(piece) = decompressor.next_chunk()? {
        let length = kept.len() + piece.len();
        if length <= suspect {
            // A large one is not moved each time it outgrows its room.
            if length > kept.capacity().max(LARGE) {
                kept.reserve_exact(suspect - kept.len());
            }
            kept.extend_from_slice(piece);
            continue;
        }
        kept = Vec::new();
        while decompressor.next_chunk()?.is_some() {}
        kept.reserve_exact(decompressor.made());
        decompressor = whole()?;
        while let Some(piece) = decompressor.next_chunk()? {
            kept.extend_from_slice(piece);
        }
    }
    Ok(kept.into())
}

/// Decompresses a body as it comes: [push](Self::push) what has come, take [pieces](Self::piece)
/// until there is none, and so on; [finish](Self::finish) when no more comes, and take what is left.
pub struct Decompressor {
    /// The first one takes what comes, the last one makes what is wanted.
    stages: Vec<Stage>,
    limit: Option<usize>,
    made: usize,
}

impl Decompressor {
    /// Undoes these encodings, the last one first: they stand in the order they were applied. There
    /// is at least one. With a limit, whatever is made beyond it is refused.
    pub fn new(encodings: &[Encoding], limit: Option<usize>) -> Result<Self, DecompressError> {
        let stages =
            encodings.iter().rev().map(|encoding| Stage::new(*encoding)).collect::<Result<_, _>>()?;
        Ok(Self { stages, limit, made: 0 })
    }

    /// Takes what has come.
    pub fn push(&mut self, bytes: Bytes) -> Result<(), DecompressError> {
        self.stages.first_mut().map_or(Ok(()), |first| first.push(bytes))
    }

    /// No more comes.
    pub fn finish(&mut self) {
        if let Some(first) = self.stages.first_mut() {
            first.finish();
        }
    }

    /// The next piece of what becomes of it, of at most 64 KiB. None when more has to come first,
    /// or, after [`finish`](Self::finish), at the end. After an error nothing more may be asked.
    pub fn next_chunk(&mut self) -> Result<Option<&[u8]>, DecompressError> {
        let length = advance(&mut self.stages)?;
        self.made = self.made.saturating_add(length);
        match self.limit {
            Some(limit) if self.made > limit => Err(DecompressError::TooLarge { limit }),
            _ if length == 0 => Ok(None),
            _ => Ok(self.stages.last().map(|last| last.piece(length))),
        }
    }

    /// How many bytes have been made so far.
    pub fn made(&self) -> usize {
        self.made
    }
}

/// Makes the next piece of the last stage, from as much of the others as that takes.
fn advance(stages: &mut [Stage]) -> Result<usize, DecompressError> {
    let Some((last, before)) = stages.split_last_mut() else { return Ok(0) };
    loop {
        let length = last.advance()?;
        if length > 0 || before.is_empty() {
            return Ok(length);
        }
        let fed = advance(before)?;
        match before.last() {
            Some(previous) if fed > 0 => last.push(Bytes::copy_from_slice(previous.piece(fed)))?,
            Some(previous) if previous.is_over() && !last.is_finished() => last.finish(),
            _ => return Ok(0),
        }
    }
}

impl fmt::Debug for Decompressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decompressor").field("made", &self.made).finish_non_exhaustive()
    }
}
