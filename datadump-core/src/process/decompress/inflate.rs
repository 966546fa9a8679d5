//! What is called `deflate`: with the header of zlib, or without. Its first byte tells.

use std::io::{self, BufRead, Read};

use flate2::bufread::{DeflateDecoder, ZlibDecoder};

/// Reads either.
#[derive(Debug)]
pub(super) enum Inflate<R> {
    /// Nothing was read yet; none only while it becomes one of the others.
    New(Option<R>),
    Zlib(ZlibDecoder<R>),
    Raw(DeflateDecoder<R>),
}

impl<R: BufRead> Inflate<R> {
    pub(super) fn new(from: R) -> Self {
        Self::New(Some(from))
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let from = match self {
                Self::Zlib(decoder) => return decoder.read(buffer),
                Self::Raw(decoder) => return decoder.read(buffer),
                Self::New(from) => from,
            };
            let Some(reader) = from else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            // Without a header the first bits say `a stored block, not the last one`, and the bits
            // after those, which are padding, have no reason to be set.
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
