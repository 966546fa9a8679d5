//! Limits on the size of a query, below those of the databases.

use super::refusal::{Refusal, check_indexed};
use crate::{schema::Definition, store::query::Column};

/// Where the rows are filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Evaluator {
    /// In the database, which needs an index.
    #[default]
    Database,
    /// In memory, row by row.
    Memory,
}

/// Maximum number of tests and groups of tests in a query.
const MAX_TESTS: usize = 256;

/// Maximum number of values that the tests compare with.
const MAX_VALUES: usize = 1000;

/// The size of a query so far.
#[derive(Debug, Default)]
pub(super) struct Budget {
    tests: usize,
    values: usize,
    evaluator: Evaluator,
}

impl Budget {
    pub(super) fn of(evaluator: Evaluator) -> Self {
        Self { evaluator, ..Self::default() }
    }

    /// Checks that rows may be filtered by this column.
    pub(super) fn column(&self, definition: &Definition, column: Column) -> Result<(), Refusal> {
        match self.evaluator {
            Evaluator::Database => check_indexed(definition, column),
            Evaluator::Memory => Ok(()),
        }
    }

    pub(super) fn test(&mut self) -> Result<(), Refusal> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(("too-many", format!("a query can have at most {MAX_TESTS} tests")));
        }
        Ok(())
    }

    pub(super) fn values(&mut self, count: usize) -> Result<(), Refusal> {
        self.values += count;
        if self.values > MAX_VALUES {
            return Err(("too-many", format!("a query can compare with at most {MAX_VALUES} values")));
        }
        Ok(())
    }
}
