//! Writes to storages whose table is being changed: put aside, so that the others go on.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use crate::{error::Error, store::writer::Job};

/// How long a write waits for its storage before its caller is told to come again.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often to look whether the storage can be written again.
const PAUSE: Duration = Duration::from_millis(20);

/// The most jobs that are tried at once.
const AT_ONCE: usize = 256;

/// What was put aside. It still takes its room in the queue, so this is bounded like the queue.
#[derive(Debug, Default)]
pub(super) struct Parked {
    jobs: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<(Job, Instant)>,
    closed: bool,
}

impl Parked {
    /// Puts jobs aside, each with the time since which it waits. Those that have waited too long are
    /// answered.
    pub(super) fn put(&self, jobs: Vec<(Job, Instant)>) {
        if jobs.is_empty() {
            return;
        }
        let mut state = self.state();
        for (job, since) in jobs {
            if state.closed || since.elapsed() > PATIENCE {
                job.answer(Err(Error::Unavailable("the storage is being changed; try again".into())));
            } else {
                state.jobs.push_back((job, since));
            }
        }
        drop(state);
        self.changed.notify_one();
    }

    /// The jobs that wait, oldest first, after a pause; none when this is closed.
    pub(super) async fn take(&self) -> Option<Vec<(Job, Instant)>> {
        loop {
            let (waiting, closed) = {
                let state = self.state();
                (!state.jobs.is_empty(), state.closed)
            };
            if waiting {
                break;
            }
            if closed {
                return None;
            }
            self.changed.notified().await;
        }
        tokio::time::sleep(PAUSE).await;
        let mut state = self.state();
        let count = state.jobs.len().min(AT_ONCE);
        Some(state.jobs.drain(..count).collect())
    }

    /// Takes no more. What waits is tried once more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
