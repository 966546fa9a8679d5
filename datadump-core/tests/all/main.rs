//! The library against its own contract, on real databases. `DATADUMP_TEST_POSTGRES` names a
//! PostgreSQL server whose user may create databases; `tests/run` starts one.

mod conformance;
mod databases;
mod postgres;
mod properties;
