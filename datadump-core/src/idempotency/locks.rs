//! One lock per idempotency key: a request waits while another one with the same key is running; then it
//! finds that request's answer or, if there is none, runs itself.

use std::{collections::HashMap, sync::Arc, time::Duration};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::OwnedMutexGuard;

use super::key::IdempotencyKey;
use crate::error::{Error, Result};

/// Maximum number of keys in use by running requests.
const MAX_KEYS: usize = 65_536;

/// Maximum time that a request waits for another one with the same key.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);

/// The keys of the requests running in this process.
#[derive(Debug, Default)]
pub(super) struct KeyLocks {
    keys: Mutex<HashMap<IdempotencyKey, Lock>>,
}

type Lock = Arc<tokio::sync::Mutex<()>>;

/// The lock on a key. Dropping it lets the next request with the key run.
#[derive(Debug)]
pub(super) struct KeyLock {
    /// Declared before the waiter, because fields are dropped in order.
    _guard: OwnedMutexGuard<()>,
    _waiter: Waiter,
}

/// A request that waits for a key or holds its lock.
#[derive(Debug)]
struct Waiter {
    locks: Arc<KeyLocks>,
    key: IdempotencyKey,
    lock: Option<Lock>,
}

impl KeyLocks {
    /// Waits for the lock on a key.
    pub(super) async fn lock(self: &Arc<Self>, key: &IdempotencyKey) -> Result<KeyLock> {
        let lock = {
            let mut keys = self.keys();
            if keys.len() >= MAX_KEYS && !keys.contains_key(key) {
                return Err(Error::Overloaded);
            }
            keys.entry(key.clone()).or_default().clone()
        };
        let waiter = Waiter { locks: self.clone(), key: key.clone(), lock: Some(lock.clone()) };
        let guard = tokio::time::timeout(LOCK_TIMEOUT, lock.lock_owned()).await;
        Ok(KeyLock { _guard: guard.map_err(|_| Error::StillRunning)?, _waiter: waiter })
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<IdempotencyKey, Lock>> {
        self.keys.lock()
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        self.lock = None;
        let mut keys = self.locks.keys();
        if keys.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_key_is_held_by_one_request_at_a_time_and_is_removed_afterwards() {
        let locks = Arc::new(KeyLocks::default());
        let inside: Arc<[AtomicUsize; 2]> = Arc::default();
        let tasks = (0..200).map(|number| {
            let (locks, inside) = (locks.clone(), inside.clone());
            tokio::spawn(async move {
                let key = IdempotencyKey::parse(&format!("k{}", number % 2)).unwrap();
                let lock = locks.lock(&key);
                // Some give up while they wait.
                let lock = tokio::time::timeout(Duration::from_millis(number % 7), lock).await;
                let Ok(Ok(_lock)) = lock else { return };
                let count = inside.get(usize::try_from(number % 2).unwrap()).unwrap();
                assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0);
                tokio::time::sleep(Duration::from_millis(1)).await;
                count.fetch_sub(1, Ordering::SeqCst);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert!(locks.keys().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_key_times_out() {
        let locks = Arc::new(KeyLocks::default());
        let key = IdempotencyKey::parse("k").unwrap();
        let first = locks.lock(&key).await.unwrap();
        assert!(matches!(locks.lock(&key).await, Err(Error::StillRunning)));
        drop(first);
        locks.lock(&key).await.unwrap();
        assert!(locks.keys().is_empty());
    }
}
