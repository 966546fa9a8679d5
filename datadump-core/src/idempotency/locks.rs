//! Requests with the same key, one after the other: whoever comes while one is running waits for it,
//! then finds its answer, or runs itself when there is none.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::OwnedMutexGuard;

use crate::{
    error::{Error, Result},
    once::IdempotencyKey,
};

/// The most keys of requests that are running.
const MOST: usize = 65_536;

/// How long a request waits for another one with its key.
const PATIENCE: Duration = Duration::from_secs(60);

/// The keys of the requests that are running in this process.
#[derive(Debug, Default)]
pub(in crate::dump) struct Turns {
    keys: Mutex<HashMap<IdempotencyKey, Lock>>,
}

type Lock = Arc<tokio::sync::Mutex<()>>;

/// The turn of a request; the next one with its key has it when this is dropped.
#[derive(Debug)]
pub(in crate::dump) struct Turn {
    /// Before the place, which is given up last.
    _alone: OwnedMutexGuard<()>,
    _place: Place,
}

/// A place among those who wait for a key, or have it.
#[derive(Debug)]
struct Place {
    turns: Arc<Turns>,
    key: IdempotencyKey,
    lock: Option<Lock>,
}

impl Turns {
    /// Waits for the turn of a request with this key.
    pub(super) async fn turn(self: &Arc<Self>, key: &IdempotencyKey) -> Result<Turn> {
        let lock = {
            let mut keys = self.keys();
            if keys.len() >= MOST && !keys.contains_key(key) {
                return Err(Error::Overloaded);
            }
            keys.entry(key.clone()).or_default().clone()
        };
        let place = Place { turns: self.clone(), key: key.clone(), lock: Some(lock.clone()) };
        let alone = tokio::time::timeout(PATIENCE, lock.lock_owned()).await;
        Ok(Turn { _alone: alone.map_err(|_| Error::StillRunning)?, _place: place })
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<IdempotencyKey, Lock>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.lock = None;
        let mut keys = self.turns.keys();
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
    async fn one_at_a_time_for_each_key_and_nothing_is_left_behind() {
        let turns = Arc::new(Turns::default());
        let inside: Arc<[AtomicUsize; 2]> = Arc::default();
        let tasks = (0..200).map(|number| {
            let (turns, inside) = (turns.clone(), inside.clone());
            tokio::spawn(async move {
                let key = IdempotencyKey::parse(&format!("k{}", number % 2)).unwrap();
                let turn = turns.turn(&key);
                // Some give up while they wait.
                let turn = tokio::time::timeout(Duration::from_millis(number % 7), turn).await;
                let Ok(Ok(_turn)) = turn else { return };
                let count = inside.get(usize::try_from(number % 2).unwrap()).unwrap();
                assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0);
                tokio::time::sleep(Duration::from_millis(1)).await;
                count.fetch_sub(1, Ordering::SeqCst);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert!(turns.keys().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        let turns = Arc::new(Turns::default());
        let key = IdempotencyKey::parse("k").unwrap();
        let first = turns.turn(&key).await.unwrap();
        assert!(matches!(turns.turn(&key).await, Err(Error::StillRunning)));
        drop(first);
        turns.turn(&key).await.unwrap();
        assert!(turns.keys().is_empty());
    }
}
