//! How much a query may ask: what a database answers without running out of its own limits.

use super::Refusal;

/// The most tests, and groups of tests, a query may have.
const TESTS: usize = 256;

/// The most values its tests may compare with.
const VALUES: usize = 1000;

/// What a query has asked so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    tests: usize,
    values: usize,
}

impl Budget {
    /// One test or group more.
    pub(super) fn test(&mut self) -> Result<(), Refusal> {
        self.tests += 1;
        if self.tests > TESTS {
            return Err(("too-many", format!("a query has at most {TESTS} tests")));
        }
        Ok(())
    }

    /// So many values more.
    pub(super) fn values(&mut self, count: usize) -> Result<(), Refusal> {
        self.values += count;
        if self.values > VALUES {
            return Err(("too-many", format!("a query compares with at most {VALUES} values")));
        }
        Ok(())
    }
}
