//! The HTTP server of Data-Dump: configuration, connections, and an API on top of [`datadump_core`]. It
//! contains no SQL and no rules about data.
//!
//! ```text
//! net (accept, timeouts, limits) ─► app (request ID, log, guard) ─► routes ─► api (extract, call core, convert)
//!                                                               └─► socket ─► throwing (bodies in, receipts out)
//! ```
//!
//! A new resource is one file in `api/` and one line in its list. A new setting is one entry in
//! `config/settings.rs`.

mod admission;
mod answer;
mod api;
mod app;
mod cli;
pub mod config;
mod connection_handle;
mod drain;
mod error;
mod extract;
mod guard;
mod history;
mod idempotency;
mod live;
mod log;
mod metrics;
mod net;
mod problem;
mod request_id;
mod routes;
mod row_paths;
mod run;
mod socket;
mod throwing;
mod typed;
mod ui;

pub use api::openapi;
pub use cli::program;
pub use error::Error;
pub use run::{run, run_until_signal};
