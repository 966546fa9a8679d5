//! How far a program that a person wrote may go.

use std::time::Duration;

/// How far a program may go. What goes further fails alone, with the code that is given here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long it may take for one event: `timeout`.
    pub deadline: Duration,
    /// How much memory a worker process may have beyond what it starts with: `out-of-memory`.
    pub memory: usize,
    /// How much may come out of one event, in bytes of JSON or thereabouts: `too-much-output`. An
    /// event that is larger itself may become [twice](Limits::output_for) what it is.
    pub output_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { deadline: Duration::from_secs(1), memory: 256 << 20, output_bytes: 16 << 20 }
    }
}

impl Limits {
    /// How much may come out of an event of so many bytes.
    pub fn output_for(&self, bytes: usize) -> usize {
        self.output_bytes.max(bytes.saturating_mul(2))
    }

    /// How long so many events may take together: ten deadlines, and a millisecond for each. What a
    /// program did not come to by then fails with `timeout` too, so that a thousand slow records do
    /// not hold a worker for a thousand deadlines.
    pub fn patience(&self, events: usize) -> Duration {
        let each = Duration::from_millis(1).saturating_mul(u32::try_from(events).unwrap_or(u32::MAX));
        self.deadline.saturating_mul(10).saturating_add(each)
    }
}
