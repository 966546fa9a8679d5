//! Incremental decoding of one encoding.

use std::io::{self, ErrorKind, Read};

use bytes::Bytes;

use super::{
    DecompressError, Encoding,
    inflate::Inflate,
    input_queue::{InputQueue, QueueReader},
};

/// Maximum size of a chunk of output.
pub(super) const CHUNK_BYTES: usize = 64 << 10;

/// Maximum Zstandard window as a power of two: the 8 MiB that RFC 9659 allows for HTTP. Frames that need
/// more are rejected, because the window is memory held for one client.
pub(super) const MAX_WINDOW_LOG: u32 = 23;

/// A decoder and its input queue.
pub(super) struct Stage {
    input: InputQueue,
    reader: Box<dyn Read + Send + Sync>,
    chunk: Vec<u8>,
    state: State,
    pub(super) is_finished: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// More output may be available.
    Reading,
    NeedsInput,
    /// The end of the compressed body has been reached.
    Ended,
}

impl Stage {
    pub(super) fn new(encoding: Encoding) -> Result<Self, DecompressError> {
        let input = InputQueue::default();
        let reader = reader(encoding, input.reader()).map_err(|error| invalid(&error))?;
        Ok(Self { input, reader, chunk: vec![0; CHUNK_BYTES], state: State::Reading, is_finished: false })
    }

    pub(super) fn push(&mut self, bytes: Bytes) -> Result<(), DecompressError> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.state == State::Ended {
            return Err(trailing());
        }
        self.state = State::Reading;
        self.input.push(bytes);
        Ok(())
    }

    pub(super) fn finish(&mut self) {
        self.is_finished = true;
        self.input.end();
        if self.state != State::Ended {
            // No bytes at all are an empty body in every encoding.
            self.state = if self.input.is_unused() { State::Ended } else { State::Reading };
        }
    }

    /// Returns whether all input has been decoded.
    pub(super) fn is_over(&self) -> bool {
        self.is_finished && self.state == State::Ended
    }

    /// Decodes the next chunk and returns its length, or 0 if more input is needed or the end is reached.
    pub(super) fn advance(&mut self) -> Result<usize, DecompressError> {
        if self.state != State::Reading {
            return Ok(0);
        }
        match self.read() {
            Ok(0) => {
                self.state = State::Ended;
                // The Brotli decoder reports trailing bytes only on the next read.
                let has_trailing = self.read().is_err_and(|error| error.kind() == ErrorKind::InvalidData);
                if has_trailing || !self.input.is_drained() { Err(trailing()) } else { Ok(0) }
            }
            Ok(length) => Ok(length),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.state = State::NeedsInput;
                Ok(0)
            }
            Err(error) => Err(invalid(&error)),
        }
    }

    /// Returns the first bytes of the last chunk.
    pub(super) fn chunk(&self, length: usize) -> &[u8] {
        self.chunk.get(..length).unwrap_or_default()
    }

    fn read(&mut self) -> io::Result<usize> {
        loop {
            match self.reader.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }
}

fn reader(encoding: Encoding, from: QueueReader) -> io::Result<Box<dyn Read + Send + Sync>> {
    Ok(match encoding {
        Encoding::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(from)),
        Encoding::Deflate => Box::new(Inflate::new(from)),
        Encoding::Brotli => Box::new(brotli::Decompressor::new(from, CHUNK_BYTES)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(from)?;
            decoder.window_log_max(MAX_WINDOW_LOG)?;
            Box::new(decoder)
        }
    })
}

fn invalid(error: &io::Error) -> DecompressError {
    let why = error.to_string();
    if error.kind() == ErrorKind::UnexpectedEof || why.contains("incomplete frame") {
        return DecompressError::Invalid("the compressed body is truncated".into());
    }
    if why.contains("too much memory") {
        let max = (1_usize << MAX_WINDOW_LOG) >> 20;
        return DecompressError::Invalid(format!(
            "the compressed body needs a window of more than {max} MiB"
        ));
    }
    DecompressError::Invalid(format!("the compressed body is invalid: {}", why.to_lowercase()))
}

fn trailing() -> DecompressError {
    DecompressError::Invalid("the compressed body is followed by other data".into())
}
