//! The HTTP server of Data-Dump: configuration, the accept loop, and an API that hands everything to
//! [`datadump_core`]. It knows no SQL and decides nothing about data.
//!
//! ```text
//! net (accept, time out, cap) ─► app (request id, log, guard) ─► routes ─► api (extract, call core, convert)
//!                                                            └─► socket ─► throwing (bodies in, receipts out)
//! ```
//!
//! A new resource is one file in `api/` and one line in its list. A new setting is one entry in
//! `config/settings.rs`.

mod answer;
mod api;
mod app;
pub mod config;
mod door;
mod error;
mod extract;
mod guard;
mod live;
mod log;
mod metrics;
mod net;
mod problem;
mod program;
mod repeats;
mod request_id;
mod routes;
mod run;
mod socket;
mod throwing;
mod ui;
mod unread;

pub use api::openapi;
pub use error::Error;
pub use program::program;
pub use run::{Processors, run, run_until_signal};
