//! Long responses, whose unsent part holds memory as long as the client has not read it.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, stream::BoxStream};
use parking_lot::Mutex;
use poem::{Body, Response};
use tokio::{task::AbortHandle, time::Instant};

/// The pieces of a response.
pub(super) type Pieces = BoxStream<'static, io::Result<Vec<u8>>>;

/// Time limit for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// The time is for the whole response, whose memory is reserved until its end.
    Whole,
    /// The time is for each piece, because the response has any length.
    EachPiece,
}

/// The unsent part of a long response.
#[derive(Clone)]
pub(crate) struct LongAnswer(Arc<Mutex<State>>);

struct State {
    /// `None` once the time is up.
    pieces: Option<Pieces>,
    patience: Patience,
    /// Time at which the client was given its current piece; `None` while it waits for the server.
    reading_since: Option<Instant>,
    timer: Option<AbortHandle>,
}

impl LongAnswer {
    /// Sets the body of a response.
    pub(super) fn respond(mut response: Response, pieces: Pieces, patience: Patience) -> Response {
        let reading_since = Some(Instant::now());
        let state = State { pieces: Some(pieces), patience, reading_since, timer: None };
        let answer = Self(Arc::new(Mutex::new(state)));
        response.set_body(Body::from_bytes_stream(LongBody(answer.clone())));
        response.set_data(answer);
        response
    }

    /// Drops the unsent part when the client has taken this time, which ends the connection.
    pub(crate) fn expire_after(&self, time: Duration) {
        let state = Arc::downgrade(&self.0);
        let timer = tokio::spawn(async move {
            let mut next = Instant::now() + time;
            loop {
                tokio::time::sleep_until(next).await;
                let Some(state) = state.upgrade() else { return };
                let mut state = state.lock();
                let now = Instant::now();
                next = state.reading_since.unwrap_or(now) + time;
                if next <= now {
                    let pieces = state.pieces.take();
                    drop(state);
                    drop(pieces);
                    return;
                }
            }
        });
        self.0.lock().timer = Some(timer.abort_handle());
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
    }
}

struct LongBody(LongAnswer);

impl Stream for LongBody {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.0.0.lock();
        let Some(pieces) = &mut state.pieces else {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        };
        let piece = pieces.as_mut().poll_next(cx);
        if state.patience == Patience::EachPiece {
            state.reading_since = piece.is_ready().then(Instant::now);
        }
        piece
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt as _, stream};

    use super::*;

    /// Returns a response of many pieces, and what they share until they are dropped.
    fn response(patience: Patience) -> (Response, Arc<()>) {
        let held = Arc::new(());
        let kept = held.clone();
        let pieces = stream::iter(0..100).map(move |_| {
            let _kept = &kept;
            Ok(vec![b' '; 64])
        });
        (LongAnswer::respond(Response::default(), pieces.boxed(), patience), held)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_sent_in_time_is_dropped() {
        for (patience, pieces) in [(Patience::Whole, 1), (Patience::EachPiece, 20)] {
            let (response, held) = response(patience);
            response.data::<LongAnswer>().unwrap().expire_after(Duration::from_secs(10));
            let mut body = response.into_body().into_bytes_stream();
            for _ in 0..pieces {
                tokio::time::sleep(Duration::from_secs(9)).await;
                assert_eq!(body.next().await.unwrap().unwrap().len(), 64);
            }
            tokio::time::sleep(Duration::from_secs(11)).await;
            assert_eq!(Arc::strong_count(&held), 1, "{patience:?}");
            assert!(body.next().await.unwrap().is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_may_wait_for_the_server() {
        let slow = stream::iter(0..3).then(|_| async {
            tokio::time::sleep(Duration::from_secs(100)).await;
            Ok(vec![b' '])
        });
        let response = LongAnswer::respond(Response::default(), slow.boxed(), Patience::EachPiece);
        response.data::<LongAnswer>().unwrap().expire_after(Duration::from_secs(10));
        let body = response.into_body().into_bytes_limit(100).await.unwrap();
        assert_eq!(body.len(), 3);
    }
}
