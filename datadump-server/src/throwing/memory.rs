//! The memory shared by all throws in progress. Bodies are read only as far as it lasts; when it is used up,
//! throws are refused with 503.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// Granularity of the accounting, in bytes.
const UNIT: usize = 1 << 10;

/// Memory for throws in progress. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    free: Arc<Semaphore>,
    units: usize,
}

/// The memory of one throw, released when this is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    memory: Memory,
    bytes: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(units)), units }
    }

    /// Returns an empty lease.
    pub(crate) fn lease(&self) -> Lease {
        Lease { memory: self.clone(), bytes: 0, permit: None }
    }

    /// Returns the number of bytes in use.
    pub(crate) fn used(&self) -> usize {
        self.units.saturating_sub(self.free.available_permits()) * UNIT
    }
}

impl Lease {
    /// Reserves `bytes` more.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let total = self.bytes.saturating_add(bytes);
        let reserved = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = total.div_ceil(UNIT).saturating_sub(reserved);
        if missing > 0 {
            let missing = u32::try_from(missing).map_err(|_| out_of_memory())?;
            let more =
                self.memory.free.clone().try_acquire_many_owned(missing).map_err(|_| out_of_memory())?;
            match &mut self.permit {
                Some(permit) => permit.merge(more),
                None => self.permit = Some(more),
            }
        }
        self.bytes = total;
        Ok(())
    }

    /// Reserves up to `bytes` in total.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Problem> {
        self.grow(bytes.saturating_sub(self.bytes))
    }
}

/// Returns an error about throws that need more memory than is left.
fn out_of_memory() -> Problem {
    let detail = "throws in progress use all memory available to them; try again later";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Overloaded", detail);
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_grow_until_the_memory_is_used_up() {
        let memory = Memory::new(10 * UNIT);
        let (mut one, mut other) = (memory.lease(), memory.lease());
        for (bytes, used) in [(1, 1), (UNIT - 1, 1), (1, 2), (6 * UNIT, 8)] {
            one.grow(bytes).unwrap();
            assert_eq!(memory.used(), used * UNIT);
        }
        other.grow_to(UNIT).unwrap();
        other.grow_to(5).unwrap();
        let problem = other.grow_to(4 * UNIT).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (503, "overloaded"));
        assert!(problem.header(&header::RETRY_AFTER).is_some());
        drop(one);
        other.grow_to(4 * UNIT).unwrap();
        assert_eq!(memory.used(), 4 * UNIT);
        drop(other);
        assert_eq!(memory.used(), 0);
    }
}
