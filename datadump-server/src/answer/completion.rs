//! Responses without a length or chunks, as HTTP/1.0 has them: only the end of the connection says that they are complete.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// States: no such response, one that is being sent, and one of which everything was handed to the connection.
const NONE: u8 = 0;
const UNFINISHED: u8 = 1;
const FINISHED: u8 = 2;

/// Completeness of the response on a connection. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Completion(Arc<AtomicU8>);

impl Completion {
    /// Records that a response begins whose end is the end of the connection.
    pub(crate) fn begin(&self) {
        self.0.store(UNFINISHED, Ordering::Relaxed);
    }

    /// Records that the response is complete.
    pub(crate) fn finish(&self) {
        self.0.store(FINISHED, Ordering::Relaxed);
    }

    /// Returns whether the connection may end normally, after everything was sent.
    pub(crate) fn may_shut_down(&self) -> bool {
        let finished = self.0.compare_exchange(FINISHED, NONE, Ordering::Relaxed, Ordering::Relaxed);
        finished.is_ok() || self.0.load(Ordering::Relaxed) == NONE
    }

    /// Returns whether the connection has to be reset, because an incomplete response would look complete.
    pub(crate) fn needs_reset(&self) -> bool {
        self.0.load(Ordering::Relaxed) != NONE
    }
}
