//! A connection whose bytes are counted as they come: a message that is not whole yet takes memory
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

/// The connection, and the room for what has come since the last message.
pub(super) struct Metered {
    io: Upgraded,
    memory: Memory,
    lease: Lease,
    heard: Instant,
}

impl Metered {
    pub(super) fn new(io: Upgraded, memory: Memory) -> Self {
        let lease = memory.lease();
        Self { io, memory, lease, heard: Instant::now() }
    }

    /// When anything last came.
    pub(super) fn heard(&self) -> Instant {
        self.heard
    }

    /// The room for the message that has just become whole.
    pub(super) fn take_lease(&mut self) -> Lease {
        std::mem::replace(&mut self.lease, self.memory.lease())
    }

    /// The connection itself, for what is no message any more.
    pub(super) fn raw(&mut self) -> &mut Upgraded {
        &mut self.io
    }
}

impl AsyncRead for Metered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        let came = buffer.filled().len().saturating_sub(before);
        if came > 0 {
            self.heard = Instant::now();
            if self.lease.grow(came).is_err() {
                return Poll::Ready(Err(io::ErrorKind::OutOfMemory.into()));
            }
        }
        read
    }
}

impl AsyncWrite for Metered {
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
