//! The memory shared by all answers in progress. Their rows are read once there is memory for them.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::error::{Error, Result};

/// Granularity of the accounting, in bytes.
const UNIT: usize = 4 << 10;

/// Size up to which an answer is small. A quarter of the memory is for small answers only, so that they do not
/// wait for large ones.
pub(super) const MAX_SMALL: usize = 1 << 20;

/// Maximum time that a read waits for memory.
const WAIT_TIMEOUT: Duration = Duration::from_secs(5);

/// Memory for the rows of answers in progress. Clones share it.
#[derive(Debug, Clone)]
pub struct ReadMemory(Option<Shares>);

#[derive(Debug, Clone)]
struct Shares {
    small: Share,
    large: Share,
}

#[derive(Debug, Clone)]
struct Share {
    free: Arc<Semaphore>,
    units: u32,
}

/// Memory reserved for the rows of one answer, released when this is dropped.
#[derive(Debug, Default)]
pub struct ReadLease(Vec<OwnedSemaphorePermit>);

impl ReadMemory {
    /// Creates memory of this many bytes.
    pub fn new(bytes: usize) -> Self {
        let small = bytes / 4;
        Self(Some(Shares { small: Share::new(small), large: Share::new(bytes - small) }))
    }

    /// Returns memory without a limit, for reads of this process's own tasks.
    pub fn unlimited() -> Self {
        Self(None)
    }

    /// Returns the part of the memory that is for large answers, as memory of its own. For answers that are small piece by
    /// piece, but in progress for as long as their clients like.
    pub(crate) fn of_large(&self) -> Self {
        Self(self.0.as_ref().map(|shares| Shares { small: shares.large.clone(), ..shares.clone() }))
    }

    /// Reserves memory if it is free.
    pub(super) fn try_reserve(&self, bytes: usize) -> Option<ReadLease> {
        let Some(shares) = &self.0 else { return Some(ReadLease::default()) };
        let (share, units) = shares.of(bytes);
        match share.free.clone().try_acquire_many_owned(units) {
            Ok(permit) => Some(ReadLease(vec![permit])),
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => None,
        }
    }

    /// Reserves memory once it is free. One that needs more than there is gets all of it.
    ///
    /// # Errors
    ///
    /// [`Overloaded`](Error::Overloaded) after a few seconds.
    pub async fn reserve(&self, bytes: usize) -> Result<ReadLease> {
        let Some(shares) = &self.0 else { return Ok(ReadLease::default()) };
        let (share, units) = shares.of(bytes);
        let permit = share.free.clone().acquire_many_owned(units);
        let permit = tokio::time::timeout(WAIT_TIMEOUT, permit).await.map_err(|_| Error::Overloaded)?;
        Ok(ReadLease(vec![permit.map_err(Error::internal)?]))
    }

    /// Returns the number of bytes in use.
    pub fn used(&self) -> usize {
        self.0.as_ref().map_or(0, |shares| shares.small.used() + shares.large.used())
    }
}

impl Shares {
    /// Returns the share that memory is taken from, and how many units of it.
    fn of(&self, bytes: usize) -> (&Share, u32) {
        let share = if bytes <= MAX_SMALL.min(self.small.bytes()) { &self.small } else { &self.large };
        (share, u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(share.units))
    }
}

impl Share {
    fn new(bytes: usize) -> Self {
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX);
        Self { free: Arc::new(Semaphore::new(units as usize)), units }
    }

    fn bytes(&self) -> usize {
        self.units as usize * UNIT
    }

    fn used(&self) -> usize {
        (self.units as usize).saturating_sub(self.free.available_permits()) * UNIT
    }
}

impl ReadLease {
    /// Adds the memory of another lease to this one.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Releases what exceeds this many bytes.
    pub fn shrink_to(&mut self, bytes: usize) {
        let mut left = bytes.div_ceil(UNIT);
        for permit in &mut self.0 {
            let units = permit.num_permits();
            drop(permit.split(units.saturating_sub(left)));
            left = left.saturating_sub(units);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[tokio::test(start_paused = true)]
    async fn small_answers_do_not_wait_for_large_ones() {
        let memory = ReadMemory::new(128 * MIB);
        let large: Vec<_> = (0..3).map(|_| memory.try_reserve(32 * MIB).unwrap()).collect();
        assert!(memory.try_reserve(2 * MIB).is_none());
        assert!(matches!(memory.reserve(2 * MIB).await, Err(Error::Overloaded)));
        let small: Vec<_> = (0..32).map(|_| memory.try_reserve(MIB).unwrap()).collect();
        assert_eq!(memory.used(), 128 * MIB);
        assert!(memory.try_reserve(1).is_none());
        drop(small);
        assert!(memory.try_reserve(1).is_some());
        drop(large);
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiting_answer_gets_the_memory_of_one_that_ends() {
        let memory = ReadMemory::new(128 * MIB);
        let (first, shared) = (memory.try_reserve(90 * MIB).unwrap(), memory.clone());
        let waiting = tokio::spawn(async move { shared.reserve(20 * MIB).await });
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(first);
        let lease = waiting.await.unwrap().unwrap();
        assert_eq!(memory.used(), 20 * MIB);
        drop(lease);
        // More than there is.
        let all = memory.reserve(1000 * MIB).await.unwrap();
        assert_eq!(memory.used(), 96 * MIB);
        drop(all);
    }

    #[test]
    fn memory_for_large_answers_can_be_taken_in_small_pieces() {
        let memory = ReadMemory::new(128 * MIB);
        let large = memory.of_large();
        let leases: Vec<_> = (0..96).map(|_| large.try_reserve(MIB).unwrap()).collect();
        assert!(large.try_reserve(1).is_none() && memory.try_reserve(2 * MIB).is_none());
        assert!(memory.try_reserve(MIB).is_some(), "there is memory for small answers");
        drop(leases);
        assert_eq!(memory.used(), 0);
    }

    #[test]
    fn leases_shrink_and_merge() {
        let memory = ReadMemory::new(128 * MIB);
        let mut lease = memory.try_reserve(10 * MIB).unwrap();
        lease.merge(memory.try_reserve(20 * MIB).unwrap());
        for (bytes, left) in
            [(40 * MIB, 30 * MIB), (15 * MIB, 15 * MIB), (5 * MIB, 5 * MIB), (1, UNIT), (0, 0)]
        {
            lease.shrink_to(bytes);
            assert_eq!(memory.used(), left);
        }
        assert_eq!(ReadMemory::unlimited().used(), 0);
    }
}
