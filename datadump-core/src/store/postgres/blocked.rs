//! Jobs whose storage is being migrated. They are set aside, so that other writes continue, and retried until
//! their storage accepts writes again.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{error::Error, store::queue::Job};

/// Maximum time a job stays blocked before its caller is told to try again.
const BLOCKED_TIMEOUT: Duration = Duration::from_secs(20);

/// Delay between two attempts.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// Maximum number of jobs retried in one transaction.
const MAX_RETRY_JOBS: usize = 256;

/// The blocked jobs. They still count against the capacity of the queue, which bounds them.
#[derive(Debug, Default)]
pub(super) struct BlockedJobs {
    state: Mutex<BlockedState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct BlockedState {
    jobs: VecDeque<(Job, Instant)>,
    is_closed: bool,
}

impl BlockedJobs {
    /// Adds jobs, each with the time since when it is blocked. Jobs that have waited too long get an error.
    pub(super) fn add(&self, jobs: Vec<(Job, Instant)>) {
        if jobs.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        for (job, since) in jobs {
            if state.is_closed || since.elapsed() > BLOCKED_TIMEOUT {
                job.reply.send(Err(Error::Unavailable("the storage is being migrated; try again".into())));
            } else {
                state.jobs.push_back((job, since));
            }
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Waits for blocked jobs and returns the oldest ones after a delay; `None` once closed and empty.
    pub(super) async fn next(&self) -> Option<Vec<(Job, Instant)>> {
        loop {
            let (is_waiting, is_closed) = {
                let state = self.state.lock();
                (!state.jobs.is_empty(), state.is_closed)
            };
            if is_waiting {
                break;
            }
            if is_closed {
                return None;
            }
            self.changed.notified().await;
        }
        tokio::time::sleep(RETRY_DELAY).await;
        let mut state = self.state.lock();
        let count = state.jobs.len().min(MAX_RETRY_JOBS);
        Some(state.jobs.drain(..count).collect())
    }

    /// Accepts no more jobs. Blocked jobs are tried once more.
    pub(super) fn close(&self) {
        self.state.lock().is_closed = true;
        self.changed.notify_one();
    }
}
