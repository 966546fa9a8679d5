//! Counts the memory that the output of a processor uses.

use crate::{
    memory::{MemoryShare, OutOfMemory},
    record::Failure,
};

/// Failure code of a throw that finds no memory because other throws are using it.
pub(crate) const MEMORY_IN_USE: &str = "memory-in-use";

/// Failure code of a throw that needs more memory than there is for all throws.
pub(super) const TOO_MUCH_MEMORY: &str = "too-much-memory";

/// The memory of an output; not limited without a share.
#[derive(Debug, Default)]
pub(crate) struct Meter(Option<MemoryShare>);

impl Meter {
    pub(super) fn new(share: Option<MemoryShare>) -> Self {
        Self(share)
    }

    /// Counts `bytes` more.
    pub(super) fn grow(&mut self, bytes: usize) -> Result<(), Failure> {
        self.0.as_mut().map_or(Ok(()), |share| share.grow(bytes)).map_err(memory_failure)
    }

    /// Makes sure that `bytes` more can be used for a moment.
    pub(super) fn need(&mut self, bytes: usize) -> Result<(), Failure> {
        self.0.as_mut().map_or(Ok(()), |share| share.ensure(bytes)).map_err(memory_failure)
    }

    /// Stops counting `bytes`.
    pub(super) fn shrink(&mut self, bytes: usize) {
        if let Some(share) = &mut self.0 {
            share.shrink(bytes);
        }
    }

    /// Returns whether throws are using half of their memory or more.
    pub(super) fn is_scarce(&self) -> bool {
        self.0.as_ref().is_some_and(|share| share.budget().used() >= share.budget().bytes() / 2)
    }

    /// Returns the number of bytes counted.
    pub(super) fn used(&self) -> usize {
        self.0.as_ref().map_or(0, MemoryShare::used)
    }

    /// Returns the share.
    pub(crate) fn into_share(self) -> Option<MemoryShare> {
        self.0
    }
}

/// Returns the failure of a throw for which there is not enough memory.
pub(crate) fn memory_failure(why: OutOfMemory) -> Failure {
    match why {
        OutOfMemory::InUse => {
            Failure::new(MEMORY_IN_USE, "other throws are using the memory; try again later")
        }
        OutOfMemory::TooMuch => too_much_memory(),
    }
}

/// Returns the failure of a throw that needs more memory than there is for all throws.
pub(crate) fn too_much_memory() -> Failure {
    let detail =
        "the throw needs more memory, once decoded, than throws may use; send it in parts or as a stream";
    Failure::new(TOO_MUCH_MEMORY, detail)
}
