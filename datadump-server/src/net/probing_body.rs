//! Finds out whether the client of a stream is gone once it has closed its side of the connection.
//!
//! A client may close its side and still read. One that is gone resets the connection when it is sent
//! something, and the write after that fails. Without a probe, that would take until the next event.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::Stream;
use poem::Body;
use tokio::time::{Sleep, sleep};

use super::timeouts::Activity;

/// Delays before the probes: the first provokes the reset, the others find it.
const DELAYS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(100), Duration::from_secs(1)];

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The body of a stream, with probes added to it after the client has closed its side.
pub(super) struct ProbingBody {
    chunks: Chunks,
    filler: &'static str,
    activity: Arc<Activity>,
    delays: std::array::IntoIter<Duration, { DELAYS.len() }>,
    next: Option<Pin<Box<Sleep>>>,
}

impl ProbingBody {
    /// Wraps a body; `filler` is sent as a probe.
    pub(super) fn new(body: Body, filler: &'static str, activity: Arc<Activity>) -> Self {
        let chunks = Box::pin(body.into_bytes_stream());
        Self { chunks, filler, activity, delays: DELAYS.into_iter(), next: None }
    }
}

impl Stream for ProbingBody {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Poll::Ready(chunk) = self.chunks.as_mut().poll_next(cx) {
            return Poll::Ready(chunk);
        }
        if !self.activity.is_half_closed() {
            return Poll::Pending;
        }
        if self.next.is_none() {
            let Some(delay) = self.delays.next() else { return Poll::Pending };
            self.next = Some(Box::pin(sleep(delay)));
        }
        if let Some(next) = &mut self.next {
            ready!(next.as_mut().poll(cx));
            self.next = None;
        }
        Poll::Ready(Some(Ok(Bytes::from_static(self.filler.as_bytes()))))
    }
}
