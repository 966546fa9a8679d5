//! The memory that the records of all throws under way may take together. A body says little of it: five
//! megabytes may be a thousand records, or a million.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// So much of a throw is not counted: nearly all throws take less.
const FREE: usize = 64 << 10;

/// What is taken at a time.
const STEP: usize = 1 << 20;

/// The room of all throws. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(crate) struct MemoryBudget(Arc<Space>);

#[derive(Debug)]
struct Space {
    bytes: usize,
    taken: AtomicUsize,
}

/// The room of one throw, until it is dropped.
#[derive(Debug)]
pub(crate) struct MemoryShare {
    room: MemoryBudget,
    needed: usize,
    taken: usize,
}

impl MemoryBudget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Space { bytes, taken: AtomicUsize::new(0) }))
    }

    /// MemoryBudget for nothing yet.
    pub(crate) fn share(&self) -> MemoryShare {
        MemoryShare { room: self.clone(), needed: 0, taken: 0 }
    }
}

impl MemoryShare {
    /// Takes so many bytes more; whether there is as much. One that is alone takes what it needs: how
    /// much that may be is bounded by how many records a throw may have.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        self.needed += bytes;
        if self.needed <= FREE + self.taken {
            return true;
        }
        let step = STEP.max(bytes);
        let taken = self.room.0.taken.fetch_add(step, Ordering::Relaxed);
        self.taken += step;
        let of_others = (taken + step).saturating_sub(self.taken);
        taken + step <= self.room.0.bytes || of_others == 0
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.room.0.taken.fetch_sub(self.taken, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_until_there_is_none() {
        let room = MemoryBudget::new(4 * STEP);
        let (mut one, mut other, mut small) = (room.share(), room.share(), room.share());
        assert!(one.grow(8 * STEP), "alone");
        assert!(!other.grow(STEP), "beside one that has more than there is");
        assert!(small.grow(FREE), "what is small is not counted");
        drop((one, other));
        let (mut one, mut other) = (room.share(), room.share());
        assert!(one.grow(2 * STEP) && other.grow(STEP));
        assert!(!one.grow(2 * STEP), "not alone any more");
        drop((one, other, small));
        assert_eq!(room.0.taken.load(Ordering::Relaxed), 0);
    }
}
