//! A connection whose incoming bytes count towards the memory for throws: an incomplete message takes memory
//! like any other body, and like any other body it may not take forever.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Instant,
};

use super::frame_tracker::FrameTracker;
use crate::{
    extract::total_timeout,
    throwing::{Lease, Memory},
};

/// Smaller buffers need not be counted.
const UNIT: usize = 64 << 10;

/// Reads fail with `OutOfMemory` once the memory for throws is used up.
pub(super) struct MemoryLimit<T> {
    io: T,
    memory: Memory,
    lease: Lease,
    last_received: Instant,
    frames: FrameTracker,
    announced: Announced,
    /// Start of the incomplete message.
    began: Instant,
}

/// The bytes that a frame announces and that have not arrived. A buffer of this size is allocated for them, but
/// only the part that arrives is used; so they do not count towards the memory for throws, but may not exceed
/// its size either.
struct Announced {
    memory: Memory,
    lease: Lease,
    max_frame: u64,
}

impl Announced {
    fn set(&mut self, bytes: u64) -> io::Result<()> {
        // A frame that is too large is refused before there is a buffer for it.
        let bytes = if bytes <= self.max_frame { usize::try_from(bytes).unwrap_or(0) } else { 0 };
        if bytes < UNIT {
            self.lease = self.memory.lease();
            return Ok(());
        }
        self.lease.grow_to(bytes).map_err(|_| io::ErrorKind::OutOfMemory.into())
    }
}

impl<T> MemoryLimit<T> {
    /// Creates a connection whose messages take their memory from `memory`, and whose frames of at most
    /// `max_frame` bytes take the rest of their buffers from `buffers`.
    pub(super) fn new(io: T, memory: Memory, buffers: Memory, max_frame: usize) -> Self {
        let (lease, now) = (memory.lease(), Instant::now());
        let max_frame = u64::try_from(max_frame).unwrap_or(u64::MAX);
        let announced = Announced { lease: buffers.lease(), memory: buffers, max_frame };
        Self { io, memory, lease, last_received: now, frames: FrameTracker::default(), announced, began: now }
    }

    /// Returns when the last bytes were received.
    pub(super) fn last_received(&self) -> Instant {
        self.last_received
    }

    /// Returns the deadline of the incomplete message, if there is one.
    pub(super) fn message_deadline(&self, stall_timeout: Duration) -> Option<Instant> {
        let deadline = (self.last_received + stall_timeout).min(self.began + total_timeout(stall_timeout));
        self.frames.is_partial().then_some(deadline)
    }

    /// Returns the memory of the message that was just completed.
    pub(super) fn take_lease(&mut self) -> Lease {
        self.lease.release();
        std::mem::replace(&mut self.lease, self.memory.lease())
    }

    /// Releases the memory of a control frame, unless it arrived within a message.
    pub(super) fn end_control_frame(&mut self) {
        if !self.frames.is_partial() {
            self.lease = self.memory.lease();
        }
    }

    /// Returns the underlying connection, to read without accounting.
    pub(super) fn get_mut(&mut self) -> &mut T {
        &mut self.io
    }

    fn received(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (now, messages) = (Instant::now(), self.frames.messages());
        self.last_received = now;
        let was_partial = self.frames.is_partial();
        self.frames.advance(bytes);
        if !was_partial || self.frames.messages() > messages {
            self.began = now;
        }
        self.announced.set(self.frames.announced())?;
        let mut counted = self.lease.grow(bytes.len()).is_ok();
        if self.frames.is_fragmented() {
            // A message of several frames is moved when it outgrows its buffer.
            counted &= self.lease.ensure(self.lease.used()).is_ok();
        }
        if counted { Ok(()) } else { Err(io::ErrorKind::OutOfMemory.into()) }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for MemoryLimit<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        let received = buffer.filled().get(before..).unwrap_or_default();
        if !received.is_empty()
            && let Err(error) = self.received(received)
        {
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for MemoryLimit<T> {
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
