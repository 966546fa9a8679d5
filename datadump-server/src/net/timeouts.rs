//! Timeouts of a connection: separate limits for sending the head of a request, for being idle between
//! requests, and for not reading a response. While the server works on a request, there is none.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};

use crate::answer::Completion;

/// Phases of a connection: between requests, receiving the head of one, and working on it.
const IDLE: u8 = 0;
const HEAD: u8 = 1;
const SERVING: u8 = 2;

/// What a connection is doing, and since when.
#[derive(Debug)]
pub(super) struct Activity {
    opened: Instant,
    phase: AtomicU8,
    /// When the phase began or bytes were last sent, in milliseconds after `opened`.
    since: AtomicU64,
    /// When the client stopped reading, in milliseconds after `opened` plus one; 0 while it reads.
    blocked: AtomicU64,
    is_stream: AtomicBool,
    /// True if the client of a stream has closed its side.
    is_half_closed: AtomicBool,
    completion: Completion,
    timeouts: Timeouts,
}

/// Time limits for a client.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    /// For sending the head of a request.
    pub(super) header: Duration,
    /// For being idle between requests.
    pub(super) idle: Duration,
    /// For reading part of a response.
    pub(super) blocked: Duration,
}

/// A request in progress, until this is dropped.
pub(super) struct RequestGuard(Arc<Activity>);

impl Timeouts {
    fn shortest(self) -> Duration {
        self.header.min(self.idle).min(self.blocked)
    }
}

impl Activity {
    pub(super) fn new(timeouts: Timeouts) -> Self {
        Self {
            opened: Instant::now(),
            // A new connection must send a request: it is not idle.
            phase: AtomicU8::new(HEAD),
            since: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            is_stream: AtomicBool::new(false),
            is_half_closed: AtomicBool::new(false),
            completion: Completion::default(),
            timeouts,
        }
    }

    /// Records that the head of a request is complete.
    pub(super) fn begin_request(self: &Arc<Self>) -> RequestGuard {
        self.phase.store(SERVING, Ordering::Relaxed);
        RequestGuard(self.clone())
    }

    /// Returns whether the client has stopped reading a stream.
    pub(super) fn is_blocked_stream(&self) -> bool {
        self.is_stream.load(Ordering::Relaxed) && self.blocked.load(Ordering::Relaxed) > 0
    }

    /// Returns whether the client of a stream has closed its side, and may be gone.
    pub(super) fn is_half_closed(&self) -> bool {
        self.is_half_closed.load(Ordering::Relaxed)
    }

    /// Returns the completeness of the response.
    pub(super) fn completion(&self) -> Completion {
        self.completion.clone()
    }

    /// Returns when the client times out, or `None` while the server works on a request.
    fn deadline(&self) -> Option<Instant> {
        if let Some(blocked) = self.blocked.load(Ordering::Relaxed).checked_sub(1) {
            return Some(self.opened + Duration::from_millis(blocked) + self.timeouts.blocked);
        }
        let since = self.opened + Duration::from_millis(self.since.load(Ordering::Relaxed));
        match self.phase.load(Ordering::Relaxed) {
            SERVING => None,
            IDLE => Some(since + self.timeouts.idle),
            _ => Some(since + self.timeouts.header),
        }
    }

    fn restart_clock(&self) {
        self.since.store(self.millis(), Ordering::Relaxed);
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Records that bytes were sent.
    fn record_sent(&self) {
        self.blocked.store(0, Ordering::Relaxed);
        self.restart_clock();
    }

    /// Records that the client does not read.
    fn record_blocked(&self) {
        if self.blocked.load(Ordering::Relaxed) == 0 {
            self.blocked.store(self.millis().saturating_add(1), Ordering::Relaxed);
        }
    }

    /// Records that bytes were received.
    fn record_received(&self) {
        // The first bytes after a response begin the next request. Further ones do not extend its deadline.
        let idle = self.phase.compare_exchange(IDLE, HEAD, Ordering::Relaxed, Ordering::Relaxed);
        if idle.is_ok() {
            self.restart_clock();
        }
    }
}

impl RequestGuard {
    /// Records that the response is a stream.
    pub(super) fn mark_as_stream(&self) {
        self.0.is_stream.store(true, Ordering::Relaxed);
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        self.0.phase.store(IDLE, Ordering::Relaxed);
        self.0.restart_clock();
    }
}

/// A future that is ready when the client has timed out. It checks the activity once per shortest timeout, so
/// that requests need not set a timer.
pub(super) struct ClientTimeout {
    activity: Arc<Activity>,
    sleep: Pin<Box<Sleep>>,
}

impl ClientTimeout {
    pub(super) fn new(activity: Arc<Activity>) -> Self {
        let first = activity.opened + activity.timeouts.shortest();
        Self { activity, sleep: Box::pin(sleep_until(first)) }
    }
}

impl Future for ClientTimeout {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let now = Instant::now();
            let next = now + self.activity.timeouts.shortest();
            match self.activity.deadline() {
                Some(deadline) if deadline <= now => return Poll::Ready(()),
                deadline => self.sleep.as_mut().reset(deadline.unwrap_or(next).min(next)),
            }
        }
    }
}

/// A socket that records its activity.
pub(super) struct MonitoredSocket {
    socket: TcpStream,
    activity: Arc<Activity>,
}

impl MonitoredSocket {
    pub(super) fn new(socket: TcpStream, activity: Arc<Activity>) -> Self {
        Self { socket, activity }
    }

    /// Looks whether the client of a stream has closed its side: nothing else is read during a response.
    fn watch(&self, cx: &mut Context<'_>) -> io::Result<()> {
        if !self.activity.is_stream.load(Ordering::Relaxed) || self.activity.is_half_closed() {
            return Ok(());
        }
        let mut byte = [0];
        if let Poll::Ready(0) = self.socket.poll_peek(cx, &mut ReadBuf::new(&mut byte))? {
            self.activity.is_half_closed.store(true, Ordering::Relaxed);
            // The body is polled again.
            cx.waker().wake_by_ref();
        }
        Ok(())
    }

    fn record(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(1..)) => self.activity.record_sent(),
            Poll::Pending => self.activity.record_blocked(),
            Poll::Ready(_) => {}
        }
        written
    }
}

impl AsyncRead for MonitoredSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.record_received();
        }
        read
    }
}

impl AsyncWrite for MonitoredSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.record(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.record(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch(cx)?;
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.activity.completion.may_shut_down() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl Drop for MonitoredSocket {
    fn drop(&mut self) {
        if self.activity.completion.needs_reset() {
            // The connection is closed in any case.
            let _ = self.socket.set_zero_linger();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        header: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        blocked: Duration::from_secs(30),
    };

    /// Returns whether the client has timed out after this many seconds.
    async fn is_over_after(timeout: &mut ClientTimeout, seconds: u64) -> bool {
        // The connection polls it at every event.
        let _ = futures_util::poll!(&mut *timeout);
        tokio::time::advance(Duration::from_secs(seconds)).await;
        futures_util::poll!(timeout).is_ready()
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_head_has_less_time_than_an_idle_connection() {
        let activity = Arc::new(Activity::new(TIMEOUTS));
        let mut timeout = ClientTimeout::new(activity.clone());
        assert!(!is_over_after(&mut timeout, 9).await);
        activity.record_received();
        assert!(is_over_after(&mut timeout, 1).await, "further bytes of a head do not extend its deadline");

        let serving = activity.begin_request();
        assert!(!is_over_after(&mut timeout, 1000).await, "the server works on a request");
        activity.record_blocked();
        assert!(!is_over_after(&mut timeout, 29).await);
        activity.record_blocked();
        activity.record_sent();
        assert!(!is_over_after(&mut timeout, 1000).await, "the client reads again");
        drop(serving);
        assert!(!is_over_after(&mut timeout, 74).await);
        activity.record_received();
        assert!(!is_over_after(&mut timeout, 9).await);
        assert!(is_over_after(&mut timeout, 1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_read_times_out() {
        let activity = Arc::new(Activity::new(TIMEOUTS));
        let mut timeout = ClientTimeout::new(activity.clone());
        let _serving = activity.begin_request();
        activity.record_blocked();
        assert!(!is_over_after(&mut timeout, 29).await);
        assert!(is_over_after(&mut timeout, 1).await);
    }
}
