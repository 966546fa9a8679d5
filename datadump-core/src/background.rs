//! Runs the background tasks of an open database and ends them when it is closed or dropped.

use std::{future::Future, time::Duration};

use tokio::task::JoinHandle;
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use crate::error::Result;

/// Starts background tasks and tells them when to end.
#[derive(Debug, Clone, Default)]
pub(crate) struct Background {
    closing: CancellationToken,
    tasks: TaskTracker,
}

impl Background {
    /// Ends all tasks when the guard is dropped.
    pub(crate) fn guard(&self) -> DropGuard {
        self.closing.clone().drop_guard()
    }

    /// Runs a task until it ends or the database is closed. Closing drops the task at its next await point.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            closing.run_until_cancelled(task).await;
        });
    }

    /// Runs a task to completion, even if its caller is cancelled or the database is closed in the meantime.
    pub(crate) fn spawn_to_end<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        self.tasks.spawn(task)
    }

    /// Runs a task repeatedly, with a pause before each run. Only the first of several consecutive failures
    /// is logged as a warning. Closing the database drops the task at its next await point.
    pub(crate) fn every<F>(&self, pause: Duration, name: &'static str, task: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = Result<()>> + Send,
    {
        self.spawn(async move {
            let mut has_failed = false;
            loop {
                tokio::time::sleep(pause).await;
                match task().await {
                    Ok(()) => has_failed = false,
                    Err(error) if has_failed => tracing::debug!(task = name, %error, "still failing"),
                    Err(error) => {
                        has_failed = true;
                        tracing::warn!(task = name, %error, "a background task failed; retrying");
                    }
                }
            }
        });
    }

    /// Ends all tasks and waits for those that have to complete a step.
    pub(crate) async fn close(&self) {
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::error::Error;

    #[tokio::test(start_paused = true)]
    async fn a_failing_task_runs_again_until_it_is_closed() {
        let (background, runs) = (Background::default(), Arc::new(AtomicUsize::new(0)));
        let counter = runs.clone();
        background.every(Duration::from_secs(1), "counter", move || {
            counter.fetch_add(1, Ordering::SeqCst);
            async { Err(Error::Overloaded) }
        });
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        background.close().await;
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }

    #[tokio::test]
    async fn dropping_the_guard_ends_tasks_that_would_run_for_ever() {
        let background = Background::default();
        background.spawn(std::future::pending());
        drop(background.guard());
        background.close().await;
    }
}
