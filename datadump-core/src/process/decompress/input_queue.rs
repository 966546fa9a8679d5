//! The way of what has come to whoever reads it: decoders pull, bodies are pushed.

use std::{
    io::{self, BufRead, ErrorKind, Read},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Buf as _, Bytes};

/// Where what has come is put.
#[derive(Debug, Default)]
pub(super) struct InputQueue(Arc<Mutex<Shared>>);

/// Where it is read. When there is nothing yet, reading would block.
#[derive(Debug)]
pub(super) struct QueueReader {
    shared: Arc<Mutex<Shared>>,
    current: Bytes,
}

#[derive(Debug, Default)]
struct Shared {
    waiting: std::collections::VecDeque<Bytes>,
    /// Bytes that came and were not read.
    left: usize,
    came: bool,
    ended: bool,
}

impl InputQueue {
    pub(super) fn feed(&self) -> QueueReader {
        QueueReader { shared: self.0.clone(), current: Bytes::new() }
    }

    pub(super) fn add(&self, bytes: Bytes) {
        let mut shared = lock(&self.0);
        shared.came = true;
        shared.left += bytes.len();
        shared.waiting.push_back(bytes);
    }

    pub(super) fn end(&self) {
        lock(&self.0).ended = true;
    }

    /// Whether nothing has ever come.
    pub(super) fn is_untouched(&self) -> bool {
        !lock(&self.0).came
    }

    /// Whether all that came was read.
    pub(super) fn is_used_up(&self) -> bool {
        lock(&self.0).left == 0
    }
}

impl BufRead for QueueReader {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.is_empty() {
            let mut shared = lock(&self.shared);
            match shared.waiting.pop_front() {
                Some(bytes) => self.current = bytes,
                None if shared.ended => {}
                None => return Err(ErrorKind::WouldBlock.into()),
            }
        }
        Ok(&self.current)
    }

    fn consume(&mut self, amount: usize) {
        let amount = amount.min(self.current.len());
        self.current.advance(amount);
        lock(&self.shared).left -= amount;
    }
}

impl Read for QueueReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.fill_buf()?.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
