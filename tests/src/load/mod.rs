//! Load: many clients at once, and how long each had to wait.
//!
//! ```text
//! closed loop   each connection asks again when it is answered: what can be sustained
//! open loop     requests are due at a given rate, answered or not: what clients wait for
//! ```
//!
//! In an open loop a request's time runs from the moment at which it was due, not from the moment
//! at which a connection was free to send it: a server that stalls is not spared the requests that
//! would have come meanwhile.

mod closed;
mod connection;
mod open;
mod process;
mod socket;

use std::{sync::Arc, time::Duration};

use hdrhistogram::Histogram;

pub use closed::closed;
pub use connection::{Connection, post};
pub use open::open;
pub use process::Process;
pub use socket::closed_over_sockets;

/// Makes a request: the bytes that the connection with this number sends, and how many it has sent.
pub type Make = Arc<dyn Fn(usize, u64) -> Vec<u8> + Send + Sync>;

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of a load.
#[derive(Debug)]
pub struct Tally {
    /// How many were answered with success.
    pub answered: u64,
    /// How many were told to come again: 429 and 503.
    pub refused: u64,
    /// How many were answered otherwise, or not at all.
    pub failed: u64,
    /// What the first of these was.
    pub failure: Option<String>,
    /// Microseconds until an answer, of those with success.
    pub latency: Histogram<u64>,
    /// How long it went on.
    pub time: Duration,
}

/// What became of one request.
#[derive(Debug, Clone)]
enum Ended {
    Answered,
    Refused,
    Failed(String),
}

impl Ended {
    fn with(status: u16, body: &[u8]) -> Self {
        match status {
            200..300 => Self::Answered,
            429 | 503 => Self::Refused,
            status => Self::Failed(format!("{status}: {}", String::from_utf8_lossy(body))),
        }
    }

    fn unanswered() -> Self {
        Self::Failed("no answer".into())
    }
}

impl Default for Tally {
    fn default() -> Self {
        let latency = Histogram::new_with_bounds(1, 120_000_000, 3).expect("these are bounds");
        Self { answered: 0, refused: 0, failed: 0, failure: None, latency, time: Duration::ZERO }
    }
}

impl Tally {
    /// Answers with success in a second.
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.time.as_secs_f64()
    }

    /// The time that all but one in a hundred of the answers took at most.
    pub fn p99(&self) -> Duration {
        Duration::from_micros(self.latency.value_at_quantile(0.99))
    }

    /// Fails when anything was not answered with success.
    pub fn all_answered(self) -> Self {
        assert_eq!((self.refused, self.failed), (0, 0), "{:?}", self.failure);
        assert!(self.answered > 0, "nothing was answered");
        self
    }

    fn count(&mut self, ended: Ended, waited: Duration) {
        match ended {
            Ended::Answered => {
                self.answered += 1;
                self.latency.saturating_record(u64::try_from(waited.as_micros()).unwrap_or(u64::MAX));
            }
            Ended::Refused => self.refused += 1,
            Ended::Failed(why) => {
                self.failed += 1;
                self.failure.get_or_insert(why);
            }
        }
    }

    /// Takes in what came of a load at another time.
    pub fn then(&mut self, other: &Self) {
        self.add(other);
        self.time += other.time;
    }

    fn add(&mut self, other: &Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.failed += other.failed;
        if self.failure.is_none() {
            self.failure.clone_from(&other.failure);
        }
        self.latency.add(&other.latency).expect("all have the same bounds");
    }
}
