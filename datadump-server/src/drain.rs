//! Drains the body of a request that is refused before its end.
//!
//! Closing a connection with unread bytes resets it, and a client that sends its whole request before it
//! reads would never see the response. So the rest is read and discarded, up to a size and a time.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt as _};
use hyper::body::Bytes;
use parking_lot::Mutex;
use poem::{Body, Request, http::header};

/// Limits on what is read and discarded.
const MAX_BYTES: usize = 64 << 20;
const TIMEOUT: Duration = Duration::from_secs(5);

/// Bodies up to this size fit into Hyper's buffer, and Hyper discards them itself.
const MAX_BUFFERED: u64 = 16 << 10;

type Chunks = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// Receives the unread remainder of a body when the handler drops it.
#[derive(Clone, Default)]
pub(crate) struct UnreadBody(Arc<Mutex<Option<Chunks>>>);

impl UnreadBody {
    /// Wraps the body of a request if it may be large.
    pub(crate) fn of(request: &mut Request) -> Option<Self> {
        let headers = request.headers();
        // The client waits for `100 Continue` and has not sent a body; reading would ask for it.
        if headers.contains_key(header::EXPECT) {
            return None;
        }
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let is_large = length.is_some_and(|length| length > MAX_BUFFERED)
            || headers.contains_key(header::TRANSFER_ENCODING);
        if !is_large {
            return None;
        }
        let unread = Self::default();
        let chunks = request.take_body().into_bytes_stream();
        request.set_body(Body::from_bytes_stream(RecoverableBody {
            chunks: Some(Box::pin(chunks)),
            unread: unread.clone(),
        }));
        Some(unread)
    }

    /// Reads and discards the rest.
    pub(crate) async fn drain(self) {
        let Some(mut chunks) = self.0.lock().take() else { return };
        let mut left = MAX_BYTES;
        let drain = async {
            while let Some(Ok(chunk)) = chunks.next().await {
                left = left.saturating_sub(chunk.len());
                if left == 0 {
                    break;
                }
            }
        };
        // After the timeout, the response is sent anyway.
        let _ = tokio::time::timeout(TIMEOUT, drain).await;
    }
}

/// A body that passes on its unread remainder when it is dropped.
struct RecoverableBody {
    chunks: Option<Chunks>,
    unread: UnreadBody,
}

impl Stream for RecoverableBody {
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

impl Drop for RecoverableBody {
    fn drop(&mut self) {
        *self.unread.0.lock() = self.chunks.take();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn what_a_handler_leaves_is_drained() {
        for (taken, length, drained) in
            [(0, "1000000", 3), (1, "1000000", 2), (3, "1000000", 0), (0, "10", 0), (0, "x", 0)]
        {
            let read = Arc::new(AtomicUsize::new(0));
            let counted = read.clone();
            let chunks = stream::iter(0..3).map(move |_| {
                counted.fetch_add(1, Ordering::Relaxed);
                io::Result::Ok(vec![0; 10])
            });
            let request = Request::builder().header("content-length", length);
            let mut request = request.body(Body::from_bytes_stream(chunks));
            let unread = UnreadBody::of(&mut request);
            let mut body = Box::pin(request.take_body().into_bytes_stream());
            for _ in 0..taken {
                assert!(body.next().await.is_some());
            }
            drop((body, request));
            if let Some(unread) = unread {
                unread.drain().await;
            }
            assert_eq!(read.load(Ordering::Relaxed), taken + drained, "{taken} of {length}");
        }
    }
}
