//! The memory shared by all throws in progress. Bodies are read only as far as it lasts; when it is used up,
//! throws are refused with 503.

use datadump_core::memory::{MemoryBudget, MemoryShare, OutOfMemory};
use poem::http::{HeaderValue, StatusCode, header};

use crate::problem::Problem;

/// Memory for throws in progress. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Memory(MemoryBudget);

/// The memory of the body of one throw, released when this is dropped.
#[derive(Debug)]
pub(crate) struct Lease(MemoryShare);

impl Memory {
    pub(crate) fn new(budget: MemoryBudget) -> Self {
        Self(budget)
    }

    /// Returns an empty lease.
    pub(crate) fn lease(&self) -> Lease {
        Lease(self.0.share(0))
    }

    /// Returns the number of bytes in use.
    pub(crate) fn used(&self) -> usize {
        self.0.used()
    }
}

impl Lease {
    /// Reserves `bytes` more.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        self.0.grow(bytes).map_err(|_| out_of_memory())
    }

    /// Reserves up to `bytes` in total.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Problem> {
        self.grow(bytes.saturating_sub(self.used()))
    }

    /// Returns the number of bytes in use.
    pub(crate) fn used(&self) -> usize {
        self.0.used()
    }

    /// Returns an empty lease of the same memory.
    pub(crate) fn empty(&self) -> Self {
        Self(self.0.empty())
    }

    /// Makes sure that `bytes` more than now can be used for a moment.
    pub(crate) fn ensure(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        self.0.ensure(bytes)
    }

    /// Releases what was reserved for a moment.
    pub(crate) fn release(&mut self) {
        self.0.shrink(0);
    }
}

/// Returns an error about throws that need more memory than is left.
pub(super) fn out_of_memory() -> Problem {
    let detail = "throws in progress use all memory available to them; try again later";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Overloaded", detail);
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_grow_until_the_memory_is_used_up() {
        const UNIT: usize = 16 << 10;
        let memory = Memory::new(MemoryBudget::new(10 * UNIT));
        let (mut one, mut other) = (memory.lease(), memory.lease());
        for (bytes, used) in [(1, 1), (UNIT - 1, 1), (1, 2), (6 * UNIT, 8)] {
            one.grow(bytes).unwrap();
            assert_eq!(memory.used(), used * UNIT);
        }
        other.grow_to(UNIT).unwrap();
        other.grow_to(UNIT).unwrap();
        assert_eq!(memory.used(), 9 * UNIT);
        other.ensure(UNIT).unwrap();
        assert_eq!(one.grow(UNIT).unwrap_err().status, 503);
        other.release();
        one.grow(UNIT).unwrap();
        drop((one, other));
        assert_eq!(memory.used(), 0);
    }
}
