//! The memory that the records of all throws in progress may use together.
//!
//! The size of a body does not bound the size of its records: 5 MB may hold a thousand records or a
//! million.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// Bytes of each throw that are not counted. Nearly all throws need less.
const UNCOUNTED_BYTES: usize = 64 << 10;

/// Bytes that a throw reserves at a time.
const RESERVE_BYTES: usize = 1 << 20;

/// A memory budget shared by all throws. Clones share one budget.
#[derive(Debug, Clone)]
pub(crate) struct MemoryBudget(Arc<State>);

#[derive(Debug)]
struct State {
    bytes: usize,
    reserved: AtomicUsize,
}

/// The part of a [`MemoryBudget`] that one throw has reserved; released on drop.
#[derive(Debug)]
pub(crate) struct MemoryShare {
    budget: MemoryBudget,
    used: usize,
    reserved: usize,
}

impl MemoryBudget {
    /// Creates a budget of `bytes`.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(State { bytes, reserved: AtomicUsize::new(0) }))
    }

    pub(crate) fn share(&self) -> MemoryShare {
        MemoryShare { budget: self.clone(), used: 0, reserved: 0 }
    }
}

impl MemoryShare {
    /// Adds `bytes` to the share and returns whether they fit into the budget. A throw that holds the
    /// only share may exceed the budget: the maximum number of records bounds it instead.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        self.used += bytes;
        if self.used <= UNCOUNTED_BYTES + self.reserved {
            return true;
        }
        let step = RESERVE_BYTES.max(bytes);
        let before = self.budget.0.reserved.fetch_add(step, Ordering::Relaxed);
        self.reserved += step;
        let by_others = (before + step).saturating_sub(self.reserved);
        before + step <= self.budget.0.bytes || by_others == 0
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
        let budget = MemoryBudget::new(4 * RESERVE_BYTES);
        let (mut one, mut other, mut small) = (budget.share(), budget.share(), budget.share());
        assert!(one.grow(8 * RESERVE_BYTES), "the only share may exceed the budget");
        assert!(!other.grow(RESERVE_BYTES), "nothing is left for a second share");
        assert!(small.grow(UNCOUNTED_BYTES), "small throws are not counted");
        drop((one, other));
        let (mut one, mut other) = (budget.share(), budget.share());
        assert!(one.grow(2 * RESERVE_BYTES) && other.grow(RESERVE_BYTES));
        assert!(!one.grow(2 * RESERVE_BYTES), "no longer the only share");
        drop((one, other, small));
        assert_eq!(budget.0.reserved.load(Ordering::Relaxed), 0);
    }
}
