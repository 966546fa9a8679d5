//! How much a query may ask: what a database answers without running out of its own limits.

use super::{Refusal, check_indexed};
use crate::{schema::Definition, store::query::Column};

/// Who tests rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Tester {
    /// The database, which finds them by an index.
    #[default]
    Database,
    /// We do, one by one, in memory.
    Memory,
}

/// The most tests, and groups of tests, a query may have.
const MAX_TESTS: usize = 256;

/// The most values its tests may compare with.
const MAX_VALUES: usize = 1000;

/// What a query has asked so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    tests: usize,
    values: usize,
    tester: Tester,
}

impl Budget {
    pub(super) fn of(tester: Tester) -> Self {
        Self { tester, ..Self::default() }
    }

    /// Whether rows may be asked for by this column.
    pub(super) fn column(&self, definition: &Definition, column: Column) -> Result<(), Refusal> {
        match self.tester {
            Tester::Database => check_indexed(definition, column),
            Tester::Memory => Ok(()),
        }
    }

    /// One test or group more.
    pub(super) fn test(&mut self) -> Result<(), Refusal> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(("too-many", format!("a query has at most {MAX_TESTS} tests")));
        }
        Ok(())
    }

    /// So many values more.
    pub(super) fn values(&mut self, count: usize) -> Result<(), Refusal> {
        self.values += count;
        if self.values > MAX_VALUES {
            return Err(("too-many", format!("a query compares with at most {MAX_VALUES} values")));
        }
        Ok(())
    }
}
