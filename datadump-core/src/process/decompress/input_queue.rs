//! Connects pushed input to decoders that pull: a queue whose reader returns `WouldBlock` when empty.

use std::{
    collections::VecDeque,
    io::{self, BufRead, ErrorKind, Read},
    sync::Arc,
};

use bytes::{Buf as _, Bytes};
use parking_lot::Mutex;

/// The writing end.
#[derive(Debug, Default)]
pub(super) struct InputQueue(Arc<Mutex<Shared>>);

/// The reading end. Reading from an empty queue fails with `WouldBlock` until the input has ended.
#[derive(Debug)]
pub(super) struct QueueReader {
    shared: Arc<Mutex<Shared>>,
    current: Bytes,
}

#[derive(Debug, Default)]
struct Shared {
    chunks: VecDeque<Bytes>,
    unread_bytes: usize,
    has_input: bool,
    has_ended: bool,
}

impl InputQueue {
    pub(super) fn reader(&self) -> QueueReader {
        QueueReader { shared: self.0.clone(), current: Bytes::new() }
    }

    pub(super) fn push(&self, bytes: Bytes) {
        let mut shared = self.0.lock();
        shared.has_input = true;
        shared.unread_bytes += bytes.len();
        shared.chunks.push_back(bytes);
    }

    pub(super) fn end(&self) {
        self.0.lock().has_ended = true;
    }

    /// Returns whether nothing was ever pushed.
    pub(super) fn is_unused(&self) -> bool {
        !self.0.lock().has_input
    }

    /// Returns whether all input has been read.
    pub(super) fn is_drained(&self) -> bool {
        self.0.lock().unread_bytes == 0
    }
}

impl BufRead for QueueReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.is_empty() {
            let mut shared = self.shared.lock();
            match shared.chunks.pop_front() {
                Some(bytes) => self.current = bytes,
                None if shared.has_ended => {}
                None => return Err(ErrorKind::WouldBlock.into()),
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        let amount = amount.min(self.current.len());
        self.current.advance(amount);
        self.shared.lock().unread_bytes -= amount;
    }
}

impl Read for QueueReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}
