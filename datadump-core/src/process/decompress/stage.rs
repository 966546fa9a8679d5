//! One encoding, undone piece by piece.

use std::io::{self, ErrorKind, Read};

use bytes::Bytes;

use super::{
    Encoding, DecompressError,
    input_queue::{QueueReader, InputQueue},
    inflate::Inflate,
};

/// How much is made at a time.
pub(super) const PIECE: usize = 64 << 10;

/// The largest window of Zstandard, as a power of two: 8 MiB is what RFC 9659 allows for what comes
/// over HTTP. A frame that wants more is refused: each such window is memory held for one client.
pub(super) const LARGEST_WINDOW: u32 = 23;

/// A decoder, and what it is fed with.
pub(super) struct Stage {
    supply: InputQueue,
    reader: Box<dyn Read + Send + Sync>,
    piece: Vec<u8>,
    state: State,
    /// Whether nothing more comes.
    finished: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There may be more to read.
    Reading,
    /// Nothing more can be read before more has come.
    Hungry,
    /// The compressed body has come to its end.
    Ended,
}

impl Stage {
    pub(super) fn new(encoding: Encoding) -> Result<Self, DecompressError> {
        let supply = InputQueue::default();
        let reader = reader(encoding, supply.feed()).map_err(|error| broken(&error))?;
        Ok(Self { supply, reader, piece: vec![0; PIECE], state: State::Reading, finished: false })
    }

    pub(super) fn push(&mut self, bytes: Bytes) -> Result<(), DecompressError> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.state == State::Ended {
            return Err(trailing());
        }
        self.state = State::Reading;
        self.supply.add(bytes);
        Ok(())
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
        self.supply.end();
        if self.state != State::Ended {
            // What has no bytes at all is an empty body, whatever it says it is.
            self.state = if self.supply.is_untouched() { State::Ended } else { State::Reading };
        }
    }

    /// Whether all of it came and was read.
    pub(super) fn is_over(&self) -> bool {
        self.finished && self.state == State::Ended
    }

    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    /// Makes the next piece and says how long it is; 0 when nothing more can be made, or nothing yet.
    pub(super) fn advance(&mut self) -> Result<usize, DecompressError> {
        if self.state != State::Reading {
            return Ok(0);
        }
        match self.read() {
            Ok(0) => {
                self.state = State::Ended;
                // Brotli's decoder says only when it is asked again that it has bytes left.
                let left = self.read().is_err_and(|error| error.kind() == ErrorKind::InvalidData);
                if left || !self.supply.is_used_up() { Err(trailing()) } else { Ok(0) }
            }
            Ok(length) => Ok(length),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.state = State::Hungry;
                Ok(0)
            }
            Err(error) => Err(broken(&error)),
        }
    }

    /// The first bytes of the last piece that was made.
    pub(super) fn piece(&self, length: usize) -> &[u8] {
        self.piece.get(..length).unwrap_or_default()
    }

    fn read(&mut self) -> io::Result<usize> {
        loop {
            match self.reader.read(&mut self.piece) {
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
        Encoding::Brotli => Box::new(brotli::Decompressor::new(from, PIECE)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(from)?;
            decoder.window_log_max(LARGEST_WINDOW)?;
            Box::new(decoder)
        }
    })
}

fn broken(error: &io::Error) -> DecompressError {
    let why = error.to_string();
    if error.kind() == ErrorKind::UnexpectedEof || why.contains("incomplete frame") {
        return DecompressError::Broken("the compressed body breaks off before its end".into());
    }
    if why.contains("too much memory") {
        let most = (1_usize << LARGEST_WINDOW) >> 20;
        return DecompressError::Broken(format!("the compressed body needs a window of more than {most} MiB"));
    }
    DecompressError::Broken(format!("the compressed body cannot be read: {}", why.to_lowercase()))
}

fn trailing() -> DecompressError {
    DecompressError::Broken("there are bytes after the end of the compressed body".into())
}
