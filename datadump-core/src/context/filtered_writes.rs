//! Limits of requests that change all rows that match a filter.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Error, Result};

/// Number of searches for matching rows at a time. Others wait for them.
const MAX_SEARCHES: usize = 4;

/// Maximum time that a request waits for others.
const WAIT_TIMEOUT: Duration = Duration::from_secs(10);

/// Limits of the changes in progress. A change may take as much memory as the whole queue, so one is written at a time;
/// a slow search for its rows leaves room for others.
#[derive(Debug)]
pub(crate) struct FilteredWrites {
    searches: Semaphore,
    writes: Semaphore,
}

impl Default for FilteredWrites {
    fn default() -> Self {
        Self { searches: Semaphore::new(MAX_SEARCHES), writes: Semaphore::new(1) }
    }
}

impl FilteredWrites {
    /// Waits until rows may be searched.
    pub(crate) async fn search(&self) -> Result<SemaphorePermit<'_>> {
        acquire(&self.searches).await
    }

    /// Waits until rows may be written.
    pub(crate) async fn write(&self) -> Result<SemaphorePermit<'_>> {
        acquire(&self.writes).await
    }
}

async fn acquire(semaphore: &Semaphore) -> Result<SemaphorePermit<'_>> {
    let permit = tokio::time::timeout(WAIT_TIMEOUT, semaphore.acquire()).await;
    permit.map_err(|_| Error::Overloaded)?.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_slow_search_delays_others_for_a_limited_time() {
        let limits = FilteredWrites::default();
        let mut searching = Vec::new();
        for _ in 0..MAX_SEARCHES {
            searching.push(limits.search().await.unwrap());
        }
        assert!(matches!(limits.search().await, Err(Error::Overloaded)));
        let writing = limits.write().await.unwrap();
        assert!(matches!(limits.write().await, Err(Error::Overloaded)));
        drop((searching, writing));
        assert!(limits.search().await.is_ok() && limits.write().await.is_ok());
    }
}
