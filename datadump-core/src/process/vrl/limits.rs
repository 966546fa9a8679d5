//! Resource limits of user-written programs.

use std::time::Duration;

/// Resource limits of a program. An input that exceeds one fails alone, with the code given here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum time per input: `timeout`.
    pub deadline: Duration,
    /// Maximum memory that a worker process may allocate after it has started: `out-of-memory`.
    pub memory: usize,
    /// Maximum output per input, in approximate bytes of JSON: `too-much-output`. The limit of larger
    /// inputs is [twice their size](Limits::output_for).
    pub output_bytes: usize,
}

/// Output limit of a whole run, as a multiple of the limit of one input.
const MAX_RUN_OUTPUTS: usize = 4;

/// The time and output that the inputs of one throw may still use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunLeft {
    /// Remaining time.
    pub(super) time: Duration,
    /// Remaining output in bytes.
    pub(super) output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(1), memory: 256 << 20, output_bytes: 16 << 20 }
    }
}

impl Limits {
    /// Returns the maximum output for an input of `bytes`.
    pub fn output_for(&self, bytes: usize) -> usize {
        self.output_bytes.max(bytes.saturating_mul(2))
    }

    /// Returns the limits of a run with this number of inputs, of `bytes` in total.
    pub(super) fn run_left(&self, inputs: usize, bytes: usize) -> RunLeft {
        let output = self.output_for(bytes).saturating_mul(MAX_RUN_OUTPUTS);
        RunLeft { time: self.total_timeout(inputs), output }
    }

    /// Returns the maximum time for a number of inputs together: ten deadlines plus a millisecond per
    /// input. The inputs that remain then fail with `timeout`, so that a thousand slow records do not
    /// occupy a worker for a thousand deadlines.
    pub fn total_timeout(&self, inputs: usize) -> Duration {
        let each = Duration::from_millis(1).saturating_mul(u32::try_from(inputs).unwrap_or(u32::MAX));
        self.deadline.saturating_mul(10).saturating_add(each)
    }
}
