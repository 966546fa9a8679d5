//! Decodes `deflate` with or without a zlib header, which the first byte tells apart.

use std::io::{self, BufRead, Read};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};

/// A decoder for both variants.
#[derive(Debug)]
pub(super) enum Inflate<R> {
    /// Nothing has been read yet. `None` only while switching to another variant.
    Undecided(Option<R>),
    Zlib(ZlibDecoder<R>),
    Raw(DeflateDecoder<R>),
}

impl<R: BufRead> Inflate<R> {
    pub(super) fn new(from: R) -> Self {
        Self::Undecided(Some(from))
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let from = match self {
                Self::Zlib(decoder) => return decoder.read(buffer),
                Self::Raw(decoder) => return decoder.read(buffer),
                Self::Undecided(from) => from,
            };
            let Some(reader) = from else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            // A low nibble of 8 is the zlib header. In raw deflate it would mean a stored block that
            // is not the last one with a padding bit set, which encoders do not produce.
            let Some(first) = reader.fill_buf()?.first().copied() else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            let Some(reader) = from.take() else { continue };
            *self = if first & 0x0f == 8 {
                Self::Zlib(ZlibDecoder::new(reader))
            } else {
                Self::Raw(DeflateDecoder::new(reader))
            };
        }
    }
}
