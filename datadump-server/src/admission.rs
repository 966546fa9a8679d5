//! Admission control: while the write queue is long, further writes are refused before they cost anything.
//!
//! This applies to single requests. A client that throws over a WebSocket is slowed down by flow control
//! instead.

use datadump_core::{Dump, Error as CoreError};
use poem::http::{Method, Uri};

use crate::problem::Problem;

/// Admission control for one server.
#[derive(Debug)]
pub(crate) struct Admission {
    dump: Dump,
}

impl Admission {
    pub(crate) fn new(dump: &Dump) -> Self {
        Self { dump: dump.clone() }
    }

    /// Refuses a write while the database is overloaded.
    pub(crate) fn check(&self, method: &Method, uri: &Uri) -> Result<(), Problem> {
        if is_write(method, uri.path()) && self.dump.is_busy() {
            return Err(CoreError::Overloaded.into());
        }
        Ok(())
    }
}

/// Returns whether a request writes rows: by a throw, a push, or directly.
fn is_write(method: &Method, path: &str) -> bool {
    let is_unsafe = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
    if path == "/" || path.starts_with("/throw/") {
        return is_unsafe || *method == Method::GET;
    }
    is_unsafe && (path.starts_with("/api/v1/storage/") || ["/api/v1/batch", "/api/data"].contains(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_always_admitted() {
        for (method, path, expected) in [
            (Method::POST, "/", true),
            (Method::PUT, "/", true),
            (Method::POST, "/throw/porch", true),
            (Method::GET, "/throw/porch", true),
            (Method::HEAD, "/throw/porch", false),
            (Method::POST, "/api/v1/storage/dog", true),
            (Method::DELETE, "/api/v1/storage/dog/A", true),
            (Method::GET, "/api/v1/storage/dog/A", false),
            (Method::POST, "/api/v1/factory/storage", false),
            (Method::POST, "/api/v1/batch", true),
            (Method::POST, "/api/data", true),
            (Method::GET, "/ready", false),
        ] {
            assert_eq!(is_write(&method, path), expected, "{method} {path}");
        }
    }
}
