//! The size of a storage: how many rows it has, and how large it is.

use super::RowCount;
use crate::clock::Timestamp;

/// Maximum number of rows that are counted exactly; of more, the number is estimated.
pub(super) const MAX_COUNTED: u64 = 10_000;

/// The size of a storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageSize {
    /// Number of rows.
    pub rows: RowCount,
    /// About the size in the database with all indexes, in bytes.
    pub bytes: u64,
    /// Time when a row was last inserted or updated; `None` if there are no rows.
    pub last_write: Option<Timestamp>,
}
