//! What is left of a body when the request is refused before its end. A connection that is closed with
//! bytes unread is reset, and a client that sends first and listens later never hears why it was
//! refused. So the rest is read and thrown away, up to a size and a time.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt as _};
use hyper::body::Bytes;
use poem::{Body, Request, http::header};

/// The most bytes, and the longest time, that are spent on it.
const MAX_BYTES: usize = 64 << 20;
const MAX_TIME: Duration = Duration::from_secs(5);

/// Up to here a body is in the buffers already, and the connection clears them by itself.
const SMALL: u64 = 16 << 10;

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The place where what is left of a body is found again.
#[derive(Clone, Default)]
pub(crate) struct Unread(Arc<Mutex<Option<Chunks>>>);

impl Unread {
    /// Watches over the body of a request that may have a large one.
    pub(crate) fn of(request: &mut Request) -> Option<Self> {
        let headers = request.headers();
        // A client that waits for `100 Continue` has sent nothing, and reading would ask it to.
        if headers.contains_key(header::EXPECT) {
            return None;
        }
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let is_large =
            length.is_some_and(|length| length > SMALL) || headers.contains_key(header::TRANSFER_ENCODING);
        if !is_large {
            return None;
        }
        let unread = Self::default();
        let chunks = request.take_body().into_bytes_stream();
        request.set_body(Body::from_bytes_stream(Watched {
            chunks: Some(Box::pin(chunks)),
            unread: unread.clone(),
        }));
        Some(unread)
    }

    /// Reads what is left, if anything is.
    pub(crate) async fn drain(self) {
        let Some(mut chunks) = self.lock().take() else { return };
        let mut left = MAX_BYTES;
        let drain = async {
            while let Some(Ok(chunk)) = chunks.next().await {
                left = left.saturating_sub(chunk.len());
                if left == 0 {
                    break;
                }
            }
        };
        // Whether it ended or time did, the answer is sent now.
        let _ = tokio::time::timeout(MAX_TIME, drain).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Chunks>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that leaves what is not read of it.
struct Watched {
    chunks: Option<Chunks>,
    unread: Unread,
}

impl Stream for Watched {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(chunks) = &mut self.chunks else { return Poll::Ready(None) };
        let chunk = chunks.as_mut().poll_next(cx);
        if !matches!(chunk, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            self.chunks = None;
        }
        chunk
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        *self.unread.lock() = self.chunks.take();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn what_a_handler_leaves_is_read() {
        for (taken, announced, drained) in
            [(0, "1000000", 3), (1, "1000000", 2), (3, "1000000", 0), (0, "10", 0), (0, "x", 0)]
        {
            let read = Arc::new(AtomicUsize::new(0));
            let counted = read.clone();
            let chunks = stream::iter(0..3).map(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                io::Result::Ok(vec![0; 10])
            });
            let request = Request::builder().header("content-length", announced);
            let mut request = request.body(Body::from_bytes_stream(chunks));
            let unread = Unread::of(&mut request);
            let mut body = Box::pin(request.take_body().into_bytes_stream());
            for _ in 0..taken {
                assert!(body.next().await.is_some());
            }
            drop((body, request));
            if let Some(unread) = unread {
                unread.drain().await;
            }
            assert_eq!(read.load(Ordering::Relaxed), taken + drained, "{taken} of {announced}");
        }
    }
}
