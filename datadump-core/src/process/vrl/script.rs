//! The source of a program, and what it processes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What `.` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Each record decoded from the throw.
    #[default]
    Record,
    /// The undecoded throw: `{body, content_type, args, method, path, headers}`.
    Throw,
}

/// The source of a program, which may not compile.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Script {
    /// The source text.
    pub source: Arc<str>,
    /// What the program processes.
    pub mode: Mode,
}

impl Script {
    /// Creates the source of a program that processes records.
    pub fn for_records(source: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), mode: Mode::Record }
    }

    /// Creates the source of a program that processes throws.
    pub fn for_throws(source: impl Into<Arc<str>>) -> Self {
        Self { source: source.into(), mode: Mode::Throw }
    }
}
