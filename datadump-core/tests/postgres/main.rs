//! What is special to PostgreSQL: several processes on one database, migrations that are cut off,
//! rows that the database refuses. What all backends have in common is in the conformance suite.
//!
//! `DATADUMP_TEST_POSTGRES` names a server, as a user who may create databases.

#![expect(unreachable_pub, reason = "the modules of a test have no outside")]

mod columns;
mod migrations;
mod nodes;
mod reads;
mod support;
mod writes;
