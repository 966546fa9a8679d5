//! The end of a store: what is queued is written, then background tasks and connections end.

use super::{CLOSE_TIMEOUT, PostgresStore, Stop, WRITER_COUNT};

impl PostgresStore {
    pub(super) async fn shut_down(&self) {
        // One for each writer, behind everything that is queued.
        for _ in 0..WRITER_COUNT {
            // Fails if the writers have ended already.
            let _ = self.queue.command(Stop);
        }
        let drained = tokio::time::timeout(CLOSE_TIMEOUT, async {
            self.writers.queued.wait().await;
            self.blocked.close();
            // The queue closes with the last writer, and later writes fail.
            self.writers.blocked.wait().await;
        });
        if drained.await.is_err() {
            tracing::warn!("closed the database while writes were still queued");
        }
        self.inner.closing.cancel();
        // Cancelled tasks end immediately, except that a connection being opened may take until the timeout.
        if tokio::time::timeout(CLOSE_TIMEOUT, self.background.wait()).await.is_err() {
            tracing::warn!("closed the database while a background task was still running");
        }
        self.inner.connections.close().await;
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.inner.closing.cancel();
        self.blocked.close();
    }
}
