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

use super::Completion;

/// Total time for a response as a whole, as a multiple of the time in which a client must read something.
const WHOLE_FACTOR: u32 = 10;

/// The pieces of a response.
pub(super) type Pieces = BoxStream<'static, io::Result<Vec<u8>>>;

/// Time limit for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// A multiple of the time is for the whole response, whose memory is reserved until its end.
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
    /// Set if nothing but the end of the connection says that the response is complete.
    completion: Option<Completion>,
}

impl LongAnswer {
    /// Sets the body of a response.
    pub(super) fn respond(mut response: Response, pieces: Pieces, patience: Patience) -> Response {
        let reading_since = Some(Instant::now());
        let pieces = Some(pieces);
        let state = State { pieces, patience, reading_since, timer: None, completion: None };
        let answer = Self(Arc::new(Mutex::new(state)));
        response.set_body(Body::from_bytes_stream(LongBody(answer.clone())));
        response.set_data(answer);
        response
    }

    /// Records in `completion` whether the response is complete, because its end is the end of the connection.
    pub(crate) fn ends_connection(&self, completion: Completion) {
        self.0.lock().completion = Some(completion);
    }

    /// Drops the unsent part when the client has taken too long, which ends the connection. `blocked` is the time in which
    /// a client must read something.
    pub(crate) fn expire(&self, blocked: Duration) {
        let time = match self.0.lock().patience {
            Patience::Whole => blocked * WHOLE_FACTOR,
            Patience::EachPiece => blocked,
        };
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
        if let Some(completion) = &state.completion {
            completion.begin();
        }
        let Some(pieces) = &mut state.pieces else {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        };
        let piece = pieces.as_mut().poll_next(cx);
        if state.patience == Patience::EachPiece {
            state.reading_since = piece.is_ready().then(Instant::now);
        }
        if let (Poll::Ready(None), Some(completion)) = (&piece, &state.completion) {
            completion.finish();
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
        for (patience, blocked, pieces) in [(Patience::Whole, 1, 1), (Patience::EachPiece, 10, 20)] {
            let (response, held) = response(patience);
            response.data::<LongAnswer>().unwrap().expire(Duration::from_secs(blocked));
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
        response.data::<LongAnswer>().unwrap().expire(Duration::from_secs(10));
        let body = response.into_body().into_bytes_limit(100).await.unwrap();
        assert_eq!(body.len(), 3);
    }
}
