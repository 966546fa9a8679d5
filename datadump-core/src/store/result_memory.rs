//! The memory of the results of a query. Their size is known only while they are read, so it grows with them.

use super::{ReadLease, ReadMemory, query::MAX_RESULT_BYTES};
use crate::error::{Error, Fault, Place, Result};

/// Memory that is reserved first.
const FIRST: usize = 64 << 10;

/// Maximum attempts to read results that wait for memory.
const MAX_ATTEMPTS: usize = 3;

/// Reserves memory for results while they are read.
#[derive(Debug)]
pub(super) struct ResultMemory {
    memory: ReadMemory,
    lease: ReadLease,
    reserved: usize,
    used: usize,
}

/// Results, or how much memory they need.
#[derive(Debug)]
pub(super) enum Read<T> {
    /// The results.
    Done(T),
    /// At least this many bytes are needed, which are not free.
    NeedsMemory(usize),
}

/// Reason for which reading results has ended early.
#[derive(Debug)]
pub(super) enum Shortage {
    /// At least this many bytes are needed, which are not free.
    Memory(usize),
    /// The results exceed the maximum.
    TooLarge,
}

impl ResultMemory {
    /// Begins with memory that may have been reserved.
    pub(super) fn new(memory: &ReadMemory, reserved: Option<(usize, ReadLease)>) -> Self {
        let (reserved, lease) = reserved.unwrap_or_default();
        Self { memory: memory.clone(), lease, reserved, used: 0 }
    }

    /// Adds the size of a result.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), Shortage> {
        self.used = self.used.saturating_add(bytes);
        if self.used > MAX_RESULT_BYTES {
            return Err(Shortage::TooLarge);
        }
        if self.used > self.reserved {
            let more = (self.used - self.reserved).max(self.reserved).max(FIRST);
            let lease = self.memory.try_reserve(more).ok_or(Shortage::Memory(self.reserved + more))?;
            self.lease.merge(lease);
            self.reserved += more;
        }
        Ok(())
    }

    /// Begins again, with the memory that is reserved.
    pub(super) fn clear(&mut self) {
        self.used = 0;
    }

    /// Returns the memory that the results take.
    pub(super) fn finish(mut self) -> ReadLease {
        self.lease.shrink_to(self.used);
        self.lease
    }
}

impl<T> Read<T> {
    /// Returns how a read that fell short of memory goes on. The error says which parameter makes its results large.
    pub(super) fn short(shortage: &Shortage, parameter: &str) -> Result<Self> {
        match shortage {
            Shortage::Memory(bytes) => Ok(Self::NeedsMemory(*bytes)),
            Shortage::TooLarge => Err(too_large(parameter)),
        }
    }
}

/// Reads results, and again once there is memory for them. They wait for it without a connection.
pub(super) async fn within<T, F>(memory: &ReadMemory, read: impl Fn(ResultMemory) -> F) -> Result<T>
where
    F: Future<Output = Result<Read<T>>>,
{
    let mut reserved = None;
    for _ in 0..MAX_ATTEMPTS {
        match read(ResultMemory::new(memory, reserved)).await? {
            Read::Done(results) => return Ok(results),
            Read::NeedsMemory(bytes) => reserved = Some((bytes, memory.reserve(bytes).await?)),
        }
    }
    Err(Error::Overloaded)
}

/// Returns the error of results that are too large.
pub(crate) fn too_large(parameter: &str) -> Error {
    let detail = format!(
        "the results are larger than {} MiB: narrow the filter, or ask for fewer groups and values, or shorter ones",
        MAX_RESULT_BYTES >> 20
    );
    Error::Query(vec![Fault::new(Place::Parameter(parameter.to_owned()), "too-large", detail)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn memory_grows_with_the_results_up_to_a_limit() {
        let memory = ReadMemory::new(256 * MIB);
        let mut results = ResultMemory::new(&memory, None);
        assert!(results.add(1000).is_ok());
        assert!((1000..MIB).contains(&memory.used()));
        assert!(results.add(20 * MIB).is_ok());
        let lease = results.finish();
        assert!((20 * MIB..21 * MIB).contains(&memory.used()));
        drop(lease);
        assert_eq!(memory.used(), 0);
        let mut results = ResultMemory::new(&memory, None);
        assert!(results.add(MAX_RESULT_BYTES).is_ok());
        assert!(matches!(results.add(1), Err(Shortage::TooLarge)));
    }

    #[test]
    fn results_that_find_no_memory_say_how_much_they_need() {
        let memory = ReadMemory::new(16 * MIB);
        let others = memory.try_reserve(10 * MIB);
        let mut results = ResultMemory::new(&memory, None);
        let needed = match results.add(5 * MIB) {
            Err(Shortage::Memory(needed)) => needed,
            other => panic!("{other:?}"),
        };
        drop(others);
        let lease = memory.try_reserve(needed).unwrap();
        assert!(ResultMemory::new(&memory, Some((needed, lease))).add(5 * MIB).is_ok());
    }
}
