//! A body as it comes, chunk by chunk: it may stop coming for a while, but not for ever.

use std::{io, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use poem::{
    Body,
    http::{HeaderMap, StatusCode, header},
};
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// What is left of a body.
pub(crate) struct Chunks {
    stream: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    pause: Duration,
    is_endless: bool,
    /// When all of it has to be there: set when something has to be waited for.
    end: Option<Instant>,
}

impl Chunks {
    /// A body that may stop coming for so long; ten times as long for all of it.
    pub(crate) fn of(body: Body, pause: Duration) -> Self {
        Self { is_endless: false, ..Self::endless(body, pause) }
    }

    /// The same, with no end to how long all of it may take.
    pub(crate) fn endless(body: Body, pause: Duration) -> Self {
        Self { stream: Box::pin(body.into_bytes_stream()), pause, is_endless: true, end: None }
    }

    /// The next chunk, none at the end, or why it does not come.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        // Mostly it has come together with the head.
        let next = match self.stream.next().now_or_never() {
            Some(next) => next,
            None => timeout_at(self.patience(), self.stream.next()).await.map_err(|_| too_slow())?,
        };
        next.transpose().map_err(|_| broken())
    }

    fn patience(&mut self) -> Instant {
        let now = Instant::now();
        let patience = now + self.pause;
        if self.is_endless { patience } else { patience.min(*self.end.get_or_insert(now + self.pause * 10)) }
    }
}

/// How long the head of a request says that its body is.
pub(crate) fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

pub(crate) fn too_large(limit: usize) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
}

fn too_slow() -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", "The body did not come", "the body stopped coming")
}

fn broken() -> Problem {
    let detail = "the body broke off before its end";
    Problem::new(StatusCode::BAD_REQUEST, "broken-body", "The body broke off", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_coming_is_given_up() {
        let never = || Body::from_bytes_stream(futures_util::stream::pending::<io::Result<Vec<u8>>>());
        let pause = Duration::from_secs(1);
        assert_eq!(Chunks::of(never(), pause).next().await.unwrap_err().status, 408);
        assert_eq!(Chunks::endless(never(), pause).next().await.unwrap_err().status, 408);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_given_up_unless_it_may_be_endless() {
        let drops = || {
            Body::from_bytes_stream(futures_util::stream::unfold((), |()| async {
                tokio::time::sleep(Duration::from_millis(900)).await;
                Some((io::Result::Ok(vec![b'x']), ()))
            }))
        };
        for (mut chunks, expected) in [
            (Chunks::of(drops(), Duration::from_secs(1)), 11),
            (Chunks::endless(drops(), Duration::from_secs(1)), 100),
        ] {
            let mut count = 0;
            while count < 100 && chunks.next().await.is_ok() {
                count += 1;
            }
            assert_eq!(count, expected);
        }
    }
}
