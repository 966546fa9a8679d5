//! A connection whose incoming bytes count towards the memory for throws: an incomplete message takes memory
//! like any other body.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use poem::Upgraded;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use crate::throwing::{Lease, Memory};

/// Reads fail with `OutOfMemory` once the memory for throws is used up.
pub(super) struct MemoryLimit {
    io: Upgraded,
    memory: Memory,
    lease: Lease,
    last_received: Instant,
}

impl MemoryLimit {
    pub(super) fn new(io: Upgraded, memory: Memory) -> Self {
        let lease = memory.lease();
        Self { io, memory, lease, last_received: Instant::now() }
    }

    /// Returns when the last bytes were received.
    pub(super) fn last_received(&self) -> Instant {
        self.last_received
    }

    /// Returns the memory of the message that was just completed.
    pub(super) fn take_lease(&mut self) -> Lease {
        std::mem::replace(&mut self.lease, self.memory.lease())
    }

    /// Returns the underlying connection, to read without accounting.
    pub(super) fn get_mut(&mut self) -> &mut Upgraded {
        &mut self.io
    }
}

impl AsyncRead for MemoryLimit {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        let received = buffer.filled().len().saturating_sub(before);
        if received > 0 {
            self.last_received = Instant::now();
            if self.lease.grow(received).is_err() {
                return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
            }
        }
        read
    }
}

impl AsyncWrite for MemoryLimit {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
