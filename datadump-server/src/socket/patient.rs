//! A connection whose client is waited for only so long: one who takes nothing at all is given up.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// The connection; writing to it fails when nothing was taken for so long.
pub(crate) struct Patient<T> {
    io: T,
    limit: Duration,
    /// Since it takes no more.
    blocked: Option<Pin<Box<Sleep>>>,
}

impl<T: AsyncWrite + Unpin> Patient<T> {
    pub(crate) fn new(io: T, limit: Duration) -> Self {
        Self { io, limit, blocked: None }
    }

    fn after<R>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        if done.is_ready() {
            self.blocked = None;
            return done;
        }
        let limit = self.limit;
        let blocked = self.blocked.get_or_insert_with(|| Box::pin(sleep(limit)));
        blocked.as_mut().poll(cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Patient<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Patient<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.after(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.io).poll_flush(cx);
        self.after(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
        time::Instant,
    };

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_who_takes_something_now_and_then_is_waited_for() {
        const LIMIT: Duration = Duration::from_secs(30);
        let (ours, mut theirs) = duplex(10);
        let mut patient = Patient::new(ours, LIMIT);
        let slow = tokio::spawn(async move {
            let mut taken = [0; 10];
            for _ in 0..10 {
                sleep(LIMIT - Duration::from_secs(1)).await;
                theirs.read_exact(&mut taken).await.unwrap();
            }
            theirs
        });
        patient.write_all(&[7; 100]).await.unwrap();
        let _theirs = slow.await.unwrap();
        patient.write_all(&[7; 10]).await.unwrap();
        let began = Instant::now();
        let given_up = patient.write_all(&[7; 1]).await.unwrap_err();
        assert_eq!((given_up.kind(), began.elapsed()), (io::ErrorKind::TimedOut, LIMIT));
    }
}
