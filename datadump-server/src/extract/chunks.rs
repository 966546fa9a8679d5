//! A request body as a stream of chunks, with a limit on how long it may stall.

use std::{io, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use poem::{
    Body,
    http::{HeaderMap, StatusCode, header},
};
use tokio::time::{Instant, timeout_at};

use crate::problem::Problem;

/// The rest of a request body.
pub(crate) struct Chunks {
    stream: Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>,
    stall_timeout: Duration,
    is_endless: bool,
    /// Deadline for the whole body, set when the server first has to wait for a chunk.
    deadline: Option<Instant>,
}

impl Chunks {
    /// Creates a body that may stall for `stall_timeout` at a time, and take ten times as long in total.
    pub(crate) fn of(body: Body, stall_timeout: Duration) -> Self {
        Self { is_endless: false, ..Self::endless(body, stall_timeout) }
    }

    /// Creates a body that may stall for `stall_timeout` at a time, without a limit on the total time.
    pub(crate) fn endless(body: Body, stall_timeout: Duration) -> Self {
        Self { stream: Box::pin(body.into_bytes_stream()), stall_timeout, is_endless: true, deadline: None }
    }

    /// Returns the next chunk, or `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        // Usually the body has arrived together with the head: no timer is set then.
        let next = match self.stream.next().now_or_never() {
            Some(next) => next,
            None => {
                timeout_at(self.next_deadline(), self.stream.next()).await.map_err(|_| too_slow("body"))?
            }
        };
        next.transpose().map_err(|_| broken())
    }

    fn next_deadline(&mut self) -> Instant {
        let now = Instant::now();
        let stalled = now + self.stall_timeout;
        if self.is_endless {
            stalled
        } else {
            stalled.min(*self.deadline.get_or_insert(now + total_timeout(self.stall_timeout)))
        }
    }
}

/// Returns the time limit for a whole body, given the limit for one stall.
pub(crate) fn total_timeout(stall_timeout: Duration) -> Duration {
    stall_timeout * 10
}

/// Returns the `Content-Length` of a request.
pub(crate) fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok())
}

pub(crate) fn too_large(limit: usize) -> Problem {
    let detail = format!("the body is larger than {limit} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large", detail)
}

/// Returns the problem of a body or message that stalled.
pub(crate) fn too_slow(what: &str) -> Problem {
    let (title, detail) = (format!("The {what} is too slow"), format!("the {what} stalled before its end"));
    Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", &title, detail)
}

fn broken() -> Problem {
    let detail = "the connection was closed before the end of the body";
    Problem::new(StatusCode::BAD_REQUEST, "broken-body", "The body is incomplete", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_stalled_body_is_given_up() {
        let never = || Body::from_bytes_stream(futures_util::stream::pending::<io::Result<Vec<u8>>>());
        let timeout = Duration::from_secs(1);
        assert_eq!(Chunks::of(never(), timeout).next().await.unwrap_err().status, 408);
        assert_eq!(Chunks::endless(never(), timeout).next().await.unwrap_err().status, 408);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_is_given_up_unless_it_may_be_endless() {
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
