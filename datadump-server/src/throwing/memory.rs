//! The bytes that all throws under way may have together. Bodies are read only as far as there is
//! room for them: a crowd of large throws is told to come again, and never fills the memory.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// What is counted: one of these for each begun KiB.
const UNIT: usize = 1 << 10;

/// The room there is.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    free: Arc<Semaphore>,
    units: usize,
}

/// The room of one throw, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    memory: Memory,
    bytes: usize,
    held: Option<OwnedSemaphorePermit>,
}

impl Memory {
    pub(crate) fn new(bytes: usize) -> Self {
        let units = bytes.div_ceil(UNIT).min(Semaphore::MAX_PERMITS);
        Self { free: Arc::new(Semaphore::new(units)), units }
    }

    /// Room for nothing yet.
    pub(crate) fn lease(&self) -> Lease {
        Lease { memory: self.clone(), bytes: 0, held: None }
    }

    /// The bytes that are taken.
    pub(crate) fn taken(&self) -> usize {
        self.units.saturating_sub(self.free.available_permits()) * UNIT
    }
}

impl Lease {
    /// Takes room for so many bytes more, if there is as much.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Problem> {
        let whole = self.bytes.saturating_add(bytes);
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = whole.div_ceil(UNIT).saturating_sub(held);
        if missing > 0 {
            let missing = u32::try_from(missing).map_err(|_| full())?;
            let more = self.memory.free.clone().try_acquire_many_owned(missing).map_err(|_| full())?;
            match &mut self.held {
                Some(held) => held.merge(more),
                None => self.held = Some(more),
            }
        }
        self.bytes = whole;
        Ok(())
    }

    /// Takes room for so many bytes in all.
    pub(crate) fn grow_to(&mut self, bytes: usize) -> Result<(), Problem> {
        self.grow(bytes.saturating_sub(self.bytes))
    }
}

fn full() -> Problem {
    let detail = "the throws under way have all the memory there is for them; try again later";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too much at once", detail);
    problem.with_header(header::RETRY_AFTER, HeaderValue::from_static("1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_until_there_is_none() {
        let memory = Memory::new(10 * UNIT);
        let (mut one, mut other) = (memory.lease(), memory.lease());
        for (bytes, taken) in [(1, 1), (UNIT - 1, 1), (1, 2), (6 * UNIT, 8)] {
            one.grow(bytes).unwrap();
            assert_eq!(memory.taken(), taken * UNIT);
        }
        other.grow_to(UNIT).unwrap();
        other.grow_to(5).unwrap();
        let problem = other.grow_to(4 * UNIT).unwrap_err();
        assert_eq!((problem.status, problem.code.as_str()), (503, "overloaded"));
        assert!(problem.header(&header::RETRY_AFTER).is_some());
        drop(one);
        other.grow_to(4 * UNIT).unwrap();
        assert_eq!(memory.taken(), 4 * UNIT);
        drop(other);
        assert_eq!(memory.taken(), 0);
    }
}
