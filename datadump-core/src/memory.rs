//! The memory that all throws in progress may use together, from their bodies to their committed rows.
//!
//! The size of a body says little about the memory that its records take: 65 KB of compressed MessagePack may hold
//! a thousand records or 67 million. Whoever builds something from a throw therefore reserves the memory for it
//! before it is built.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Granularity of reservations, in bytes. Most throws need one.
const UNIT: usize = 16 << 10;

/// A memory budget shared by all throws. Clones share one budget.
///
/// ```
/// use datadump_core::memory::{MemoryBudget, OutOfMemory};
///
/// let budget = MemoryBudget::new(100 << 20);
/// let (mut one, mut other) = (budget.share(0), budget.share(0));
/// one.grow(60 << 20).unwrap();
/// assert_eq!(other.grow(60 << 20), Err(OutOfMemory::InUse));
/// assert_eq!(other.grow(200 << 20), Err(OutOfMemory::TooMuch));
/// drop(one);
/// other.grow(60 << 20).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct MemoryBudget(Arc<State>);

#[derive(Debug)]
struct State {
    bytes: usize,
    reserved: AtomicUsize,
}

/// The part of a [`MemoryBudget`] that one throw has reserved; released when this is dropped.
#[derive(Debug)]
pub struct MemoryShare {
    budget: MemoryBudget,
    /// Bytes of the same throw that are reserved elsewhere.
    elsewhere: usize,
    used: usize,
    reserved: usize,
}

/// The reason for which memory is not available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfMemory {
    /// Other throws are using it.
    InUse,
    /// It is more than the whole budget.
    TooMuch,
}

impl MemoryBudget {
    /// Creates a budget of `bytes`.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(State { bytes, reserved: AtomicUsize::new(0) }))
    }

    /// Returns an empty share for a throw that has reserved `elsewhere` bytes in other shares.
    pub fn share(&self, elsewhere: usize) -> MemoryShare {
        MemoryShare { budget: self.clone(), elsewhere, used: 0, reserved: 0 }
    }

    /// Returns the total number of bytes.
    pub fn bytes(&self) -> usize {
        self.0.bytes
    }

    /// Returns the number of bytes in use.
    pub fn used(&self) -> usize {
        self.0.reserved.load(Ordering::Relaxed)
    }
}

impl MemoryShare {
    /// Returns an empty share of the same budget.
    #[must_use]
    pub fn empty(&self) -> Self {
        self.budget.share(0)
    }

    /// Returns the budget.
    pub fn budget(&self) -> &MemoryBudget {
        &self.budget
    }

    /// Adds `bytes` to the share.
    pub fn grow(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        self.ensure(bytes)?;
        self.used += bytes;
        Ok(())
    }

    /// Makes sure that `bytes` more than now can be used for a moment. They stay reserved, but are not counted.
    pub fn ensure(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        let needed = self.used.saturating_add(bytes);
        if needed <= self.reserved {
            return Ok(());
        }
        // Reservations elsewhere are rounded up too, perhaps in two shares.
        let elsewhere = if self.elsewhere == 0 { 0 } else { self.elsewhere.saturating_add(2 * UNIT) };
        let total = needed.checked_next_multiple_of(UNIT).and_then(|needed| needed.checked_add(elsewhere));
        if total.is_none_or(|total| total > self.budget.0.bytes.next_multiple_of(UNIT)) {
            return Err(OutOfMemory::TooMuch);
        }
        let missing = (needed - self.reserved).next_multiple_of(UNIT);
        let before = self.budget.0.reserved.fetch_add(missing, Ordering::Relaxed);
        if before + missing > self.budget.0.bytes.next_multiple_of(UNIT) {
            self.budget.0.reserved.fetch_sub(missing, Ordering::Relaxed);
            return Err(OutOfMemory::InUse);
        }
        self.reserved += missing;
        Ok(())
    }

    /// Adds `bytes` to the share, even if they are more than the whole budget.
    pub fn grow_anyway(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        match self.grow(bytes) {
            Err(OutOfMemory::TooMuch) => {
                let missing = bytes.next_multiple_of(UNIT);
                self.budget.0.reserved.fetch_add(missing, Ordering::Relaxed);
                self.reserved += missing;
                self.used += bytes;
                Ok(())
            }
            grown => grown,
        }
    }

    /// Takes `bytes` that are not used any more off the share, for others to reserve.
    pub fn shrink(&mut self, bytes: usize) {
        self.used = self.used.saturating_sub(bytes);
        let needed = self.used.next_multiple_of(UNIT);
        if needed < self.reserved {
            self.budget.0.reserved.fetch_sub(self.reserved - needed, Ordering::Relaxed);
            self.reserved = needed;
        }
    }

    /// Returns the number of bytes in use.
    pub fn used(&self) -> usize {
        self.used
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.budget.0.reserved.fetch_sub(self.reserved, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_grow_until_the_budget_is_used_up() {
        let budget = MemoryBudget::new(4 * UNIT);
        let (mut one, mut other) = (budget.share(0), budget.share(0));
        assert_eq!(one.grow(4 * UNIT + 1), Err(OutOfMemory::TooMuch));
        assert_eq!(budget.used(), 0);
        assert_eq!((one.grow(1), one.grow(UNIT - 1), budget.used()), (Ok(()), Ok(()), UNIT));
        assert_eq!((one.grow(1), budget.used()), (Ok(()), 2 * UNIT));
        assert_eq!((other.grow(2 * UNIT), other.grow(1)), (Ok(()), Err(OutOfMemory::InUse)));
        drop(one);
        assert_eq!((other.grow(1), budget.used()), (Ok(()), 3 * UNIT));
        drop(other);
        assert_eq!(budget.used(), 0);
    }

    #[test]
    fn memory_that_is_needed_for_a_moment_stays_reserved() {
        let budget = MemoryBudget::new(6 * UNIT);
        let mut share = budget.share(UNIT);
        assert_eq!((share.ensure(3 * UNIT), share.used(), budget.used()), (Ok(()), 0, 3 * UNIT));
        assert_eq!(share.ensure(4 * UNIT), Err(OutOfMemory::TooMuch), "the rest is reserved elsewhere");
        assert_eq!((share.grow(2 * UNIT), share.used(), budget.used()), (Ok(()), 2 * UNIT, 3 * UNIT));
        assert_eq!((share.grow_anyway(9 * UNIT), share.used()), (Ok(()), 11 * UNIT));
        share.shrink(9 * UNIT);
        share.shrink(UNIT + 1);
        assert_eq!((share.used(), budget.used()), (UNIT - 1, UNIT));
    }
}
