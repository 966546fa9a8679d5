//! The built-in formats, one per file. A new format is a file here and a line in
//! [`registry`](super::registry).
//!
//! Most formats are written in Rust. `syslog`, `access_log` and `cef` are VRL programs that run line by line;
//! each has its `.vrl` file next to it.

pub(super) mod access_log;
pub(super) mod args;
pub(super) mod binary;
pub(super) mod cbor;
pub(super) mod cef;
pub(super) mod concatenated_json;
pub(super) mod csv;
pub(super) mod form;
pub(super) mod influx;
pub(super) mod json;
pub(super) mod logfmt;
pub(super) mod msgpack;
pub(super) mod multipart;
pub(super) mod ndjson;
pub(super) mod prometheus;
pub(super) mod syslog;
pub(super) mod text;
pub(super) mod toml;
pub(super) mod xml;
pub(super) mod yaml;
