//! Integration tests of the library on SQLite and PostgreSQL. `DATADUMP_TEST_POSTGRES` is the URL of a PostgreSQL
//! server whose user may create databases; `tests/run` starts one.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests fail by panicking, create random names and print measurements"
)]

mod capture;
mod clocks;
mod conformance;
mod databases;
mod postgres;
mod properties;
mod subscriptions;
mod throws;
mod versions;
