//! Tests specific to PostgreSQL: several processes on one database, interrupted migrations, rows that the
//! database refuses. Properties common to all backends are tested by the conformance suite.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking, and so may their helpers")]

mod columns;
mod failures;
mod interruptions;
mod isolation;
mod migrations;
mod nodes;
mod reads;
mod support;
mod system_storages;
mod writes;
