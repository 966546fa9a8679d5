//! The library against its own contract, on real databases. `DATADUMP_TEST_POSTGRES` names a
//! PostgreSQL server whose user may create databases; `tests/run` starts one.

#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests end by panicking, make names up and say what they measured"
)]

mod capture;
mod conformance;
mod databases;
mod postgres;
mod properties;
mod throws;
mod versions;
