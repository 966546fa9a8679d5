//! A load generator: many concurrent clients, and the latency of their requests.
//!
//! ```text
//! closed loop   each connection sends the next request when the last is answered: measures throughput
//! open loop     requests are sent at a fixed rate, answered or not: measures latency
//! ```
//!
//! In an open loop a request is timed from when it was due, not from when a connection was free to
//! send it. Otherwise a stalled server would be spared the requests that arrive during the stall.

mod closed_loop;
mod connection;
mod open_loop;
mod process;
mod websocket;

use std::{sync::Arc, time::Duration};

use hdrhistogram::Histogram;

pub use closed_loop::closed_loop;
pub use connection::{Connection, post};
pub use open_loop::open_loop;
pub use process::Process;
pub use websocket::closed_loop_over_websockets;

/// Returns the bytes of a request, given the number of the connection and how many it has sent before.
pub type RequestFactory = Arc<dyn Fn(usize, u64) -> Vec<u8> + Send + Sync>;

/// Maximum time to wait for a response.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The results of a load.
#[derive(Debug)]
pub struct Tally {
    /// Number of requests that succeeded.
    pub answered: u64,
    /// Number of requests refused with 429 or 503.
    pub refused: u64,
    /// Number of requests with any other response, or none.
    pub failed: u64,
    /// The first failure.
    pub failure: Option<String>,
    /// Latencies of successful requests, in microseconds.
    pub latency: Histogram<u64>,
    /// Duration of the load.
    pub time: Duration,
}

/// The result of one request.
#[derive(Debug, Clone)]
enum Outcome {
    Answered,
    Refused,
    Failed(String),
}

impl Outcome {
    fn from_response(status: u16, body: &[u8]) -> Self {
        match status {
            200..300 => Self::Answered,
            429 | 503 => Self::Refused,
            status => Self::Failed(format!("{status}: {}", String::from_utf8_lossy(body))),
        }
    }

    fn timed_out() -> Self {
        Self::Failed("the request timed out".into())
    }
}

impl Default for Tally {
    fn default() -> Self {
        let latency = Histogram::new_with_bounds(1, 120_000_000, 3).expect("the bounds are valid");
        Self { answered: 0, refused: 0, failed: 0, failure: None, latency, time: Duration::ZERO }
    }
}

impl Tally {
    /// Returns the successful requests per second.
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.time.as_secs_f64()
    }

    /// Returns the 99th percentile of the latency.
    pub fn p99(&self) -> Duration {
        Duration::from_micros(self.latency.value_at_quantile(0.99))
    }

    /// Panics unless every request succeeded.
    pub fn assert_all_answered(self) -> Self {
        assert_eq!((self.refused, self.failed), (0, 0), "{:?}", self.failure);
        assert!(self.answered > 0, "no request was answered");
        self
    }

    fn count(&mut self, outcome: Outcome, latency: Duration) {
        match outcome {
            Outcome::Answered => {
                self.answered += 1;
                self.latency.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
            }
            Outcome::Refused => self.refused += 1,
            Outcome::Failed(reason) => {
                self.failed += 1;
                self.failure.get_or_insert(reason);
            }
        }
    }

    /// Adds the results and the duration of a later load.
    pub fn append(&mut self, other: &Self) {
        self.merge(other);
        self.time += other.time;
    }

    /// Adds the results of a concurrent load.
    fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.failed += other.failed;
        if self.failure.is_none() {
            self.failure.clone_from(&other.failure);
        }
        self.latency.add(&other.latency).expect("all histograms have the same bounds");
    }
}
