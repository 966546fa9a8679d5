//! Who is waiting for whom on a connection, and since when: a client that is slow with the head of a
//! request has less time than one that is between requests, and one that waits for us has all of it.

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

const IDLE: u8 = 0;
const HEAD: u8 = 1;
const SERVING: u8 = 2;

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Watch {
    opened: Instant,
    phase: AtomicU8,
    /// Milliseconds from `opened` to when the phase began, or bytes were last sent.
    since: AtomicU64,
    /// The same to when it took no more of what is sent, and one more; 0 while it takes what there is.
    blocked: AtomicU64,
    /// Whether what is sent is a stream.
    streams: AtomicBool,
    limits: Limits,
}

/// How long a client may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For the head of a request.
    pub(super) header: Duration,
    /// Between requests.
    pub(super) idle: Duration,
    /// Until it takes something of what is sent to it.
    pub(super) blocked: Duration,
}

/// Until it is dropped, the client waits for us.
pub(super) struct Serving(Arc<Watch>);

impl Limits {
    /// The shortest time after which somebody may have taken too long.
    fn least(self) -> Duration {
        self.header.min(self.idle).min(self.blocked)
    }
}

impl Watch {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            opened: Instant::now(),
            // A new connection owes its first request: it has no right to idle.
            phase: AtomicU8::new(HEAD),
            since: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            streams: AtomicBool::new(false),
            limits,
        }
    }

    /// A request has begun to be answered.
    pub(super) fn serving(self: &Arc<Self>) -> Serving {
        self.phase.store(SERVING, Ordering::Relaxed);
        Serving(self.clone())
    }

    /// Whether it takes no more of a stream.
    pub(super) fn is_cut_off(&self) -> bool {
        self.streams.load(Ordering::Relaxed) && self.blocked.load(Ordering::Relaxed) > 0
    }

    /// Until when the client has time; for ever while it waits for us and takes what there is.
    fn deadline(&self) -> Option<Instant> {
        if let Some(blocked) = self.blocked.load(Ordering::Relaxed).checked_sub(1) {
            return Some(self.opened + Duration::from_millis(blocked) + self.limits.blocked);
        }
        let since = self.opened + Duration::from_millis(self.since.load(Ordering::Relaxed));
        match self.phase.load(Ordering::Relaxed) {
            SERVING => None,
            IDLE => Some(since + self.limits.idle),
            _ => Some(since + self.limits.header),
        }
    }

    fn progress(&self) {
        self.since.store(self.millis(), Ordering::Relaxed);
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// It took something.
    fn sent(&self) {
        self.blocked.store(0, Ordering::Relaxed);
        self.progress();
    }

    /// It takes no more for now.
    fn blocked(&self) {
        if self.blocked.load(Ordering::Relaxed) == 0 {
            self.blocked.store(self.millis().saturating_add(1), Ordering::Relaxed);
        }
    }

    fn received(&self) {
        // Bytes after an answer are the head of the next request. More of them buy no time.
        let idle = self.phase.compare_exchange(IDLE, HEAD, Ordering::Relaxed, Ordering::Relaxed);
        if idle.is_ok() {
            self.progress();
        }
    }
}

impl Serving {
    /// What is sent now has no end.
    pub(super) fn streams(&self) {
        self.0.streams.store(true, Ordering::Relaxed);
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.phase.store(IDLE, Ordering::Relaxed);
        self.0.progress();
    }
}

/// Is ready when the client of a connection has had its time. It looks at least once in the shortest time
/// there is, so that a request that begins and ends has nothing to set.
pub(super) struct Patience {
    watch: Arc<Watch>,
    sleep: Pin<Box<Sleep>>,
}

impl Patience {
    pub(super) fn new(watch: Arc<Watch>) -> Self {
        let first = watch.opened + watch.limits.least();
        Self { watch, sleep: Box::pin(sleep_until(first)) }
    }
}

impl Future for Patience {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.sleep.as_mut().poll(cx));
            let now = Instant::now();
            let next = now + self.watch.limits.least();
            match self.watch.deadline() {
                Some(deadline) if deadline <= now => return Poll::Ready(()),
                deadline => self.sleep.as_mut().reset(deadline.unwrap_or(next).min(next)),
            }
        }
    }
}

/// A socket whose traffic is watched.
pub(super) struct Watched {
    socket: TcpStream,
    watch: Arc<Watch>,
}

impl Watched {
    pub(super) fn new(socket: TcpStream, watch: Arc<Watch>) -> Self {
        Self { socket, watch }
    }

    fn sent(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(1..)) => self.watch.sent(),
            Poll::Pending => self.watch.blocked(),
            Poll::Ready(_) => {}
        }
        written
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.watch.received();
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.sent(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.sent(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        header: Duration::from_secs(10),
        idle: Duration::from_secs(75),
        blocked: Duration::from_secs(30),
    };

    /// Whether the client has had its time, so many seconds from now.
    async fn is_over_after(patience: &mut Patience, seconds: u64) -> bool {
        // The connection is polled at every change, and with it this.
        let _ = futures_util::poll!(&mut *patience);
        tokio::time::advance(Duration::from_secs(seconds)).await;
        futures_util::poll!(patience).is_ready()
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_head_has_less_time_than_an_idle_connection() {
        let watch = Arc::new(Watch::new(LIMITS));
        let mut patience = Patience::new(watch.clone());
        assert!(!is_over_after(&mut patience, 9).await);
        watch.received();
        assert!(is_over_after(&mut patience, 1).await, "bytes of a head buy no time");

        let serving = watch.serving();
        assert!(!is_over_after(&mut patience, 1000).await, "the client waits for us");
        watch.blocked();
        assert!(!is_over_after(&mut patience, 29).await);
        watch.blocked();
        watch.sent();
        assert!(!is_over_after(&mut patience, 1000).await, "it takes what there is again");
        drop(serving);
        assert!(!is_over_after(&mut patience, 74).await);
        watch.received();
        assert!(!is_over_after(&mut patience, 9).await);
        assert!(is_over_after(&mut patience, 1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_takes_nothing_is_given_up() {
        let watch = Arc::new(Watch::new(LIMITS));
        let mut patience = Patience::new(watch.clone());
        let _serving = watch.serving();
        watch.blocked();
        assert!(!is_over_after(&mut patience, 29).await);
        assert!(is_over_after(&mut patience, 1).await);
    }
}
